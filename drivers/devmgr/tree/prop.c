/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of a node as numbers and strings. */
#include <string.h>

#include "drivers/devmgr/tree/internal.h"

uint32_t tree_prop_count(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].prop_count;
}

const struct tree_prop *tree_prop_at(const struct tree *tree, uint32_t node, uint32_t index)
{
	const struct tree_node *n = &tree->nodes[node];

	return n->own ? &n->own->properties->props[index] : &tree->props[n->prop_first + index];
}

const struct tree_prop *tree_prop(const struct tree *tree, uint32_t node, const char *name)
{
	for (uint32_t i = 0; i < tree->nodes[node].prop_count; i++) {
		const struct tree_prop *prop = tree_prop_at(tree, node, i);

		if (!strcmp(prop->name, name))
			return prop;
	}
	return NULL;
}

status_t tree_u32(const struct tree *tree, uint32_t node, const char *name, uint32_t *out)
{
	const struct tree_prop *prop = tree_prop(tree, node, name);

	if (!prop)
		return ERR_NOT_FOUND;
	if (prop->len != 4)
		return ERR_BAD_FORMAT;
	*out = tree_be32(prop->data);
	return OK;
}

status_t tree_cell(const struct tree *tree, uint32_t node, const char *name, uint32_t index, uint32_t *out)
{
	const struct tree_prop *prop = tree_prop(tree, node, name);

	if (!prop)
		return ERR_NOT_FOUND;
	if (prop->len % 4)
		return ERR_BAD_FORMAT;
	if (index >= prop->len / 4)
		return ERR_RANGE;
	*out = tree_be32(prop->data + 4 * (size_t)index);
	return OK;
}

const char *tree_string(const struct tree *tree, uint32_t node, const char *name, uint32_t index)
{
	const struct tree_prop *prop = tree_prop(tree, node, name);

	if (!prop)
		return NULL;
	for (uint32_t at = 0; at < prop->len; index--) {
		const uint8_t *end = memchr(prop->data + at, 0, prop->len - at);

		if (!end)
			return NULL;
		if (!index)
			return (const char *)prop->data + at;
		at = (uint32_t)(end - prop->data) + 1;
	}
	return NULL;
}

uint32_t tree_string_index(const struct tree *tree, uint32_t node, const char *name, const char *string)
{
	const struct tree_prop *prop = tree_prop(tree, node, name);
	uint32_t index = 0;

	if (!prop)
		return TREE_NONE;
	for (uint32_t at = 0; at < prop->len; index++) {
		const uint8_t *end = memchr(prop->data + at, 0, prop->len - at);

		if (!end)
			return TREE_NONE;
		if (!strcmp((const char *)prop->data + at, string))
			return index;
		at = (uint32_t)(end - prop->data) + 1;
	}
	return TREE_NONE;
}

bool tree_compatible(const struct tree *tree, uint32_t node, const char *compatible)
{
	return tree_string_index(tree, node, "compatible", compatible) != TREE_NONE;
}
