/* SPDX-License-Identifier: BSD-2-Clause */
/* read, write and the other calls on an open descriptor: each finds the file and calls its
 * operation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

#define LEN_MAX ((size_t)-1 >> 1) /* what a result can say */

static bool file_readable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool file_writable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

ssize_t read(int fd, void *buffer, size_t len)
{
	struct file *f = fd_get(fd);
	ssize_t result = -EBADF;

	if (!f)
		return posix_result(-EBADF);
	if (file_readable(f))
		result = f->ops->read(f, buffer, len < LEN_MAX ? len : LEN_MAX);
	file_put(f);
	return posix_result(result);
}

ssize_t pread(int fd, void *buffer, size_t len, off_t at)
{
	struct file *f = fd_get(fd);
	ssize_t result = -EBADF;

	if (!f)
		return posix_result(-EBADF);
	if (!f->ops->read_at)
		result = -ESPIPE;
	else if (at < 0)
		result = -EINVAL;
	else if (file_readable(f))
		result = f->ops->read_at(f, buffer, len < LEN_MAX ? len : LEN_MAX, at);
	file_put(f);
	return posix_result(result);
}

ssize_t write(int fd, const void *buffer, size_t len)
{
	struct file *f = fd_get(fd);
	ssize_t result = -EBADF;

	if (!f)
		return posix_result(-EBADF);
	if (file_writable(f))
		result = f->ops->write(f, buffer, len < LEN_MAX ? len : LEN_MAX);
	file_put(f);
	return posix_result(result);
}

off_t lseek(int fd, off_t offset, int whence)
{
	struct file *f = fd_get(fd);
	off_t result;

	if (!f)
		return posix_result(-EBADF);
	result = f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	file_put(f);
	return posix_result(result);
}

int fstat(int fd, struct stat *out)
{
	struct file *f = fd_get(fd);
	int result;

	if (!f)
		return (int)posix_result(-EBADF);
	*out = (struct stat){0};
	result = f->ops->stat(f, out);
	file_put(f);
	return (int)posix_result(result);
}

int isatty(int fd)
{
	struct file *f = fd_get(fd);
	bool is_tty;

	if (!f)
		return posix_result(-EBADF), 0;
	is_tty = f->tty != NULL;
	file_put(f);
	if (!is_tty)
		errno = ENOTTY;
	return is_tty;
}

/* Nothing here keeps data back that a medium could lose. */
int fsync(int fd)
{
	struct file *f = fd_get(fd);

	if (!f)
		return (int)posix_result(-EBADF);
	file_put(f);
	return 0;
}
