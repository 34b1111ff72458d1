/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree as devmgr sees it: nodes by number, typed properties, addresses translated to the
 * CPU's view, interrupts resolved to their controller. It reads a flattened device tree that somebody
 * else wrote: whatever is in there gives an error or a listed defect, never worse.
 *
 * Nodes are numbered in the order of the blob, the root is 0, parents come before children. The
 * tree points into the blob, which has to stay and must not change.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

#define TREE_NONE        UINT32_MAX
#define TREE_DEPTH_MAX   32  /* levels; deeper nodes are left out and listed as a defect */
#define TREE_CELLS_MAX   4   /* cells of an address, a size or an interrupt specifier */
#define TREE_DEFECTS_MAX 32  /* kept; more are only counted */
#define TREE_PATH_MAX    256 /* with its NUL */

struct tree;

struct tree_prop {
	const char *name;
	const uint8_t *data;
	uint32_t len;
};

struct tree_defect {
	uint32_t node;
	const char *text;
};

struct tree_range {
	uint64_t base; /* physical address */
	uint64_t size;
};

struct tree_irq {
	uint32_t controller; /* node */
	uint32_t ncells;
	uint32_t cells[TREE_CELLS_MAX];
};

/* ERR_BAD_FORMAT: not a device tree, or a damaged one. */
status_t tree_parse(const void *blob, size_t size, struct tree **out);
void tree_free(struct tree *tree);

uint32_t tree_count(const struct tree *tree);
uint32_t tree_defect_count(const struct tree *tree);
/* index below both the count and TREE_DEFECTS_MAX */
const struct tree_defect *tree_defect_at(const struct tree *tree, uint32_t index);

/* ---- nodes --------------------------------------------------------------------------------- */

const char *tree_name(const struct tree *tree, uint32_t node);
uint32_t tree_parent(const struct tree *tree, uint32_t node);
uint32_t tree_depth(const struct tree *tree, uint32_t node);
uint32_t tree_first_child(const struct tree *tree, uint32_t node);
uint32_t tree_next_sibling(const struct tree *tree, uint32_t node);
/* The blob that the node is in, and its offset there, for libfdt */
const void *tree_blob(const struct tree *tree, uint32_t node);
int tree_offset(const struct tree *tree, uint32_t node);

/* Writes the path; one that is too long ends in "...". */
void tree_path(const struct tree *tree, uint32_t node, char *path, size_t size);
/* A path as written in the tree or without unit addresses where that is unambiguous. */
uint32_t tree_find(const struct tree *tree, const char *path);
uint32_t tree_by_phandle(const struct tree *tree, uint32_t phandle);
/* A path, or the name of an alias; both may be followed by ":options", which *options then points to. */
uint32_t tree_resolve(const struct tree *tree, const char *name, const char **options);
/* The console of /chosen; *options as above, "" without. */
uint32_t tree_stdout(const struct tree *tree, const char **options);

/* Its status and that of all its ancestors allow its use. */
bool tree_enabled(const struct tree *tree, uint32_t node);

/* ---- nodes that join later ------------------------------------------------------------------- */

/*
 * Adds a node for a device that a bus driver has found. `blob` is a device tree (copied) whose root has the node's properties, and
 * nothing below. No phandle leads to the node. ERR_INVALID: the name; ERR_EXISTS: its parent has such a child; ERR_BAD_FORMAT: the blob;
 * ERR_RANGE: too deep; ERR_NO_MEMORY. The tree is unchanged then.
 */
status_t tree_add(struct tree *tree, uint32_t parent, const char *name, const void *blob, size_t size, uint32_t *node);
/* Takes back the last tree_add. */
void tree_remove_last(struct tree *tree);
/* Gives a node that was added other properties. */
status_t tree_change(struct tree *tree, uint32_t node, const void *blob, size_t size);
/* Was the node added, with exactly these bytes? */
bool tree_same(const struct tree *tree, uint32_t node, const void *blob, size_t size);
bool tree_added(const struct tree *tree, uint32_t node);

/* ---- properties ------------------------------------------------------------------------------ */

const struct tree_prop *tree_prop(const struct tree *tree, uint32_t node, const char *name);
uint32_t tree_prop_count(const struct tree *tree, uint32_t node);
const struct tree_prop *tree_prop_at(const struct tree *tree, uint32_t node, uint32_t index);

/* ERR_NOT_FOUND: no such property; ERR_BAD_FORMAT: not of that size. */
status_t tree_u32(const struct tree *tree, uint32_t node, const char *name, uint32_t *out);
/* Number `index` of a list of cells; ERR_RANGE past its end. */
status_t tree_cell(const struct tree *tree, uint32_t node, const char *name, uint32_t index, uint32_t *out);
/* String `index` of a list, or NULL past its end (or where a string has no NUL). */
const char *tree_string(const struct tree *tree, uint32_t node, const char *name, uint32_t index);
/* Position of a string in a list, or TREE_NONE */
uint32_t tree_string_index(const struct tree *tree, uint32_t node, const char *name, const char *string);
bool tree_compatible(const struct tree *tree, uint32_t node, const char *compatible);

/* ---- addresses -------------------------------------------------------------------------------- */

/*
 * Entry `index` of `reg`, as the CPU sees it. ERR_NOT_FOUND: there is no such entry;
 * ERR_UNSUPPORTED: it is no memory address (an i2c address, a bus without `ranges`);
 * ERR_RANGE: no window of a bus above holds the whole of it; ERR_BAD_FORMAT: malformed.
 */
status_t tree_reg(const struct tree *tree, uint32_t node, uint32_t index, struct tree_range *out);

/* Entry `index` of a bus's `ranges`: addresses that reach its children, as the CPU sees them. ERR_NOT_FOUND: there is no such
 * entry; ERR_RANGE, ERR_UNSUPPORTED: no bus above forwards it; ERR_BAD_FORMAT: malformed. A bus whose `ranges` are empty has no windows of
 * its own. */
status_t tree_window(const struct tree *tree, uint32_t bus, uint32_t index, struct tree_range *out);
/* Where that window lies on the bus itself: the first cell of its address there, and the number without the first of three cells.
 * Only if tree_window could say where it leads. */
void tree_window_inside(const struct tree *tree, uint32_t bus, uint32_t index, uint32_t *first, uint64_t *address);

/* ---- interrupts --------------------------------------------------------------------------------- */

/*
 * Interrupt `index` of a node, from `interrupts-extended` or `interrupts`, followed through every
 * `interrupt-map` to the controller. ERR_NOT_FOUND: there is no such entry; ERR_UNSUPPORTED: no
 * controller can be found; ERR_BAD_FORMAT: malformed, or a loop.
 */
status_t tree_irq(const struct tree *tree, uint32_t node, uint32_t index, struct tree_irq *out);

/* The same for a device that is no node: its address on the bus of `nexus` and its specifier there
 * (PCI functions: three address cells, and the pin 1 to 4). */
status_t tree_irq_map(const struct tree *tree, uint32_t nexus, const uint32_t *address, uint32_t address_cells,
		      const uint32_t *specifier, uint32_t specifier_cells, struct tree_irq *out);
/* The usual form of that: the first cell of the address says all, and the specifier is a pin. */
status_t tree_irq_pin(const struct tree *tree, uint32_t nexus, uint32_t address, uint32_t pin, struct tree_irq *out);
