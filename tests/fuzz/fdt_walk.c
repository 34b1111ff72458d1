/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: any bytes as a device tree, through everything that devmgr does with one. */
// fuzz-sources: drivers/devmgr/tree/*.c drivers/devmgr/bind/*.c drivers/devmgr/blob.c drivers/devmgr/child.c drivers/devmgr/plan.c drivers/devmgr/policy.c drivers/devmgr/providers.c drivers/devmgr/providers_map.c libfdt
// fuzz-runs: 1000
// fuzz-corpus: tests/data/dtb
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/blob.h"
#include "drivers/devmgr/providers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct driver_manifest drivers[] = {
	{.matches = {{.kind = DRIVER_MATCH_COMPATIBLE, .compatible = "ns16550a"}}},
	{.matches = {{.kind = DRIVER_MATCH_COMPATIBLE, .compatible = "syscon-poweroff"}}},
};

static void require(int good)
{
	if (!good)
		abort();
}

static void visit(const void *fdt, const struct tree *tree, uint32_t node, uint32_t controller, struct claims *claims)
{
	struct plan plan;
	struct match match;
	char path[TREE_PATH_MAX];
	void *blob;
	size_t size;

	tree_path(tree, node, path, sizeof(path));
	require(memchr(path, 0, sizeof(path)) != NULL);
	(void)tree_enabled(tree, node);
	if (match_find(tree, node, drivers, 2, &match))
		require(match.driver < 2 && match.entry == 0);
	plan_make(tree, node, controller, &plan);
	require(plan.reg_count <= DRIVER_REGS_MAX && plan.irq_count <= DRIVER_IRQS_MAX);
	for (uint32_t i = 0; i < plan.reg_count; i++) {
		const struct tree_range *range = &plan.regs[i].range;

		require(plan.regs[i].problem[0] || range->base + (range->size - 1) >= range->base);
	}
	if (!plan_problem(&plan))
		(void)plan_claim(claims, tree, node, &plan);
	struct blob_facts facts = {.console = "115200n8", .plan = &plan};
	if (blob_make(fdt, tree, node, &facts, &blob, &size) == OK) {
		struct tree *small = NULL;

		/* What drivers get is always a good tree. */
		require(tree_parse(blob, size, &small) == OK);
		require(tree_find(small, "/node") != TREE_NONE);
		tree_free(small);
		free(blob);
	}
}

/* Who waits for whom, with a driver for every `every`th device; 0: for none */
static void depend(const void *fdt, const struct tree *tree, uint32_t controller, uint32_t every)
{
	uint32_t count = tree_count(tree);
	bool *driven = calloc(count, sizeof(*driven));
	uint32_t *rows = calloc(count, sizeof(*rows));
	const struct provider_world world = {tree, controller, driven};
	struct provider_map map;
	char text[128];

	require(driven && rows);
	for (uint32_t i = 0; i < count; i++)
		driven[i] = every && i % every == 0 && tree_prop(tree, i, "compatible") && tree_enabled(tree, i);
	require(providers_map(&world, &map) == OK);
	for (uint32_t i = 0; i < count; i++) {
		const struct provider_ref *missing = provider_missing(&map, i, 0);

		if (missing)
			provider_explain(&map, missing, text, sizeof(text));
		if (map.circle[i] != TREE_NONE) {
			require(driven[i] && map.circle[i] < count && driven[map.circle[i]]);
			provider_circle(&map, i, text, sizeof(text));
			require(strstr(text, " -> ") != NULL || strlen(text) > 100);
		}
		for (uint32_t r = 0; r < map.of[i].count; r++) {
			const struct provider_ref *ref = &map.of[i].refs[r];
			uint32_t cells[DRIVER_ROW_CELLS];

			require(ref->kind < DRIVER_REF_KINDS && ref->ncells <= DRIVER_REF_CELLS_MAX);
			require((ref->state == DRIVER_REF_BAD) == (ref->problem[0] != 0));
			require(!ref->loose || !provider_mandatory(ref->kind));
			if (ref->state != DRIVER_REF_DRIVEN)
				continue;
			require(driven[ref->owner] && ref->owner != i && ref->row == rows[ref->owner]++);
			provider_row_cells(&map, i, ref, cells);
			require(cells[0] == ref->kind);
		}
	}
	for (uint32_t i = 0; i < count; i++)
		require(rows[i] == map.rows[i]);
	/* What drivers hear about it: providers with rows first of all */
	for (uint32_t i = 0, made = 0; i < count && made < 5; i++) {
		struct plan plan;
		struct blob_facts facts = {.plan = &plan, .providers = &map};
		struct tree *small = NULL;
		uint32_t value;
		void *blob;
		size_t size;

		if (!driven[i] || (!map.rows[i] && i % 5))
			continue;
		made++;
		plan_make(tree, i, controller, &plan);
		if (blob_make(fdt, tree, i, &facts, &blob, &size) != OK)
			continue;
		require(tree_parse(blob, size, &small) == OK);
		if (map.rows[i]) {
			require(tree_cell(small, 0, DRIVER_FACT_ROWS, map.rows[i] * DRIVER_ROW_CELLS - 1, &value) ==
				OK);
			require(tree_string(small, 0, DRIVER_FACT_ROW_NODES, map.rows[i] - 1) != NULL);
			require(tree_string(small, 0, DRIVER_FACT_ROW_NODES, map.rows[i]) == NULL);
		}
		if (map.of[i].count)
			require(tree_string(small, 0, DRIVER_FACT_REF_NAMES, map.of[i].count - 1) != NULL);
		tree_free(small);
		free(blob);
	}
	providers_free(&map);
	free(driven);
	free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree *tree = NULL;
	struct claims claims;
	void *fdt = malloc(size ? size : 1); /* aligned, and its end watched */

	if (!fdt)
		return 0;
	memcpy(fdt, data, size);
	if (tree_parse(fdt, size, &tree) == OK) {
		uint32_t controller = plan_controller(tree, 0);

		require(claims_init(&claims, tree) == OK);
		/* Work grows with the square of the nodes here: enough of them is enough. */
		for (uint32_t i = 0; i < tree_count(tree) && i < 200; i++)
			visit(fdt, tree, i, controller, &claims);
		(void)tree_stdout(tree, NULL);
		depend(fdt, tree, controller, 0);
		depend(fdt, tree, controller, 1);
		depend(fdt, tree, controller, 3);
		claims_free(&claims);
		tree_free(tree);
	}
	free(fdt);
	return 0;
}
