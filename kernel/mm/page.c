/* SPDX-License-Identifier: BSD-2-Clause */
/* Buddy allocator. Free blocks are linked through their own first bytes in the direct map. */
#include "kernel/mm/page.h"

#include "kernel/check/check.h"
#include "kernel/hot.h"
#include "kernel/layout.h"
#include "kernel/list.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "sys/abi/syscall.h"
#include <string.h>

struct zone {
	uint64_t base, pages;
	struct page *map; /* one per page */
};

static struct zone zones[MAX_RANGES];
static unsigned zone_count;
static struct list free_lists[PAGE_ORDERS];
static uint64_t free_pages, total_pages;

/* Single pages are kept on a stack of their own, linked through their first word: the usual request. An empty stack takes a block, which costs
 * about as much as to take one page out of it. */
#define SINGLES_ORDER 4
#ifdef CHECKED
/* In line instead, and so many always wait: the longer a page stays free, the more is seen of who still uses it. */
#define SINGLES_MAX  1024
#define SINGLES_KEPT 512
static uint64_t singles_last;
#else
#define SINGLES_MAX 256
#endif
static uint64_t singles;
static unsigned singles_count;

static inline bool single_ready(void)
{
#ifdef CHECKED
	return singles_count > SINGLES_KEPT;
#else
	return singles;
#endif
}

static inline struct zone *zone_of(uint64_t pa)
{
	if (__builtin_expect(pa - zones[0].base < zones[0].pages << PAGE_SHIFT, 1))
		return &zones[0];
	for (unsigned i = 1; i < zone_count; i++)
		if (pa - zones[i].base < zones[i].pages << PAGE_SHIFT)
			return &zones[i];
	return NULL;
}

struct page *page_of(uint64_t pa)
{
	struct zone *z = zone_of(pa);

	return z ? &z->map[(pa - z->base) >> PAGE_SHIFT] : NULL;
}

static void block_insert(uint64_t pa, struct page *pg, unsigned order)
{
	pg->state = PAGE_FREE;
	pg->order = (uint8_t)order;
	list_push_front(&free_lists[order], phys_to_virt(pa));
}

static void block_free(uint64_t pa, unsigned order);

static void singles_drain(void)
{
	while (singles) {
		uint64_t pa = singles;

		singles = *(uint64_t *)phys_to_virt(pa);
		singles_count--;
		block_free(pa, 0);
	}
}

static inline void singles_push(uint64_t pa, struct page *pg)
{
	pg->state = PAGE_SINGLE;
#ifdef CHECKED
	*(uint64_t *)phys_to_virt(pa) = 0;
	if (singles)
		*(uint64_t *)phys_to_virt(singles_last) = pa;
	else
		singles = pa;
	singles_last = pa;
#else
	*(uint64_t *)phys_to_virt(pa) = singles;
	singles = pa;
#endif
	singles_count++;
}

static NOINLINE uint64_t block_alloc(unsigned order);

static NOINLINE bool singles_fill(void)
{
	unsigned order = SINGLES_ORDER;
	uint64_t pa = block_alloc(order);

	if (!pa) {
		order = 0;
		pa = block_alloc(order);
	}
	if (!pa)
		return false;
	check_pages_free(pa, page_of(pa), order);
	free_pages += 1ul << order;
	for (uint64_t i = 1ul << order; i--;) /* the lowest comes out first */
		singles_push(pa + (i << PAGE_SHIFT), page_of(pa) + i);
	return true;
}

uint64_t page_alloc(unsigned order)
{
	if (likely(!order)) {
		if (unlikely(!single_ready()) && !singles_fill())
			return 0;
		uint64_t pa = singles;
		struct page *pg = page_of(pa);

		singles = *(uint64_t *)phys_to_virt(pa);
		singles_count--;
		free_pages--;
		pg->state = PAGE_USED;
		pg->order = 0;
		pg->refs = 1;
		check_pages_alloc(pa, pg, 0);
		return pa;
	}
	return block_alloc(order);
}

static NOINLINE uint64_t block_alloc(unsigned order)
{
	unsigned o = order;

	while (o < PAGE_ORDERS && list_empty(&free_lists[o]))
		o++;
	if (o >= PAGE_ORDERS) {
		if (!singles)
			return 0;
		singles_drain(); /* they may complete bigger blocks */
		return block_alloc(order);
	}
	struct list *node = free_lists[o].next;
	uint64_t pa = virt_to_phys(node);
	struct page *pg = page_of(pa);

	CHECK(pg && pg->state == PAGE_FREE && pg->order == o);
	list_remove(node);
	while (o > order) {
		o--;
		block_insert(pa + (PAGE_SIZE << o), pg + (1ul << o), o);
	}
	pg->state = PAGE_USED;
	pg->order = (uint8_t)order;
	pg->refs = 1;
	free_pages -= 1ul << order;
	check_pages_alloc(pa, pg, order);
	return pa;
}

void page_free(uint64_t pa, unsigned order)
{
	struct page *pg = page_of(pa);

	ASSERT(pg->state != PAGE_FREE && pg->state != PAGE_SINGLE && pg->state != PAGE_RESERVED);
	check_pages_free(pa, pg, order);
	free_pages += 1ul << order;
	if (!order && singles_count < SINGLES_MAX) {
		singles_push(pa, pg);
		return;
	}
	block_free(pa, order);
}

