/* SPDX-License-Identifier: BSD-2-Clause */
/* pathconf and fpathconf, in the place of the C library's, which know no file systems. (--wrap, see libc_dep) */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "protocols/tty.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/volume.h"

#define NO_LIMIT (-1)

long __wrap_pathconf(const char *path, int name);
long __wrap_fpathconf(int fd, int name);

/* `result`: of asking for the volume. */
static long answer(int name, int result, const struct file_volume *volume)
{
	/* What is no file of a file system (a terminal, the log) has some of these all the same. */
	if (result && result != -ENOSYS && result != -ENOTSUP)
		return posix_result(result);
	switch (name) {
	case _PC_LINK_MAX: return result ? 1 : (long)volume->links_max;
	case _PC_NAME_MAX: return result ? FILE_NAME_MAX : (long)volume->name_max;
	case _PC_PATH_MAX: return FILE_PATH_MAX + 1;
	case _PC_PIPE_BUF: return FILE_FIFO_ATOMIC;
	case _PC_MAX_CANON:
	case _PC_MAX_INPUT: return TTY_INPUT_MAX;
	case _PC_CHOWN_RESTRICTED:
	case _PC_NO_TRUNC:
	case _PC_SYNC_IO: return 1;
	case _PC_VDISABLE: return 0;
	case _PC_FILESIZEBITS: return 64;
	case _PC_SYMLINK_MAX: return FILE_PATH_MAX;
	case _PC_ALLOC_SIZE_MIN:
	case _PC_REC_MIN_XFER_SIZE:
	case _PC_REC_XFER_ALIGN: return result ? NO_LIMIT : (long)volume->block_size;
	case _PC_REC_INCR_XFER_SIZE:
	case _PC_REC_MAX_XFER_SIZE:
	case _PC_ASYNC_IO:
	case _PC_PRIO_IO:
	case _PC_2_SYMLINKS:
	case _PC_TIMESTAMP_RESOLUTION: return NO_LIMIT; /* that depends; -1 without errno says so */
	default: return posix_result(-EINVAL);
	}
}

long __wrap_pathconf(const char *path, int name)
{
	struct file_volume volume = {0};
	int result = volume_of_path(path, &volume);

	return answer(name, result, &volume);
}

long __wrap_fpathconf(int fd, int name)
{
	struct file_volume volume = {0};
	int result = volume_of_file(fd, &volume);

	return answer(name, result, &volume);
}
