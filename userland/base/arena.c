/* SPDX-License-Identifier: BSD-2-Clause */
/* Arena: a list of heap blocks, filled from the front. */
#include "userland/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096u /* big enough that a shell line needs one block */
#define ALIGNMENT   16u

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > (size_t)-1 / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (arena->limit != 0 && size > arena->limit - arena->used)
		return NULL;

	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		block->next = arena->blocks;
		block->size = room;
		block->used = 0;
		arena->blocks = block;
	}
	void *memory = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return memset(memory, 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);
	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	arena->used = 0;
}
