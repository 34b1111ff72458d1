/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes that join the tree when a bus driver has found a device. Their properties are that driver's word: checked like any blob. */
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/tree/internal.h"

void tree_own_free(struct tree_own *own)
{
	if (!own)
		return;
	tree_free(own->properties);
	free(own->name);
	free(own);
}

/* Devicetree Specification 2.2.1: the characters of names, and one unit address */
static bool name_good(const char *name)
{
	unsigned addresses = 0;
	bool letters = false;

	for (const char *c = name; *c; c++) {
		bool alpha = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

		if (c == name && !alpha && !(*c >= '0' && *c <= '9'))
			return false;
		if (*c == '@')
			addresses++;
		else if (!alpha && !(*c >= '0' && *c <= '9') && !strchr(",._+-", *c))
			return false;
		letters = *c != '@';
	}
	return letters && addresses <= 1;
}

static bool has_child(const struct tree *tree, uint32_t parent, const char *name)
{
	for (uint32_t i = tree->nodes[parent].child; i != TREE_NONE; i = tree->nodes[i].next) {
		if (!strcmp(tree->nodes[i].name, name))
			return true;
	}
	return false;
}

static status_t own_make(const char *name, const void *blob, size_t size, struct tree_own **out)
{
	struct tree_own *own = calloc(1, sizeof(*own) + ((size + 7) & ~(size_t)7));
	status_t status = ERR_NO_MEMORY;

	if (!own)
		return status;
	own->size = size;
	own->name = strdup(name);
	memcpy(own->blob, blob, size);
	if (own->name)
		status = tree_parse(own->blob, size, &own->properties);
	/* Nothing below the root, and nothing in it that would have to be left out. */
	if (status == OK && (own->properties->node_count != 1 || own->properties->defect_count))
		status = ERR_BAD_FORMAT;
	if (status != OK) {
		tree_own_free(own);
		return status;
	}
	*out = own;
	return OK;
}

static void own_set(struct tree_node *node, struct tree_own *own)
{
	const struct tree_node *root = &own->properties->nodes[0];

	tree_own_free(node->own);
	node->own = own;
	node->name = own->name;
	node->offset = root->offset;
	node->prop_count = root->prop_count;
	node->address_cells = root->address_cells;
	node->size_cells = root->size_cells;
}

status_t tree_add(struct tree *tree, uint32_t parent, const char *name, const void *blob, size_t size, uint32_t *out)
{
	struct tree_own *own;

	if (!name_good(name))
		return ERR_INVALID;
	if (has_child(tree, parent, name))
		return ERR_EXISTS;
	if (tree->nodes[parent].depth + 1 >= TREE_DEPTH_MAX)
		return ERR_RANGE;
	if (tree->node_count == tree->node_capacity) {
		uint32_t capacity = 2 * tree->node_capacity;
		struct tree_node *nodes = realloc(tree->nodes, capacity * sizeof(*nodes));

		if (!nodes)
			return ERR_NO_MEMORY;
		tree->nodes = nodes;
		tree->node_capacity = capacity;
	}
	status_t status = own_make(name, blob, size, &own);
	if (status != OK)
		return status;
	uint32_t index = tree->node_count++;
	struct tree_node *node = &tree->nodes[index];
	*node = (struct tree_node){
		.parent = parent,
		.child = TREE_NONE,
		.next = TREE_NONE,
		.depth = tree->nodes[parent].depth + 1,
	};
	own_set(node, own);
	uint32_t *link = &tree->nodes[parent].child;
	while (*link != TREE_NONE)
		link = &tree->nodes[*link].next;
	*link = index;
	*out = index;
	return OK;
}

void tree_remove_last(struct tree *tree)
{
	uint32_t index = tree->node_count - 1;
	struct tree_node *node = &tree->nodes[index];

	if (!node->own)
		return;
	uint32_t *link = &tree->nodes[node->parent].child;
	while (*link != index)
		link = &tree->nodes[*link].next;
	*link = TREE_NONE;
	tree_own_free(node->own);
	tree->node_count--;
}

status_t tree_change(struct tree *tree, uint32_t node, const void *blob, size_t size)
{
	struct tree_own *own;

	if (!tree->nodes[node].own)
		return ERR_STATE;
	status_t status = own_make(tree->nodes[node].name, blob, size, &own);
	if (status == OK)
		own_set(&tree->nodes[node], own);
	return status;
}

bool tree_same(const struct tree *tree, uint32_t node, const void *blob, size_t size)
{
	const struct tree_own *own = tree->nodes[node].own;

	return own && own->size == size && !memcmp(own->blob, blob, size);
}

bool tree_added(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].own != NULL;
}
