/* SPDX-License-Identifier: BSD-2-Clause */
/* See disk_file.h. */
#define _GNU_SOURCE
#include "fs/disk/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct disk_file {
	struct disk disk; /* first */
	int file;
};

static int file_of(struct disk *d)
{
	return ((struct disk_file *)(void *)d)->file;
}

static status_t file_read(struct disk *d, uint64_t block, uint32_t count, void *data)
{
	char *at = data;
	size_t left = (size_t)count * d->block_size;
	off_t offset = (off_t)(block * d->block_size);

	while (left) {
		ssize_t n = pread(file_of(d), at, left, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		at += n;
		offset += n;
		left -= (size_t)n;
	}
	return OK;
}

static status_t file_write(struct disk *d, uint64_t block, uint32_t count, const void *data)
{
	const char *at = data;
	size_t left = (size_t)count * d->block_size;
	off_t offset = (off_t)(block * d->block_size);

	while (left) {
		ssize_t n = pwrite(file_of(d), at, left, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		at += n;
		offset += n;
		left -= (size_t)n;
	}
	return OK;
}

static status_t file_flush(struct disk *d)
{
	return fdatasync(file_of(d)) == 0 ? OK : ERR_IO;
}

static status_t file_discard(struct disk *d, uint64_t block, uint64_t count)
{
	off_t offset = (off_t)(block * d->block_size), length = (off_t)(count * d->block_size);

	return fallocate(file_of(d), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) == 0 ? OK
												      : ERR_UNSUPPORTED;
}

static void file_close(struct disk *d)
{
	close(file_of(d));
	free(d);
}

static const struct disk_ops ops = {
	.read = file_read,
	.write = file_write,
	.flush = file_flush,
	.discard = file_discard,
	.close = file_close,
};

status_t disk_file_open(struct disk **out, const char *path, uint32_t block_size, bool read_only)
{
	struct disk_file *f = calloc(1, sizeof(*f));
	struct stat st;

	if (!f)
		return ERR_NO_MEMORY;
	f->file = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (f->file < 0) {
		int error = errno;

		free(f);
		return error == ENOENT ? ERR_NOT_FOUND : error == EACCES || error == EROFS ? ERR_ACCESS : ERR_IO;
	}
	f->disk = (struct disk){
		.ops = &ops,
		.block_size = block_size,
		.max_blocks = (1u << 20) / block_size,
		.read_only = read_only,
		.has_cache = true,
		.has_discard = true,
	};
	if (fstat(f->file, &st) != 0 || st.st_size < (off_t)block_size) {
		file_close(&f->disk);
		return ERR_INVALID;
	}
	f->disk.blocks = (uint64_t)st.st_size / block_size;
	*out = &f->disk;
	return OK;
}
