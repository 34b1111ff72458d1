/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe and pipe2: one call makes both ends, at the server that vfs names for the view; both are open files like others. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"
#include "sys/posix/resolve.h"

int pipe2(int fds[2], int flags); /* <unistd.h> shows it to _GNU_SOURCE only */

static _Atomic handle_t server; /* HANDLE_NONE: not asked for yet. Never closed: another thread may be using it */

static status_t server_find(handle_t *out)
{
	handle_t none = HANDLE_NONE, found;
	status_t status;

	*out = atomic_load_explicit(&server, memory_order_acquire);
	if (*out != HANDLE_NONE)
		return OK;
	CALL_AGAIN(status, vfs_pipes(resolve_vfs, &found));
	if (status != OK)
		return status;
	if (atomic_compare_exchange_strong(&server, &none, found)) {
		*out = found;
	} else {
		(void)handle_close(found);
		*out = none;
	}
	return OK;
}

/* A server that has been given up stays so; vfs may have started another mount since. */
static status_t ends_make(uint32_t mode, handle_t *reader, handle_t *writer)
{
	handle_t at;
	status_t status = server_find(&at);

	if (status != OK)
		return status;
	CALL_AGAIN(status, file_pipe(at, mode, reader, writer));
	if (status != ERR_CLOSED || !atomic_compare_exchange_strong(&server, &at, HANDLE_NONE))
		return status;
	status = server_find(&at);
	if (status == OK)
		CALL_AGAIN(status, file_pipe(at, mode, reader, writer));
	return status;
}

/* Takes the handle over. */
static int end_install(handle_t handle, int flags, bool cloexec)
{
	struct file *f = remote_new(handle, flags);

	return f ? fd_install(f, 0, cloexec) : -ENOMEM;
}

static int pipe_make(int fds[2], int flags)
{
	handle_t reader, writer;
	status_t status;
	int in, out;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (resolve_vfs == HANDLE_NONE)
		return -ENOSYS;
	status = ends_make(flags & O_NONBLOCK ? FILE_MODE_NONBLOCK : 0, &reader, &writer);
	if (status == ERR_NO_MEMORY)
		return -ENFILE; /* too many of this user's, or of all */
	if (status != OK)
		return neg_errno(status);
	in = end_install(reader, O_RDONLY | (flags & O_NONBLOCK), flags & O_CLOEXEC);
	if (in < 0) {
		(void)handle_close(writer);
		return in;
	}
	out = end_install(writer, O_WRONLY | (flags & O_NONBLOCK), flags & O_CLOEXEC);
	if (out < 0) {
		(void)close(in);
		return out;
	}
	fds[0] = in;
	fds[1] = out;
	return 0;
}

int pipe2(int fds[2], int flags)
{
	return (int)posix_result(pipe_make(fds, flags));
}

int pipe(int fds[2])
{
	return pipe2(fds, 0);
}
