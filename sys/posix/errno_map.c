/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table from status_t to errno. */
#include "sys/posix/errno_map.h"

#include "sys/posix/signal_thread.h"

static const unsigned char table[-ERR_LAST + 1] = {
	[-OK] = 0,
	[-ERR_INVALID] = EINVAL,
	[-ERR_HANDLE] = EBADF,
	[-ERR_TYPE] = EBADF,
	[-ERR_RIGHTS] = EPERM,
	[-ERR_NO_MEMORY] = ENOMEM,
	[-ERR_NO_HANDLES] = EMFILE,
	[-ERR_QUOTA] = EAGAIN,
	[-ERR_FAULT] = EFAULT,
	[-ERR_PEER_DIED] = EIO,
	[-ERR_CLOSED] = EIO,
	[-ERR_CANCELLED] = EINTR,
	[-ERR_TIMED_OUT] = ETIMEDOUT,
	[-ERR_WOULD_BLOCK] = EAGAIN,
	[-ERR_BUSY] = EBUSY,
	[-ERR_EXISTS] = EEXIST,
	[-ERR_NOT_FOUND] = ENOENT,
	[-ERR_STATE] = EINVAL,
	[-ERR_RANGE] = ERANGE,
	[-ERR_NO_SYSCALL] = ENOSYS,
	[-ERR_UNSUPPORTED] = ENOTSUP,
	[-ERR_PROTOCOL] = EPROTO,
	[-ERR_IO] = EIO,
	[-ERR_ACCESS] = EACCES,
	[-ERR_AGAIN] = EAGAIN,
	[-ERR_BAD_FORMAT] = ENOEXEC,
	[-ERR_ELSEWHERE] = EXDEV,
	[-ERR_ELSEWHERE_TO] = EXDEV,
	[-ERR_NOT_DIRECTORY] = ENOTDIR,
	[-ERR_IS_DIRECTORY] = EISDIR,
	[-ERR_NOT_EMPTY] = ENOTEMPTY,
	[-ERR_LOOP] = ELOOP,
	[-ERR_NAME_TOO_LONG] = ENAMETOOLONG,
	[-ERR_READ_ONLY] = EROFS,
	[-ERR_NO_SPACE] = ENOSPC,
	[-ERR_TOO_BIG] = EFBIG,
	[-ERR_TOO_MANY_LINKS] = EMLINK,
	[-ERR_CROSS_DEVICE] = EXDEV,
	[-ERR_NOT_OWNER] = EPERM,
	[-ERR_DEVICE] = ENXIO,
	[-ERR_DEADLOCK] = EDEADLK,
	[-ERR_STREAM] = ESPIPE,
	[-ERR_NO_READER] = EPIPE,
	[-ERR_INTERRUPTED] = EINTR,
};

int errno_from_status(status_t status)
{
	if (status == SIGNAL_RESTART)
		return EINTR; /* of what does not go on after handlers */
	if (status > 0 || status < ERR_LAST)
		return EPROTO; /* not a status at all */
	return table[-status];
}
