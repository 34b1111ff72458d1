/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that make, remove and look at names: mkdir, unlink, rename, link, symlink, readlink and their families. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/archive.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/view.h"

int mkdirat(int at, const char *path, mode_t mode);
int mkfifoat(int at, const char *path, mode_t mode);
int symlinkat(const char *target, int at, const char *path);
ssize_t readlinkat(int at, const char *restrict path, char *restrict buffer, size_t size);
int unlinkat(int at, const char *path, int flags);
int mkfifo(const char *path, mode_t mode);
int mknod(const char *path, mode_t mode, dev_t device);
int mknodat(int at, const char *path, mode_t mode, dev_t device);
int __wrap_remove(const char *path);

/* ---- making ---- */

struct make_call {
	enum file_kind kind;
	uint32_t permissions;
};

/* An empty path here is a mount's root, or "/": there already. */
static status_t make_try(handle_t at, const char *path, void *context)
{
	const struct make_call *call = context;

	return *path ? file_make(at, path, call->kind, call->permissions) : ERR_EXISTS;
}

static int path_make(int at, const char *path, enum file_kind kind, mode_t mode)
{
	struct make_call call = {kind, mode & ~view_umask() & 07777};

	return (int)posix_result(path_apply(at, path, PATH_MAKES, make_try, &call));
}

int mkdirat(int at, const char *path, mode_t mode)
{
	return path_make(at, path, FILE_KIND_DIRECTORY, mode);
}

int mkdir(const char *path, mode_t mode)
{
	return path_make(AT_FDCWD, path, FILE_KIND_DIRECTORY, mode);
}

int mkfifoat(int at, const char *path, mode_t mode)
{
	return path_make(at, path, FILE_KIND_FIFO, mode);
}

int mkfifo(const char *path, mode_t mode)
{
	return path_make(AT_FDCWD, path, FILE_KIND_FIFO, mode);
}

/* Of devices only devfs has names: EPERM is its answer, and that of others. */
int mknodat(int at, const char *path, mode_t mode, dev_t device)
{
	(void)device;
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG: return path_make(at, path, FILE_KIND_REGULAR, mode);
	case S_IFIFO: return path_make(at, path, FILE_KIND_FIFO, mode);
	case S_IFSOCK: return path_make(at, path, FILE_KIND_SOCKET, mode);
	case S_IFCHR: return path_make(at, path, FILE_KIND_CHARACTER, mode);
	case S_IFBLK: return path_make(at, path, FILE_KIND_BLOCK, mode);
	case S_IFDIR: return (int)posix_result(-EPERM);
	default: return (int)posix_result(-EINVAL);
	}
}

int mknod(const char *path, mode_t mode, dev_t device)
{
	return mknodat(AT_FDCWD, path, mode, device);
}

static status_t symlink_try(handle_t at, const char *path, void *context)
{
	return *path ? file_make_symlink(at, path, context) : ERR_EXISTS;
}

int symlinkat(const char *target, int at, const char *path)
{
	size_t len = strnlen(target, FILE_PATH_MAX + 1);

	if (len == 0 || len > FILE_PATH_MAX)
		return (int)posix_result(len ? -ENAMETOOLONG : -ENOENT);
	return (int)posix_result(path_apply(at, path, PATH_MAKES, symlink_try, (void *)(uintptr_t)target));
}

int symlink(const char *target, const char *path)
{
	return symlinkat(target, AT_FDCWD, path);
}

/* ---- looking ---- */

struct link_text {
	char *buffer;
	size_t size;
	uint32_t length;
};

static status_t readlink_try(handle_t at, const char *path, void *context)
{
	struct link_text *text = context;
	status_t status;

	CALL_AGAIN(status, file_read_link(at, path, text->buffer, text->size, &text->length));
	return status;
}

ssize_t readlinkat(int at, const char *restrict path, char *restrict buffer, size_t size)
{
	struct link_text text = {buffer, size < FILE_PATH_MAX ? size : FILE_PATH_MAX, 0};
	int result;

	if (size == 0)
		return posix_result(-EINVAL);
	if (resolve_vfs == HANDLE_NONE) {
		result = archive_refuse(at, path, false);
		return posix_result(result == -EROFS ? -EINVAL : result); /* no links there */
	}
	result = path_apply(at, path, PATH_EMPTY, readlink_try, &text);
	return path[0] == '\0' && at == AT_FDCWD ? posix_result(-ENOENT)
	       : result                          ? posix_result(result)
						 : (ssize_t)text.length;
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size)
{
	return readlinkat(AT_FDCWD, path, buffer, size);
}

/* ---- removing ---- */

static status_t remove_try(handle_t at, const char *path, void *context)
{
	return *path ? file_remove(at, path, context != NULL) : ERR_BUSY;
}

int unlinkat(int at, const char *path, int flags)
{
	static char directory; /* its address says so */

	if (flags & ~AT_REMOVEDIR)
		return (int)posix_result(-EINVAL);
	return (int)posix_result(path_apply(at, path, 0, remove_try, flags ? &directory : NULL));
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* The C library's own knows no directories. (--wrap, see libc_dep) */
int __wrap_remove(const char *path)
{
	int error = errno, result = unlink(path);

	if (result == 0 || errno != EISDIR)
		return result;
	errno = error;
	return rmdir(path);
}
