/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: `reg` in the terms of a node's bus, translated upwards through the `ranges` of every bus
 * (Devicetree Specification 2.3.6, 2.3.8). */
#include <string.h>

#include "drivers/devmgr/tree/internal.h"

/* An address of up to three cells. The first of three says what space it is in (PCI). */
struct address {
	uint32_t space;
	uint64_t value;
};

/* PCI Bus Binding to IEEE 1275: the bits of the first cell that select the address space */
#define PCI_SPACE_MASK 0x03000000u

static uint64_t number(const uint8_t *data, uint32_t cells)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < cells; i++)
		value = value << 32 | tree_be32(data + 4 * (size_t)i);
	return value;
}

static struct address address_read(const uint8_t *data, uint32_t cells)
{
	if (cells == 3)
		return (struct address){tree_be32(data) & PCI_SPACE_MASK, number(data + 4, 2)};
	return (struct address){0, number(data, cells)};
}

/* One level: from the bus `node` makes for its children to the bus it is on. */
static status_t translate(const struct tree *tree, uint32_t node, struct address *address, uint64_t size)
{
	const struct tree_node *bus = &tree->nodes[node];
	const struct tree_node *above = &tree->nodes[bus->parent];
	const struct tree_prop *ranges = tree_prop(tree, node, "ranges");
	uint32_t entry_cells = bus->address_cells + above->address_cells + bus->size_cells;

	if (!ranges)
		return ERR_UNSUPPORTED;
	if (!ranges->len)
		return bus->address_cells == above->address_cells ? OK : ERR_BAD_FORMAT;
	if (above->address_cells < 1 || above->address_cells > 3 || bus->size_cells < 1 || bus->size_cells > 2 ||
	    ranges->len % (4 * entry_cells))
		return ERR_BAD_FORMAT;

	for (uint32_t at = 0; at < ranges->len; at += 4 * entry_cells) {
		const uint8_t *entry = ranges->data + at;
		struct address from = address_read(entry, bus->address_cells);
		struct address to = address_read(entry + 4 * (size_t)bus->address_cells, above->address_cells);
		uint64_t len = number(entry + 4 * (size_t)(bus->address_cells + above->address_cells), bus->size_cells);

		if (from.space != address->space || address->value < from.value || address->value - from.value >= len ||
		    size > len - (address->value - from.value))
			continue;
		if (to.value + (address->value - from.value) < to.value)
			return ERR_BAD_FORMAT;
		address->value = to.value + (address->value - from.value);
		address->space = to.space;
		return OK;
	}
	return ERR_RANGE;
}

/* From the bus `bus` is on, up to the CPU. */
static status_t climb(const struct tree *tree, uint32_t bus, struct address *address, uint64_t size,
		      struct tree_range *out)
{
	for (; tree->nodes[bus].parent != TREE_NONE; bus = tree->nodes[bus].parent) {
		status_t status = translate(tree, bus, address, size);

		if (status != OK)
			return status;
	}
	if (address->space || (size && address->value + (size - 1) < address->value))
		return ERR_BAD_FORMAT;
	*out = (struct tree_range){address->value, size};
	return OK;
}

status_t tree_window(const struct tree *tree, uint32_t node, uint32_t index, struct tree_range *out)
{
	const struct tree_node *bus = &tree->nodes[node];
	const struct tree_prop *ranges = tree_prop(tree, node, "ranges");

	if (!ranges || !ranges->len || bus->parent == TREE_NONE)
		return ERR_NOT_FOUND;
	uint32_t above = tree->nodes[bus->parent].address_cells;
	uint32_t entry_len = 4 * (bus->address_cells + above + bus->size_cells);
	if (bus->address_cells < 1 || bus->address_cells > 3 || above < 1 || above > 3 || bus->size_cells < 1 ||
	    bus->size_cells > 2 || ranges->len % entry_len)
		return ERR_BAD_FORMAT;
	if (index >= ranges->len / entry_len)
		return ERR_NOT_FOUND;
	const uint8_t *entry = ranges->data + (size_t)entry_len * index;
	struct address to = address_read(entry + 4 * (size_t)bus->address_cells, above);
	return climb(tree, bus->parent, &to, number(entry + 4 * (size_t)(bus->address_cells + above), bus->size_cells),
		     out);
}

void tree_window_inside(const struct tree *tree, uint32_t node, uint32_t index, uint32_t *first, uint64_t *address)
{
	const struct tree_node *bus = &tree->nodes[node];
	uint32_t cells = bus->address_cells + tree->nodes[bus->parent].address_cells + bus->size_cells;
	const uint8_t *entry = tree_prop(tree, node, "ranges")->data + (size_t)4 * cells * index;

	*first = tree_be32(entry);
	*address = address_read(entry, bus->address_cells).value;
}

status_t tree_reg(const struct tree *tree, uint32_t node, uint32_t index, struct tree_range *out)
{
	const struct tree_prop *reg = tree_prop(tree, node, "reg");
	uint32_t bus = tree->nodes[node].parent;

	if (!reg || bus == TREE_NONE)
		return ERR_NOT_FOUND;
	uint32_t address_cells = tree->nodes[bus].address_cells;
	uint32_t size_cells = tree->nodes[bus].size_cells;
	if (address_cells > TREE_CELLS_MAX || size_cells > TREE_CELLS_MAX)
		return ERR_BAD_FORMAT;

	uint32_t entry_len = 4 * (address_cells + size_cells);
	if (!entry_len || reg->len % entry_len)
		return ERR_BAD_FORMAT;
	if (index >= reg->len / entry_len)
		return ERR_NOT_FOUND;
	if (!size_cells) /* a number on a bus: i2c, spi, mdio, cpus */
		return ERR_UNSUPPORTED;
	if (address_cells < 1 || address_cells > 3 || size_cells > 2)
		return ERR_BAD_FORMAT;

	const uint8_t *entry = reg->data + (size_t)entry_len * index;
	struct address address = address_read(entry, address_cells);
	uint64_t size = number(entry + 4 * (size_t)address_cells, size_cells);
	return climb(tree, bus, &address, size, out);
}
