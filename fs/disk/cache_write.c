/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing back, syncs and discarding. See cache.h.
 *
 * A page that becomes dirty gets a number; lists of dirty pages are in the order of these. A sync remembers the last one
 * given: it submits its owner's pages up to there, waits until every write submitted until then has ended, and flushes the
 * disk once, together with other syncs that have come as far.
 */
#include <string.h>

#include "fs/disk/cache_internal.h"

enum { PHASE_SUBMIT, PHASE_WRITE, PHASE_FLUSH, PHASE_FLUSHING };

/* Fewer pages are not worth being gathered, nor are pieces of so many on the average. */
#define GATHER_MIN    4
#define GATHER_PIECES 8

/* ---- dirty pages ----------------------------------------------------------------------------------------- */

static void dirty_append(struct cache *c, struct cache_page *p, struct cache_owner *o)
{
	p->owner = o;
	p->sequence = ++c->sequence;
	link_append(&o->dirty, &p->dirty);
	link_append(&c->aged, &p->aged);
}

static void dirty_remove(struct cache_page *p)
{
	link_remove(&p->dirty);
	link_remove(&p->aged);
}

/* Two owners, which both have to hear of an error: it is the file system's from now on, whose syncs are part of everybody's. */
static void owner_change(struct cache *c, struct cache_page *p, struct cache_owner *o)
{
	uint64_t old = p->sequence;

	dirty_remove(p);
	dirty_append(c, p, p->owner == &c->unowned ? o : &c->shared);
	for (struct cache_sync *s = c->syncs; s; s = s->next) {
		if (s->sequence >= old)
			s->sequence = c->sequence;
	}
}

void page_dirty(struct cache *c, struct cache_page *p, struct cache_owner *o)
{
	if (!(p->state & CACHE_DIRTY)) {
		p->state |= CACHE_DIRTY;
		c->dirty++;
		c->unclean++;
		dirty_append(c, p, o);
	} else if (p->state & CACHE_FAILED) {
		/* What it is changed to may be written with better luck. */
		o = p->owner == o ? o : &c->shared;
		p->state &= ~(uint32_t)CACHE_FAILED;
		c->failed--;
		dirty_remove(p);
		dirty_append(c, p, o);
	} else if (p->owner != o && p->owner != &c->shared) {
		owner_change(c, p, o);
	}
}

