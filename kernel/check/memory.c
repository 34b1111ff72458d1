/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages and slab cells that come into use and go out of it. What is free is poisoned in the shadow, which stops code that
 * is compiled with checks, and filled with a pattern, which shows afterwards who else has written there: assembly,
 * a device, a program through a stale translation.
 */
#include "kernel/check/check.h"
#include "kernel/check/shadow.h"
#include "kernel/layout.h"
#include "kernel/mm/page.h"
#include "kernel/panic.h"
#include "sys/abi/syscall.h"

/* In slab_class of a free page: it holds the pattern, but for the links in its first two words. */
#define PAGE_FILLED 0x5a5a
#define LINK_WORDS  2

void check_pages_free(uint64_t pa, struct page *pg, unsigned order)
{
	raw_memset(phys_to_virt(pa), (int)(FREED_WORD & 0xff), PAGE_SIZE << order);
	for (uint64_t i = 0; i < 1ull << order; i++)
		pg[i].slab_class = PAGE_FILLED;
	shadow_poison((uint64_t)phys_to_virt(pa), PAGE_SIZE << order, SHADOW_PAGE_FREE);
}

void check_pages_unused(uint64_t pa, uint64_t size)
{
	shadow_poison((uint64_t)phys_to_virt(pa), size, SHADOW_PAGE_FREE);
}

void check_pages_alloc(uint64_t pa, struct page *pg, unsigned order)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		const uint64_t *words = phys_to_virt(pa + (i << PAGE_SHIFT));

		if (pg[i].slab_class != PAGE_FILLED)
			continue;
		pg[i].slab_class = 0;
		for (unsigned w = LINK_WORDS; w < PAGE_SIZE / 8; w++)
			if (words[w] != FREED_WORD)
				panic("the page at physical 0x%lx was written after it was freed: offset %u holds 0x%lx",
				      pa + (i << PAGE_SHIFT), w * 8, words[w]);
	}
	shadow_allow((uint64_t)phys_to_virt(pa), PAGE_SIZE << order);
}

void check_pages_tail(const void *p, size_t size, size_t whole)
{
	uint64_t start = (uint64_t)p;

	shadow_allow(start, size);
	size = (size + 7) & -8ul;
	shadow_poison(start + size, whole - size, SHADOW_PAGE_TAIL);
}

void check_slab(const void *p, size_t size)
{
	shadow_poison((uint64_t)p, size, SHADOW_CELL_UNUSED);
}

static struct cell_trace *trace_of(const void *p, size_t cell)
{
	return (struct cell_trace *)((uint64_t)p + cell - sizeof(struct cell_trace));
}

void check_cell_reuse(const void *p, size_t cell)
{
	const uint64_t *words = p, *end = (const uint64_t *)(const void *)trace_of(p, cell);

	for (const uint64_t *w = words + 1; w < end; w++) /* the first is the link */
		if (*w != FREED_WORD)
			report_cell("kernel memory was written after it was freed, and not by checked code", p);
}

void check_cell_alloc(void *p, size_t cell, size_t size)
{
	struct cell_trace *trace = trace_of(p, cell);

	*trace = (struct cell_trace){.size = (uint32_t)size};
	trace_take(trace->allocated, 3);
	shadow_poison((uint64_t)p, cell, SHADOW_CELL_REDZONE);
	shadow_allow((uint64_t)p, size);
}

void check_cell_free(void *p, size_t cell, size_t size)
{
	struct cell_trace *trace = trace_of(p, cell);
	uint8_t shadow = *shadow_find((uint64_t)p);

	if (shadow >= 8 && shadow != SHADOW_CELL_FREED)
		panic("kfree: %p is no object", p);
	if (shadow == SHADOW_CELL_FREED)
		report_cell("freed twice", p);
	if (trace->size != size)
		panic("kfree: %p was allocated with %u bytes and freed with %zu", p, trace->size, size);
	raw_memset(trace->freed, 0, sizeof(trace->freed));
	trace_take(trace->freed, 4);
	raw_memset(p, (int)(FREED_WORD & 0xff), cell - sizeof(*trace));
	shadow_poison((uint64_t)p, cell - sizeof(*trace), SHADOW_CELL_FREED);
}
