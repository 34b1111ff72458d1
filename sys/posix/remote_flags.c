/* SPDX-License-Identifier: BSD-2-Clause */
/* open's flags and the protocol's mode, and new open files over handles. */
#include <errno.h>
#include <fcntl.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

struct file *remote_new(handle_t handle, int flags)
{
	struct file *f = file_new(&remote_ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH));

	if (f)
		f->endpoint = handle;
	else
		(void)handle_close(handle);
	return f;
}

struct file *remote_terminal_new(handle_t handle, int flags)
{
	struct file *f = remote_new(handle, flags);

	if (f) {
		f->terminal = true;
		f->position = POSITION_UNKNOWN;
	}
	return f;
}

uint32_t remote_mode(int flags)
{
	/* O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2; READ and WRITE are bits 0 and 1. 3 is nothing of POSIX: neither. */
	uint32_t mode = (uint32_t)((flags & O_ACCMODE) + 1) & (FILE_MODE_READ | FILE_MODE_WRITE);

	if (!(flags & ~O_ACCMODE))
		return mode;
	if (flags & O_PATH)
		return FILE_MODE_PATH | (flags & O_DIRECTORY ? FILE_MODE_DIRECTORY : 0u) |
		       (flags & O_NOFOLLOW ? FILE_MODE_NO_FOLLOW : 0u);
	if (flags & O_EXEC)
		mode = FILE_MODE_EXECUTE;
	if (flags & O_APPEND)
		mode |= FILE_MODE_APPEND;
	if (flags & O_CREAT)
		mode |= FILE_MODE_CREATE | (flags & O_EXCL ? FILE_MODE_EXCLUSIVE : 0u);
	if (flags & O_TRUNC)
		mode |= FILE_MODE_TRUNCATE;
	if (flags & O_DIRECTORY)
		mode |= FILE_MODE_DIRECTORY;
	if (flags & O_NOFOLLOW)
		mode |= FILE_MODE_NO_FOLLOW;
	if (flags & O_SYNC)
		mode |= FILE_MODE_SYNC;
	if (flags & O_DIRECT)
		mode |= FILE_MODE_DIRECT;
	if (flags & O_NONBLOCK)
		mode |= FILE_MODE_NONBLOCK;
	return mode;
}

int remote_flags_get(struct file *f)
{
	uint32_t now;
	status_t status;
	int flags = f->flags & O_ACCMODE;

	CALL_AGAIN(status, file_mode(f->endpoint, false, 0, &now));
	if (status != OK)
		return neg_errno(status);
	if (now & FILE_MODE_PATH)
		flags |= O_PATH;
	if (now & FILE_MODE_EXECUTE)
		flags |= O_EXEC;
	if (now & FILE_MODE_APPEND)
		flags |= O_APPEND;
	if (now & FILE_MODE_SYNC)
		flags |= O_SYNC;
	if (now & FILE_MODE_NONBLOCK)
		flags |= O_NONBLOCK;
	if (now & FILE_MODE_DIRECT)
		flags |= O_DIRECT;
	return flags;
}

int remote_flags_set(struct file *f, int flags)
{
	uint32_t mode = (flags & O_APPEND ? FILE_MODE_APPEND : 0u) | (flags & O_SYNC ? FILE_MODE_SYNC : 0u) |
			(flags & O_DIRECT ? FILE_MODE_DIRECT : 0u) | (flags & O_NONBLOCK ? FILE_MODE_NONBLOCK : 0u);
	uint32_t now;
	status_t status;

	CALL_AGAIN(status, file_mode(f->endpoint, true, mode, &now));
	return neg_errno(status);
}
