/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page cache between a file system and its disk: 4 KiB pages in a fixed amount of memory, written back behind the
 * caller's back, read ahead for those who read on.
 *
 *   reading     cache_get … cache_put, or cache_read to copy. Several at a time: cache_get_start, then cache_poll calls back.
 *   writing     cache_get, cache_modify, change the bytes, cache_put; or cache_write to copy.
 *   durable     cache_sync(owner): what the owner wrote so far is on the medium, or ERR_IO. Order between batches of
 *               writes is made so too: what is written after cache_sync reaches the medium after what was before it.
 *               Everything else is written in any order at any time.
 *
 * Errors stay where they belong. A page that could not be read is an error to those who wait for it. A page that could not be
 * written stays as it is in memory and is tried again by the next cache_sync of its owner, whose error it is.
 *
 * One thread. No function but those that say so waits, and only cache_poll calls back: to be called before going to sleep.
 * A disk that is gone ends what waits with ERR_IO.
 */
#pragma once

#include "fs/disk/disk.h"

#define CACHE_PAGE_SHIFT 12
#define CACHE_PAGE_SIZE  (1u << CACHE_PAGE_SHIFT)

struct cache_page;

struct cache_link {
	struct cache_link *next, *previous;
};

/* In whose name pages are written: a file, or a file system's own tables. Lives with the caller. */
struct cache_owner {
	struct cache_link dirty, failed; /* in the order in which they became so */
	status_t error;                  /* of pages that had to be given up; the next cache_sync tells */
	uint32_t writing;                /* pages under way */
};

/* Told when a page's read has ended. */
struct cache_wait {
	void (*ready)(struct cache_wait *w, status_t result);
	struct cache_wait *next;
	status_t result;
};

/* A sync under way; lives with the caller until `done` is called. */
struct cache_sync {
	void (*done)(struct cache_sync *s, status_t result);
	struct cache_owner *owner;
	uint64_t sequence, ticket;
	status_t status;
	uint8_t phase;
	struct cache_sync *next;
};

enum {
	CACHE_VALID = 1 << 0,
	CACHE_FRESH = 1 << 1, /* nobody has used it since it was read */
	CACHE_USED = 1 << 2,  /* since the clock's hand was here */
	CACHE_DIRTY = 1 << 3,
	CACHE_FAILED = 1 << 4, /* writing it went wrong; dirty, but only a sync tries again */
	CACHE_READING = 1 << 5,
	CACHE_WRITING = 1 << 6,
	CACHE_COPIED = 1 << 7,  /* being written from a copy: may be changed */
	CACHE_LOOSE = 1 << 8,   /* not found by its number (any more) */
	CACHE_BAD = 1 << 9,     /* reading it went wrong */
	CACHE_BEHIND = 1 << 10, /* the page as it was before is still being written: not yet */
};

struct cache_page {
	uint64_t number; /* bytes on the disk / 4096 */
	struct cache_page *hash_next;
	uint32_t pins;
	uint32_t state;
	uint8_t *data;
	/* the cache's own */
	uint64_t sequence;                  /* when it became dirty */
	struct cache_link dirty;            /* of its owner's dirty or failed ones */
	struct cache_link aged;             /* of everybody's */
	struct cache_owner *owner, *writer; /* in whose name it is dirty, and is being written */
	struct cache_wait *waiting;
	struct cache_page *newer;   /* the one that is BEHIND this one */
	struct cache_page *io_next; /* of its request, of the free pages, or of those to be tried alone */
};

struct cache_stats {
	uint64_t hits, misses, ahead;              /* pages that were there, that were not, and of these read ahead */
	uint64_t reads, writes, flushes, discards; /* requests */
	uint64_t read_pages, written_pages, copied_pages;
	uint64_t read_errors, write_errors, given_up;
};

struct cache_io;

/* The fields are the cache's own. */
struct cache {
	struct cache_page **buckets;
	unsigned hash_shift;
	struct disk *disk;
	struct cache_page *pages;
	uint32_t count, fresh, hand; /* pages; how many were ever used; the clock's hand */
	uint32_t block_shift;        /* blocks of a page, as a power of two */
	uint32_t run_pages;          /* most pages of a request */
	uint64_t end;                /* pages of the disk, the last may be cut short */
	void *own_memory;
	struct cache_page *free, *retry;
	uint32_t retry_writes;

	struct cache_link aged, failing; /* dirty pages by age; those that could not be written */
	struct cache_owner shared, unowned;
	uint64_t sequence;
	uint32_t unclean, dirty, failed, dirty_limit, dirty_background, failed_limit;

	struct cache_io *ios, *io_free, *io_done;
	uint32_t io_count, io_used;
	struct cache_link writes; /* under way, in the order of their tickets */
	uint64_t ticket, flushed;
	bool submitted, flushing;

	uint8_t *copies[4]; /* room to gather scattered pages for one request */
	uint32_t copies_count, copies_free;

	struct cache_sync *syncs, *synced;
	struct cache_wait *ready;
	struct cache_stats stats;
};

