/* SPDX-License-Identifier: BSD-2-Clause */
/* The page cache's pages: finding, filling, changing and evicting them. See cache.h. */
#include "fs/disk/cache.h"

#include <stdlib.h>
#include <string.h>

#include "fs/disk/cache_internal.h"

#define PAGES_MIN    64
/* Memory for gathering scattered pages: taken only where it is a small part of the whole */
#define COPIES_SHARE 16

/* ---- pages ------------------------------------------------------------------------------------------ */

void page_hash(struct cache *c, struct cache_page *p)
{
	struct cache_page **bucket = cache_bucket(c, p->number);

	p->hash_next = *bucket;
	*bucket = p;
}

void page_unhash(struct cache *c, struct cache_page *p)
{
	struct cache_page **at = cache_bucket(c, p->number);

	while (*at != p)
		at = &(*at)->hash_next;
	*at = p->hash_next;
}

void cache_release(struct cache *c, struct cache_page *p)
{
	if (p->state & (CACHE_READING | CACHE_WRITING))
		return; /* when that has ended */
	p->state = CACHE_LOOSE;
	p->io_next = c->free;
	c->free = p;
}

void page_drop(struct cache *c, struct cache_page *p)
{
	if (!(p->state & CACHE_LOOSE))
		page_unhash(c, p);
	p->state |= CACHE_LOOSE;
	if (!p->pins)
		cache_release(c, p);
}

/* The hand goes through memory in its order, so that pages taken one after the other usually lie so, and can be read and
 * written by one request. */
struct cache_page *page_take(struct cache *c)
{
	struct cache_page *p = c->free;

	if (p) {
		c->free = p->io_next;
		return p;
	}
	if (c->fresh < c->count)
		return &c->pages[c->fresh++];
	for (uint32_t n = 2 * c->count; n; n--) {
		p = &c->pages[c->hand];
		if (++c->hand == c->count)
			c->hand = 0;
		if (p->pins || p->state & (CACHE_DIRTY | CACHE_READING | CACHE_WRITING))
			continue;
		if (p->state & CACHE_USED) {
			p->state ^= CACHE_USED;
			continue;
		}
		page_unhash(c, p);
		p->state = CACHE_LOOSE;
		return p;
	}
	return NULL;
}

void page_place(struct cache *c, struct cache_page *p, uint64_t number, uint32_t state)
{
	p->number = number;
	p->state = state;
	p->pins = 0;
	p->owner = p->writer = NULL;
	p->waiting = NULL;
	p->newer = NULL;
	p->io_next = NULL;
	page_hash(c, p);
}

/* NULL: none to be had without waiting. */
static struct cache_page *page_make(struct cache *c, uint64_t number, uint32_t state)
{
	struct cache_page *p = page_take(c);

	if (p)
		page_place(c, p, number, state);
	return p;
}

/* ---- getting ------------------------------------------------------------------------------------------ */

static status_t page_settle(struct cache *c, struct cache_page *p, struct cache_page **out)
{
	p->pins++;
	while (p->state & CACHE_READING)
		(void)cache_turn_wait(c);
	if (p->state & CACHE_VALID) {
		*out = p;
		return OK;
	}
	cache_put(c, p);
	return ERR_IO;
}

/* Finds it, or starts to read it. ERR_WOULD_BLOCK: no page or request to be had now. */
static status_t page_start(struct cache *c, uint64_t number, struct cache_page **out)
{
	struct cache_page *p = cache_find(c, number);

	if (number >= c->end)
		return ERR_RANGE;
	if (!p) {
		p = page_make(c, number, CACHE_READING);
		if (!p)
			return ERR_WOULD_BLOCK;
		if (!read_start(c, p, 1, true)) {
			p->state = 0;
			page_drop(c, p);
			return ERR_WOULD_BLOCK;
		}
		c->stats.misses++;
	} else {
		c->stats.hits++;
	}
	*out = p;
	return OK;
}

status_t cache_get_slow(struct cache *c, uint64_t number, struct cache_page **out)
{
	struct cache_page *p;
	status_t status;

	while ((status = page_start(c, number, &p)) == ERR_WOULD_BLOCK) {
		if (!cache_turn_wait(c))
			return ERR_NO_MEMORY;
	}
	return status == OK ? page_settle(c, p, out) : status;
}

