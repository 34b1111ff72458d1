/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that take a path: open, stat, access. Calls that would change the tree fail with EROFS: it
 * is read-only. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/vnode.h"

static const char path_null[] = "/dev/null";

static int path_open(const char *path, int flags)
{
	char resolved[PATH_BYTES];
	struct file *f = NULL;
	int result = path_resolve(path, resolved);

	if (result)
		return result;
	if (strcmp(resolved, path_null) == 0) {
		f = file_new(&file_null_ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK));
		result = f ? 0 : -ENOMEM;
	} else {
		result = bootfs_file_open(resolved, flags, &f);
	}
	if (result)
		return result;
	/* "name/" asks for a directory */
	if (path[strlen(path) - 1] == '/' && !f->ops->list) {
		file_put(f);
		return -ENOTDIR;
	}
	return fd_install(f, 0, flags & O_CLOEXEC);
}

int open(const char *path, int flags, ...)
{
	/* The mode argument is for files that get created, and none can be. */
	return (int)posix_result(path_open(path, flags));
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

static int path_stat(const char *path, struct stat *out)
{
	char resolved[PATH_BYTES];
	int result = path_resolve(path, resolved);

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

int stat(const char *restrict path, struct stat *restrict out)
{
	return (int)posix_result(path_stat(path, out));
}

/* There are no symbolic links. */
int lstat(const char *restrict path, struct stat *restrict out)
{
	return (int)posix_result(path_stat(path, out));
}

static int path_access(const char *path, int mode)
{
	struct stat st;
	int result;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	result = path_stat(path, &st);
	if (result)
		return result;
	if ((mode & W_OK) && !S_ISCHR(st.st_mode))
		return -EROFS;
	if ((mode & X_OK) && !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

int access(const char *path, int mode)
{
	return (int)posix_result(path_access(path, mode));
}

static int path_change(const char *path)
{
	struct stat st;
	int result = path_stat(path, &st);

	return (int)posix_result(result ? result : -EROFS);
}

int unlink(const char *path)
{
	return path_change(path);
}

int rmdir(const char *path)
{
	return path_change(path);
}

int rename(const char *from, const char *to)
{
	(void)to;
	return path_change(from);
}

int mkdir(const char *path, mode_t mode)
{
	struct stat st;
	int result = path_stat(path, &st);

	(void)mode;
	return (int)posix_result(result == 0 ? -EEXIST : result == -ENOENT ? -EROFS : result);
}

mode_t umask(mode_t mask)
{
	static _Atomic mode_t present = 022;

	return atomic_exchange(&present, mask & 0777);
}
