/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/null */
#include <errno.h>

#include "sys/posix/archive.h"

static ssize_t null_read(struct file *f, void *buffer, size_t len)
{
	(void)f, (void)buffer, (void)len;
	return 0;
}

static ssize_t null_write(struct file *f, const void *buffer, size_t len)
{
	(void)f, (void)buffer;
	return (ssize_t)len;
}

static off_t null_seek(struct file *f, off_t offset, int whence)
{
	(void)f, (void)offset, (void)whence;
	return 0;
}

static int null_stat(struct file *f, struct stat *out)
{
	(void)f;
	out->st_mode = S_IFCHR | 0666;
	out->st_nlink = 1;
	return 0;
}

const struct open_file_ops file_null_ops = {
	.read = null_read,
	.write = null_write,
	.seek = null_seek,
	.stat = null_stat,
};
