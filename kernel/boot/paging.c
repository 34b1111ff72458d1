/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The direct map of all RAM and the window for device registers. Every table of the upper half is
 * made here, so the root's entries are final. The image itself is left out of the direct map: its
 * text has no writable alias, and a guard page has none at all.
 */
#include "kernel/boot/paging.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "boot/early.h"
#include "kernel/boot.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/platform/ranges.h"

#define DIRECT_ROOTS   (DIRECT_LIMIT / SIZE_1G)
#define DIRECT_MAX     (2 * MAX_RANGES + 2) /* ranges: RAM with holes for no-map and the image */
#define KMMIO_L0_COUNT 2

uint64_t *kernel_root = root_table;
uint64_t kernel_root_phys;

static page_table kmmio_l1, kmmio_l0[KMMIO_L0_COUNT];
static unsigned kmmio_l0_used;
static uint64_t kmmio_next = KMMIO_BASE;

uint64_t image_phys(const void *symbol)
{
	return (uint64_t)symbol - KERNEL_BASE + kernel_phys_base;
}

/*
 * Memory for tables and for the device tree's copy, reached through the window until the direct
 * map stands.
 */
struct pool {
	uint64_t next, end;
};

static uint64_t pool_take(struct pool *pool, uint64_t size)
{
	uint64_t phys = pool->next;

	ASSERT(pool->end - phys >= size);
	pool->next += size;
	memset(phys_to_virt(phys), 0, size);
	return phys;
}

/* The table that *entry names, made if absent. */
static uint64_t *table_get(uint64_t *entry, struct pool *pool)
{
	if (!*entry)
		*entry = pte_make(pool_take(pool, SIZE_4K), PTE_V);
	return phys_to_virt(*entry >> 10 << 12);
}

static bool leaf_fits(struct phys_range r, uint64_t size)
{
	return r.base % size == 0 && r.size >= size;
}

static void map_direct(uint64_t *roots, struct phys_range r, struct pool *pool)
{
	while (r.size) {
		uint64_t *entry = &roots[r.base / SIZE_1G], step = SIZE_1G;

		if (!leaf_fits(r, SIZE_1G)) {
			entry = &table_get(entry, pool)[pt_index(r.base, 1)];
			step = SIZE_2M;
			if (!leaf_fits(r, SIZE_2M)) {
				entry = &table_get(entry, pool)[pt_index(r.base, 0)];
				step = SIZE_4K;
			}
		}
		*entry = pte_make(r.base, PTE_KERNEL_RW);
		r.base += step;
		r.size -= step;
	}
}

/* An upper bound: a table per GiB touched, one more for each ragged end. */
static uint64_t tables_needed(struct range_list list)
{
	uint64_t n = 0;

	for (size_t i = 0; i < *list.count; i++) {
		struct phys_range r = list.ranges[i];

		n += (r.base + r.size - 1) / SIZE_1G - r.base / SIZE_1G + 1 + 2;
	}
	return n;
}

