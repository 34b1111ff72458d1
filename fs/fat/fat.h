/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FAT12, FAT16 and FAT32 with long names, over a page cache: files by number, not by path. ChaN's FatFs does directories and the
 * allocation table (fatfs.c); files' data goes between the cache and the caller without it.
 *
 * A file's number is the place of its directory entry, the root's is FAT_ROOT. It stays the same while the node is loaded, also
 * when the entry moves or goes; a file that is renamed gets another one after that.
 *
 * Order on the medium, kept by fat_sync and by whatever has to make room:
 *   1. data and the allocation table, which at this time only gains chains that no directory names
 *   2. when that is on the medium, directories
 *   3. when those are, chains that no directory names any more are freed
 * A power cut at any time leaves clusters that belong to nobody or lie behind a file's end, a wrong count of free ones, and copies
 * of the allocation table that differ, and of long names parts of entries that never were or are no more, at worst. The exception is a rename whose old and new entry lie in different sectors: for a moment between two flushes both names are there, and name the
 * same clusters. A mount after a cut looks for such pairs and takes one of them away.
 *
 * FAT12 has one more: its links may lie in two sectors, and half of one, if that is all that was written, may lead a directory that
 * was just growing anywhere.
 *
 * Times are kept as DOS does, in steps of two seconds (a day for `accessed`), and taken as UTC.
 *
 * One volume for a process, one thread.
 */
#pragma once

#include "fs/disk/cache.h"

#define FAT_ROOT      1ull
#define FAT_NAME_MAX  255 /* bytes */
#define FAT_SIZE_MAX  0xffffffffull
#define FAT_LIST_BASE 3 /* positions that fat_list gives are larger */

struct fat;
struct fat_run;

/* A file in use. Lives with the caller, from fat_node_load to fat_node_drop. */
struct fat_node {
	uint64_t id;
	uint64_t size;
	int64_t created, modified, accessed; /* ns since 1970 */
	uint32_t generation; /* differs between files that had the same number one after the other, with luck */
	bool directory, read_only;
	/* Below: the engine's */
	bool unlinked, changed, times_changed, hashed, trusted;
	uint32_t cluster; /* the first; 0: none */
	uint64_t place;   /* of its entry: sector * entries of a sector + entry */
	struct fat_node *by_id, *by_place, *next_changed, **changed_at;
	struct cache_owner owner;
	struct cache_ahead ahead;
	struct fat_run *runs; /* clusters as far as they are known */
	uint32_t run_count, run_room, run_last, mapped;
	bool mapped_all;
	uint64_t cut; /* when its chain's end was given up: not before that is done it may grow */
};

struct fat_volume {
	uint64_t cluster_bytes, clusters, free_clusters;
	unsigned bits; /* 12, 16, 32 */
};

/* Bytes between a page of the cache and the caller, at the transfer's byte `at`. An error ends the transfer. */
typedef status_t (*fat_copy_t)(void *context, uint64_t at, void *page, size_t length);

/* now: the time for new entries. ERR_BAD_FORMAT, ERR_IO, ERR_NO_MEMORY, ERR_BUSY (there is one already). */
status_t fat_mount(struct fat **out, struct cache *cache, int64_t (*now)(void), bool read_only);
/* Writes what there is to write; the volume is gone in any case, its nodes have been dropped before. */
status_t fat_unmount(struct fat *f);

/* ERR_NOT_FOUND: no file has that number. */
status_t fat_node_load(struct fat *f, struct fat_node *node, uint64_t id);
void fat_node_drop(struct fat *f, struct fat_node *node);
/* It has been removed and nobody has it open any more; fat_node_drop follows. */
void fat_node_free(struct fat *f, struct fat_node *node);

/* Names are UTF-8 without slashes. They are found in upper and lower case and by their short forms. ERR_NOT_FOUND. */
status_t fat_lookup(struct fat *f, struct fat_node *dir, const char *name, size_t length, uint64_t *id);
status_t fat_parent(struct fat *f, struct fat_node *dir, uint64_t *id);
/* The name is not there. ERR_INVALID: FAT cannot have it; ERR_NO_SPACE; ERR_READ_ONLY. */
status_t fat_create(struct fat *f, struct fat_node *dir, const char *name, size_t length, bool directory, uint64_t *id);
/* The name is node's. ERR_NOT_EMPTY. */
status_t fat_remove(struct fat *f, struct fat_node *dir, const char *name, size_t length, struct fat_node *node);
/* replaced: who has the new name, or NULL; of node's kind. Not node itself, and node is not a directory above `to`. */
status_t fat_rename(struct fat *f, struct fat_node *from, const char *name, size_t length, struct fat_node *node,
		    struct fat_node *to, const char *to_name, size_t to_length, struct fat_node *replaced);

/* False: no room, the entry comes again when the list is continued. */
typedef bool (*fat_emit_t)(void *context, const char *name, size_t length, uint64_t id, bool directory, uint64_t next);
/* Entries behind `from` (0, or what emit was told as `next`). ERR_INVALID: no such position. */
status_t fat_list(struct fat *f, struct fat_node *dir, uint64_t from, void *context, fat_emit_t emit);

/* The range lies within the file. */
status_t fat_read(struct fat *f, struct fat_node *node, uint64_t offset, size_t length, void *context, fat_copy_t copy);
/* *done: bytes written, also on an error. ERR_TOO_BIG, ERR_NO_SPACE, ERR_IO. */
status_t fat_write(struct fat *f, struct fat_node *node, uint64_t offset, size_t length, void *context, fat_copy_t copy,
		   size_t *done);
status_t fat_truncate(struct fat *f, struct fat_node *node, uint64_t size);
/* The node's times or read_only were changed by the caller. */
void fat_changed(struct fat *f, struct fat_node *node);
/* Bytes that are taken on the disk. */
uint64_t fat_allocated(struct fat *f, const struct fat_node *node);

/* The file, with its name, is on the medium; node NULL: everything. data_only: times need not be. */
status_t fat_sync(struct fat *f, struct fat_node *node, bool data_only);
/* Counts the free clusters if that has not been done yet. */
status_t fat_volume_get(struct fat *f, struct fat_volume *v);
