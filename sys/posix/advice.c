/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs say about how they will use memory and files. The system reads ahead by what it sees, so that advice is
 * checked and heard without effect, as POSIX allows; memory that can be locked does not exist. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"

int posix_madvise(void *at, size_t len, int advice)
{
	if ((uintptr_t)at % PAGE_SIZE || advice < POSIX_MADV_NORMAL || advice > POSIX_MADV_DONTNEED)
		return EINVAL;
	return len > UINTPTR_MAX - (uintptr_t)at ? ENOMEM : 0;
}

int posix_fadvise(int fd, off_t offset, off_t len, int advice)
{
	struct file *f = fd_use(fd);
	bool pipe;

	if (!f)
		return EBADF;
	fd_done(f);
	pipe = lseek(fd, 0, SEEK_CUR) < 0 && errno == ESPIPE;
	if (pipe)
		return ESPIPE;
	if (offset < 0 || len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return EINVAL;
	return 0;
}

/* Pages of programs are never written elsewhere; those that are mapped from files may go away and come again. */
int mlock(const void *at, size_t len)
{
	(void)at, (void)len;
	return (int)posix_result(-ENOSYS);
}

int munlock(const void *at, size_t len)
{
	(void)at, (void)len;
	return (int)posix_result(-ENOSYS);
}

int mlockall(int flags)
{
	(void)flags;
	return (int)posix_result(-ENOSYS);
}

int munlockall(void)
{
	return (int)posix_result(-ENOSYS);
}
