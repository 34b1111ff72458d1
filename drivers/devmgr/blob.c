/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies a node out of the device tree into one of its own. */
#include "drivers/devmgr/blob.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define BLOB_FIRST   4096u
#define BLOB_MAX     (1u << 20)
#define CLOCKS_MAX   16
#define WINDOWS_MAX  16
#define WINDOW_CELLS 7

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

static void cells_put64(fdt32_t *cells, uint64_t value)
{
	cells[0] = cpu_to_fdt32((uint32_t)(value >> 32));
	cells[1] = cpu_to_fdt32((uint32_t)value);
}

/* A bus that was found itself has no windows of its own. */
static int windows_put(const struct tree *tree, uint32_t node, void *to)
{
	fdt32_t cells[WINDOW_CELLS * WINDOWS_MAX];
	struct tree_range window;
	uint32_t count = 0;
	status_t status = tree_added(tree, node) ? ERR_NOT_FOUND : OK;

	for (uint32_t i = 0; status != ERR_NOT_FOUND && status != ERR_BAD_FORMAT && count < WINDOWS_MAX; i++) {
		fdt32_t *entry = &cells[WINDOW_CELLS * count];
		uint64_t address;
		uint32_t first;

		status = tree_window(tree, node, i, &window);
		if (status != OK)
			continue;
		tree_window_inside(tree, node, i, &first, &address);
		entry[0] = cpu_to_fdt32(first);
		cells_put64(entry + 1, address);
		cells_put64(entry + 3, window.base);
		cells_put64(entry + 5, window.size);
		count++;
	}
	return count ? fdt_property(to, DRIVER_FACT_WINDOWS, cells, (int)(4 * WINDOW_CELLS * count)) : 0;
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
	if (!error)
		error = windows_put(tree, node, to);
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

static void cells_write(void *at, const uint32_t *cells, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fdt32_st((uint8_t *)at + 4 * (size_t)i, cells[i]);
}

/* What the node needs */
static int refs_put(const struct provider_list *list, uint32_t node, void *to)
{
	void *cells, *names;
	size_t names_len = 0;

	for (uint32_t i = 0; i < list->count; i++)
		names_len += strlen(list->refs[i].name) + 1;
	if (!list->count)
		return 0;
	int error = fdt_property_placeholder(to, DRIVER_FACT_REFS, (int)(4 * DRIVER_REF_CELLS * list->count), &cells);
	for (uint32_t i = 0; !error && i < list->count; i++) {
		const struct provider_ref *ref = &list->refs[i];
		const uint32_t values[DRIVER_REF_CELLS] = {ref->kind | (ref->at == node ? 0 : DRIVER_REF_OF_PART),
							   ref->state, ref->index, (uint32_t)(ref->value >> 32),
							   (uint32_t)ref->value};

		cells_write((uint8_t *)cells + 4 * DRIVER_REF_CELLS * (size_t)i, values, DRIVER_REF_CELLS);
	}
	if (!error)
		error = fdt_property_placeholder(to, DRIVER_FACT_REF_NAMES, (int)names_len, &names);
	for (uint32_t i = 0; !error && i < list->count; i++) {
		size_t len = strlen(list->refs[i].name) + 1;

		memcpy(names, list->refs[i].name, len);
		names = (uint8_t *)names + len;
	}
	return error;
}

/* The next entry that the node serves; they come in the order of their rows. *consumer and *entry: where to look on */
static const struct provider_ref *row_next(const struct provider_map *map, uint32_t node, uint32_t *consumer,
					   uint32_t *entry)
{
	for (; *consumer < map->count; ++*consumer, *entry = 0) {
		while (*entry < map->of[*consumer].count) {
			const struct provider_ref *ref = &map->of[*consumer].refs[(*entry)++];

			if (ref->state == DRIVER_REF_DRIVEN && ref->owner == node)
				return ref;
		}
	}
	return NULL;
}

/* What others need of the node */
static int rows_put(const struct provider_map *map, uint32_t node, void *to)
{
	uint32_t rows = map->rows[node], row[DRIVER_ROW_CELLS], consumer = 0, entry = 0;
	const struct provider_ref *ref;
	char path[TREE_PATH_MAX];
	size_t names = 0;
	void *at;

	if (!rows)
		return 0;
	if (rows > BLOB_MAX / (4 * DRIVER_ROW_CELLS))
		return -FDT_ERR_BADVALUE;
	int error = fdt_property_placeholder(to, DRIVER_FACT_ROWS, (int)(4 * DRIVER_ROW_CELLS * rows), &at);
	while (!error && (ref = row_next(map, node, &consumer, &entry))) {
		provider_row_cells(map, consumer, ref, row);
		cells_write((uint8_t *)at + 4 * DRIVER_ROW_CELLS * (size_t)ref->row, row, DRIVER_ROW_CELLS);
		names += provider_inner_path(map->world.tree, ref->node, node, path);
	}
	if (!error)
		error = fdt_property_placeholder(to, DRIVER_FACT_ROW_NODES, (int)names, &at);
	consumer = entry = 0;
	while (!error && (ref = row_next(map, node, &consumer, &entry))) {
		size_t len = provider_inner_path(map->world.tree, ref->node, node, path);

		memcpy(at, path, len);
		at = (uint8_t *)at + len;
	}
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
	if (!error && facts->providers && node < facts->providers->count)
		error = refs_put(&facts->providers->of[node], node, to);
	if (!error && facts->providers && node < facts->providers->count)
		error = rows_put(facts->providers, node, to);
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
