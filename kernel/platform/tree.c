/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of a flattened tree (Devicetree Specification 0.4, chapter 2). Pure. */
#include "kernel/platform/tree.h"

#include <libfdt.h>
#include <string.h>

/* `count` cells as one number; false if it needs more than 64 bits. */
static bool read_cells(const fdt32_t *cells, int count, uint64_t *out)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++) {
		if (value >> 32)
			return false;
		value = value << 32 | fdt32_ld(&cells[i]);
	}
	*out = value;
	return true;
}

bool tree_number(const void *fdt, int node, const char *name, uint64_t *out)
{
	int len;
	const fdt32_t *cells = fdt_getprop(fdt, node, name, &len);

	if (!cells || (len != 4 && len != 8))
		return false;
	return read_cells(cells, len / 4, out);
}

const char *tree_string(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && !s[len - 1] ? s : NULL;
}

bool tree_reg(const void *fdt, int parent, int node, unsigned index, uint64_t *base, uint64_t *size)
{
	int address_cells = fdt_address_cells(fdt, parent), size_cells = fdt_size_cells(fdt, parent);
	int len, entry = address_cells + size_cells;
	const fdt32_t *cells = fdt_getprop(fdt, node, "reg", &len);

	if (!cells || address_cells < 1 || size_cells < 0)
		return false;
	if (len / 4 / entry <= (int)index)
		return false;
	cells += entry * (int)index;
	*size = 0;
	return read_cells(cells, address_cells, base) && read_cells(cells + address_cells, size_cells, size);
}

/* One step up: from bus's children's address space to bus's own. */
static bool translate_step(const void *fdt, int bus, int parent, uint64_t *address, uint64_t size)
{
	int child_cells = fdt_address_cells(fdt, bus), size_cells = fdt_size_cells(fdt, bus);
	int parent_cells = fdt_address_cells(fdt, parent);
	int len, entry = child_cells + parent_cells + size_cells;
	const fdt32_t *ranges = fdt_getprop(fdt, bus, "ranges", &len);

	if (!ranges || child_cells < 1 || size_cells < 1 || parent_cells < 1)
		return false;
	if (!len)
		return true; /* empty: identical address spaces */
	for (; len / 4 >= entry; ranges += entry, len -= 4 * entry) {
		uint64_t child, above, length;

		if (!read_cells(ranges, child_cells, &child) ||
		    !read_cells(ranges + child_cells, parent_cells, &above) ||
		    !read_cells(ranges + child_cells + parent_cells, size_cells, &length))
			continue;
		if (*address >= child && *address - child < length && size <= length - (*address - child)) {
			*address += above - child;
			return true;
		}
	}
	return false;
}

bool tree_translate(const void *fdt, int bus, uint64_t *address, uint64_t size)
{
	while (bus > 0) {
		int parent = fdt_parent_offset(fdt, bus);

		if (parent < 0 || !translate_step(fdt, bus, parent, address, size))
			return false;
		bus = parent;
	}
	return bus == 0;
}

bool tree_is_okay(const void *fdt, int node)
{
	int len;
	const char *status = fdt_getprop(fdt, node, "status", &len);

	if (!status)
		return true;
	return (len == 5 && !memcmp(status, "okay", 5)) || (len == 3 && !memcmp(status, "ok", 3));
}

bool tree_is_compatible(const void *fdt, int node, const char *const *names)
{
	for (; *names; names++)
		if (fdt_node_check_compatible(fdt, node, *names) == 0)
			return true;
	return false;
}
