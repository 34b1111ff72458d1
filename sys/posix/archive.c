/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of the boot archive, for processes without a view. Calls that would change the tree fail with EROFS. */
#include "sys/posix/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char path_null[] = "/dev/null";

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

static int start_append(int at, char out[PATH_BYTES], size_t *len)
{
	char cwd[PATH_BYTES];
	const char *directory;
	struct file *f;
	int result;

	if (at == AT_FDCWD) {
		cwd_text(cwd);
		return path_append(out, len, cwd);
	}
	f = fd_get(at);
	if (!f)
		return -EBADF;
	directory = bootfs_file_directory(f);
	result = directory ? path_append(out, len, directory) : -ENOTDIR;
	file_put(f);
	return result;
}

int archive_resolve(int at, const char *path, char out[PATH_BYTES])
{
	size_t len = 1;
	int result = 0;

	if (path[0] == '\0')
		return -ENOENT;
	out[0] = '/';
	out[1] = '\0';
	if (path[0] != '/')
		result = start_append(at, out, &len);
	return result ? result : path_append(out, &len, path);
}

int archive_open(int at, const char *path, int flags, struct file **out)
{
	char resolved[PATH_BYTES];
	int result = archive_resolve(at, path, resolved);

	if (result)
		return result;
	if (strcmp(resolved, path_null) == 0) {
		*out = file_new(&file_null_ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
		result = *out ? 0 : -ENOMEM;
	} else {
		result = bootfs_file_open(resolved, flags, out);
	}
	/* "name/" asks for a directory */
	if (result == 0 && path[strlen(path) - 1] == '/' && !(*out)->ops->list) {
		file_put(*out);
		return -ENOTDIR;
	}
	return result;
}

int archive_stat(int at, const char *path, struct stat *out)
{
	char resolved[PATH_BYTES];
	int result = archive_resolve(at, path, resolved);

	if (result)
		return result;
	if (strcmp(resolved, path_null) == 0) {
		*out = (struct stat){0};
		result = file_null_ops.stat(NULL, out);
	} else {
		result = bootfs_file_stat(resolved, out);
	}
	if (result == 0 && path[strlen(path) - 1] == '/' && !S_ISDIR(out->st_mode))
		return -ENOTDIR;
	return result;
}

int archive_access(int at, const char *path, int mode)
{
	struct stat st;
	int result = archive_stat(at, path, &st);

	if (result)
		return result;
	if ((mode & W_OK) && !S_ISCHR(st.st_mode))
		return -EROFS;
	if ((mode & X_OK) && !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

int archive_refuse(int at, const char *path, bool makes)
{
	struct stat st;
	int result = archive_stat(at, path, &st);

	if (makes)
		return result == 0 ? -EEXIST : result == -ENOENT && path[0] ? -EROFS : result;
	return result ? result : -EROFS;
}
