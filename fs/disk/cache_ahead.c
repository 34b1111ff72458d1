/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading ahead: pages of the disk before somebody asks for them. See cache.h. */
#include "fs/disk/cache_internal.h"

#define WINDOW_FIRST 8   /* pages, for a reader who has just begun to read on */
#define WINDOW_MAX   256 /* 1 MiB: several requests, so that the disk always has one to work on */
/* Reading ahead may take this part of the cache for one reader. */
#define WINDOW_SHARE 8

/* A run of pages that are not there: the longest that memory gives in one piece, at most `count`. */
static uint32_t run_make(struct cache *c, uint64_t number, uint32_t count, struct cache_page **first)
{
	struct cache_page *last = NULL;
	uint32_t n = 0;

	while (n < count && !cache_find(c, number + n)) {
		struct cache_page *p = page_take(c);

		if (!p)
			break;
		if (last && p->data != last->data + CACHE_PAGE_SIZE) {
			cache_release(c, p); /* begins the next run */
			break;
		}
		page_place(c, p, number + n++, CACHE_READING);
		if (last)
			last->io_next = p;
		else
			*first = p;
		last = p;
	}
	return n;
}

static void run_drop(struct cache *c, struct cache_page *p)
{
	while (p) {
		struct cache_page *next = p->io_next;

		p->state = 0;
		page_drop(c, p);
		p = next;
	}
}

uint64_t cache_prefetch(struct cache *c, uint64_t number, uint64_t count)
{
	uint64_t end = number >= c->end ? number : count > c->end - number ? c->end : number + count;

	while (number < end) {
		struct cache_page *first = NULL;
		uint32_t most = end - number < c->run_pages ? (uint32_t)(end - number) : c->run_pages, n;

		if (cache_find(c, number)) {
			number++;
			continue;
		}
		n = run_make(c, number, most, &first);
		if (!n)
			break;
		if (!read_start(c, first, n, false)) {
			run_drop(c, first);
			break;
		}
		c->stats.ahead += n;
		number += n;
	}
	return number;
}

void cache_read_ahead(struct cache *c, struct cache_ahead *a, uint64_t number, uint64_t count, uint64_t end)
{
	uint32_t most = c->count / WINDOW_SHARE < WINDOW_MAX ? c->count / WINDOW_SHARE : WINDOW_MAX;
	uint64_t next = number + count, from;

	/* The last page may be asked for again: readers of less than a page at a time. */
	bool on = a->window && number <= a->next && number + 1 >= a->next;
	if (!on) {
		*a = (struct cache_ahead){.next = next, .ahead = next, .window = WINDOW_FIRST};
		return;
	}
	if (next <= a->next)
		return;
	a->next = next;
	from = a->ahead > next ? a->ahead : next;
	if (from - next >= a->window / 2 || from >= end)
		return; /* far enough ahead still: go on in large steps */
	a->window = a->window * 2 > most ? most : a->window * 2;
	uint64_t to = next + a->window < end ? next + a->window : end;
	if (to <= from)
		return;
	a->ahead = cache_prefetch(c, from, to - from);
}
