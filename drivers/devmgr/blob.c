/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies a node out of the device tree into one of its own. */
#include "drivers/devmgr/blob.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define BLOB_FIRST 4096u
#define BLOB_MAX   (1u << 20)
#define CLOCKS_MAX 16

/* The node with its properties and everything below it */
static int node_copy(const void *from, int offset, void *to)
{
	int depth = 0, next = 0, error = 0;

	do {
		const char *name;
		const void *data;
		int len;

		switch (fdt_next_tag(from, offset, &next)) {
		case FDT_BEGIN_NODE:
			name = depth ? fdt_get_name(from, offset, NULL) : DRIVER_FACT_NODE;
			error = name ? fdt_begin_node(to, name) : -FDT_ERR_BADSTRUCTURE;
			depth++;
			break;
		case FDT_END_NODE:
			error = fdt_end_node(to);
			depth--;
			break;
		case FDT_PROP:
			data = fdt_getprop_by_offset(from, offset, &name, &len);
			error = data ? fdt_property(to, name, len ? data : "", len) : -FDT_ERR_BADSTRUCTURE;
			break;
		case FDT_END: return -FDT_ERR_BADSTRUCTURE;
		default: break;
		}
		offset = next;
	} while (!error && depth);
	return error;
}

/* The names of all aliases of the node */
static int aliases_put(const struct tree *tree, uint32_t node, void *to)
{
	uint32_t aliases = tree_find(tree, "/aliases");
	char names[256];
	size_t len = 0;

	for (uint32_t i = 0; aliases != TREE_NONE && i < tree_prop_count(tree, aliases); i++) {
		const char *name = tree_prop_at(tree, aliases, i)->name;
		size_t n = strlen(name) + 1;

		if (tree_resolve(tree, name, NULL) != node || n > sizeof(names) - len)
			continue;
		memcpy(names + len, name, n);
		len += n;
	}
	return len ? fdt_property(to, DRIVER_FACT_ALIASES, names, (int)len) : 0;
}

static int facts_put(const struct tree *tree, uint32_t node, const struct blob_facts *facts, void *to)
{
	const struct plan *plan = facts->plan;
	fdt32_t cells[DRIVER_REGS_MAX + CLOCKS_MAX];
	char path[TREE_PATH_MAX];
	int error;

	tree_path(tree, node, path, sizeof(path));
	error = fdt_property_string(to, DRIVER_FACT_PATH, path);
	if (!error)
		error = fdt_property_u32(to, DRIVER_FACT_MATCH, facts->match);
	if (!error && facts->console)
		error = fdt_property_string(to, DRIVER_FACT_STDOUT, facts->console);
	if (!error)
		error = aliases_put(tree, node, to);
	for (uint32_t i = 0; i < plan->reg_count; i++)
		cells[i] = cpu_to_fdt32(plan->regs[i].range.size > UINT32_MAX ? UINT32_MAX
									      : (uint32_t)plan->regs[i].range.size);
	if (!error && plan->reg_count)
		error = fdt_property(to, DRIVER_FACT_REG_SIZES, cells, (int)(4 * plan->reg_count));
	if (!error && plan->has_regmap)
		error = fdt_property_u32(to, DRIVER_FACT_REGMAP, (uint32_t)plan->regmap.range.size);
	for (uint32_t i = 0; i < CLOCKS_MAX; i++)
		cells[i] = cpu_to_fdt32(plan_clock_hz(tree, node, i));
	if (!error && tree_prop(tree, node, "clocks"))
		error = fdt_property(to, DRIVER_FACT_CLOCKS, cells, 4 * CLOCKS_MAX);
	return error;
}

static int build(const void *fdt, const struct tree *tree, uint32_t node, const struct blob_facts *facts, void *to,
		 int size)
{
	int error = fdt_create(to, size);

	if (!error)
		error = fdt_finish_reservemap(to);
	if (!error)
		error = fdt_begin_node(to, "");
	if (!error)
		error = facts_put(tree, node, facts, to);
	if (!error)
		error = node_copy(fdt, tree_offset(tree, node), to);
	if (!error)
		error = fdt_end_node(to);
	return error ? error : fdt_finish(to);
}

status_t blob_make(const void *fdt, const struct tree *tree, uint32_t node, const struct blob_facts *facts, void **out,
		   size_t *size)
{
	for (size_t room = BLOB_FIRST; room <= BLOB_MAX; room *= 2) {
		void *to = calloc(1, room);

		if (!to)
			return ERR_NO_MEMORY;
		int error = build(fdt, tree, node, facts, to, (int)room);
		if (!error) {
			*out = to;
			*size = fdt_totalsize(to);
			return OK;
		}
		free(to);
		if (error != -FDT_ERR_NOSPACE)
			return ERR_BAD_FORMAT;
	}
	return ERR_NO_MEMORY;
}
