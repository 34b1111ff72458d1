/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptor table, and the calls that only move descriptors about. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

int dup3(int fd, int to, int flags); /* <unistd.h> shows it to _GNU_SOURCE only */

struct fd_slot {
	struct file *file; /* NULL: free */
	bool cloexec;
};

static struct mutex table_lock;
static struct fd_slot table[FD_COUNT]; /* table_lock */

struct file *file_new(const struct file_ops *ops, int flags)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->ops = ops;
	f->flags = flags;
	f->refs = 1;
	return f;
}

struct file *file_get(struct file *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

void file_put(struct file *f)
{
	if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (f->ops->close)
		f->ops->close(f);
	if (!f->is_static)
		free(f);
}

static bool fd_in_range(int fd)
{
	return fd >= 0 && fd < FD_COUNT;
}

struct file *fd_get(int fd)
{
	struct file *f = NULL;

	if (!fd_in_range(fd))
		return NULL;
	mutex_lock(&table_lock);
	if (table[fd].file)
		f = file_get(table[fd].file);
	mutex_unlock(&table_lock);
	return f;
}

struct file *fd_get_inherited(int fd)
{
	struct file *f = NULL;

	if (!fd_in_range(fd))
		return NULL;
	mutex_lock(&table_lock);
	if (table[fd].file && !table[fd].cloexec)
		f = file_get(table[fd].file);
	mutex_unlock(&table_lock);
	return f;
}

int fd_install(struct file *f, int from, bool cloexec)
{
	mutex_lock(&table_lock);
	for (int fd = from; fd < FD_COUNT; fd++) {
		if (table[fd].file)
			continue;
		table[fd] = (struct fd_slot){f, cloexec};
		mutex_unlock(&table_lock);
		return fd;
	}
	mutex_unlock(&table_lock);
	file_put(f);
	return -EMFILE;
}

void fd_install_at(int fd, struct file *f)
{
	table[fd] = (struct fd_slot){f, false};
}

int close(int fd)
{
	struct file *f = NULL;

	if (fd_in_range(fd)) {
		mutex_lock(&table_lock);
		f = table[fd].file;
		table[fd] = (struct fd_slot){0};
		mutex_unlock(&table_lock);
	}
	if (!f)
		return (int)posix_result(-EBADF);
	file_put(f);
	return 0;
}

static int fd_duplicate(int fd, int from, bool cloexec)
{
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	if (from < 0 || from >= FD_COUNT) {
		file_put(f);
		return -EINVAL;
	}
	return fd_install(f, from, cloexec);
}

int dup(int fd)
{
	return (int)posix_result(fd_duplicate(fd, 0, false));
}

static int fd_duplicate_to(int fd, int to, bool cloexec)
{
	struct file *f, *old;

	if (!fd_in_range(to))
		return -EBADF;
	f = fd_get(fd);
	if (!f)
		return -EBADF;
	mutex_lock(&table_lock);
	old = table[to].file;
	table[to] = (struct fd_slot){f, cloexec};
	mutex_unlock(&table_lock);
	if (old)
		file_put(old);
	return to;
}

int dup2(int fd, int to)
{
	struct file *f;

	if (fd != to)
		return (int)posix_result(fd_duplicate_to(fd, to, false));
	f = fd_get(fd);
	if (!f)
		return (int)posix_result(-EBADF);
	file_put(f);
	return fd;
}

int dup3(int fd, int to, int flags)
{
	if (fd == to || (flags & ~O_CLOEXEC))
		return (int)posix_result(-EINVAL);
	return (int)posix_result(fd_duplicate_to(fd, to, flags & O_CLOEXEC));
}

static int fd_flags_get(int fd)
{
	int result = -EBADF;

	mutex_lock(&table_lock);
	if (table[fd].file)
		result = table[fd].cloexec ? FD_CLOEXEC : 0;
	mutex_unlock(&table_lock);
	return result;
}

static int fd_flags_set(int fd, int flags)
{
	int result = -EBADF;

	mutex_lock(&table_lock);
	if (table[fd].file) {
		table[fd].cloexec = flags & FD_CLOEXEC;
		result = 0;
	}
	mutex_unlock(&table_lock);
	return result;
}

static int file_flags_get(int fd)
{
	struct file *f = fd_get(fd);
	int flags;

	if (!f)
		return -EBADF;
	flags = f->flags;
	file_put(f);
	return flags;
}

static int file_flags_set(int fd, int flags)
{
	const int settable = O_APPEND | O_NONBLOCK;
	struct file *f = fd_get(fd);

	if (!f)
		return -EBADF;
	f->flags = (f->flags & ~settable) | (flags & settable);
	file_put(f);
	return 0;
}

static int fd_control(int fd, int command, int argument)
{
	if (!fd_in_range(fd))
		return -EBADF;
	switch (command) {
	case F_DUPFD: return fd_duplicate(fd, argument, false);
	case F_DUPFD_CLOEXEC: return fd_duplicate(fd, argument, true);
	case F_GETFD: return fd_flags_get(fd);
	case F_SETFD: return fd_flags_set(fd, argument);
	case F_GETFL: return file_flags_get(fd);
	case F_SETFL: return file_flags_set(fd, argument);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW: return -ENOSYS;
	default: return -EINVAL;
	}
}

int fcntl(int fd, int command, ...)
{
	int argument = 0;
	va_list args;

	va_start(args, command);
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_SETFD || command == F_SETFL)
		argument = va_arg(args, int);
	va_end(args);
	return (int)posix_result(fd_control(fd, command, argument));
}
