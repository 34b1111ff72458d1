/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that is given back all at once: what a parser builds lives exactly as long as its arena. */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes handed out, alignment included */
	size_t limit; /* most bytes it may hand out; 0: no limit */
};

/* Zeroed memory, or NULL when the heap or the limit is exhausted. */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy. */
char *arena_copy(struct arena *arena, const char *text, size_t len);
/* Everything allocated from it becomes invalid; the arena can be used again. */
void arena_free(struct arena *arena);
