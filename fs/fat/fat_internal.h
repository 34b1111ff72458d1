/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine's files share: volume.c (mount, sectors, order), node.c, names.c, data.c, time.c, and fatfs.c under them. */
#pragma once

#include "ff.h"

#include "fs/fat/fat.h"

#define HASH_BITS 10
/* Directory sectors kept back; before there are more, everything is synced. */
#define HELD_MAX  2048

#define ENTRY_BYTES 32

/* Fields of a directory entry */
enum {
	ENTRY_NAME = 0,
	ENTRY_ATTR = 11,
	ENTRY_CREATED_10MS = 13,
	ENTRY_CREATED = 14,
	ENTRY_ACCESSED = 18,
	ENTRY_MODIFIED = 22,
	ENTRY_SIZE = 28,
};

enum {
	ATTR_READ_ONLY = 0x01,
	ATTR_LABEL = 0x08,
	ATTR_DIRECTORY = 0x10,
	ATTR_ARCHIVE = 0x20,
};

#define ENTRY_FREE 0xe5

/* A directory sector whose new contents must not reach the medium yet */
struct held {
	struct held *hash_next, *next;
	LBA_t sector;
	uint8_t data[];
};

struct fat_run {
	uint32_t index, cluster, count; /* from the file's cluster `index` on */
};

struct chain {
	uint32_t first, start, after; /* the file's first; after: what becomes its end, 0: nothing is left */
};

struct fat {
	FATFS fs;
	struct cache *cache;
	int64_t (*now)(void);
	bool read_only;
	bool unordered;                 /* sectors written now belong to nobody: need not be held back */
	bool marked, was_marked;        /* as in use, by us; before */
	uint32_t sector_bytes, entries; /* of a sector */
	uint32_t cluster_bytes;
	struct held *held[1 << HASH_BITS], *held_list;
	uint32_t held_count;
	struct fat_node *by_id[1 << HASH_BITS], *by_place[1 << HASH_BITS], *changed;
	struct chain *chains;                   /* to be freed when no directory on the medium names them */
	uint32_t chain_count, chain_room, cuts; /* cuts: that leave something */
	uint64_t syncs;
};

/* ---- fatfs.c: FatFs's own functions, which it keeps to itself ---- */
FRESULT fatfs_mount(FATFS *fs);
void fatfs_unmount(void);
FRESULT fatfs_count_free(FATFS *fs, DWORD *free_clusters);
void fatfs_dir(DIR *d, FATFS *fs, DWORD cluster);
FRESULT fatfs_name(DIR *d, const char *name);
FRESULT fatfs_find(DIR *d);
FRESULT fatfs_seek(DIR *d, DWORD offset);
FRESULT fatfs_next(DIR *d);
FRESULT fatfs_read(DIR *d, FILINFO *info);
FRESULT fatfs_register(DIR *d);
FRESULT fatfs_remove(DIR *d);
unsigned fatfs_entries_needed(const DIR *d);
FRESULT fatfs_load(FATFS *fs, LBA_t sector);
FRESULT fatfs_store(FATFS *fs);
FRESULT fatfs_store_info(FATFS *fs);
/* 0: free; 1: the table is wrong; 0xffffffff: it cannot be read; n_fatent and more: the chain's end */
DWORD fatfs_link(FATFS *fs, DWORD cluster);
FRESULT fatfs_link_set(FATFS *fs, DWORD cluster, DWORD next);
/* A new one behind `after`, or of its own (0). 0: none is free; 1, 0xffffffff as above */
DWORD fatfs_allocate(FATFS *fs, DWORD after);
FRESULT fatfs_free(FATFS *fs, DWORD start, DWORD after);
FRESULT fatfs_clear(FATFS *fs, DWORD cluster);
LBA_t fatfs_sector(FATFS *fs, DWORD cluster);
DWORD fatfs_cluster(FATFS *fs, const BYTE *entry);
void fatfs_cluster_set(FATFS *fs, BYTE *entry, DWORD cluster);

/* ---- volume.c ---- */
status_t fat_sectors_read(uint8_t *data, LBA_t sector, unsigned count);
status_t fat_sectors_write(const uint8_t *data, LBA_t sector, unsigned count);
unsigned fat_sector_bytes(void);
status_t fat_status(FRESULT result);
/* What fatfs_allocate answered, if it is no cluster */
status_t fat_allocate_status(DWORD cluster);
/* Before anything is changed: there is room to hold sectors back, and the volume is marked as in use. */
status_t fat_begin(struct fat *f);
status_t fat_chain_give_up(struct fat *f, uint32_t first, uint32_t start, uint32_t after);
/* The end of that file's chain is given up, and still there. */
bool fat_chain_cut(const struct fat *f, uint32_t first);
/* The window and what is in the cache is on the medium; directories stay held back. */
status_t fat_settle(struct fat *f, struct cache_owner *owner);

/* ---- node.c ---- */
/* Makes the directory entry say what the node does. */
status_t fat_entry_store(struct fat *f, struct fat_node *node);
void fat_entry_fill(struct fat *f, const struct fat_node *node, uint8_t *entry);
void fat_node_change(struct fat *f, struct fat_node *node, bool times_only);
void fat_node_unchange(struct fat *f, struct fat_node *node);
void fat_node_place(struct fat *f, struct fat_node *node, uint64_t place);
void fat_node_unplace(struct fat *f, struct fat_node *node);
/* The number of the file whose entry lies there, whether it is loaded or not */
uint64_t fat_id_at(struct fat *f, uint64_t place);
/* Of what a DIR is at */
uint64_t fat_place_of(struct fat *f, const DIR *d);

/* ---- names.c ---- */
/* Makes the ".." of the directory in that cluster say so; 0: the root. */
status_t fat_up_set(struct fat *f, uint32_t cluster, uint32_t parent);

/* ---- repair.c ---- */
status_t fat_repair(struct fat *f);

/* ---- data.c ---- */
void fat_runs_drop(struct fat_node *node);

/* ---- time.c ---- */
uint32_t fat_dos_time(int64_t ns, uint8_t *tens_ms);
int64_t fat_time(uint32_t dos, uint8_t tens_ms);

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static inline void put32(uint8_t *p, uint32_t value)
{
	put16(p, value);
	put16(p + 2, value >> 16);
}

static inline unsigned fat_hash(uint64_t key)
{
	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> (64 - HASH_BITS));
}
