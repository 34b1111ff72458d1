/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts: from a node's specifiers to the controller that takes them (Devicetree Specification 2.4). */
#include <string.h>

#include "drivers/devmgr/tree/internal.h"

/* Longest chain of interrupt parents and maps. Longer is a loop. */
#define HOPS_MAX 16

/* Cells of a specifier at a controller or nexus; 0: it is neither, or nonsense. */
static uint32_t specifier_cells(const struct tree *tree, uint32_t node)
{
	uint32_t cells;

	if (tree_u32(tree, node, "#interrupt-cells", &cells) != OK || cells > TREE_CELLS_MAX)
		return 0;
	return cells;
}

/* The node that interprets the `interrupts` of a node: the nearest above, by `interrupt-parent` or by
 * place, that has #interrupt-cells. */
static uint32_t parent_find(const struct tree *tree, uint32_t node)
{
	for (uint32_t hop = 0; hop < HOPS_MAX + TREE_DEPTH_MAX && node != TREE_NONE; hop++) {
		uint32_t phandle;
		status_t status = tree_u32(tree, node, "interrupt-parent", &phandle);

		if (status == OK)
			node = tree_by_phandle(tree, phandle);
		else if (status == ERR_NOT_FOUND)
			node = tree->nodes[node].parent;
		else
			return TREE_NONE;
		if (node != TREE_NONE && tree_prop(tree, node, "#interrupt-cells"))
			return node;
	}
	return TREE_NONE;
}

/* Address cells of a map's parent side: nothing there means none (2.4.3.1). */
static uint32_t parent_address_cells(const struct tree *tree, uint32_t node)
{
	if (!tree_prop(tree, node, "#address-cells"))
		return 0;
	return tree->nodes[node].address_cells;
}

struct map_key {
	uint32_t cells[2 * TREE_CELLS_MAX]; /* address, then specifier */
	uint32_t address_cells;
	uint32_t total;
};

static bool key_matches(const struct map_key *key, const uint8_t *entry, const struct tree_prop *mask)
{
	for (uint32_t i = 0; i < key->total; i++) {
		uint32_t bits = mask ? tree_be32(mask->data + 4 * (size_t)i) : UINT32_MAX;

		if ((key->cells[i] & bits) != (tree_be32(entry + 4 * (size_t)i) & bits))
			return false;
	}
	return true;
}

/* One step through an interrupt-map. On success key and *node are those of the parent side. */
static status_t map_step(const struct tree *tree, uint32_t *node, struct map_key *key)
{
	const struct tree_prop *map = tree_prop(tree, *node, "interrupt-map");
	const struct tree_prop *mask = tree_prop(tree, *node, "interrupt-map-mask");

	if (mask && mask->len != 4 * key->total)
		return ERR_BAD_FORMAT;
	for (uint32_t at = 0; at < map->len;) {
		const uint8_t *entry = map->data + at;
		uint32_t head = 4 * (key->total + 1);

		if (map->len - at < head)
			return ERR_BAD_FORMAT;
		uint32_t parent = tree_by_phandle(tree, tree_be32(entry + head - 4));
		if (parent == TREE_NONE)
			return ERR_UNSUPPORTED;
		uint32_t address_cells = parent_address_cells(tree, parent);
		uint32_t cells = specifier_cells(tree, parent);
		if (!cells || address_cells > TREE_CELLS_MAX || map->len - at - head < 4 * (address_cells + cells))
			return ERR_BAD_FORMAT;
		if (key_matches(key, entry, mask)) {
			key->address_cells = address_cells;
			key->total = address_cells + cells;
			for (uint32_t i = 0; i < key->total; i++)
				key->cells[i] = tree_be32(entry + head + 4 * (size_t)i);
			*node = parent;
			return OK;
		}
		at += head + 4 * (address_cells + cells);
	}
	return ERR_NOT_FOUND;
}

static status_t follow(const struct tree *tree, uint32_t node, struct map_key *key, struct tree_irq *out)
{
	for (uint32_t hop = 0; hop < HOPS_MAX; hop++) {
		if (tree_prop(tree, node, "interrupt-controller") || !tree_prop(tree, node, "interrupt-map")) {
			out->controller = node;
			out->ncells = key->total - key->address_cells;
			memcpy(out->cells, key->cells + key->address_cells, out->ncells * sizeof(out->cells[0]));
			return tree_prop(tree, node, "interrupt-controller") ? OK : ERR_UNSUPPORTED;
		}
		status_t status = map_step(tree, &node, key);
		if (status != OK)
			return status == ERR_NOT_FOUND ? ERR_UNSUPPORTED : status;
	}
	return ERR_BAD_FORMAT;
}

