/* SPDX-License-Identifier: BSD-2-Clause */
/* read, write and the other calls on an open descriptor: each finds the file and calls its operation. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"

#define LEN_MAX ((size_t)-1 >> 1) /* what a result can say */

static bool file_readable(const struct file *f)
{
	return (atomic_load_explicit(&f->flags, memory_order_relaxed) & O_ACCMODE) != O_WRONLY;
}

static bool file_writable(const struct file *f)
{
	return (atomic_load_explicit(&f->flags, memory_order_relaxed) & O_ACCMODE) != O_RDONLY;
}

/* The open file of a file system's, of a process with one thread: then no reference is needed, and one call is all there is to do. NULL: any
 * other case. */
static inline struct file *remote_alone(int fd)
{
	struct file *f = NULL;

	if (__builtin_expect((unsigned)fd < FD_COUNT && !threads_started, 1))
		f = atomic_load_explicit(&fd_table[fd].file, memory_order_relaxed);
	return f && remote_is(f) ? f : NULL;
}

static __attribute__((noinline)) ssize_t read_any(int fd, void *buffer, size_t len)
{
	struct file *f = fd_use(fd);
	ssize_t result = -EBADF;

	if (__cancel_test)
		__cancel_test();
	if (!f)
		return posix_result(-EBADF);
	if (file_readable(f))
		result = f->ops->read(f, buffer, len < LEN_MAX ? len : LEN_MAX);
	fd_done(f);
	return posix_result(result);
}

ssize_t read(int fd, void *buffer, size_t len)
{
	struct file *f = remote_alone(fd);

	if (__builtin_expect(f && file_readable(f), 1)) {
		ssize_t count = remote_read_quick(f, buffer, len);

		return __builtin_expect(count >= 0, 1) ? count : posix_result(count);
	}
	return read_any(fd, buffer, len);
}

ssize_t pread(int fd, void *buffer, size_t len, off_t at)
{
	struct file *f = fd_use(fd);
	ssize_t result = -EBADF;

	if (!f)
		return posix_result(-EBADF);
	if (!f->ops->read_at)
		result = -ESPIPE;
	else if (at < 0)
		result = -EINVAL;
	else if (file_readable(f))
		result = f->ops->read_at(f, buffer, len < LEN_MAX ? len : LEN_MAX, at);
	fd_done(f);
	return posix_result(result);
}

static __attribute__((noinline)) ssize_t write_any(int fd, const void *buffer, size_t len)
{
	struct file *f = fd_use(fd);
	ssize_t result = -EBADF;

	if (__cancel_test)
		__cancel_test();
	if (!f)
		return posix_result(-EBADF);
	if (file_writable(f))
		result = f->ops->write(f, buffer, len < LEN_MAX ? len : LEN_MAX);
	fd_done(f);
	return posix_result(result);
}

ssize_t write(int fd, const void *buffer, size_t len)
{
	struct file *f = remote_alone(fd);
	uint64_t count, position;
	status_t status;

	if (__builtin_expect(!f || !file_writable(f) || len > FILE_TRANSFER_MAX, 0))
		return write_any(fd, buffer, len);
	status = file_write_until(f->endpoint, DEADLINE_INTERRUPTIBLE, FILE_AT_POSITION, buffer, len, &count,
				  &position);
	if (__builtin_expect(status != OK || count > len, 0))
		return posix_result(remote_write_failed(f, buffer, len, status == OK ? ERR_PROTOCOL : status));
	atomic_store_explicit(&f->position, (off_t)position, memory_order_relaxed);
	if (__builtin_expect(count < len, 0))
		return remote_write_short(f, buffer, len, count);
	return (ssize_t)count;
}

ssize_t pwrite(int fd, const void *buffer, size_t len, off_t at)
{
	struct file *f = fd_use(fd);
	ssize_t result = -EBADF;

	if (!f)
		return posix_result(-EBADF);
	if (at < 0)
		result = -EINVAL;
	else if (file_writable(f))
		result = f->ops->write_at ? f->ops->write_at(f, buffer, len < LEN_MAX ? len : LEN_MAX, at) : -ESPIPE;
	fd_done(f);
	return posix_result(result);
}

off_t lseek(int fd, off_t offset, int whence)
{
	struct file *f = fd_use(fd);
	off_t result;

	if (!f)
		return posix_result(-EBADF);
	result = FILE_IS_PLACE(f) ? -EBADF : f->ops->seek ? f->ops->seek(f, offset, whence) : -ESPIPE;
	fd_done(f);
	return posix_result(result);
}

int fstat(int fd, struct stat *out)
{
	struct file *f = fd_use(fd);
	int result;

	if (!f)
		return (int)posix_result(-EBADF);
	*out = (struct stat){0};
	result = f->ops->stat(f, out);
	fd_done(f);
	return (int)posix_result(result);
}

int isatty(int fd)
{
	struct file *f = fd_use(fd);
	bool is_tty;

	if (!f)
		return posix_result(-EBADF), 0;
	is_tty = f->terminal;
	fd_done(f);
	if (!is_tty)
		errno = ENOTTY;
	return is_tty;
}

/* ---- sizes ---- */

int ftruncate(int fd, off_t size)
{
	struct file *f = fd_use(fd);
	int result = -EINVAL;

	if (!f)
		return (int)posix_result(-EBADF);
	if (FILE_IS_PLACE(f))
		result = -EBADF;
	else if (size >= 0 && file_writable(f) && f->ops->truncate)
		result = f->ops->truncate(f, size);
	fd_done(f);
	return (int)posix_result(result);
}

int truncate(const char *path, off_t size)
{
	struct file *f;
	int result;

	if (size < 0)
		return (int)posix_result(-EINVAL);
	result = path_open(AT_FDCWD, path, O_WRONLY | O_NONBLOCK, 0, &f);
	if (result == 0) {
		result = f->ops->truncate ? f->ops->truncate(f, size) : -EINVAL;
		file_put(f);
	}
	/* FIFOs, sockets, devices */
	return (int)posix_result(result == -ENXIO ? -EINVAL : result);
}

static int allocate(int fd, off_t offset, off_t len)
{
	struct file *f = fd_use(fd);
	status_t status;
	int error = 0;

	if (!f)
		return EBADF;
	if (offset < 0 || len <= 0)
		error = EINVAL;
	else if (!file_writable(f))
		error = EBADF;
	else if (!remote_is(f))
		error = f->ops->seek ? ENODEV : ESPIPE;
	if (error == 0) {
		CALL_AGAIN(status, file_allocate(f->endpoint, (uint64_t)offset, (uint64_t)len, false, false));
		error = errno_from_status(status);
	}
	fd_done(f);
	return error;
}

int posix_fallocate(int fd, off_t offset, off_t len)
{
	return allocate(fd, offset, len);
}

/* ---- to the medium ---- */

static int file_flush(int fd, bool data_only)
{
	struct file *f = fd_use(fd);
	int result = 0;

	if (!f)
		return (int)posix_result(-EBADF);
	if (FILE_IS_PLACE(f))
		result = -EBADF;
	else if (f->ops->sync)
		result = f->ops->sync(f, data_only);
	fd_done(f);
	return (int)posix_result(result);
}

int fsync(int fd)
{
	return file_flush(fd, false);
}

int fdatasync(int fd)
{
	return file_flush(fd, true);
}

void sync(void)
{
	status_t status;

	if (resolve_vfs != HANDLE_NONE)
		CALL_AGAIN(status, vfs_sync(resolve_vfs)); /* POSIX gives no way to tell of errors: fsync does */
}
