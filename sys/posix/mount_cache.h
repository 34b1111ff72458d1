/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process knows of mounts: handles of their roots, and which beginnings of absolute paths lead there. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

/* The root that the longest known beginning of the path leads to, and what follows it (without slashes in front); HANDLE_NONE: not even the
 * view's root is known. Takes no lock. */
handle_t mount_cache_find(const char *path, const char **rest, uint32_t *mount);

/* A mount's root directory (VFS_ROOT: the view's), asked for once. The handle stays the cache's. */
status_t mount_cache_root(uint32_t mount, handle_t *out, uint32_t *number);

/* The first `len` bytes of the path lead to that mount by plain names. */
void mount_cache_learn(const char *path, size_t len, uint32_t mount, handle_t root);

/* The mount of that root is gone. */
void mount_cache_forget(handle_t root);

/* Everything is: the view is another one. */
void mount_cache_clear(void);
