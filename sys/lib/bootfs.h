/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive as a read-only tree of files. Paths have no leading slash here ("bin/ps"); the
 * archive lists files, and a directory is there when a file lies below it (or the archive says so).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

struct bootfs {
	handle_t vmo;     /* the caller's; not closed by bootfs_close */
	const void *data; /* mapped read-only */
	size_t size;
};

struct bootfs_file {
	const char *path; /* as in the archive, NUL-terminated */
	const void *data;
	size_t size;
	uint64_t offset; /* of the data in the vmo */
	uint32_t mode;   /* as in the archive: permissions and type */
};

struct bootfs_entry {
	const char *name; /* NOT terminated: name_len bytes of one path component */
	size_t name_len;
	int is_dir;
	uint64_t offset; /* of a file's data */
	size_t size;     /* of a file */
};

/* Maps the archive. bootfs_close undoes it; files found before must not be used after. */
status_t bootfs_open(handle_t vmo, struct bootfs *out);
void bootfs_close(struct bootfs *fs);

/* An archive that is in memory already; vmo stays HANDLE_NONE. */
void bootfs_from_memory(const void *data, size_t size, struct bootfs *out);

/* A regular file by its exact path. ERR_NOT_FOUND, ERR_BAD_FORMAT (damaged before the file). */
status_t bootfs_find(const struct bootfs *fs, const char *path, struct bootfs_file *out);

/* Every file in turn; *cursor is 0 at first. ERR_NOT_FOUND after the last. */
status_t bootfs_next(const struct bootfs *fs, size_t *cursor, struct bootfs_file *out);

/* OK if the path is a directory; "" is the root. */
status_t bootfs_find_dir(const struct bootfs *fs, const char *path);

/* Everything directly in a directory in turn, each name once; *cursor is 0 at first. */
status_t bootfs_list(const struct bootfs *fs, const char *dir, size_t *cursor, struct bootfs_entry *out);
