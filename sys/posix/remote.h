/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files that are kept by a file system: a handle of the protocol `file`. */
#pragma once

#include "protocols/file.h"
#include "sys/posix/file.h"

extern const struct open_file_ops remote_ops;

static inline void position_moved(struct file *f, uint64_t count)
{
	off_t known = atomic_load_explicit(&f->position, memory_order_relaxed);

	if (known != POSITION_UNKNOWN)
		atomic_store_explicit(&f->position, known + (off_t)count, memory_order_relaxed);
}

/* What a read at the position returns whose first call ended with this error; ERR_TOO_BIG: it is too much for one. */
ssize_t remote_read_failed(struct file *f, void *buffer, size_t len, status_t status);

/* What one call reads at the position, or as above. */
static inline ssize_t remote_read_quick(struct file *f, void *buffer, size_t len)
{
	uint64_t count;
	status_t status = len > FILE_TRANSFER_MAX ? ERR_TOO_BIG
						  : file_read_until(f->endpoint, DEADLINE_INTERRUPTIBLE,
								    FILE_AT_POSITION, buffer, len, &count);

	if (__builtin_expect(status != OK, 0))
		return remote_read_failed(f, buffer, len, status);
	position_moved(f, count);
	return (ssize_t)count;
}

/* The first call of a write at the position, which fits into one, ended with this error (of a process with one thread: nobody has moved the
 * position meanwhile): what write is to return. */
ssize_t remote_write_failed(struct file *f, const void *buffer, size_t len, status_t status);
/* The same of one that wrote fewer bytes, `done`. */
ssize_t remote_write_short(struct file *f, const void *buffer, size_t len, size_t done);

static inline bool remote_is(const struct file *f)
{
	return f->ops == &remote_ops;
}

/* A file over a handle, which is taken over also when there is no memory (NULL). */
struct file *remote_new(handle_t handle, int flags);

/* The same of a terminal. */
struct file *remote_terminal_new(handle_t handle, int flags);

/* open's flags as the protocol's mode. */
uint32_t remote_mode(int flags);

/* O_ACCMODE, O_APPEND, O_SYNC as the description has them, O_NONBLOCK; changes O_APPEND and O_SYNC. Negative errno values. */
int remote_flags_get(struct file *f);
int remote_flags_set(struct file *f, int flags);

void stat_from_attributes(const struct file_attributes *a, struct stat *out);
