/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of a tmpfs over its store (fs_data). */
#pragma once

#include "fs/tmpfs/store.h"

extern const struct fs_ops tmpfs_ops;
