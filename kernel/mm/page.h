/* SPDX-License-Identifier: BSD-2-Clause */
/* Physical pages: a buddy allocator over the platform's RAM, with a count per page for sharing. */
#pragma once

#include <stdint.h>

#define PAGE_ORDERS 19 /* up to 1 GiB */

struct page {
	uint32_t refs; /* users of an order-0 page (copy-on-write sharing); page tables: next table's frame number */
	uint8_t order;
	uint8_t state; /* PAGE_* */
	uint16_t slab_class;
};
enum { PAGE_RESERVED, PAGE_FREE, PAGE_USED, PAGE_SLAB, PAGE_SINGLE };

void page_init(void);
/* Physical address of 2^order pages, not zeroed; 0 when there are none. */
uint64_t page_alloc(unsigned order);
void page_free(uint64_t pa, unsigned order);
/* Splits an allocation into order-0 pages that are freed one by one. */
void page_split(uint64_t pa, unsigned order);
/* Makes a reserved page (boot archive) an ordinary used one. */
void page_adopt(uint64_t pa);
struct page *page_of(uint64_t pa); /* NULL: not RAM of ours */
void page_zero(uint64_t pa);
uint64_t page_free_bytes(void);
uint64_t page_total_bytes(void);