status_t cache_get_start(struct cache *c, uint64_t number, struct cache_wait *w, struct cache_page **out)
{
	struct cache_page *p;
	status_t status = page_start(c, number, &p);

	if (status != OK)
		return status == ERR_WOULD_BLOCK ? ERR_AGAIN : status;
	p->pins++;
	*out = p;
	if (p->state & CACHE_VALID) {
		p->state = p->state & CACHE_FRESH ? p->state ^ CACHE_FRESH : p->state | CACHE_USED;
		return OK;
	}
	w->next = p->waiting;
	p->waiting = w;
	return ERR_WOULD_BLOCK;
}

static status_t get_new(struct cache *c, uint64_t number, bool zero, struct cache_page **out)
{
	struct cache_page *p = NULL;

	if (number >= c->end)
		return ERR_RANGE;
	while (!p) {
		if (cache_find(c, number)) {
			status_t status = cache_get(c, number, out);

			if (status != ERR_IO) /* of a read that somebody else began: it does not matter here */
				return status;
		} else if (!(p = page_make(c, number, CACHE_VALID)) && !cache_turn_wait(c)) {
			return ERR_NO_MEMORY;
		}
	}
	if (zero)
		memset(p->data, 0, CACHE_PAGE_SIZE);
	p->pins = 1;
	*out = p;
	return OK;
}

status_t cache_get_new(struct cache *c, uint64_t number, struct cache_page **out)
{
	return get_new(c, number, true, out);
}

/* ---- changing ----------------------------------------------------------------------------------------- */

/* The disk is reading the page: it goes on with what it has, and the caller with a copy. */
static bool page_split(struct cache *c, struct cache_page **page)
{
	struct cache_page *old = *page, *p = page_take(c);

	if (!p)
		return false;
	page_unhash(c, old);
	page_place(c, p, old->number, CACHE_BEHIND | (old->state & (CACHE_VALID | CACHE_USED | CACHE_FRESH)));
	old->newer = p;
	p->pins = 1;
	memcpy(p->data, old->data, CACHE_PAGE_SIZE);
	old->state |= CACHE_LOOSE;
	old->pins--;
	c->stats.copied_pages++;
	*page = p;
	return true;
}

status_t cache_modify(struct cache *c, struct cache_page **page, struct cache_owner *owner)
{
	if (c->disk->read_only)
		return ERR_READ_ONLY;
	while (!((*page)->state & CACHE_DIRTY) && c->unclean >= c->dirty_limit) {
		if (!cache_turn_wait(c))
			return ERR_NO_MEMORY;
	}
	while (((*page)->state & (CACHE_WRITING | CACHE_COPIED)) == CACHE_WRITING) {
		/* Somebody else who holds it would see an old page for ever: wait then. */
		if ((*page)->pins == 1 && page_split(c, page))
			break;
		(void)cache_turn_wait(c);
	}
	page_dirty(c, *page, owner ? owner : &c->shared);
	return OK;
}

/* ---- copying ------------------------------------------------------------------------------------------- */

static bool range_good(const struct cache *c, uint64_t offset, size_t length)
{
	uint64_t size = c->disk->blocks * c->disk->block_size;

	return offset <= size && length <= size - offset;
}

status_t cache_read(struct cache *c, uint64_t offset, void *buffer, size_t length)
{
	uint8_t *at = buffer;

	if (!range_good(c, offset, length))
		return ERR_RANGE;
	while (length) {
		uint64_t number = offset >> CACHE_PAGE_SHIFT;
		size_t start = offset & (CACHE_PAGE_SIZE - 1), n = CACHE_PAGE_SIZE - start;
		struct cache_page *p;

		if (n > length)
			n = length;
		if (n < length && !cache_find(c, number))
			(void)cache_prefetch(c, number, ((offset + length - 1) >> CACHE_PAGE_SHIFT) - number + 1);
		status_t status = cache_get(c, number, &p);
		if (status != OK)
			return status;
		memcpy(at, p->data + start, n);
		cache_put(c, p);
		at += n;
		offset += n;
		length -= n;
	}
	return OK;
}

