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
#include "sys/posix/volume.h"

static int volume_get(handle_t at, struct file_volume *out)
{
	uint32_t count;
	status_t status;

	CALL_AGAIN(status, file_volume(at, out, 1, &count));
	if (status != OK)
		return neg_errno(status);
	return count == 1 ? 0 : -EPROTO;
}

int volume_of_file(int fd, struct file_volume *out)
{
	struct file *f = fd_use(fd);
	int result;

	if (!f)
		return -EBADF;
	result = remote_is(f) ? volume_get(f->endpoint, out) : -ENOSYS;
	fd_done(f);
	return result;
}

static status_t place_open(handle_t at, const char *path, void *context)
{
	status_t status;

	CALL_AGAIN(status, file_open(at, path, FILE_MODE_PATH, 0, context, NULL));
	return status;
}

int volume_of_path(const char *path, struct file_volume *out)
{
	handle_t place;
	int result;

	if (resolve_vfs == HANDLE_NONE)
		return -ENOSYS;
	result = path_apply(AT_FDCWD, path, PATH_FOLLOW, place_open, &place);
	if (result == 0) {
		result = volume_get(place, out);
		(void)handle_close(place);
	}
	return result;
}

/* ---- calls ---- */

static int statvfs_fill(int result, const struct file_volume *volume, struct statvfs *out)
{
	if (result)
		return (int)posix_result(result);
	*out = (struct statvfs){
		.f_bsize = volume->block_size,
		.f_frsize = volume->block_size,
		.f_blocks = volume->blocks,
		.f_bfree = volume->free_blocks,
		.f_bavail = volume->available_blocks,
		.f_files = volume->files,
		.f_ffree = volume->free_files,
		.f_favail = volume->free_files,
		.f_fsid = volume->mount,
		.f_flag = ST_NOSUID | (volume->read_only ? ST_RDONLY : 0),
		.f_namemax = volume->name_max,
	};
	memcpy(out->f_fstypename, volume->type, sizeof(volume->type));
	return 0;
}

int fstatvfs(int fd, struct statvfs *out)
{
	struct file_volume volume;

	return statvfs_fill(volume_of_file(fd, &volume), &volume, out);
}

int statvfs(const char *restrict path, struct statvfs *restrict out)
{
	struct file_volume volume;

	return statvfs_fill(volume_of_path(path, &volume), &volume, out);
}
