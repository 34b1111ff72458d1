/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations by path: an operation of the protocol `file` is tried where the path starts, and again wherever it leads to. */
#pragma once

#include "sys/posix/file.h"
#include "sys/posix/resolve.h"

/* One try: the status that the file system answers. */
typedef status_t path_op(handle_t directory, const char *path, void *context);

enum {
	PATH_FOLLOW = 1u << 0, /* symbolic links at the end too */
	PATH_EMPTY = 1u << 1,  /* an empty path is `at` itself, else ENOENT */
	PATH_MAKES = 1u << 2,  /* makes a name (what to say of a read-only tree) */
};

/* `at`: a descriptor or AT_FDCWD. 0 or a negative errno value. */
int path_apply(int at, const char *path, unsigned how, path_op *op, void *context);

/* The same for a path that starts at a handle (or, with a slash in front, at the root). */
int path_apply_from(handle_t at, const char *path, unsigned how, path_op *op, void *context);

/* Where relative paths from `at` start: a handle that stays good until fd_done(*file) (NULL: nothing to give back). */
int at_directory(int at, const char *path, handle_t *out, struct file **file);

/* open without a descriptor: 0 or a negative errno value. */
int path_open(int at, const char *path, int flags, mode_t permissions, struct file **out);

/* The status of an operation on paths as a negative errno value. */
int path_error(status_t status, const char *path);
