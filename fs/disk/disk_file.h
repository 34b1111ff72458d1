/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of the host's as a disk, for tests and tools that run there. */
#pragma once

#include "fs/disk/disk.h"

/* The file's size says how many blocks. ERR_NOT_FOUND, ERR_ACCESS, ERR_IO, ERR_INVALID (smaller than a block). */
status_t disk_file_open(struct disk **out, const char *path, uint32_t block_size, bool read_only);
