/* SPDX-License-Identifier: BSD-2-Clause */
/* The working directory, and paths made absolute. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"
#include "sys/posix/vnode.h"

static struct mutex cwd_lock;
static char cwd[PATH_BYTES] = "/"; /* cwd_lock; resolved */

/* Appends the components of `path` to the resolved path in out[0..*len). */
static int path_append(char *out, size_t *len, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 0) {
			path++;
			continue;
		}
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (*len > 1 && out[--*len] != '/')
				;
			if (*len == 0)
				*len = 1;
		} else if (!(n == 1 && path[0] == '.')) {
			size_t slash = *len > 1 ? 1 : 0;

			if (*len + slash + n >= PATH_BYTES)
				return -ENAMETOOLONG;
			if (slash)
				out[(*len)++] = '/';
			memcpy(out + *len, path, n);
			*len += n;
		}
		path += n;
	}
	out[*len] = '\0';
	return 0;
}

int path_resolve(const char *path, char out[PATH_BYTES])
{
	size_t len = 1;
	int result = 0;

	if (path[0] == '\0')
		return -ENOENT;
	out[0] = '/';
	out[1] = '\0';
	if (path[0] != '/') {
		mutex_lock(&cwd_lock);
		result = path_append(out, &len, cwd);
		mutex_unlock(&cwd_lock);
	}
	return result ? result : path_append(out, &len, path);
}

static int directory_change(const char *path)
{
	char resolved[PATH_BYTES];
	struct stat st;
	int result = path_resolve(path, resolved);

	if (result == 0)
		result = bootfs_file_stat(resolved, &st);
	if (result)
		return result;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	mutex_lock(&cwd_lock);
	memcpy(cwd, resolved, strlen(resolved) + 1);
	mutex_unlock(&cwd_lock);
	return 0;
}

int chdir(const char *path)
{
	return (int)posix_result(directory_change(path));
}

void path_start(void)
{
	const char *pwd = getenv("PWD");

	if (pwd && pwd[0] == '/')
		(void)directory_change(pwd); /* a directory that is gone leaves us at the root */
}

char *getcwd(char *buffer, size_t size)
{
	char *out = buffer;
	size_t len;

	if (buffer && size == 0) {
		errno = EINVAL;
		return NULL;
	}
	mutex_lock(&cwd_lock);
	len = strlen(cwd) + 1;
	if (!buffer) {
		size = size ? size : len;
		out = len <= size ? malloc(size) : NULL;
	}
	if (len > size) {
		errno = ERANGE;
		out = NULL;
	} else if (out) {
		memcpy(out, cwd, len);
	}
	mutex_unlock(&cwd_lock);
	return out;
}
