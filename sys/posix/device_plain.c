/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in name only, and random numbers: /dev/zero, /dev/full, /dev/random. /dev/null is in file_null.c. */
#include <errno.h>
#include <string.h>

#include "protocols/rng.h"
#include "sys/posix/device.h"
#include "sys/posix/errno_map.h"

static ssize_t zero_read(struct file *f, void *buffer, size_t len)
{
	(void)f;
	memset(buffer, 0, len);
	return (ssize_t)len;
}

static ssize_t zero_write(struct file *f, const void *buffer, size_t len)
{
	(void)f, (void)buffer;
	return (ssize_t)len;
}

static ssize_t full_write(struct file *f, const void *buffer, size_t len)
{
	(void)f, (void)buffer;
	return len ? -ENOSPC : 0;
}

static ssize_t random_read(struct file *f, void *buffer, size_t len)
{
	size_t piece = len < RNG_TRANSFER_MAX ? len : RNG_TRANSFER_MAX;
	status_t status;

	if (!len)
		return 0;
	do
		status = rng_read(f->endpoint, buffer, piece);
	while (status == ERR_PEER_DIED);
	return status == OK ? (ssize_t)piece : -errno_from_status(status);
}

static off_t no_seek(struct file *f, off_t offset, int whence)
{
	(void)f, (void)offset, (void)whence;
	return 0;
}

static int device_stat(struct file *f, struct stat *out)
{
	(void)f;
	out->st_mode = S_IFCHR | 0666;
	out->st_nlink = 1;
	return 0;
}

const struct open_file_ops device_zero_ops = {
	.read = zero_read,
	.write = zero_write,
	.seek = no_seek,
	.stat = device_stat,
};
const struct open_file_ops device_full_ops = {
	.read = zero_read,
	.write = full_write,
	.seek = no_seek,
	.stat = device_stat,
};
/* What is written could be mixed in by a source that keeps a state; the device's numbers are its own. */
const struct open_file_ops device_random_ops = {
	.read = random_read,
	.write = zero_write,
	.seek = no_seek,
	.stat = device_stat,
};
