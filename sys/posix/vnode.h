/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths: from a name to an open file. Until there is a file server the tree is the boot archive and
 * /dev/null. */
#pragma once

#include "sys/posix/file.h"

#define PATH_BYTES 1024 /* of a resolved path, NUL included */

extern const struct file_ops file_null_ops;

/* The absolute path without ".", "..", double or trailing slashes: "/" or "/a/b". ENOENT for an
 * empty path, ENAMETOOLONG. */
int path_resolve(const char *path, char out[PATH_BYTES]);

/* Opens an absolute, resolved path in the boot archive: an open file or a negative errno. */
int bootfs_file_open(const char *path, int flags, struct file **out);
int bootfs_file_stat(const char *path, struct stat *out);

/* The archive, mapped at first use; NULL if this process has none. */
struct bootfs;
const struct bootfs *bootfs_own(void);