/* A node's interrupt at `parent`: its specifier with its unit address in front, if a map needs that. */
static status_t resolve(const struct tree *tree, uint32_t node, uint32_t parent, const uint8_t *specifier,
			uint32_t cells, struct tree_irq *out)
{
	const struct tree_prop *reg = tree_prop(tree, node, "reg");
	struct map_key key = {0};

	if (tree_prop(tree, parent, "interrupt-map") && !tree_prop(tree, parent, "interrupt-controller")) {
		key.address_cells = tree->nodes[parent].address_cells;
		if (key.address_cells > TREE_CELLS_MAX)
			return ERR_BAD_FORMAT;
		/* A device that is not on the nexus' own bus has no address there: zero. */
		if (tree->nodes[node].parent == parent && reg && reg->len >= 4 * key.address_cells) {
			for (uint32_t i = 0; i < key.address_cells; i++)
				key.cells[i] = tree_be32(reg->data + 4 * (size_t)i);
		}
	}
	for (uint32_t i = 0; i < cells; i++)
		key.cells[key.address_cells + i] = tree_be32(specifier + 4 * (size_t)i);
	key.total = key.address_cells + cells;
	return follow(tree, parent, &key, out);
}

static status_t irq_extended(const struct tree *tree, uint32_t node, const struct tree_prop *prop, uint32_t index,
			     struct tree_irq *out)
{
	if (prop->len % 4)
		return ERR_BAD_FORMAT;
	for (uint32_t at = 0; at < prop->len; index--) {
		uint32_t parent = tree_by_phandle(tree, tree_be32(prop->data + at));

		/* Without the controller nobody knows how long the entry is. */
		if (parent == TREE_NONE)
			return ERR_UNSUPPORTED;
		uint32_t cells = specifier_cells(tree, parent);
		at += 4;
		if (!cells || prop->len - at < 4 * cells)
			return ERR_BAD_FORMAT;
		if (!index)
			return resolve(tree, node, parent, prop->data + at, cells, out);
		at += 4 * cells;
	}
	return ERR_NOT_FOUND;
}

status_t tree_irq(const struct tree *tree, uint32_t node, uint32_t index, struct tree_irq *out)
{
	const struct tree_prop *prop = tree_prop(tree, node, "interrupts-extended");

	if (prop)
		return irq_extended(tree, node, prop, index, out);
	prop = tree_prop(tree, node, "interrupts");
	if (!prop || !prop->len)
		return ERR_NOT_FOUND;
	uint32_t parent = parent_find(tree, node);
	if (parent == TREE_NONE)
		return ERR_UNSUPPORTED;
	uint32_t cells = specifier_cells(tree, parent);
	if (!cells || prop->len % (4 * cells))
		return ERR_BAD_FORMAT;
	if (index >= prop->len / (4 * cells))
		return ERR_NOT_FOUND;
	return resolve(tree, node, parent, prop->data + 4 * (size_t)cells * index, cells, out);
}

status_t tree_irq_map(const struct tree *tree, uint32_t nexus, const uint32_t *address, uint32_t address_cells,
		      const uint32_t *specifier, uint32_t cells, struct tree_irq *out)
{
	struct map_key key = {0};

	if (address_cells > TREE_CELLS_MAX || cells > TREE_CELLS_MAX || !cells ||
	    !tree_prop(tree, nexus, "interrupt-map"))
		return ERR_INVALID;
	if (address_cells != tree->nodes[nexus].address_cells || cells != specifier_cells(tree, nexus))
		return ERR_BAD_FORMAT;
	memcpy(key.cells, address, address_cells * sizeof(*address));
	memcpy(key.cells + address_cells, specifier, cells * sizeof(*specifier));
	key.address_cells = address_cells;
	key.total = address_cells + cells;
	return follow(tree, nexus, &key, out);
}

status_t tree_irq_pin(const struct tree *tree, uint32_t nexus, uint32_t address, uint32_t pin, struct tree_irq *out)
{
	const uint32_t cells[TREE_CELLS_MAX] = {address};

	return tree_irq_map(tree, nexus, cells, tree->nodes[nexus].address_cells, &pin, 1, out);
}
