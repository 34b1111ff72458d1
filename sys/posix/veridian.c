/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/posix/veridian.h"

#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

handle_t veridian_fd_handle(int fd)
{
	struct file *f = fd_get(fd);
	handle_t handle = f ? f->endpoint : HANDLE_NONE;

	if (f)
		file_put(f);
	return handle;
}

int veridian_errno(status_t status)
{
	return errno_from_status(status);
}
