/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of a process without a view: the boot archive, read-only, and /dev/null. All return negative errno values. */
#pragma once

#include "sys/posix/file.h"
#include "sys/posix/view.h"

extern const struct open_file_ops file_null_ops;

/* The absolute path, from the directory `at`, without ".", "..", double or trailing slashes: "/" or "/a/b". */
int archive_resolve(int at, const char *path, char out[PATH_BYTES]);

int archive_open(int at, const char *path, int flags, struct file **out);
int archive_stat(int at, const char *path, struct stat *out);
int archive_access(int at, const char *path, int mode);

/* Why the name cannot be changed, or (`makes`) made. */
int archive_refuse(int at, const char *path, bool makes);

/* Of an absolute, resolved path. */
int bootfs_file_open(const char *path, int flags, struct file **out);
int bootfs_file_stat(const char *path, struct stat *out);

/* The directory that an open file of the archive is, without a slash in front; NULL. */
const char *bootfs_file_directory(const struct file *f);

/* The archive, mapped at first use; NULL if this process has none. */
struct bootfs;
const struct bootfs *bootfs_own(void);
