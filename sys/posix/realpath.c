/* SPDX-License-Identifier: BSD-2-Clause */
/* realpath: a path without links, "." and "..", name by name from the root on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/file.h"
#include "sys/posix/view.h"

struct real {
	char done[PATH_BYTES]; /* resolved: "" is the root, no slash at the end */
	size_t len;
	char left[2][PATH_BYTES]; /* what is left, in one of them: a link's text comes in front, in the other */
	unsigned turn, links;
};

/* The text of a link in front of the rest of the path. */
static int link_enter(struct real *r, const char *rest)
{
	char *text = r->left[r->turn ^ 1];
	ssize_t n = readlink(r->done, text, PATH_BYTES);

	if (n < 0)
		return errno;
	if (++r->links > FILE_LINKS_MAX)
		return ELOOP;
	if ((size_t)n + strlen(rest) >= PATH_BYTES)
		return ENAMETOOLONG;
	memmove(text + n, rest, strlen(rest) + 1);
	r->turn ^= 1;
	if (text[0] == '/')
		r->len = 0;
	else
		while (r->done[--r->len] != '/')
			;
	r->done[r->len] = '\0';
	return 0;
}

/* One name; `rest` is what follows it. *entered: it was a link, and what is left is another text. */
static int name_enter(struct real *r, const char *name, size_t len, const char *rest, bool *entered)
{
	struct stat st;

	*entered = false;
	if (len == 0 || (len == 1 && name[0] == '.'))
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		while (r->len && r->done[--r->len] != '/')
			;
		r->done[r->len] = '\0';
		return 0;
	}
	if (r->len + len + 2 > PATH_BYTES)
		return ENAMETOOLONG;
	r->done[r->len++] = '/';
	memcpy(r->done + r->len, name, len);
	r->len += len;
	r->done[r->len] = '\0';
	if (lstat(r->done, &st) != 0)
		return errno;
	if (S_ISLNK(st.st_mode)) {
		*entered = true;
		return link_enter(r, rest);
	}
	return *rest && !S_ISDIR(st.st_mode) ? ENOTDIR : 0;
}

static int resolve_all(struct real *r, const char *path)
{
	const char *at = path;
	int error = 0;

	while (error == 0 && *at) {
		size_t len = strcspn(at, "/");
		const char *rest = at + len;
		bool entered;

		error = name_enter(r, at, len, rest, &entered);
		at = entered ? r->left[r->turn] : rest;
		while (*at == '/')
			at++;
	}
	return error;
}

char *realpath(const char *restrict path, char *restrict out)
{
	struct real *r = malloc(sizeof(*r));
	int error = 0;

	if (!r)
		return NULL;
	r->turn = r->links = 0;
	r->len = 0;
	r->done[0] = '\0';
	if (!path)
		error = EINVAL;
	else if (!path[0])
		error = ENOENT;
	else if (path[0] != '/' && !getcwd(r->done, sizeof(r->done)))
		error = errno;
	if (error == 0) {
		r->len = strlen(r->done);
		if (r->len == 1)
			r->done[--r->len] = '\0'; /* the root */
		error = resolve_all(r, path);
	}
	if (error == 0 && !out) {
		out = malloc(PATH_BYTES);
		error = out ? 0 : ENOMEM;
	}
	if (error == 0)
		strlcpy(out, r->len ? r->done : "/", PATH_BYTES);
	free(r);
	errno = error ? error : errno;
	return error ? NULL : out;
}
