/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files that are kept by a file system: a handle of the protocol `file`. */
#pragma once

#include "protocols/file.h"
#include "sys/posix/file.h"

extern const struct open_file_ops remote_ops;

static inline bool remote_is(const struct file *f)
{
	return f->ops == &remote_ops;
}

/* A file over a handle, which is taken over also when there is no memory (NULL). */
struct file *remote_new(handle_t handle, int flags);

/* open's flags as the protocol's mode. */
uint32_t remote_mode(int flags);

/* O_ACCMODE, O_APPEND, O_SYNC as the description has them, O_NONBLOCK; changes O_APPEND and O_SYNC. Negative errno values. */
int remote_flags_get(struct file *f);
int remote_flags_set(struct file *f, int flags);

void stat_from_attributes(const struct file_attributes *a, struct stat *out);
