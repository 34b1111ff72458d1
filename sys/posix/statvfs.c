/* SPDX-License-Identifier: BSD-2-Clause */
/* statvfs and fstatvfs */
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "sys/posix/at.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/remote.h"

static int volume_get(handle_t at, struct statvfs *out)
{
	struct file_volume v;
	uint32_t count;
	status_t status;

	CALL_AGAIN(status, file_volume(at, &v, 1, &count));
	if (status != OK)
		return neg_errno(status);
	if (count != 1)
		return -EPROTO;
	*out = (struct statvfs){
		.f_bsize = v.block_size,
		.f_frsize = v.block_size,
		.f_blocks = v.blocks,
		.f_bfree = v.free_blocks,
		.f_bavail = v.available_blocks,
		.f_files = v.files,
		.f_ffree = v.free_files,
		.f_favail = v.free_files,
		.f_fsid = v.mount,
		.f_flag = ST_NOSUID | (v.read_only ? ST_RDONLY : 0),
		.f_namemax = v.name_max,
	};
	memcpy(out->f_fstypename, v.type, sizeof(v.type));
	return 0;
}

int fstatvfs(int fd, struct statvfs *out)
{
	struct file *f = fd_use(fd);
	int result;

	if (!f)
		return (int)posix_result(-EBADF);
	result = remote_is(f) ? volume_get(f->endpoint, out) : -ENOSYS;
	fd_done(f);
	return (int)posix_result(result);
}

static status_t place_open(handle_t at, const char *path, void *context)
{
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_PATH, 0, context, NULL));
	return status;
}

int statvfs(const char *restrict path, struct statvfs *restrict out)
{
	handle_t place;
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return (int)posix_result(-ENOSYS);
	result = path_apply(AT_FDCWD, path, PATH_FOLLOW, place_open, &place);
	if (result == 0) {
		result = volume_get(place, out);
		(void)handle_close(place);
	}
	return (int)posix_result(result);
}
