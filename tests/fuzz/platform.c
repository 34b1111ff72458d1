/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: any bytes as the device tree the firmware passes; what comes out must keep its
 * promises.
 */
// fuzz-sources: kernel/platform/*.c kernel/lib/format.c libfdt
// fuzz-runs: 8000
// fuzz-corpus: tests/data/dtb
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/layout.h"
#include "kernel/platform.h"
#include "kernel/platform/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
{
	if (!good)
		abort();
}

static void check_list(const struct phys_range *ranges, size_t count)
{
	require(count <= MAX_RANGES);
	for (size_t i = 0; i < count; i++) {
		require(ranges[i].size && ranges[i].base % 4096 == 0 && ranges[i].size % 4096 == 0);
		require(ranges[i].base + ranges[i].size > ranges[i].base);
		require(!i || ranges[i - 1].base + ranges[i - 1].size < ranges[i].base);
	}
}

static void check_platform(struct platform *p)
{
	struct range_list ram = RANGE_LIST(p->ram, p->ram_count);

	check_list(p->ram, p->ram_count);
	check_list(p->reserved, p->reserved_count);
	check_list(p->unmapped, p->unmapped_count);
	require(p->ram_count && p->ram[p->ram_count - 1].base + p->ram[p->ram_count - 1].size <= DIRECT_LIMIT);
	for (size_t i = 0; i < p->unmapped_count; i++)
		require(ranges_contain(RANGE_LIST(p->reserved, p->reserved_count), p->unmapped[i]));
	require(p->hart_count >= 1 && p->hart_count <= p->opt_max_harts && p->opt_max_harts <= MAX_HARTS);
	for (size_t i = 0; i < p->hart_count; i++)
		for (size_t j = 0; j < i; j++)
			require(p->harts[i].hart_id != p->harts[j].hart_id);
	require(p->timebase_hz && !(p->cbo_zero_bytes & (p->cbo_zero_bytes - 1)));
	require(!p->initrd.size || ranges_contain(ram, range_round_out(p->initrd.base, p->initrd.size)));
	require(!p->plic.size || (p->plic_sources >= 1 && p->plic_sources <= 1023));
	require(strnlen(p->bootargs, sizeof(p->bootargs)) < sizeof(p->bootargs));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct platform p;
	uint64_t *copy; /* aligned as the kernel demands it; exactly as long, so that overruns show */

	if (!size)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	for (uint64_t boot_hart = 0; boot_hart < 5; boot_hart++) {
		if (platform_parse(&p, copy, size, boot_hart))
			continue;
		check_platform(&p);
		if (!platform_reserve_firmware(&p, p.ram[0].base + FIRMWARE_GUESS_SIZE))
			check_platform(&p);
	}
	free(copy);
	return 0;
}
