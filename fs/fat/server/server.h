/* SPDX-License-Identifier: BSD-2-Clause */
/* FAT behind the library of file systems. */
#pragma once

#include "fs/fat/fat.h"
#include "fs/lib/fs.h"

/* Behind fs_data */
struct fat_server {
	struct fat *volume;
	uint32_t user, group, file_mode, directory_mode;
};

extern const struct fs_ops fat_ops;