/* As boot/early.c does, now at virtual addresses. */
static void map_window(uint64_t phys, uint64_t size)
{
	uint64_t end = phys + size;

	for (phys &= ~(SIZE_2M - 1); phys < end; phys += SIZE_2M) {
		uint64_t va = phys + DIRECT_BASE, *root = &root_table[pt_index(va, 2)];
		unsigned table = 0;

		if (!*root) {
			ASSERT(window_used < WINDOW_TABLES);
			*root = pte_make(image_phys(window_tables[window_used++]), PTE_V);
		}
		while (image_phys(window_tables[table]) != *root >> 10 << 12)
			table++;
		window_tables[table][pt_index(va, 1)] = pte_make(phys, PTE_KERNEL_RW);
	}
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* Behind the image if it fits there, anywhere else if not. */
static uint64_t find_memory(uint64_t size, uint64_t dtb_phys, uint64_t dtb_size)
{
	static struct phys_range avoid_ranges[MAX_RANGES + 2];
	size_t count = platform.reserved_count;
	struct range_list avoid = RANGE_LIST(avoid_ranges, count);
	struct range_list ram = RANGE_LIST(platform.ram, platform.ram_count);
	uint64_t phys;

	memcpy(avoid_ranges, platform.reserved, count * sizeof(avoid_ranges[0]));
	ranges_add(avoid, range_round_out(dtb_phys, dtb_size));
	phys = ranges_find(ram, avoid, size, kernel_phys_base + kernel_phys_size);
	return phys == PHYS_NONE ? ranges_find(ram, avoid, size, 0) : phys;
}

const char *paging_init(uint64_t dtb_phys, uint64_t dtb_size)
{
	static struct phys_range direct_ranges[DIRECT_MAX];
	static uint64_t roots[DIRECT_ROOTS];
	size_t count = platform.ram_count;
	struct range_list direct = RANGE_LIST(direct_ranges, count);
	uint64_t tables, dtb_pages = (dtb_size + SIZE_4K - 1) & -SIZE_4K, dtb_copy;
	struct pool pool;

	memcpy(direct_ranges, platform.ram, count * sizeof(direct_ranges[0]));
	for (size_t i = 0; i < platform.unmapped_count; i++)
		if (!ranges_remove(direct, platform.unmapped[i]))
			return "device tree: too many no-map ranges";
	if (!ranges_remove(direct, (struct phys_range){.base = kernel_phys_base, .size = kernel_phys_size}))
		return "device tree: too many memory ranges";

	tables = tables_needed(direct);
	pool.next = find_memory(tables * SIZE_4K + dtb_pages, dtb_phys, dtb_size);
	if (pool.next == PHYS_NONE)
		return "there is not enough free memory for the kernel's page tables";
	pool.end = pool.next + tables * SIZE_4K + dtb_pages;
	map_window(pool.next, pool.end - pool.next);
	platform.dtb = (struct phys_range){.base = pool.next, .size = dtb_size};

	dtb_copy = pool_take(&pool, dtb_pages);
	memcpy(phys_to_virt(dtb_copy), phys_to_virt(dtb_phys), dtb_size);
	for (size_t i = 0; i < count; i++)
		map_direct(roots, direct_ranges[i], &pool);

	kernel_root_phys = image_phys(root_table);
	memcpy(&root_table[pt_index(DIRECT_BASE, 2)], roots, sizeof(roots));
	root_table[pt_index(KMMIO_BASE, 2)] = pte_make(image_phys(kmmio_l1), PTE_V);
	__asm__ volatile("sfence.vma" ::: "memory");
	return platform_reserve(&platform, dtb_copy, pool.next - dtb_copy);
}

volatile void *kmap_device(uint64_t phys, size_t size)
{
	uint64_t from = phys & -SIZE_4K, end = (phys + size + SIZE_4K - 1) & -SIZE_4K, va;

	/* The same offset within 2 MiB, so that large pages fit. */
	va = ((kmmio_next - 1) | (SIZE_2M - 1)) + 1 + from % SIZE_2M;
	kmmio_next = va + (end - from);
	if (kmmio_next > KMMIO_BASE + SIZE_1G || end < from)
		panic("no room to map %lu bytes of device registers at 0x%lx", size, phys);
	for (uint64_t at = va; from < end;) {
		uint64_t *entry = &kmmio_l1[pt_index(at, 1)], step = SIZE_2M;

		if (!leaf_fits((struct phys_range){.base = from, .size = end - from}, SIZE_2M)) {
			uint64_t *l0;

			if (!*entry) {
				ASSERT(kmmio_l0_used < KMMIO_L0_COUNT);
				*entry = pte_make(image_phys(kmmio_l0[kmmio_l0_used++]), PTE_V);
			}
			l0 = (uint64_t *)((*entry >> 10 << 12) - kernel_phys_base + KERNEL_BASE);
			entry = &l0[pt_index(at, 0)];
			step = SIZE_4K;
		}
		*entry = pte_make(from, PTE_KERNEL_RW);
		from += step;
		at += step;
	}
	__asm__ volatile("sfence.vma" ::: "memory");
	return (volatile void *)(va + phys % SIZE_4K);
}
