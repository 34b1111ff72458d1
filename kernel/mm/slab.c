/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs of one page each. The head sits in the page; free cells are linked through their first word. */
#include "kernel/mm/slab.h"

#include "kernel/check/check.h"
#ifdef CHECKED
#include "kernel/check/shadow.h"
#endif
#include "kernel/layout.h"
#include "kernel/list.h"
#include "kernel/mm/page.h"
#include "kernel/mm/quota.h"
#include "kernel/panic.h"
#include "sys/abi/syscall.h"
#include <string.h>

struct slab {
	struct list node; /* in partial[class] while it has free cells */
	void *free;
	uint32_t used;
	uint32_t fresh; /* cells never handed out yet start here */
#ifdef CHECKED
	void *last; /* free cell */
	uint64_t unused;
#endif
};

/* The last one fits twice into a page with the head. */
static const uint16_t class_size[] = {
	32,   64, 96, 128, 192, 256, 320, 400, 512, 672, 800, 1008, 1344, 2032,
#ifdef CHECKED
	2064, /* 2032 and a red zone */
#endif
};
#define CLASSES  (sizeof(class_size) / sizeof(class_size[0]))
#define CELL_MAX 2032

static struct list partial[CLASSES];
static uint64_t heap_pages, used_bytes;
static uint8_t class_of[(CELL_MAX + CELL_REDZONE) / 16 + 1]; /* by size in 16-byte units, rounded up */

static void slab_setup(void)
{
	for (unsigned i = 0, c = 0; i < sizeof(class_of); i++) {
		while (class_size[c] < i * 16)
			c++;
		class_of[i] = (uint8_t)c;
	}
	for (unsigned c = 0; c < CLASSES; c++)
		list_init(&partial[c]);
}

static inline unsigned class_for(size_t size)
{
	return class_of[(size + 15) / 16];
}

static unsigned order_of(size_t size)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < size)
		order++;
	return order;
}

static void *big_alloc(struct quota *q, size_t size)
{
	unsigned order = order_of(size);

	if (q && !quota_charge(q, PAGE_SIZE << order))
		return NULL;
	uint64_t pa = page_alloc(order);
	if (!pa) {
		if (q)
			quota_uncharge(q, PAGE_SIZE << order);
		return NULL;
	}
	heap_pages += 1ul << order;
	used_bytes += PAGE_SIZE << order;
	for (uint64_t i = 0; i < 1ul << order; i++)
		page_zero(pa + (i << PAGE_SHIFT));
	check_pages_tail(phys_to_virt(pa), size, PAGE_SIZE << order);
	return phys_to_virt(pa);
}

static void big_free(struct quota *q, void *p, size_t size)
{
	unsigned order = order_of(size);

	if (q)
		quota_uncharge(q, PAGE_SIZE << order);
	heap_pages -= 1ul << order;
	used_bytes -= PAGE_SIZE << order;
	page_free(virt_to_phys(p), order);
}

static struct slab *slab_create(unsigned c)
{
	uint64_t pa = page_alloc(0);

	if (!pa)
		return NULL;
	struct page *pg = page_of(pa);
	struct slab *s = phys_to_virt(pa);

	pg->state = PAGE_SLAB;
	pg->slab_class = (uint16_t)c;
	s->free = NULL;
	s->used = 0;
	s->fresh = sizeof(struct slab);
	check_slab(s + 1, PAGE_SIZE - sizeof(*s));
	list_push_front(&partial[c], &s->node);
	heap_pages++;
	return s;
}

/* Last out, first in again; checked kernels take turns instead: the longer a cell stays free, the more is seen of who still uses it. */
static inline void cell_push(struct slab *s, void *p)
{
#ifdef CHECKED
	*(void **)p = NULL;
	if (s->free)
		*(void **)s->last = p;
	else
		s->free = p;
	s->last = p;
#else
	*(void **)p = s->free;
	s->free = p;
#endif
}

