/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks and partitions as files of bytes. Whole blocks go straight; of others the rest is read first. Nothing is cached here. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/block.h"
#include "sys/lib/syscall.h"
#include "sys/posix/device.h"
#include "sys/posix/errno_map.h"

#define BLOCK_BYTES_MAX 4096u

/* One call as often as the driver dies under it: reading and writing blocks is idempotent. */
static status_t transfer(const struct file *f, bool write, uint64_t block, void *bytes, size_t size)
{
	status_t status;

	do
		status = write ? block_write(f->endpoint, block, bytes, size)
			       : block_read(f->endpoint, block, bytes, size);
	while (status == ERR_PEER_DIED);
	return status;
}

/* The part of [at, at + len) that one call can do: bytes, or a negative errno. */
static ssize_t piece(const struct file *f, bool write, char *bytes, size_t len, uint64_t at)
{
	uint8_t block[BLOCK_BYTES_MAX];
	size_t size = f->inode, inside = at % size; /* f->inode: the block size */
	status_t status;

	if (!inside && len >= size) {
		len = (len < BLOCK_TRANSFER_MAX ? len : BLOCK_TRANSFER_MAX) / size * size;
		status = transfer(f, write, at / size, bytes, len);
		return status == OK ? (ssize_t)len : -errno_from_status(status);
	}
	if (len > size - inside)
		len = size - inside;
	status = transfer(f, false, at / size, block, size);
	if (status == OK && write) {
		memcpy(block + inside, bytes, len);
		status = transfer(f, true, at / size, block, size);
	} else if (status == OK) {
		memcpy(bytes, block + inside, len);
	}
	return status == OK ? (ssize_t)len : -errno_from_status(status);
}

static ssize_t move(struct file *f, bool write, void *buffer, size_t len, off_t at)
{
	size_t done = 0, left = (uint64_t)at < f->size ? f->size - (size_t)at : 0;
	ssize_t n = 0;

	if (f->flags & O_DIRECT && ((uint64_t)at | len) % f->inode)
		return -EINVAL;
	if (!left && len && write)
		return -ENOSPC;
	if (len > left)
		len = left;
	while (done < len && (n = piece(f, write, (char *)buffer + done, len - done, (uint64_t)at + done)) > 0)
		done += (size_t)n;
	return done ? (ssize_t)done : n;
}

static ssize_t device_read_at(struct file *f, void *buffer, size_t len, off_t at)
{
	return move(f, false, buffer, len, at);
}

static ssize_t device_write_at(struct file *f, const void *buffer, size_t len, off_t at)
{
	return move(f, true, (void *)(uintptr_t)buffer, len, at);
}

static ssize_t device_read(struct file *f, void *buffer, size_t len)
{
	mutex_lock(&f->lock);
	ssize_t n = move(f, false, buffer, len, f->position);
	f->position += n > 0 ? n : 0;
	mutex_unlock(&f->lock);
	return n;
}

static ssize_t device_write(struct file *f, const void *buffer, size_t len)
{
	mutex_lock(&f->lock);
	ssize_t n = move(f, true, (void *)(uintptr_t)buffer, len, f->position);
	f->position += n > 0 ? n : 0;
	mutex_unlock(&f->lock);
	return n;
}

static off_t device_seek(struct file *f, off_t offset, int whence)
{
	off_t result = -EINVAL, base;

	mutex_lock(&f->lock);
	base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->position : whence == SEEK_END ? (off_t)f->size : -1;
	if (base >= 0 && !__builtin_add_overflow(base, offset, &result) && result >= 0)
		f->position = result;
	else
		result = -EINVAL;
	mutex_unlock(&f->lock);
	return result;
}

static int device_stat(struct file *f, struct stat *out)
{
	out->st_mode = S_IFBLK | 0600;
	out->st_nlink = 1;
	out->st_blksize = (blksize_t)f->inode;
	return 0;
}

static int device_sync(struct file *f, bool data_only)
{
	status_t status;

	(void)data_only;
	do
		status = block_flush(f->endpoint);
	while (status == ERR_PEER_DIED);
	return -errno_from_status(status);
}

static const struct open_file_ops ops = {
	.read = device_read,
	.write = device_write,
	.read_at = device_read_at,
	.write_at = device_write_at,
	.seek = device_seek,
	.stat = device_stat,
	.sync = device_sync,
};

int device_block_new(handle_t device, int flags, struct file **out)
{
	struct block_info info = {0};
	uint32_t count = 0;
	status_t status = block_info(device, &info, 1, &count);

	if (status == OK && (count != 1 || info.block_size < 512 || info.block_size > BLOCK_BYTES_MAX ||
			     info.blocks > INT64_MAX / info.block_size))
		status = ERR_PROTOCOL;
	struct file *f = status == OK ? file_new(&ops, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_DIRECT)) : NULL;
	if (!f) {
		(void)handle_close(device);
		return status == OK ? -ENOMEM : -errno_from_status(status);
	}
	f->endpoint = device;
	f->size = info.blocks * info.block_size;
	f->inode = info.block_size;
	*out = f;
	return 0;
}
