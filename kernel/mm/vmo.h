/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory objects: pages on demand, contiguous, or a device's range; mapped any number of times. */
#pragma once

#include "kernel/cap/object.h"

struct pager;

struct vmo {
	struct object obj;
	uint8_t kind;  /* VMO_KIND_*, VMO_KIND_BUILDING */
	uint8_t build; /* VMO_BUILD_* */
	uint64_t pages;
	uint64_t present;   /* pages held */
	uint64_t phys;      /* contiguous, device: address of the first page */
	struct vmo *source; /* building: what it is a clone of; view: what it shows; held */
	uint32_t offset; /* device: registers start here in the first page; building, view: first page of the source */
	uint64_t low;    /* building, shrinking: pages below are done */
	uint64_t **leaves; /* anonymous, paged, view: pages / VMO_LEAF arrays of physical addresses (0: not present) */
	uint64_t *single;  /* used instead of an array when there is one leaf only */
	struct list mappings; /* struct mapping.vmo_node */
	union {
		struct pager *pager;   /* paged */
		struct list view_node; /* view: in its source's pager */
	};
};
#define VMO_LEAF 64

/* A new object of many pages is filled in steps. Until then it has a handle but no call takes it: pages may not be zeroed yet. */
#define VMO_KIND_BUILDING 0xff
enum { VMO_BUILD_NONE, VMO_BUILD_COMMIT, VMO_BUILD_CONTIGUOUS, VMO_BUILD_CLONE, VMO_BUILD_FAILED };

/* An anonymous object, or one to be built. */
status_t vmo_create(struct quota *q, uint64_t size, uint32_t flags, struct vmo **out);
/* A bounded part of the work: OK: whole now, STATUS_RESTART: there is more, ERR_NO_MEMORY: it will never be. */
status_t vmo_build_step(struct vmo *v);
status_t vmo_create_device(struct quota *q, uint64_t phys, uint64_t size, struct vmo **out);
/* Boot only: an anonymous object out of a reserved range of RAM (boot archive, device tree), whose pages it takes over where it can. */
status_t vmo_create_from(struct quota *q, uint64_t phys, uint64_t size, struct vmo **out);
/* To be built. Pages are taken in order: of what is written meanwhile each page has the old or the new. */
status_t vmo_clone(struct quota *q, struct vmo *src, uint64_t first, uint64_t pages, struct vmo **out);
void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count);
/* Copies between the object and an address space or kernel memory (proc NULL). */
status_t vmo_copy(struct vmo *v, uint64_t offset, struct process *p, uint64_t addr, uint64_t len, bool into_vmo);
void vmo_destroy(struct vmo *v);
/* Frees a bounded number of pages; true when none is left. */
bool vmo_shrink_step(struct vmo *v);
/* Longer by whole pages; a smaller size changes nothing. Paged objects only. */
status_t vmo_grow(struct vmo *v, uint64_t size);
/* The page at index for reading (may be shared) or writing (exclusive; copies if shared). Allocates on demand.
 * *pa without low bits. ERR_NO_MEMORY, ERR_RANGE; STATUS_PAGING, ERR_FAULT (kernel/mm/pager.h). *writable: may be mapped writable. */
status_t vmo_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable);
/* The word that holds the address of the page of an object that has words (0: not present); NULL when out of memory. index < pages. */
uint64_t *vmo_slot_slow(struct vmo *v, uint64_t index);
static inline uint64_t *vmo_slot(struct vmo *v, uint64_t index)
{
	uint64_t *leaf = v->pages <= VMO_LEAF ? v->single : v->leaves ? v->leaves[index / VMO_LEAF] : NULL;

	return __builtin_expect(leaf != NULL, 1) ? &leaf[index % VMO_LEAF] : vmo_slot_slow(v, index);
}
/* Is anything of the leaf that the page belongs to there? */
bool vmo_present_leaf(struct vmo *v, uint64_t index);
/* Present page (paged: with its SLOT_* bits) or 0, changes nothing. */
uint64_t vmo_peek(struct vmo *v, uint64_t index);
