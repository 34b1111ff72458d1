/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of a few entries, filled in turn. */
#include "fs/lib/name_cache.h"

#include <stdlib.h>
#include <string.h>

bool name_cache_init(struct name_cache *cache)
{
	cache->entries = calloc(NAME_CACHE_ENTRIES, sizeof(*cache->entries));
	cache->turn = calloc(NAME_CACHE_ENTRIES / NAME_CACHE_WAYS, 1);
	if (cache->entries && cache->turn)
		return true;
	free(cache->entries);
	free(cache->turn);
	*cache = (struct name_cache){0};
	return false;
}

static uint32_t set_of(uint64_t dir, const char *name, size_t len)
{
	uint64_t hash = dir * 0x9e3779b97f4a7c15ull;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3ull;
	return (uint32_t)(hash >> 40) & (NAME_CACHE_ENTRIES / NAME_CACHE_WAYS - 1);
}

static struct name_entry *entry_find(const struct name_cache *cache, uint32_t set, uint64_t dir, const char *name,
				     size_t len)
{
	struct name_entry *entry = &cache->entries[set * NAME_CACHE_WAYS];

	for (unsigned i = 0; i < NAME_CACHE_WAYS; i++, entry++) {
		if (entry->dir == dir && entry->len == len && memcmp(entry->name, name, len) == 0)
			return entry;
	}
	return NULL;
}

static bool kept(const struct name_cache *cache, size_t len)
{
	return cache->entries && len <= sizeof(cache->entries->name);
}

bool name_cache_find(const struct name_cache *cache, uint64_t dir, const char *name, size_t len, uint64_t *inode)
{
	if (!kept(cache, len))
		return false;
	const struct name_entry *entry = entry_find(cache, set_of(dir, name, len), dir, name, len);

	if (!entry)
		return false;
	*inode = entry->inode;
	return true;
}

void name_cache_set(struct name_cache *cache, uint64_t dir, const char *name, size_t len, uint64_t inode)
{
	if (!kept(cache, len))
		return;
	uint32_t set = set_of(dir, name, len);
	struct name_entry *entry = entry_find(cache, set, dir, name, len);

	if (!entry) {
		entry = &cache->entries[set * NAME_CACHE_WAYS + cache->turn[set]];
		cache->turn[set] = (cache->turn[set] + 1) % NAME_CACHE_WAYS;
	}
	entry->dir = dir;
	entry->inode = inode;
	entry->len = (uint8_t)len;
	memcpy(entry->name, name, len);
}

void name_cache_forget(struct name_cache *cache, uint64_t dir, const char *name, size_t len)
{
	if (!kept(cache, len))
		return;
	struct name_entry *entry = entry_find(cache, set_of(dir, name, len), dir, name, len);

	if (entry)
		entry->dir = 0;
}