/* bytes: of memory for pages, at most what the disk's `memory` has, if it has one; a cache smaller than 64 pages is none:
 * ERR_INVALID. */
status_t cache_open(struct cache *c, struct disk *disk, size_t bytes);
/* Forgets what is dirty, waits for what is under way. */
void cache_close(struct cache *c);

void cache_owner_open(struct cache_owner *o);
/* Its dirty pages will be written all the same, with the next sync at the latest, but nobody is told of errors any more. */
void cache_owner_close(struct cache *c, struct cache_owner *o);

/* ---- pages ---------------------------------------------------------------------------------------- */

status_t cache_get_slow(struct cache *c, uint64_t number, struct cache_page **out);

static inline struct cache_page **cache_bucket(const struct cache *c, uint64_t number)
{
	return &c->buckets[number * 0x9e3779b97f4a7c15ull >> c->hash_shift];
}

static inline struct cache_page *cache_find(const struct cache *c, uint64_t number)
{
	struct cache_page *p = *cache_bucket(c, number);

	while (p && p->number != number)
		p = p->hash_next;
	return p;
}

/* A page with its contents, to be given back by cache_put. Waits. ERR_IO, ERR_RANGE, ERR_NO_MEMORY (all are held). */
static inline status_t cache_get(struct cache *c, uint64_t number, struct cache_page **out)
{
	struct cache_page *p = cache_find(c, number);

	if (__builtin_expect(!p || !(p->state & CACHE_VALID), 0))
		return cache_get_slow(c, number, out);
	/* The first use after reading ahead is what it was read for; only the second one makes a page worth keeping. */
	p->state = p->state & CACHE_FRESH ? p->state ^ CACHE_FRESH : p->state | CACHE_USED;
	p->pins++;
	c->stats.hits++;
	*out = p;
	return OK;
}

void cache_release(struct cache *c, struct cache_page *p);

static inline void cache_put(struct cache *c, struct cache_page *p)
{
	if (__builtin_expect(!--p->pins && p->state & CACHE_LOOSE, 0))
		cache_release(c, p);
}

/* As cache_get, but never waits: with ERR_WOULD_BLOCK w->ready will be called, once, by cache_poll; the page is *out, held, and
 * has its contents if that says OK. ERR_AGAIN: too much is under way to start, ask after the next cache_poll that did something. */
status_t cache_get_start(struct cache *c, uint64_t number, struct cache_wait *w, struct cache_page **out);

/* As cache_get, but what is on the disk does not matter: a page that is not there begins as zeroes. It is to be modified, else
 * it may be forgotten. */
status_t cache_get_new(struct cache *c, uint64_t number, struct cache_page **out);

/* To be called each time before a page's bytes are changed, for owner (NULL: the file system's own). May exchange the page, and
 * wait (for memory, and while too much is dirty). After ERR_* nothing may be changed; the page stays held. */
status_t cache_modify(struct cache *c, struct cache_page **page, struct cache_owner *owner);

/* Bytes of the disk, copied. They wait; cache_write may have written a part when it fails. */
status_t cache_read(struct cache *c, uint64_t offset, void *buffer, size_t length);
status_t cache_write(struct cache *c, struct cache_owner *owner, uint64_t offset, const void *buffer, size_t length);

/* ---- reading ahead ---------------------------------------------------------------------------------- */

/* Starts to read what of these pages is not there, as far as there is room: up to the page that it returns. */
uint64_t cache_prefetch(struct cache *c, uint64_t number, uint64_t count);

/* A reader's state: zeroed at the beginning. */
struct cache_ahead {
	uint64_t next;  /* the page that a sequential reader asks for next */
	uint64_t ahead; /* up to here it has been read ahead */
	uint32_t window;
};

/* The reader asks for these pages now; those behind them, up to `end`, are likely to be asked for if it goes on so. */
void cache_read_ahead(struct cache *c, struct cache_ahead *a, uint64_t number, uint64_t count, uint64_t end);

/* ---- writing back ----------------------------------------------------------------------------------- */

/* What owner (NULL: anybody) has written so far is on the medium. Waits. ERR_IO: not all of it. */
status_t cache_sync(struct cache *c, struct cache_owner *owner);
/* The same without waiting: s->done will be called, once, by cache_poll. */
void cache_sync_start(struct cache *c, struct cache_sync *s, struct cache_owner *owner);

/* For a timer: starts to write what was dirty when cache_mark gave that mark, as far as there is room. */
static inline uint64_t cache_mark(const struct cache *c)
{
	return c->sequence;
}
void cache_write_back(struct cache *c, uint64_t mark);

/* The pages are no longer needed: not written if they are dirty, forgotten, and discarded on the disk if it can. Waits. */
status_t cache_discard(struct cache *c, uint64_t number, uint64_t count);

/* ---- progress -------------------------------------------------------------------------------------------- */

/* Takes what has ended and starts what waits for room. True if anything was done. Calls back. */
bool cache_poll(struct cache *c);
/* Until cache_poll may do something. */
status_t cache_wait(struct cache *c, uint64_t deadline);
/* Requests are under way. */
static inline bool cache_busy(const struct cache *c)
{
	return c->io_used;
}