status_t cache_write(struct cache *c, struct cache_owner *owner, uint64_t offset, const void *buffer, size_t length)
{
	const uint8_t *at = buffer;

	if (c->disk->read_only)
		return ERR_READ_ONLY;
	if (!range_good(c, offset, length))
		return ERR_RANGE;
	while (length) {
		uint64_t number = offset >> CACHE_PAGE_SHIFT;
		size_t start = offset & (CACHE_PAGE_SIZE - 1), n = CACHE_PAGE_SIZE - start;
		struct cache_page *p;
		status_t status;

		if (n > length)
			n = length;
		status = n == CACHE_PAGE_SIZE ? get_new(c, number, false, &p) : cache_get(c, number, &p);
		if (status != OK)
			return status;
		status = cache_modify(c, &p, owner);
		if (status != OK) {
			/* one that was made here has no contents to show */
			if (n == CACHE_PAGE_SIZE && !(p->state & (CACHE_DIRTY | CACHE_WRITING)) && p->pins == 1)
				page_drop(c, p);
			cache_put(c, p);
			return status;
		}
		memcpy(p->data + start, at, n);
		cache_put(c, p);
		at += n;
		offset += n;
		length -= n;
	}
	return OK;
}

/* ---- opening and closing --------------------------------------------------------------------------------- */

void cache_owner_open(struct cache_owner *o)
{
	link_init(&o->dirty);
	link_init(&o->failed);
	o->error = OK;
	o->writing = 0;
}

static void memory_split(struct cache *c, uint8_t *memory, size_t bytes)
{
	size_t copy = c->run_pages * (size_t)CACHE_PAGE_SIZE;

	while (c->copies_free < sizeof(c->copies) / sizeof(c->copies[0]) &&
	       bytes / COPIES_SHARE >= copy * (c->copies_free + 1)) {
		bytes -= copy;
		c->copies[c->copies_free++] = memory + bytes;
	}
	c->copies_count = c->copies_free;
	c->count = (uint32_t)(bytes >> CACHE_PAGE_SHIFT);
	for (uint32_t i = 0; i < c->count; i++)
		c->pages[i] = (struct cache_page){.data = memory + ((size_t)i << CACHE_PAGE_SHIFT),
						  .state = CACHE_LOOSE};
}

static status_t memory_open(struct cache *c, size_t bytes)
{
	unsigned bits = 1;

	while ((2ull << bits) < bytes >> CACHE_PAGE_SHIFT)
		bits++;
	c->hash_shift = 64 - bits;
	c->buckets = calloc((size_t)1 << bits, sizeof(struct cache_page *));
	c->pages = calloc(bytes >> CACHE_PAGE_SHIFT, sizeof(*c->pages));
	if (!c->disk->memory)
		c->own_memory = aligned_alloc(CACHE_PAGE_SIZE, bytes);
	if (!c->buckets || !c->pages || !(c->own_memory || c->disk->memory) || ios_open(c) != OK)
		return ERR_NO_MEMORY;
	memory_split(c, c->own_memory ? c->own_memory : c->disk->memory, bytes);
	return OK;
}

static unsigned log2_of(uint32_t value)
{
	return 31u - (unsigned)__builtin_clz(value);
}

status_t cache_open(struct cache *c, struct disk *disk, size_t bytes)
{
	uint64_t page_blocks = CACHE_PAGE_SIZE / disk->block_size;

	*c = (struct cache){.disk = disk};
	if (disk->memory && bytes > disk->memory_bytes)
		bytes = disk->memory_bytes;
	bytes &= ~(size_t)(CACHE_PAGE_SIZE - 1);
	if (bytes >> CACHE_PAGE_SHIFT < PAGES_MIN || bytes >> CACHE_PAGE_SHIFT > UINT32_MAX / 4 || !page_blocks ||
	    disk->max_blocks < page_blocks)
		return ERR_INVALID;
	c->block_shift = log2_of((uint32_t)page_blocks);
	c->end = (disk->blocks + page_blocks - 1) >> c->block_shift;
	c->run_pages = disk->max_blocks >> c->block_shift;
	if (c->run_pages > RUN_PAGES_MAX)
		c->run_pages = RUN_PAGES_MAX;
	link_init(&c->aged);
	link_init(&c->failing);
	link_init(&c->writes);
	cache_owner_open(&c->shared);
	cache_owner_open(&c->unowned);
	status_t status = memory_open(c, bytes);
	if (status != OK) {
		cache_close(c);
		return status;
	}
	c->dirty_limit = c->count * 2 / 5;
	c->dirty_background = c->count / 5;
	c->failed_limit = c->count / 10;
	return OK;
}

void cache_close(struct cache *c)
{
	c->syncs = NULL; /* no more writes than those under way */
	c->dirty_background = UINT32_MAX;
	while (c->io_used)
		(void)cache_turn_wait(c);
	free(c->ios);
	free(c->pages);
	free(c->buckets);
	free(c->own_memory);
	*c = (struct cache){0};
}
