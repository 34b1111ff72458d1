/* SPDX-License-Identifier: BSD-2-Clause */
/* Every number in a block is looked at before it is used. */
#include "fs/procfs/block.h"

#include <string.h>

bool block_valid(const struct startup *s)
{
	return s->magic == STARTUP_MAGIC && s->size >= sizeof(*s) && s->size <= BLOCK_MAX;
}

void block_strings(const void *block, size_t size, bool environment, struct fs_text *text)
{
	const struct startup *s = block;
	const char *bytes = block;

	if (size < sizeof(*s) || !block_valid(s) || s->size > size)
		return;
	uint32_t table = environment ? s->envp : s->argv, count = environment ? s->envc : s->argc;

	if (count > SPAWN_STRINGS_MAX || table % sizeof(uint32_t) || table > s->size ||
	    count > (s->size - table) / sizeof(uint32_t))
		return;
	for (uint32_t i = 0; i < count && text->len < SPAWN_ARGS_MAX; i++) {
		uint32_t at;

		memcpy(&at, bytes + table + i * sizeof(at), sizeof(at));
		if (at >= s->size)
			return;
		size_t len = strnlen(bytes + at, s->size - at);
		if (len == s->size - at)
			return;
		fs_text_add(text, bytes + at, len + 1);
	}
}

handle_t block_handle(const struct startup *s, const char *name)
{
	uint32_t count = s->nhandles < STARTUP_HANDLES ? s->nhandles : STARTUP_HANDLES;

	for (uint32_t i = 0; i < count; i++) {
		if (strncmp(s->handles[i].name, name, sizeof(s->handles[i].name)) == 0)
			return s->handles[i].handle;
	}
	return HANDLE_NONE;
}
