/* SPDX-License-Identifier: BSD-2-Clause */
/* Shadow memory: where it is, and marking what may be touched. */
#include "kernel/check/shadow.h"

#include "kernel/check/check.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/platform/ranges.h"
#include "sys/abi/syscall.h"

struct shadow_range shadow_ranges[MAX_RANGES];
static unsigned range_count;

_Static_assert(IMAGE_SHADOW == KERNEL_BASE / 8 + SHADOW_OFFSET, "what the compiler was told (kernel/meson.build)");

const uint8_t shadow_open = 0, shadow_nowhere = SHADOW_NOWHERE;

#define KMMIO_SIZE 0x40000000ull

const uint8_t *shadow_find_slow(uint64_t addr)
{
	for (unsigned i = 1; i < range_count; i++) {
		const struct shadow_range *r = &shadow_ranges[i];

		if (addr - r->start < r->size)
			return &r->shadow[(addr - r->start) / 8];
	}
	if (addr - KMMIO_BASE < KMMIO_SIZE || (!range_count && addr - DIRECT_BASE < DIRECT_LIMIT))
		return &shadow_open;
	return &shadow_nowhere;
}

/* NULL: the memory has none yet. */
static uint8_t *shadow_of(uint64_t addr)
{
	const uint8_t *shadow = shadow_find(addr);

	ASSERT(addr % 8 == 0 && shadow != &shadow_nowhere);
	return shadow == &shadow_open ? NULL : (uint8_t *)(uintptr_t)shadow;
}

void shadow_poison(uint64_t addr, uint64_t size, uint8_t why)
{
	uint8_t *shadow = shadow_of(addr);

	if (shadow)
		raw_memset(shadow, why, (size + 7) / 8);
}

void shadow_allow(uint64_t addr, uint64_t size)
{
	uint8_t *shadow = shadow_of(addr);

	if (!shadow)
		return;
	raw_memset(shadow, 0, size / 8);
	if (size % 8)
		shadow[size / 8] = (uint8_t)(size % 8);
}

const char *check_ram(void)
{
	struct range_list ram = RANGE_LIST(platform.ram, platform.ram_count);
	struct shadow_range found[MAX_RANGES];

	for (size_t i = 0; i < platform.ram_count; i++) {
		struct range_list reserved = RANGE_LIST(platform.reserved, platform.reserved_count);
		struct phys_range r = platform.ram[i];
		uint64_t size = (r.size / 8 + PAGE_SIZE - 1) & -PAGE_SIZE;
		uint64_t phys = ranges_find(ram, reserved, size, 0);
		const char *why;

		if (phys == PHYS_NONE)
			return "there is not enough free memory for the shadow of a checked kernel";
		why = platform_reserve(&platform, phys, size);
		if (why)
			return why;
		found[i] = (struct shadow_range){(uint64_t)phys_to_virt(r.base), r.size, phys_to_virt(phys)};
		raw_memset(found[i].shadow, 0, size);
	}
	raw_memcpy(shadow_ranges, found, platform.ram_count * sizeof(found[0]));
	range_count = (unsigned)platform.ram_count;
	return NULL;
}
