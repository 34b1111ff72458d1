/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page cache's own files share: cache.c (pages), cache_io.c (requests), cache_write.c (writing back, syncs). */
#pragma once

#include "fs/disk/cache.h"

#define RUN_PAGES_MAX 64 /* of a request: 256 KiB */
#define IO_COUNT      96
/* Requests that only those may use for which somebody waits */
#define IO_SPARE      16

struct cache_io {
	struct disk_request request; /* first: a request is its io */
	struct cache *cache;
	struct cache_page *pages; /* by io_next, in the order of their numbers */
	uint32_t count;
	struct cache_link link; /* of writes under way */
	uint64_t ticket;
	uint8_t *copy; /* taken from cache->copies */
	status_t result;
	struct cache_io *next;
};

#define container(pointer, type, field) ((type *)(void *)((char *)(pointer)-offsetof(type, field)))

static inline void link_init(struct cache_link *l)
{
	l->next = l->previous = l;
}

static inline bool link_alone(const struct cache_link *l)
{
	return l->next == l;
}

static inline void link_append(struct cache_link *list, struct cache_link *l)
{
	l->previous = list->previous;
	l->next = list;
	list->previous->next = l;
	list->previous = l;
}

static inline void link_remove(struct cache_link *l)
{
	l->previous->next = l->next;
	l->next->previous = l->previous;
}

/* cache.c */
void page_hash(struct cache *c, struct cache_page *p);
void page_unhash(struct cache *c, struct cache_page *p);
/* Nobody finds it any more; it is free once nobody holds it. */
void page_drop(struct cache *c, struct cache_page *p);
/* A page to fill: LOOSE, without contents. NULL: all are in use. */
struct cache_page *page_take(struct cache *c);
/* Found by that number from now on. */
void page_place(struct cache *c, struct cache_page *p, uint64_t number, uint32_t state);

/* cache_io.c */
status_t ios_open(struct cache *c);
/* wanted: somebody waits for it. NULL: too much is under way. */
struct cache_io *io_take(struct cache *c, enum disk_op op, bool wanted);
/* The block range and data are set; false: no room, and the io has been given back. */
bool io_submit(struct cache *c, struct cache_io *io);
/* Pages that lie one behind the other on the disk and in memory, linked by io_next */
bool read_start(struct cache *c, struct cache_page *first, uint32_t count, bool wanted);
void io_place(struct cache *c, struct cache_io *io, uint64_t number, uint32_t count, void *data);
/* Does what can be done; true if that was anything. Calls nobody back. */
bool cache_turn(struct cache *c);
/* A turn, or sleeps until there is something for one. False: nothing is under way. */
bool cache_turn_wait(struct cache *c);

/* cache_write.c */
void page_dirty(struct cache *c, struct cache_page *p, struct cache_owner *o);
/* A dirty page is clean without having been written. */
void page_clean(struct cache *c, struct cache_page *p);
/* Writes p, which is dirty and not being written, with its neighbours. False: no room. */
bool write_run(struct cache *c, struct cache_page *p, bool wanted);
bool write_alone(struct cache *c, struct cache_page *p);
void write_ended(struct cache *c, struct cache_page *p, status_t result);
void flush_ended(struct cache *c, status_t result);
bool writes_turn(struct cache *c);
