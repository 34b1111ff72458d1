/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM and what is reserved in it: memory nodes, /reserved-memory, the tree's reservation block,
 * firmware. Pure.
 */
#include <libfdt.h>
#include <string.h>

#include "kernel/layout.h"
#include "kernel/platform/parse.h"
#include "kernel/platform/ranges.h"
#include "kernel/platform/tree.h"

static const char *too_many(const char *what)
{
	return platform_fail("device tree: more than %d separate ranges of %s", MAX_RANGES, what);
}

static bool is_memory_node(const void *fdt, int node)
{
	const char *type = tree_string(fdt, node, "device_type");

	return type && !strcmp(type, "memory") && tree_is_okay(fdt, node);
}

static const char *parse_ram(struct platform *p, const void *fdt)
{
	struct range_list ram = RANGE_LIST(p->ram, p->ram_count);
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		uint64_t base, size;

		if (!is_memory_node(fdt, node))
			continue;
		for (unsigned i = 0; tree_reg(fdt, 0, node, i, &base, &size); i++) {
			struct phys_range r = range_round_in(base, size);

			if (r.base >= DIRECT_LIMIT)
				continue;
			if (r.size > DIRECT_LIMIT - r.base) /* beyond the direct map's window */
				r.size = DIRECT_LIMIT - r.base;
			if (!ranges_add(ram, r))
				return too_many("memory");
		}
	}
	if (!p->ram_count)
		return "device tree: no memory node with a usable reg";
	return NULL;
}

/* Only what touches RAM is of interest: lists are short. */
static const char *reserve(struct platform *p, uint64_t base, uint64_t size, bool no_map)
{
	struct phys_range r = range_round_out(base, size);

	if (!ranges_overlap(RANGE_LIST(p->ram, p->ram_count), r))
		return NULL;
	if (!ranges_add(RANGE_LIST(p->reserved, p->reserved_count), r))
		return too_many("reserved memory");
	if (no_map && !ranges_add(RANGE_LIST(p->unmapped, p->unmapped_count), r))
		return too_many("reserved memory with no-map");
	return NULL;
}

static const char *parse_reserved_nodes(struct platform *p, const void *fdt)
{
	int parent = fdt_subnode_offset(fdt, 0, "reserved-memory"), node;
	const char *why;

	if (parent < 0)
		return NULL;
	fdt_for_each_subnode(node, fdt, parent) {
		bool no_map = fdt_getprop(fdt, node, "no-map", NULL) != NULL;
		uint64_t base, size;

		if (!tree_is_okay(fdt, node))
			continue;
		/*
		 * Without reg it asks for some memory to be set aside: a driver's business, later.
		 */
		for (unsigned i = 0; tree_reg(fdt, parent, node, i, &base, &size); i++) {
			why = reserve(p, base, size, no_map);
			if (why)
				return why;
		}
	}
	return NULL;
}

static const char *parse_reservation_block(struct platform *p, const void *fdt)
{
	int count = fdt_num_mem_rsv(fdt);

	for (int i = 0; i < count; i++) {
		uint64_t base, size;
		const char *why;

		if (fdt_get_mem_rsv(fdt, i, &base, &size))
			return "device tree: its memory reservation block is malformed";
		why = reserve(p, base, size, false);
		if (why)
			return why;
	}
	return NULL;
}

const char *platform_parse_memory(struct platform *p, const void *fdt)
{
	const char *why = parse_ram(p, fdt);

	if (!why)
		why = parse_reserved_nodes(p, fdt);
	if (!why)
		why = parse_reservation_block(p, fdt);
	return why;
}

const char *platform_reserve(struct platform *p, uint64_t base, uint64_t size)
{
	return reserve(p, base, size, false);
}

const char *platform_reserve_firmware(struct platform *p, uint64_t kernel_base)
{
	for (size_t i = 0; i < p->ram_count; i++) {
		struct phys_range below = {.base = p->ram[i].base};

		if (kernel_base < below.base || kernel_base - below.base >= p->ram[i].size)
			continue;
		below.size = kernel_base - below.base;
		/* Loaded further up, or the firmware has told: nothing to guess. */
		if (!below.size || below.size > FIRMWARE_GUESS_SIZE ||
		    ranges_overlap(RANGE_LIST(p->reserved, p->reserved_count), below))
			return NULL;
		return reserve(p, below.base, below.size, true);
	}
	return "the kernel was loaded outside of the memory that the device tree names";
}
