/* SPDX-License-Identifier: BSD-2-Clause */
/* Slabs of one page each. The head sits in the page; free cells are linked through their first word. */
#include "kernel/mm/slab.h"

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
};

/* The last one fits twice into a page with the head. */
static const uint16_t class_size[] = {32, 64, 96, 128, 192, 256, 320, 400, 512, 672, 800, 1008, 1344, 2032};
#define CLASSES (sizeof(class_size) / sizeof(class_size[0]))

static struct list partial[CLASSES];
static uint64_t heap_pages, used_bytes;
static uint8_t class_of[2032 / 16 + 1]; /* by size in 16-byte units, rounded up */

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
	list_push_front(&partial[c], &s->node);
	heap_pages++;
	return s;
}

void *kalloc(struct quota *q, size_t size)
{
	if (size > class_size[CLASSES - 1])
		return big_alloc(q, size);
	if (!partial[0].next)
		slab_setup();
	unsigned c = class_of[(size + 15) / 16];
	size_t cell = class_size[c];

	if (q && !quota_charge(q, cell))
		return NULL;
	struct slab *s;
	if (!list_empty(&partial[c])) {
		s = container_of(partial[c].next, struct slab, node);
	} else {
		s = slab_create(c);
		if (!s) {
			if (q)
				quota_uncharge(q, cell);
			return NULL;
		}
	}
	uint64_t *p = s->free;
	if (p) {
		s->free = (void *)p[0];
#ifdef CHECKED
		for (size_t i = 1; i < cell / 8; i++)
			if (p[i] != 0x5a5a5a5a5a5a5a5a)
				panic("kernel memory %p of %zu bytes was written after it was freed", (void *)p, cell);
#endif
	} else {
		p = (uint64_t *)((char *)s + s->fresh);
		s->fresh += (uint32_t)cell;
	}
	s->used++;
	used_bytes += cell;
	if (!s->free && s->fresh + cell > PAGE_SIZE)
		list_remove(&s->node);
	for (size_t i = 0; i < cell / 8; i++) {
		p[i] = 0;
		__asm__ volatile("" ::: "memory");
	}
	return p;
}

void kfree(struct quota *q, void *p, size_t size)
{
	if (!p)
		return;
	if (size > class_size[CLASSES - 1]) {
		big_free(q, p, size);
		return;
	}
	struct slab *s = (struct slab *)((uintptr_t)p & ~(PAGE_SIZE - 1));
	unsigned c = class_of[(size + 15) / 16];
	size_t cell = class_size[c];
	bool was_full = !s->free && s->fresh + cell > PAGE_SIZE;

	CHECK(page_of(virt_to_phys(s))->state == PAGE_SLAB && page_of(virt_to_phys(s))->slab_class == c);
	CHECK(((uintptr_t)p - (uintptr_t)s - sizeof(*s)) % cell == 0);
#ifdef CHECKED
	memset(p, 0x5a, cell);
#endif
	if (q)
		quota_uncharge(q, cell);
	*(void **)p = s->free;
	s->free = p;
	s->used--;
	used_bytes -= cell;
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
