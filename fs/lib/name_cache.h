/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What look-ups of names have answered lately, also that a name is not there. Who changes a directory says so here; the oldest answers make room. Long
 * names are not kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_CACHE_NAME_MAX 40u
#define NAME_CACHE_ENTRIES  4096u /* powers of two */
#define NAME_CACHE_WAYS     4u

struct name_entry {
	uint64_t dir;   /* 0: empty */
	uint64_t inode; /* 0: there is no such name */
	uint8_t len;
	char name[NAME_CACHE_NAME_MAX - 1];
};

struct name_cache {
	struct name_entry *entries; /* sets of NAME_CACHE_WAYS; NULL: it is off */
	uint8_t *turn;              /* of each set: where the next goes */
};

/* False: no memory; the cache then stays empty. */
bool name_cache_init(struct name_cache *cache);
/* True: known; *inode 0 if it is known not to be there. */
bool name_cache_find(const struct name_cache *cache, uint64_t dir, const char *name, size_t len, uint64_t *inode);
void name_cache_set(struct name_cache *cache, uint64_t dir, const char *name, size_t len, uint64_t inode);
/* Nothing is known of the name any more. */
void name_cache_forget(struct name_cache *cache, uint64_t dir, const char *name, size_t len);
