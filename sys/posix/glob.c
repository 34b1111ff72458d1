/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob: names of files by pattern (POSIX.1-2017). The pattern is taken apart at its slashes; what has no special characters
 * is looked up, of the others the directory is read. Names of a leading dot match only where the pattern has the dot too.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search {
	glob_t *out;
	int flags;
	int (*failed)(const char *, int);
	char path[PATH_MAX]; /* so far, without a NUL in between */
};

/* Slots in front of the names. */
static size_t slots(const glob_t *out, int flags)
{
	return flags & GLOB_DOOFFS ? out->gl_offs : 0;
}

static int name_add(struct search *s, const char *name, bool mark)
{
	glob_t *out = s->out;
	size_t first = slots(out, s->flags), len = strlen(name);
	char **list, *copy;

	if (out->gl_pathc >= SIZE_MAX / sizeof(*list) - first - 2)
		return GLOB_NOSPACE;
	/* Room doubles: it is asked for when the number of names is a power of two. */
	if ((out->gl_pathc & (out->gl_pathc + 1)) == 0 || !out->gl_pathv) {
		list = realloc(out->gl_pathv, (first + 2 * out->gl_pathc + 3) * sizeof(*list));
		if (!list)
			return GLOB_NOSPACE;
		if (!out->gl_pathv)
			memset(list, 0, first * sizeof(*list));
		out->gl_pathv = list;
	}
	copy = malloc(len + 2);
	if (!copy)
		return GLOB_NOSPACE;
	memcpy(copy, name, len + 1);
	if (mark)
		strcpy(copy + len, "/");
	out->gl_pathv[first + out->gl_pathc++] = copy;
	out->gl_pathv[first + out->gl_pathc] = NULL;
	return 0;
}

static bool is_special(const char *part, size_t len)
{
	bool bracket = false;

	for (size_t i = 0; i < len; i++) {
		if (part[i] == '*' || part[i] == '?' || (part[i] == ']' && bracket))
			return true;
		bracket |= part[i] == '[';
	}
	return false;
}

/* A part without special characters, as it is in a file's name. */
static size_t plain_copy(char *to, const char *part, size_t len, int flags)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (part[i] == '\\' && !(flags & GLOB_NOESCAPE) && i + 1 < len)
			i++;
		to[n++] = part[i];
	}
	return n;
}

static int search_from(struct search *s, size_t used, const char *rest);

/* A whole path was made of the pattern: is it one of a file? */
static int path_take(struct search *s, size_t used)
{
	struct stat st;

	s->path[used] = '\0';
	if (lstat(s->path, &st) < 0)
		return 0;
	if ((s->flags & GLOB_MARK) && S_ISLNK(st.st_mode))
		(void)stat(s->path, &st); /* of a link to nothing: what it is itself */
	return name_add(s, s->path, (s->flags & GLOB_MARK) && S_ISDIR(st.st_mode) && used && s->path[used - 1] != '/');
}

static int directory_failed(struct search *s, const char *path, int error)
{
	if ((s->failed && s->failed(path, error) != 0) || (s->flags & GLOB_ERR))
		return GLOB_ABORTED;
	return 0;
}

/* `part`: the pattern of the names in the directory that path[0..used) names. */
static int directory_search(struct search *s, size_t used, const char *part, const char *rest)
{
	int how = FNM_PERIOD | (s->flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0), result = 0;
	struct dirent *entry;
	DIR *dir;

	s->path[used] = '\0';
	dir = opendir(used ? s->path : ".");
	if (!dir)
		return errno == ENOTDIR || errno == ENOENT ? 0 : directory_failed(s, used ? s->path : ".", errno);
	while (result == 0) {
		size_t len;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			s->path[used] = '\0';
			if (errno)
				result = directory_failed(s, used ? s->path : ".", errno);
			break;
		}
		len = strlen(entry->d_name);
		if (fnmatch(part, entry->d_name, how) != 0 || used + len >= sizeof(s->path))
			continue;
		memcpy(s->path + used, entry->d_name, len);
		result = search_from(s, used + len, rest);
	}
	closedir(dir);
	return result;
}

static int search_from(struct search *s, size_t used, const char *rest)
{
	const char *end;
	char part[NAME_MAX * 2 + 1];
	size_t len;

	while (*rest == '/') {
		if (used + 1 >= sizeof(s->path))
			return 0;
		s->path[used++] = *rest++;
	}
	if (*rest == '\0')
		return path_take(s, used);
	end = rest + strcspn(rest, "/");
	len = (size_t)(end - rest);
	if (!is_special(rest, len)) {
		if (used + len >= sizeof(s->path))
			return 0;
		used += plain_copy(s->path + used, rest, len, s->flags);
		/* What does not exist is found out at the end, or when it is read. */
		return search_from(s, used, end);
	}
	if (len >=
	    sizeof(part)) /* no name is that long: only one of asterisks could match, and that can be written shorter */
		return 0;
	memcpy(part, rest, len);
	part[len] = '\0';
	return directory_search(s, used, part, end);
}

static int compare(const void *a, const void *b)
{
	return strcoll(*(char *const *)a, *(char *const *)b);
}

int glob(const char *restrict pattern, int flags, int (*failed)(const char *, int), glob_t *restrict out)
{
	struct search *s;
	size_t before;
	int result;

	if (!(flags & GLOB_APPEND)) {
		out->gl_pathc = 0;
		out->gl_pathv = NULL;
		if (!(flags & GLOB_DOOFFS))
			out->gl_offs = 0;
	}
	before = out->gl_pathc;
	s = malloc(sizeof(*s));
	if (!s)
		return GLOB_NOSPACE;
	s->out = out;
	s->flags = flags;
	s->failed = failed;
	result = pattern[0] ? search_from(s, 0, pattern) : 0;
	if (result == 0 && out->gl_pathc == before) {
		result = GLOB_NOMATCH;
		if (flags & GLOB_NOCHECK)
			result = name_add(s, pattern, false);
	} else if (!(flags & GLOB_NOSORT) && out->gl_pathc > before) {
		qsort(out->gl_pathv + slots(out, flags) + before, out->gl_pathc - before, sizeof(char *), compare);
	}
	free(s);
	return result;
}

void globfree(glob_t *out)
{
	for (size_t i = 0; out->gl_pathv && i < out->gl_pathc; i++)
		free(out->gl_pathv[out->gl_offs + i]);
	free(out->gl_pathv);
	out->gl_pathv = NULL;
	out->gl_pathc = 0;
}
