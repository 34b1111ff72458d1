/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the tables of struct tree from a blob. libfdt checks the blob's form first; what it does not
 * check (meaning, depth, doubles) is checked here. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "drivers/devmgr/tree/internal.h"
#include "sys/lib/fdt_blob.h"

static void defect_add(struct tree *tree, uint32_t node, const char *text)
{
	if (tree->defect_count < TREE_DEFECTS_MAX)
		tree->defects[tree->defect_count] = (struct tree_defect){node, text};
	tree->defect_count++;
}

/* How many nodes and properties there are, so that the tables are made once. */
static void count(const void *blob, uint32_t *nodes, uint32_t *props)
{
	int offset = 0, next = 0;
	uint32_t tag;

	*nodes = *props = 0;
	do {
		tag = fdt_next_tag(blob, offset, &next);
		if (tag == FDT_BEGIN_NODE)
			++*nodes;
		else if (tag == FDT_PROP)
			++*props;
		offset = next;
	} while (tag != FDT_END);
}

static void add_prop(struct tree *tree, const void *blob, int offset, uint32_t node)
{
	const char *name = NULL;
	int len = 0;
	const void *data = fdt_getprop_by_offset(blob, offset, &name, &len);
	struct tree_node *owner = &tree->nodes[node];

	if (!data || !name || len < 0) {
		defect_add(tree, node, "unreadable property");
		return;
	}
	/* Properties of a node lie together; one behind a child would not. */
	if (owner->child != TREE_NONE) {
		defect_add(tree, node, "property behind a child node (ignored)");
		return;
	}
	if (tree_prop(tree, node, name)) {
		defect_add(tree, node, "property given twice (the first counts)");
		return;
	}
	tree->props[tree->prop_count++] = (struct tree_prop){name, data, (uint32_t)len};
	owner->prop_count++;
}

static uint32_t add_node(struct tree *tree, const void *blob, int offset, uint32_t parent, uint32_t *last_child)
{
	uint32_t index = tree->node_count++;
	struct tree_node *node = &tree->nodes[index];
	const char *name = fdt_get_name(blob, offset, NULL);

	*node = (struct tree_node){
		.name = name ? name : "",
		.offset = offset,
		.parent = parent,
		.child = TREE_NONE,
		.next = TREE_NONE,
		.depth = parent == TREE_NONE ? 0 : tree->nodes[parent].depth + 1,
		.prop_first = tree->prop_count,
	};
	last_child[index] = TREE_NONE;
	if (parent != TREE_NONE) {
		if (last_child[parent] == TREE_NONE)
			tree->nodes[parent].child = index;
		else
			tree->nodes[last_child[parent]].next = index;
		last_child[parent] = index;
		if (!*node->name || strchr(node->name, '/'))
			defect_add(tree, index, "node without a proper name");
	}
	return index;
}

static void walk(struct tree *tree, const void *blob, uint32_t *last_child)
{
	uint32_t current = TREE_NONE;
	uint32_t skipped = 0; /* levels below a node that was left out */
	int offset = 0, next = 0;
	uint32_t tag;

	do {
		tag = fdt_next_tag(blob, offset, &next);
		switch (tag) {
		case FDT_BEGIN_NODE:
			if (skipped) {
				skipped++;
			} else if (current == TREE_NONE && tree->node_count) {
				skipped = 1;
				defect_add(tree, 0, "second root (ignored)");
			} else if (current != TREE_NONE && tree->nodes[current].depth + 1 >= TREE_DEPTH_MAX) {
				skipped = 1;
				defect_add(tree, current, "children too deep (ignored)");
			} else {
				current = add_node(tree, blob, offset, current, last_child);
			}
			break;
		case FDT_END_NODE:
			if (skipped)
				skipped--;
			else if (current != TREE_NONE)
				current = tree->nodes[current].parent;
			break;
		case FDT_PROP:
			if (!skipped && current != TREE_NONE)
				add_prop(tree, blob, offset, current);
			break;
		default: break;
		}
		offset = next;
	} while (tag != FDT_END);
}

static uint32_t bus_cells(struct tree *tree, uint32_t node, const char *name, uint32_t absent)
{
	uint32_t cells;
	status_t status = tree_u32(tree, node, name, &cells);

	if (status == ERR_NOT_FOUND)
		return absent;
	if (status != OK || cells > TREE_CELLS_MAX) {
		defect_add(tree, node, "bad #address-cells or #size-cells");
		return TREE_CELLS_MAX + 1;
	}
	return cells;
}

static int compare_phandles(const void *a, const void *b)
{
	const struct tree_phandle *x = a, *y = b;

	if (x->phandle != y->phandle)
		return x->phandle < y->phandle ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static void collect(struct tree *tree)
{
	for (uint32_t i = 0; i < tree->node_count; i++) {
		struct tree_node *node = &tree->nodes[i];
		uint32_t phandle;

		node->address_cells = bus_cells(tree, i, "#address-cells", 2);
		node->size_cells = bus_cells(tree, i, "#size-cells", 1);
		status_t status = tree_u32(tree, i, "phandle", &phandle);
		if (status == ERR_NOT_FOUND)
			status = tree_u32(tree, i, "linux,phandle", &phandle);
		if (status == ERR_NOT_FOUND)
			continue;
		if (status != OK || phandle == 0 || phandle == UINT32_MAX) {
			defect_add(tree, i, "bad phandle");
			continue;
		}
		tree->phandles[tree->phandle_count++] = (struct tree_phandle){phandle, i};
	}
	if (tree->phandle_count)
		qsort(tree->phandles, tree->phandle_count, sizeof(tree->phandles[0]), compare_phandles);
	for (uint32_t i = 1; i < tree->phandle_count; i++) {
		if (tree->phandles[i].phandle == tree->phandles[i - 1].phandle)
			defect_add(tree, tree->phandles[i].node, "phandle of another node (that one counts)");
	}
}

status_t tree_parse(const void *blob, size_t size, struct tree **out)
{
	uint32_t nodes, props;

	if (!fdt_blob_valid(blob, size))
		return ERR_BAD_FORMAT;
	count(blob, &nodes, &props);
	if (nodes == 0)
		return ERR_BAD_FORMAT;

	struct tree *tree = calloc(1, sizeof(*tree));
	uint32_t *last_child = calloc(nodes, sizeof(*last_child));
	if (tree && last_child) {
		tree->blob = blob;
		tree->node_capacity = nodes;
		tree->nodes = calloc(nodes, sizeof(*tree->nodes));
		tree->props = calloc(props ? props : 1, sizeof(*tree->props));
		tree->phandles = calloc(nodes, sizeof(*tree->phandles));
	}
	if (!tree || !tree->nodes || !tree->props || !tree->phandles) {
		free(last_child);
		tree_free(tree);
		return ERR_NO_MEMORY;
	}
	walk(tree, blob, last_child);
	free(last_child);
	collect(tree);
	*out = tree;
	return OK;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (uint32_t i = 0; tree->nodes && i < tree->node_count; i++)
		tree_own_free(tree->nodes[i].own);
	free(tree->nodes);
	free(tree->props);
	free(tree->phandles);
	free(tree);
}
