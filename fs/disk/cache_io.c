/* SPDX-License-Identifier: BSD-2-Clause */
/* The page cache's requests to the disk, and what becomes of their pages when they end. See cache.h. */
#include <stdlib.h>

#include "fs/disk/cache_internal.h"

/* ---- requests ------------------------------------------------------------------------------------------ */

status_t ios_open(struct cache *c)
{
	c->ios = calloc(IO_COUNT, sizeof(*c->ios));
	if (!c->ios)
		return ERR_NO_MEMORY;
	c->io_count = IO_COUNT;
	for (uint32_t i = 0; i < IO_COUNT; i++) {
		c->ios[i].cache = c;
		c->ios[i].next = c->io_free;
		c->io_free = &c->ios[i];
	}
	return OK;
}

struct cache_io *io_take(struct cache *c, enum disk_op op, bool wanted)
{
	struct cache_io *io = c->io_free;

	if (!io || (!wanted && c->io_used + IO_SPARE >= c->io_count))
		return NULL;
	c->io_free = io->next;
	c->io_used++;
	io->request = (struct disk_request){.op = op};
	io->pages = NULL;
	io->count = 0;
	io->copy = NULL;
	return io;
}

static void io_give(struct cache *c, struct cache_io *io)
{
	if (io->copy)
		c->copies[c->copies_free++] = io->copy;
	io->copy = NULL;
	io->next = c->io_free;
	c->io_free = io;
	c->io_used--;
}

void io_place(struct cache *c, struct cache_io *io, uint64_t number, uint32_t count, void *data)
{
	uint64_t block = number << c->block_shift, blocks = (uint64_t)count << c->block_shift;

	if (blocks > c->disk->blocks - block)
		blocks = c->disk->blocks - block; /* the disk's last page may be cut short */
	io->request.block = block;
	io->request.count = (uint32_t)blocks;
	io->request.data = data;
}

static void request_done(struct disk_request *r, status_t result)
{
	struct cache_io *io = container(r, struct cache_io, request);

	io->result = result;
	io->next = io->cache->io_done;
	io->cache->io_done = io;
}

static status_t request_do(struct disk *d, const struct disk_request *r)
{
	switch (r->op) {
	case DISK_READ: return disk_read(d, r->block, r->count, r->data);
	case DISK_WRITE: return disk_write(d, r->block, r->count, r->data);
	case DISK_FLUSH: return disk_flush(d);
	default: return disk_discard(d, r->block, r->count);
	}
}

bool io_submit(struct cache *c, struct cache_io *io)
{
	struct disk *d = c->disk;

	io->request.done = request_done;
	if (!d->ops->submit) {
		request_done(&io->request, request_do(d, &io->request));
		return true;
	}
	if (d->ops->submit(d, &io->request) != OK) {
		io_give(c, io);
		return false;
	}
	c->submitted = true;
	return true;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

bool read_start(struct cache *c, struct cache_page *first, uint32_t count, bool wanted)
{
	struct cache_io *io = io_take(c, DISK_READ, wanted);

	if (!io)
		return false;
	io->pages = first;
	io->count = count;
	io_place(c, io, first->number, count, first->data);
	if (!io_submit(c, io))
		return false;
	c->stats.reads++;
	c->stats.read_pages += count;
	return true;
}

static void waiters_ready(struct cache *c, struct cache_page *p, status_t result)
{
	while (p->waiting) {
		struct cache_wait *w = p->waiting;

		p->waiting = w->next;
		w->result = result;
		w->next = c->ready;
		c->ready = w;
	}
}

static void read_ended(struct cache *c, struct cache_page *p, status_t result)
{
	p->state &= ~(uint32_t)CACHE_READING;
	if (result == OK) {
		p->state |= CACHE_VALID | (p->pins ? 0 : CACHE_FRESH);
	} else {
		p->state |= CACHE_BAD;
		c->stats.read_errors++;
	}
	waiters_ready(c, p, result);
	if (result != OK)
		page_drop(c, p);
}

static void page_retry(struct cache *c, struct cache_page *p)
{
	c->retry_writes += (p->state & CACHE_WRITING) != 0;
	p->io_next = c->retry;
	c->retry = p;
}

/* One bad block must not cost its neighbours that happened to be in the same request. */
static void pages_ended(struct cache *c, struct cache_io *io)
{
	struct cache_page *p = io->pages, *next;

	for (uint32_t i = 0; i < io->count; i++, p = next) {
		next = p->io_next;
		p->io_next = NULL;
		if (io->request.op == DISK_READ) {
			if (io->result != OK && io->count > 1 && p->pins)
				page_retry(c, p);
			else
				read_ended(c, p, io->result);
		} else if (io->result != OK && io->count > 1) {
			page_retry(c, p);
		} else {
			write_ended(c, p, io->result);
		}
	}
}

static void io_ended(struct cache *c, struct cache_io *io)
{
	if (io->request.op == DISK_WRITE)
		link_remove(&io->link);
	if (io->request.op == DISK_FLUSH)
		flush_ended(c, io->result);
	else if (io->request.op != DISK_DISCARD)
		pages_ended(c, io);
	io_give(c, io);
}

static bool retries_turn(struct cache *c)
{
	bool any = false;

	while (c->retry && c->io_free) {
		struct cache_page *p = c->retry;
		bool write = p->state & CACHE_WRITING;

		c->retry = p->io_next;
		p->io_next = NULL;
		if (!(write ? write_alone(c, p) : read_start(c, p, 1, true))) {
			p->io_next = c->retry;
			c->retry = p;
			break;
		}
		c->retry_writes -= write;
		any = true;
	}
	return any;
}

/* ---- turns ----------------------------------------------------------------------------------------------- */

static void kick(struct cache *c)
{
	if (c->submitted)
		c->disk->ops->kick(c->disk);
	c->submitted = false;
}

bool cache_turn(struct cache *c)
{
	bool any = false;

	kick(c);
	if (c->disk->ops->poll)
		(void)c->disk->ops->poll(c->disk);
	while (c->io_done) {
		struct cache_io *io = c->io_done;

		c->io_done = io->next;
		io_ended(c, io);
		any = true;
	}
	any |= retries_turn(c);
	any |= writes_turn(c);
	kick(c);
	return any;
}

bool cache_turn_wait(struct cache *c)
{
	if (cache_turn(c))
		return true;
	if (!c->io_used)
		return false;
	(void)c->disk->ops->wait(c->disk, UINT64_MAX);
	return true;
}

bool cache_poll(struct cache *c)
{
	bool any = cache_turn(c);

	while (c->ready || c->synced) {
		struct cache_wait *w = c->ready;
		struct cache_sync *s = c->synced;

		any = true;
		if (w) {
			c->ready = w->next;
			w->ready(w, w->result);
		} else {
			c->synced = s->next;
			s->done(s, s->status);
		}
	}
	return any;
}

status_t cache_wait(struct cache *c, uint64_t deadline)
{
	if (c->ready || c->synced || c->io_done || c->retry)
		return OK;
	kick(c);
	return c->io_used && c->disk->ops->wait ? c->disk->ops->wait(c->disk, deadline) : OK;
}
