/* SPDX-License-Identifier: BSD-2-Clause */
/* ext4 behind the library of file systems. */
#pragma once

#include "fs/ext4/ext4.h"
#include "fs/lib/fs.h"

/* Behind fs_data */
struct ext4_server {
	struct ext4 *volume; /* NULL: unmounted */
	struct disk *disk;
	struct fs *fs; /* known with the first node */
};

extern const struct fs_ops ext4_ops;

/* ext4_options.now; ctx: struct ext4_server */
int64_t ext4_server_now(void *ctx);