void *kalloc(struct quota *q, size_t size)
{
	if (size > CELL_MAX)
		return big_alloc(q, size);
	if (!partial[0].next)
		slab_setup();
	/* A red zone is not charged: limits are the same in every kernel. */
	unsigned c = class_for(size + CELL_REDZONE);
	size_t cell = class_size[c], charge = class_size[class_for(size)];

	if (q && !quota_charge(q, charge))
		return NULL;
	struct slab *s;
	if (!list_empty(&partial[c])) {
		s = container_of(partial[c].next, struct slab, node);
	} else {
		s = slab_create(c);
		if (!s) {
			if (q)
				quota_uncharge(q, charge);
			return NULL;
		}
	}
	uint64_t *p = s->free;
	if (p) {
		s->free = (void *)p[0];
		check_cell_reuse(p, cell);
	} else {
		p = (uint64_t *)((char *)s + s->fresh);
		s->fresh += (uint32_t)cell;
	}
	s->used++;
	used_bytes += charge;
	if (!s->free && s->fresh + cell > PAGE_SIZE)
		list_remove(&s->node);
	for (size_t i = 0; i < cell / 8; i++) {
		p[i] = 0;
		__asm__ volatile("" ::: "memory");
	}
	check_cell_alloc(p, cell, size);
	return p;
}

bool kalloc_recharge(struct quota *from, struct quota *to, size_t size)
{
	size_t charge = class_size[class_for(size)];

	CHECK(size <= CELL_MAX);
	if (to && !quota_charge(to, charge))
		return false;
	if (from)
		quota_uncharge(from, charge);
	return true;
}

void kfree(struct quota *q, void *p, size_t size)
{
	if (!p)
		return;
	if (size > CELL_MAX) {
		big_free(q, p, size);
		return;
	}
	struct slab *s = (struct slab *)((uintptr_t)p & ~(PAGE_SIZE - 1));
	unsigned c = class_for(size + CELL_REDZONE);
	size_t cell = class_size[c], charge = class_size[class_for(size)];
	bool was_full = !s->free && s->fresh + cell > PAGE_SIZE;

	CHECK(page_of(virt_to_phys(s))->state == PAGE_SLAB && page_of(virt_to_phys(s))->slab_class == c);
	CHECK(((uintptr_t)p - (uintptr_t)s - sizeof(*s)) % cell == 0);
	check_cell_free(p, cell, size);
	if (q)
		quota_uncharge(q, charge);
	cell_push(s, p);
	s->used--;
	used_bytes -= charge;
	if (was_full)
		list_push_front(&partial[c], &s->node);
	/* Keep one empty slab a class: create and exit in a loop should not fetch and return a page each time. */
	if (!s->used && (s->node.next != &partial[c] || s->node.prev != &partial[c])) {
		list_remove(&s->node);
		page_of(virt_to_phys(s))->state = PAGE_USED;
		heap_pages--;
		page_free(virt_to_phys(s), 0);
	}
}

uint64_t kpage_alloc(struct quota *q)
{
	if (q && !quota_charge(q, PAGE_SIZE))
		return 0;
	uint64_t pa = page_alloc(0);
	if (!pa) {
		if (q)
			quota_uncharge(q, PAGE_SIZE);
		return 0;
	}
	heap_pages++;
	used_bytes += PAGE_SIZE;
	page_zero(pa);
	return pa;
}

void kpage_free(struct quota *q, uint64_t pa)
{
	if (q)
		quota_uncharge(q, PAGE_SIZE);
	heap_pages--;
	used_bytes -= PAGE_SIZE;
	page_free(pa, 0);
}

uint64_t slab_heap_bytes(void)
{
	return heap_pages << PAGE_SHIFT;
}

uint64_t slab_used_bytes(void)
{
	return used_bytes;
}

#ifdef CHECKED
bool slab_cell_of(uint64_t addr, struct cell_place *out)
{
	struct slab *s = (struct slab *)(addr & -PAGE_SIZE);
	struct page *pg = page_of(virt_to_phys(s));

	if (!pg || pg->state != PAGE_SLAB || addr < (uint64_t)(s + 1))
		return false;
	out->size = class_size[pg->slab_class];
	out->start = addr - (addr - (uint64_t)(s + 1)) % out->size;
	return out->start + out->size <= (uint64_t)s + PAGE_SIZE;
}
#endif