void page_clean(struct cache *c, struct cache_page *p)
{
	c->failed -= (p->state & CACHE_FAILED) != 0;
	p->state &= ~(uint32_t)(CACHE_DIRTY | CACHE_FAILED);
	c->dirty--;
	c->unclean--;
	dirty_remove(p);
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

static bool writable(const struct cache_page *p)
{
	return p && (p->state & (CACHE_DIRTY | CACHE_WRITING | CACHE_FAILED | CACHE_BEHIND)) == CACHE_DIRTY;
}

/* Pages in the order of their numbers, from `data` or, NULL, where they lie */
static bool write_start(struct cache *c, struct cache_page **pages, uint32_t count, uint8_t *copy, bool wanted)
{
	struct cache_io *io = io_take(c, DISK_WRITE, wanted);

	if (!io)
		return false;
	io_place(c, io, pages[0]->number, count, copy ? copy : pages[0]->data);
	io->ticket = c->ticket + 1;
	if (!io_submit(c, io))
		return false;
	c->ticket++;
	link_append(&c->writes, &io->link);
	io->copy = copy;
	io->pages = pages[0];
	io->count = count;
	c->stats.writes++;
	c->stats.written_pages += count;
	for (uint32_t i = 0; i < count; i++) {
		struct cache_page *p = pages[i];

		p->io_next = i + 1 < count ? pages[i + 1] : NULL;
		if (!(p->state & CACHE_DIRTY))
			continue; /* tried again */
		dirty_remove(p);
		c->dirty--;
		p->writer = p->owner;
		p->writer->writing++;
		p->state = (p->state & ~(uint32_t)CACHE_DIRTY) | CACHE_WRITING | (copy ? CACHE_COPIED : 0);
	}
	return true;
}

bool write_alone(struct cache *c, struct cache_page *p)
{
	if (p->state & CACHE_DIRTY) { /* changed since it was copied: as it is now, then */
		struct cache_owner *o = p->owner;

		page_clean(c, p);
		if (o != p->writer) {
			p->writer->writing--;
			c->shared.writing++;
			p->writer = &c->shared;
		}
	}
	p->state &= ~(uint32_t)CACHE_COPIED;
	if (!write_start(c, &p, 1, NULL, true))
		return false;
	for (struct cache_sync *s = c->syncs; s; s = s->next) {
		if (s->phase == PHASE_WRITE)
			s->ticket = c->ticket; /* it waits for this one too */
	}
	return true;
}

static uint32_t pieces_of(struct cache_page **pages, uint32_t count)
{
	uint32_t pieces = 1;

	for (uint32_t i = 1; i < count; i++)
		pieces += pages[i]->data != pages[i - 1]->data + CACHE_PAGE_SIZE;
	return pieces;
}

static bool write_gathered(struct cache *c, struct cache_page **pages, uint32_t count, bool wanted)
{
	uint8_t *copy = c->copies[--c->copies_free];

	for (uint32_t i = 0; i < count; i++)
		memcpy(copy + ((size_t)i << CACHE_PAGE_SHIFT), pages[i]->data, CACHE_PAGE_SIZE);
	if (write_start(c, pages, count, copy, wanted)) {
		c->stats.copied_pages += count;
		return true;
	}
	c->copies[c->copies_free++] = copy;
	return false;
}

bool write_run(struct cache *c, struct cache_page *p, bool wanted)
{
	struct cache_page *pages[RUN_PAGES_MAX], *q;
	uint64_t first = p->number;
	uint32_t count = 0, i, n;

	while (first && p->number - first < c->run_pages / 2 && writable(cache_find(c, first - 1)))
		first--;
	while (count < c->run_pages && writable(q = cache_find(c, first + count)))
		pages[count++] = q;
	uint32_t pieces = pieces_of(pages, count);
	/* All places to gather at are in use: rather later than in small pieces. */
	if (pieces > 1 && count >= GATHER_MIN && count / pieces < GATHER_PIECES && c->copies_count)
		return c->copies_free && write_gathered(c, pages, count, wanted);
	for (i = 0; i < count; i += n) {
		for (n = 1; i + n < count && pages[i + n]->data == pages[i + n - 1]->data + CACHE_PAGE_SIZE; n++)
			;
		if (!write_start(c, pages + i, n, NULL, wanted))
			return false;
	}
	return true;
}

/* A page's owner hears of it by its syncs. */
static void syncs_fail(struct cache *c, const struct cache_owner *o)
{
	for (struct cache_sync *s = c->syncs; s; s = s->next) {
		if (!s->owner || s->owner == o || o == &c->shared)
			s->status = ERR_IO;
	}
}

static void page_fail(struct cache *c, struct cache_page *p)
{
	struct cache_owner *o = p->writer;

	c->stats.write_errors++;
	if (o != &c->unowned)
		syncs_fail(c, o);
	if (p->state & (CACHE_LOOSE | CACHE_DIRTY))
		return; /* there is a newer one, still to be written */
	if (o == &c->unowned || c->failed >= c->failed_limit) {
		if (o != &c->unowned)
			o->error = ERR_IO;
		c->stats.given_up++;
		page_unhash(c, p);
		p->state |= CACHE_LOOSE;
		return;
	}
	p->owner = o;
	p->state |= CACHE_DIRTY | CACHE_FAILED;
	c->dirty++;
	c->unclean++;
	c->failed++;
	link_append(&o->failed, &p->dirty);
	link_append(&c->failing, &p->aged);
}

void write_ended(struct cache *c, struct cache_page *p, status_t result)
{
	p->state &= ~(uint32_t)(CACHE_WRITING | CACHE_COPIED);
	if (p->newer)
		p->newer->state &= ~(uint32_t)CACHE_BEHIND;
	p->newer = NULL;
	c->unclean--;
	p->writer->writing--;
	if (result != OK)
		page_fail(c, p);
	if (!p->pins && p->state & CACHE_LOOSE)
		cache_release(c, p);
}

/* ---- syncs ----------------------------------------------------------------------------------------------------- */

static void failed_again(struct cache *c, struct cache_page *p)
{
	p->state &= ~(uint32_t)CACHE_FAILED;
	c->failed--;
	dirty_remove(p);
	dirty_append(c, p, p->owner);
}

static status_t error_take(struct cache_owner *o)
{
	status_t error = o->error;

	o->error = OK;
	return error;
}

static status_t owner_prepare(struct cache *c, struct cache_owner *o)
{
	while (!link_alone(&o->failed))
		failed_again(c, container(o->failed.next, struct cache_page, dirty));
	return error_take(o);
}

void cache_sync_start(struct cache *c, struct cache_sync *s, struct cache_owner *owner)
{
	s->owner = owner;
	s->status = owner_prepare(c, &c->shared);
	if (owner) {
		status_t status = owner_prepare(c, owner);

		s->status = s->status == OK ? status : s->status;
	} else {
		while (!link_alone(&c->failing))
			failed_again(c, container(c->failing.next, struct cache_page, aged));
	}
	s->sequence = c->sequence;
	s->phase = PHASE_SUBMIT;
	s->next = c->syncs;
	c->syncs = s;
	(void)writes_turn(c);
}

/* Submits what is not newer than `sequence`. False: there is more. */
static bool aged_submit(struct cache *c, struct cache_link *aged, uint64_t sequence, bool wanted)
{
	while (!link_alone(aged)) {
		struct cache_page *p = container(aged->next, struct cache_page, aged);

		if (p->sequence > sequence)
			break;
		if (!writable(p) || !write_run(c, p, wanted))
			return false;
	}
	return true;
}

static bool owner_submit(struct cache *c, struct cache_owner *o, uint64_t sequence)
{
	while (!link_alone(&o->dirty)) {
		struct cache_page *p = container(o->dirty.next, struct cache_page, dirty);

		if (p->sequence > sequence)
			break;
		if (!writable(p) || !write_run(c, p, true))
			return false;
	}
	return true;
}

static uint64_t oldest_ticket(const struct cache *c)
{
	return link_alone(&c->writes) ? c->ticket + 1 : container(c->writes.next, struct cache_io, link)->ticket;
}

static void flush_start(struct cache *c)
{
	struct cache_io *io = io_take(c, DISK_FLUSH, true);

	if (!io)
		return;
	io->ticket = oldest_ticket(c) - 1;
	uint64_t covers = io->ticket;
	if (!io_submit(c, io))
		return;
	c->flushing = true;
	c->stats.flushes++;
	for (struct cache_sync *s = c->syncs; s; s = s->next) {
		if (s->phase == PHASE_FLUSH) {
			s->phase = PHASE_FLUSHING;
			s->ticket = covers;
		}
	}
}

void flush_ended(struct cache *c, status_t result)
{
	c->flushing = false;
	for (struct cache_sync **at = &c->syncs; *at;) {
		struct cache_sync *s = *at;

		if (s->phase != PHASE_FLUSHING) {
			at = &s->next;
			continue;
		}
		if (result == OK)
			c->flushed = s->ticket;
		else
			s->status = ERR_IO;
		*at = s->next;
		s->next = c->synced;
		c->synced = s;
	}
}

/* True: it needs nothing more. */
static bool sync_turn(struct cache *c, struct cache_sync *s)
{
	if (s->phase == PHASE_SUBMIT) {
		if (s->owner ? !owner_submit(c, s->owner, s->sequence) || !owner_submit(c, &c->shared, s->sequence) ||
				       !owner_submit(c, &c->unowned, s->sequence)
			     : !aged_submit(c, &c->aged, s->sequence, true))
			return false;
		s->ticket = c->ticket;
		s->phase = PHASE_WRITE;
	}
	if (s->phase == PHASE_WRITE && !c->retry_writes && oldest_ticket(c) > s->ticket) {
		if (!c->disk->has_cache || s->ticket <= c->flushed)
			return true;
		s->phase = PHASE_FLUSH;
	}
	return false;
}

static bool syncs_turn(struct cache *c)
{
	bool any = false, flush = false;

	for (struct cache_sync **at = &c->syncs; *at;) {
		struct cache_sync *s = *at;

		if (sync_turn(c, s)) {
			*at = s->next;
			s->next = c->synced;
			c->synced = s;
			any = true;
			continue;
		}
		flush |= s->phase == PHASE_FLUSH;
		at = &s->next;
	}
	if (flush && !c->flushing)
		flush_start(c);
	return any;
}

bool writes_turn(struct cache *c)
{
	uint64_t before = c->ticket;
	bool any = syncs_turn(c);

	while (c->dirty - c->failed > c->dirty_background && !link_alone(&c->aged)) {
		struct cache_page *p = container(c->aged.next, struct cache_page, aged);

		if (!writable(p) || !write_run(c, p, false))
			break;
	}
	return any || c->ticket != before;
}

static void sync_done(struct cache_sync *s, status_t result)
{
	(void)result;
	s->owner = NULL;
	s->phase = UINT8_MAX;
}

static void synced_remove(struct cache *c, struct cache_sync *s)
{
	for (struct cache_sync **at = &c->synced; *at; at = &(*at)->next) {
		if (*at == s) {
			*at = s->next;
			sync_done(s, s->status);
			return;
		}
	}
}

status_t cache_sync(struct cache *c, struct cache_owner *owner)
{
	struct cache_sync s = {.done = sync_done};

	cache_sync_start(c, &s, owner);
	for (;;) {
		/* Those of other syncs stay for cache_poll to be told. */
		synced_remove(c, &s);
		if (s.phase == UINT8_MAX)
			return s.status;
		(void)cache_turn_wait(c);
	}
}

void cache_write_back(struct cache *c, uint64_t mark)
{
	(void)aged_submit(c, &c->aged, mark, false);
	(void)cache_turn(c);
}

static void writers_change(struct cache *c, struct cache_page *p, struct cache_owner *o)
{
	for (; p; p = p->io_next) {
		if (!(p->state & CACHE_WRITING) || p->writer != o)
			continue;
		o->writing--;
		p->writer = &c->unowned;
		c->unowned.writing++;
	}
}

void cache_owner_close(struct cache *c, struct cache_owner *o)
{
	while (!link_alone(&o->failed)) {
		struct cache_page *p = container(o->failed.next, struct cache_page, dirty);

		page_clean(c, p);
		c->stats.given_up++;
		page_drop(c, p);
	}
	while (!link_alone(&o->dirty)) {
		struct cache_page *p = container(o->dirty.next, struct cache_page, dirty);

		link_remove(&p->dirty);
		link_append(&c->unowned.dirty, &p->dirty);
		p->owner = &c->unowned;
	}
	for (struct cache_link *l = c->writes.next; o->writing && l != &c->writes; l = l->next)
		writers_change(c, container(l, struct cache_io, link)->pages, o);
	if (o->writing)
		writers_change(c, c->retry, o);
}

/* ---- discarding ---------------------------------------------------------------------------------------------------- */

static void page_forget(struct cache *c, struct cache_page *p)
{
	p->pins++;
	while (p->state & (CACHE_READING | CACHE_WRITING | CACHE_BEHIND))
		(void)cache_turn_wait(c);
	p->pins--;
	if (p->state & CACHE_DIRTY)
		page_clean(c, p);
	if (!p->pins && !(p->state & CACHE_LOOSE))
		page_drop(c, p);
	else if (!p->pins)
		cache_release(c, p);
}

status_t cache_discard(struct cache *c, uint64_t number, uint64_t count)
{
	struct disk *d = c->disk;

	if (d->read_only)
		return ERR_READ_ONLY;
	if (number >= c->end || count > c->end - number)
		return ERR_RANGE;
	/* A write that is under way must not come after the discard. Whichever is less: the pages named, or those there are. */
	if (count <= c->count) {
		for (uint64_t i = number; i < number + count; i++) {
			struct cache_page *p = cache_find(c, i);

			if (p)
				page_forget(c, p);
		}
	} else {
		for (uint32_t i = 0; i < c->fresh; i++) {
			struct cache_page *p = &c->pages[i];

			if (!(p->state & CACHE_LOOSE) && p->number - number < count)
				page_forget(c, p);
		}
	}
	if (!d->has_discard || !count)
		return OK;
	uint64_t block = number << c->block_shift, blocks = count << c->block_shift;
	if (blocks > d->blocks - block)
		blocks = d->blocks - block;
	c->stats.discards++;
	return disk_discard(d, block, blocks);
}