static void block_free(uint64_t pa, unsigned order)
{
	struct zone *z = zone_of(pa);
	uint64_t index = (pa - z->base) >> PAGE_SHIFT;

	/* Buddies are aligned by physical address, so that contiguous blocks are naturally aligned. */
	while (order + 1 < PAGE_ORDERS) {
		uint64_t buddy = pa ^ (PAGE_SIZE << order);
		uint64_t b = (buddy - z->base) >> PAGE_SHIFT;

		if (buddy < z->base || b >= z->pages || z->map[b].state != PAGE_FREE || z->map[b].order != order)
			break;
		list_remove(phys_to_virt(buddy));
		z->map[b].state = PAGE_USED;
		z->map[index].state = PAGE_USED;
		if (buddy < pa) {
			pa = buddy;
			index = b;
		}
		order++;
	}
	z->map[index].refs = 0;
	block_insert(pa, &z->map[index], order);
}

void page_split(uint64_t pa, unsigned order)
{
	struct page *pg = page_of(pa);

	for (uint64_t i = 0; i < 1ul << order; i++) {
		pg[i].state = PAGE_USED;
		pg[i].order = 0;
		pg[i].refs = 1;
	}
}

void page_adopt(uint64_t pa)
{
	struct page *pg = page_of(pa);

	ASSERT(pg && pg->state == PAGE_RESERVED);
	pg->state = PAGE_USED;
	pg->order = 0;
	pg->refs = 1;
}

void page_zero(uint64_t pa)
{
	char *p = phys_to_virt(pa);

	if (platform.cbo_zero_bytes == 64) {
		/* cbo.zero is funct3 2 of MISC-MEM with immediate 4 (CMO specification, "cbo.zero"); older assemblers do not know its
		 * name. Unrolled: the loop would cost as much as the zeroing. */
#define CBO_ZERO ".insn i 0x0f, 2, x0, %0, 4\n\taddi %0, %0, 64\n\t"
		for (char *end = p + PAGE_SIZE; p != end;)
			__asm__ volatile(CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO
						 CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO CBO_ZERO
					 : "+r"(p)::"memory");
#undef CBO_ZERO
		return;
	}
	uint64_t *w = (uint64_t *)p;
	for (uint64_t *end = w + PAGE_SIZE / 8; w != end; w += 16) {
		w[0] = w[1] = w[2] = w[3] = w[4] = w[5] = w[6] = w[7] = 0;
		w[8] = w[9] = w[10] = w[11] = w[12] = w[13] = w[14] = w[15] = 0;
		__asm__ volatile("" ::: "memory"); /* keeps the compiler from calling memset */
	}
}

static bool is_reserved(uint64_t pa, uint64_t *skip_to)
{
	for (size_t i = 0; i < platform.reserved_count; i++) {
		const struct phys_range *r = &platform.reserved[i];
		uint64_t base = r->base & ~(PAGE_SIZE - 1);
		uint64_t end = (r->base + r->size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);

		if (pa >= base && pa < end) {
			*skip_to = end;
			return true;
		}
	}
	return false;
}

/* Lowest address of `bytes` unreserved bytes in the zone, for its own map. */
static uint64_t zone_find(const struct zone *z, uint64_t bytes)
{
	uint64_t start = z->base, end = z->base + (z->pages << PAGE_SHIFT), skip;

	for (uint64_t pa = start; pa < end;) {
		if (is_reserved(pa, &skip)) {
			pa = start = skip;
			continue;
		}
		pa += PAGE_SIZE;
		if (pa - start >= bytes)
			return start;
	}
	return 0;
}

/* Frees [pa, end) in the largest aligned blocks. */
static void free_run(uint64_t pa, uint64_t end)
{
	if (pa < end)
		check_pages_unused(pa, end - pa);
	while (pa < end) {
		unsigned order = 0;

		while (order + 1 < PAGE_ORDERS && !(pa & ((PAGE_SIZE << (order + 1)) - 1)) &&
		       pa + (PAGE_SIZE << (order + 1)) <= end)
			order++;
		page_of(pa)->state = PAGE_USED;
		free_pages += 1ul << order;
		block_free(pa, order);
		pa += PAGE_SIZE << order;
	}
}

static void zone_init(struct zone *z)
{
	uint64_t map_bytes = (z->pages * sizeof(struct page) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	uint64_t map = zone_find(z, map_bytes);
	uint64_t end = z->base + (z->pages << PAGE_SHIFT), skip;

	if (!map)
		panic("no room for the page map of the memory at %#lx", z->base);
	z->map = phys_to_virt(map);
	memset(z->map, 0, map_bytes);
	total_pages += z->pages;
	for (uint64_t pa = z->base, start = pa; pa <= end;) {
		bool stop = pa == end;

		if (stop)
			skip = end + 1;
		else if (pa == map)
			skip = map + map_bytes, stop = true;
		else
			stop = is_reserved(pa, &skip);
		if (stop) {
			free_run(start, pa);
			pa = start = skip;
		} else {
			pa += PAGE_SIZE;
		}
	}
}

void page_init(void)
{
	for (unsigned i = 0; i < PAGE_ORDERS; i++)
		list_init(&free_lists[i]);
	for (size_t i = 0; i < platform.ram_count; i++) {
		struct zone *z = &zones[zone_count];

		z->base = platform.ram[i].base;
		z->pages = platform.ram[i].size >> PAGE_SHIFT;
		if (!z->pages || z->base + platform.ram[i].size > DIRECT_LIMIT)
			continue;
		zone_count++;
		zone_init(z);
	}
}

uint64_t page_free_bytes(void)
{
	return free_pages << PAGE_SHIFT;
}

uint64_t page_total_bytes(void)
{
	return total_pages << PAGE_SHIFT;
}
