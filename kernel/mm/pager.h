/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects whose pages somebody keeps elsewhere (files): whoever receives from their endpoint is their pager, whatever process that is today.
 * A thread that touches a page which is not there, or writes to one that it may only read, waits like a caller until the pager has answered.
 *
 * The endpoint knows them by their badges and holds them: pages that were written stay until the pager has seen them, also when their last user
 * is gone. Then the endpoint's watcher hears of the badge.
 */
#pragma once

#include "kernel/cap/object.h"
#include "kernel/lib/treap.h"

struct endpoint;
struct thread;
struct vmo;

struct pager {
	struct treap_node node; /* in endpoint.paged; key: badge */
	struct vmo *vmo;
	struct endpoint *ep; /* referenced; NULL: closed, nobody makes pages any more */
	struct cap *event;   /* to tell with that it has no user left; NULL: told, and not opened since */
	struct list views;   /* copy-on-write objects over it: vmo.view_node */
};

/* In a slot of a paged object, beside the page's address */
#define SLOT_GRANTED 1ull /* may be written */
#define SLOT_WRITTEN 2ull /* may have been, since the pager said last that it has what is in it */
#define SLOT_BITS    3ull

/* vmo_page of both kinds. STATUS_PAGING: the pager has to be asked (pager_request), if there is one. */
status_t paged_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable);
status_t view_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable);
/* A copy-on-write object over pages of a paged one: it shows those, whatever becomes of them, until they are written. */
status_t view_create(struct quota *q, struct vmo *source, uint64_t first, uint64_t pages, struct vmo **out);
void view_end(struct vmo *v);
/* The thread touched va, and vmo_page said STATUS_PAGING: it waits for the pager. False: there is none. */
bool pager_request(struct thread *t, struct vmo *v, uint64_t index, uint32_t access);
/* The cause of a page fault whose page cannot be had: an access fault of the same kind. */
uint64_t page_refused_cause(uint64_t cause);
/* The last handle and mapping of v is gone. */
void pager_idle(struct vmo *v);
/* The endpoint has no receiver any more. */
void pager_closed(struct endpoint *ep);
void pager_destroy(struct vmo *v);
