/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipefs: files without names, all of them FIFOs, and an empty root. What is known of each is kept in memory that outlives the process; the bytes are
 * fs/lib/fifo.c's, and do not.
 */
#pragma once

#include "fs/lib/fs.h"

#define PIPES_MAX (FS_PIPES_STORE_BYTES / sizeof(struct fs_attr))

struct pipes {
	struct fs_attr root;
	struct fs_attr *table; /* PIPES_MAX of them in the store; kind 0: free. Inode numbers are FIRST_PIPE + index */
	uint32_t top;          /* places from here on were never used */
	uint32_t free_count;
	uint32_t *free_places; /* PIPES_MAX of them */
};

extern const struct fs_ops pipefs_ops;

/* The store: zeroes, or what an earlier instance left. ERR_NO_MEMORY. */
status_t pipes_open(struct pipes *pipes, struct fs_attr *table);
