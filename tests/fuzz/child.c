/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: what a bus driver reports. The bytes are any number of children: struct child_said, a length, properties. */
// fuzz-sources: drivers/devmgr/tree/*.c drivers/devmgr/bind/*.c drivers/devmgr/blob.c drivers/devmgr/child.c drivers/devmgr/plan.c drivers/devmgr/policy.c drivers/devmgr/providers.c drivers/devmgr/providers_map.c libfdt
// fuzz-runs: 80000
// fuzz-corpus: tests/fuzz/corpus/child
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/child.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int good)
{
	if (!good)
		abort();
}

#define WINDOW      0x40000000u
#define WINDOW_SIZE 0x100000u

static uint64_t machine[256];

/* A bus with one window, and an interrupt-map of one pin */
static void machine_make(void)
{
	const fdt32_t ranges[] = {0, cpu_to_fdt32(WINDOW), cpu_to_fdt32(WINDOW_SIZE)};
	const fdt32_t map[] = {0, cpu_to_fdt32(1), cpu_to_fdt32(1), cpu_to_fdt32(7)};

	fdt_create(machine, sizeof(machine));
	fdt_finish_reservemap(machine);
	fdt_begin_node(machine, "");
	fdt_property_u32(machine, "#address-cells", 1);
	fdt_property_u32(machine, "#size-cells", 1);
	fdt_begin_node(machine, "plic");
	fdt_property_string(machine, "compatible", "riscv,plic0");
	fdt_property_u32(machine, "phandle", 1);
	fdt_property_u32(machine, "#interrupt-cells", 1);
	fdt_property_u32(machine, "#address-cells", 0);
	fdt_property(machine, "interrupt-controller", "", 0);
	fdt_end_node(machine);
	fdt_begin_node(machine, "bus");
	fdt_property_u32(machine, "#address-cells", 1);
	fdt_property_u32(machine, "#size-cells", 1);
	fdt_property_u32(machine, "#interrupt-cells", 1);
	fdt_property(machine, "ranges", ranges, sizeof(ranges));
	fdt_property(machine, "interrupt-map", map, sizeof(map));
	fdt_end_node(machine);
	fdt_end_node(machine);
	require(fdt_finish(machine) == 0);
}

static void visit(struct tree *tree, uint32_t node, const struct plan *plan)
{
	static const struct driver_manifest driver = {
		.matches = {{.kind = DRIVER_MATCH_COMPATIBLE, .compatible = "test,child"}}};
	struct blob_facts facts = {.plan = plan};
	struct match match;
	struct tree *small = NULL;
	char path[TREE_PATH_MAX];
	void *made;
	size_t size;

	tree_path(tree, node, path, sizeof(path));
	require(tree_find(tree, path) == node || strlen(path) >= sizeof(path) - 4);
	(void)match_find(tree, node, &driver, 1, &match);
	(void)tree_enabled(tree, node);
	(void)plan_kernel_node(tree, node);
	if (blob_make(tree_blob(tree, node), tree, node, &facts, &made, &size) == OK) {
		require(tree_parse(made, size, &small) == OK);
		require(tree_find(small, "/node") != TREE_NONE);
		tree_free(small);
		free(made);
	}
}

/* As devmgr does with a report (children.c). *bus moves down now and then, so that buses on buses come about. */
static void report(struct tree *tree, struct claims *claims, uint32_t *bus, struct plan *bus_plan,
		   struct child_said *said, const uint8_t *blob, size_t size)
{
	struct plan plan;
	uint32_t node;
	bool found = tree_added(tree, *bus);

	said->name[sizeof(said->name) - 1] = 0;
	if (child_plan(tree, *bus, bus_plan, tree_find(tree, "/plic"), said, TREE_NONE, &plan) != OK)
		return;
	for (uint32_t i = 0; i < plan.reg_count; i++) {
		const struct tree_range *range = &plan.regs[i].range;

		if (!range->size)
			continue;
		require(range->base >= WINDOW && range->base - WINDOW <= WINDOW_SIZE - 1);
		require(range->size <= WINDOW_SIZE - (range->base - WINDOW));
	}
	require(!plan.irq_count || plan.irqs[0].problem[0] || (plan.irqs[0].source == 7 && !found));
	uint32_t before = tree_count(tree);
	if (tree_add(tree, *bus, said->name, blob, size, &node) != OK) {
		require(tree_count(tree) == before);
		return;
	}
	for (uint32_t i = 0; i < plan.reg_count; i++)
		plan.regs[i].source = node;
	visit(tree, node, &plan);
	uint32_t claimed = claims->count;
	if (plan_claim(claims, tree, node, &plan) != OK) {
		require(claims->count == claimed);
		tree_remove_last(tree);
		require(tree_count(tree) == before);
		return;
	}
	if (said->number & 1) {
		/* half of the bytes may hold a whole tree: what follows one is not looked at */
		bool changed = tree_change(tree, node, blob, size / 2) == OK;
		require(tree_same(tree, node, blob, changed ? size / 2 : size));
	}
	if (said->number & 2) {
		*bus = node;
		*bus_plan = plan;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct claims claims;
	struct tree *tree;
	struct plan bus_plan;
	uint32_t bus;

	machine_make();
	require(tree_parse(machine, sizeof(machine), &tree) == OK);
	require(claims_init(&claims, tree) == OK);
	bus = tree_find(tree, "/bus");
	plan_make(tree, bus, TREE_NONE, &bus_plan);
	for (unsigned i = 0; i < 64; i++) {
		struct child_said said;
		uint16_t len;

		if (size < sizeof(said) + sizeof(len))
			break;
		memcpy(&said, data, sizeof(said));
		memcpy(&len, data + sizeof(said), sizeof(len));
		data += sizeof(said) + sizeof(len);
		size -= sizeof(said) + sizeof(len);
		size_t n = len < size ? len : size;
		uint8_t *copy = malloc(n ? n : 1); /* its end watched */
		require(copy != NULL);
		memcpy(copy, data, n);
		report(tree, &claims, &bus, &bus_plan, &said, copy, n);
		free(copy);
		data += n;
		size -= n;
	}
	claims_free(&claims);
	tree_free(tree);
	return 0;
}
