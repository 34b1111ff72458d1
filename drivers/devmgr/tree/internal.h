/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of tree/ share: the tables behind struct tree. */
#pragma once

#include "drivers/devmgr/tree/tree.h"

/* Of a node that was added */
struct tree_own {
	struct tree *properties; /* of its root */
	size_t size;
	char *name;
	uint64_t blob[];
};

struct tree_node {
	const char *name;
	int offset; /* in the blob's structure block */
	uint32_t parent, child, next;
	uint32_t depth;
	uint32_t prop_first, prop_count;
	struct tree_own *own;               /* NULL: it is in the tree's own blob */
	uint32_t address_cells, size_cells; /* for its children; TREE_CELLS_MAX + 1 if nonsense */
};

struct tree_phandle {
	uint32_t phandle;
	uint32_t node;
};

struct tree {
	const void *blob;
	struct tree_node *nodes;
	struct tree_prop *props;
	struct tree_phandle *phandles; /* sorted */
	uint32_t node_count, node_capacity, prop_count, phandle_count;
	uint32_t defect_count;
	struct tree_defect defects[TREE_DEFECTS_MAX];
};

/* ---- grow.c */
void tree_own_free(struct tree_own *own);

static inline uint32_t tree_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
