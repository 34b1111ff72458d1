/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot archive as a file system: read-only, all of user 0. Directories are made of the paths of its files; numbers of inodes are the same in every
 * instance, as the archive is.
 */
#pragma once

#include "fs/lib/fs.h"

struct bootfs_tree;
extern const struct fs_ops bootfs_ops;

/* Reads the archive once. NULL: out of memory, or it is damaged (*status). vmo: it is mapped at data. */
struct bootfs_tree *bootfs_tree_make(const void *data, size_t size, handle_t vmo, status_t *status);
void bootfs_tree_free(struct bootfs_tree *tree);
