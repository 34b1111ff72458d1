/* SPDX-License-Identifier: BSD-2-Clause */
/* The startup block of a process (sys/abi/startup.h) as somebody else has copied it: the process may have written anything there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/lib/text.h"
#include "sys/abi/startup.h"
#include "sys/lib/spawn.h"

/* Bytes of the longest block that spawn makes. */
#define BLOCK_MAX (sizeof(struct startup) + SPAWN_ARGS_MAX + SPAWN_STRINGS_MAX * sizeof(uint32_t))

/* Is that the beginning of a block, of a size that can be? */
bool block_valid(const struct startup *s);

/* The arguments or the environment, each string with its NUL; what is malformed ends the list. block: `size` bytes of it, aligned as a struct startup is. */
void block_strings(const void *block, size_t size, bool environment, struct fs_text *text);

/* Value of the handle under a name; HANDLE_NONE. */
handle_t block_handle(const struct startup *s, const char *name);
