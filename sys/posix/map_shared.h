/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared mappings that can be written, for msync: which file is behind which addresses. */
#pragma once

#include <stddef.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

status_t map_shared_add(void *at, size_t size, handle_t file);

/* The range is unmapped, or something else is mapped there. 0 or a negative errno value. */
int map_shared_remove(const void *at, size_t size);

/* Files with pages in the range go to their medium. 0 or a negative errno value. */
int map_shared_sync(const void *at, size_t size);
