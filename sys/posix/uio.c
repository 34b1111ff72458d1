/* SPDX-License-Identifier: BSD-2-Clause */
/* Scattered buffers. Few bytes go as one through a buffer here, so that a small writev is one write; more go buffer by buffer. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"

#define GATHER_MAX 4096
#define LEN_MAX    ((size_t)-1 >> 1) /* what a result can say */
#define NOWHERE    ((off_t)-1)       /* at the position */

/* All of it in bytes, or a negative errno value. */
static ssize_t vector_size(const struct iovec *v, int count)
{
	size_t size = 0;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (v[i].iov_len > LEN_MAX - size)
			return -EINVAL;
		size += v[i].iov_len;
	}
	return (ssize_t)size;
}

static ssize_t piece_read(int fd, void *buffer, size_t len, off_t at)
{
	return at == NOWHERE ? read(fd, buffer, len) : pread(fd, buffer, len, at);
}

static ssize_t piece_write(int fd, const void *buffer, size_t len, off_t at)
{
	return at == NOWHERE ? write(fd, buffer, len) : pwrite(fd, buffer, len, at);
}

static ssize_t vector_read(int fd, const struct iovec *v, int count, off_t at)
{
	ssize_t size = vector_size(v, count), done = 0;

	if (size < 0)
		return posix_result(size);
	if (size == 0)
		return piece_read(fd, NULL, 0, at);
	for (int i = 0; i < count; i++) {
		ssize_t n;

		if (v[i].iov_len == 0)
			continue;
		/* A terminal has given what there was: the next read would wait for more. */
		if (done && isatty(fd))
			break;
		n = piece_read(fd, v[i].iov_base, v[i].iov_len, at == NOWHERE ? at : at + done);
		if (n < 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < v[i].iov_len)
			break;
	}
	return done;
}

static ssize_t vector_write(int fd, const struct iovec *v, int count, off_t at)
{
	ssize_t size = vector_size(v, count), done = 0;
	char gathered[GATHER_MAX];

	if (size < 0)
		return posix_result(size);
	if (size <= GATHER_MAX) {
		for (int i = 0; i < count; i++) {
			if (v[i].iov_len)
				memcpy(gathered + done, v[i].iov_base, v[i].iov_len);
			done += (ssize_t)v[i].iov_len;
		}
		return piece_write(fd, gathered, (size_t)size, at);
	}
	for (int i = 0; i < count; i++) {
		ssize_t n;

		if (v[i].iov_len == 0)
			continue;
		n = piece_write(fd, v[i].iov_base, v[i].iov_len, at == NOWHERE ? at : at + done);
		if (n < 0)
			return done ? done : n;
		done += n;
		if ((size_t)n < v[i].iov_len)
			break;
	}
	return done;
}

ssize_t readv(int fd, const struct iovec *v, int count)
{
	return vector_read(fd, v, count, NOWHERE);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	return vector_write(fd, v, count, NOWHERE);
}

ssize_t preadv(int fd, const struct iovec *v, int count, off_t at)
{
	return at < 0 ? posix_result(-EINVAL) : vector_read(fd, v, count, at);
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	return at < 0 ? posix_result(-EINVAL) : vector_write(fd, v, count, at);
}
