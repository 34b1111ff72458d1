/* SPDX-License-Identifier: BSD-2-Clause */
/* fcntl */
#include "sys/posix/fd_control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"
#include "sys/posix/remote.h"

static int file_flags_get(int fd)
{
	struct file *f = fd_use(fd);
	int flags;

	if (!f)
		return -EBADF;
	flags = remote_is(f) ? remote_flags_get(f) : f->flags;
	fd_done(f);
	return flags;
}

static int file_flags_set(int fd, int flags)
{
	const int settable = O_APPEND | O_NONBLOCK;
	struct file *f = fd_use(fd);
	int result = 0;

	if (!f)
		return -EBADF;
	if (remote_is(f))
		result = remote_flags_set(f, flags);
	if (result == 0)
		f->flags = (f->flags & ~settable) | (flags & settable);
	fd_done(f);
	return result;
}

int fcntl(int fd, int command, ...)
{
	struct flock *lock = NULL;
	int argument = 0, result;
	va_list args;

	va_start(args, command);
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETFD:
	case F_SETFL: argument = va_arg(args, int); break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: lock = va_arg(args, struct flock *); break;
	default: break;
	}
	va_end(args);
	switch (command) {
	case F_DUPFD: result = fd_duplicate(fd, argument, false); break;
	case F_DUPFD_CLOEXEC: result = fd_duplicate(fd, argument, true); break;
	case F_GETFD: result = fd_flags_get(fd); break;
	case F_SETFD: result = fd_flags_set(fd, argument); break;
	case F_GETFL: result = file_flags_get(fd); break;
	case F_SETFL: result = file_flags_set(fd, argument); break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: result = lock_control(fd, command, lock); break;
	default: result = -EINVAL; break;
	}
	return (int)posix_result(result);
}
