/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking the tree, and finding nodes by path, alias and phandle. */
#include <string.h>

#include "drivers/devmgr/tree/internal.h"

uint32_t tree_count(const struct tree *tree)
{
	return tree->node_count;
}

uint32_t tree_defect_count(const struct tree *tree)
{
	return tree->defect_count;
}

const struct tree_defect *tree_defect_at(const struct tree *tree, uint32_t index)
{
	return &tree->defects[index];
}

const char *tree_name(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].name;
}

uint32_t tree_parent(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].parent;
}

uint32_t tree_depth(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].depth;
}

uint32_t tree_first_child(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].child;
}

uint32_t tree_next_sibling(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].next;
}

const void *tree_blob(const struct tree *tree, uint32_t node)
{
	const struct tree_own *own = tree->nodes[node].own;

	return own ? own->blob : tree->blob;
}

int tree_offset(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].offset;
}

static void append(char *path, size_t size, size_t *at, const char *text)
{
	size_t len = strlen(text);

	if (*at + len + 1 > size) {
		static const char more[] = "...";

		if (size >= sizeof(more))
			memcpy(path + size - sizeof(more), more, sizeof(more));
		*at = size;
		return;
	}
	memcpy(path + *at, text, len + 1);
	*at += len;
}

void tree_path(const struct tree *tree, uint32_t node, char *path, size_t size)
{
	uint32_t chain[TREE_DEPTH_MAX];
	uint32_t n = 0;
	size_t at = 0;

	if (!size)
		return;
	path[0] = 0;
	for (uint32_t i = node; i != TREE_NONE && tree->nodes[i].parent != TREE_NONE; i = tree->nodes[i].parent)
		chain[n++] = i;
	if (!n)
		append(path, size, &at, "/");
	while (n-- && at < size) {
		append(path, size, &at, "/");
		if (at < size)
			append(path, size, &at, tree->nodes[chain[n]].name);
	}
}

/* The child that a path component names: exactly, or without its unit address if only one fits. */
static uint32_t child_find(const struct tree *tree, uint32_t parent, const char *name, size_t len)
{
	uint32_t loose = TREE_NONE;
	bool ambiguous = false;

	for (uint32_t i = tree->nodes[parent].child; i != TREE_NONE; i = tree->nodes[i].next) {
		const char *candidate = tree->nodes[i].name;

		if (strncmp(candidate, name, len))
			continue;
		if (!candidate[len])
			return i;
		if (candidate[len] == '@') {
			ambiguous = loose != TREE_NONE;
			loose = i;
		}
	}
	return ambiguous ? TREE_NONE : loose;
}

static uint32_t path_find(const struct tree *tree, const char *path, size_t len)
{
	const char *end = path + len;
	uint32_t node = 0;

	if (!len || *path != '/')
		return TREE_NONE;
	while (node != TREE_NONE) {
		while (path < end && *path == '/')
			path++;
		if (path == end)
			return node;
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t part = (size_t)((slash ? slash : end) - path);
		node = child_find(tree, node, path, part);
		path += part;
	}
	return TREE_NONE;
}

uint32_t tree_find(const struct tree *tree, const char *path)
{
	return path_find(tree, path, strlen(path));
}

uint32_t tree_by_phandle(const struct tree *tree, uint32_t phandle)
{
	uint32_t low = 0, high = tree->phandle_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (tree->phandles[middle].phandle < phandle)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tree->phandle_count || tree->phandles[low].phandle != phandle)
		return TREE_NONE;
	return tree->phandles[low].node;
}

uint32_t tree_resolve(const struct tree *tree, const char *name, const char **options)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : strlen(name);

	if (options)
		*options = colon ? colon + 1 : "";
	if (*name == '/')
		return path_find(tree, name, len);

	uint32_t aliases = tree_find(tree, "/aliases");
	if (aliases == TREE_NONE || !len)
		return TREE_NONE;
	for (uint32_t i = 0; i < tree_prop_count(tree, aliases); i++) {
		const struct tree_prop *prop = tree_prop_at(tree, aliases, i);

		if (strncmp(prop->name, name, len) || prop->name[len])
			continue;
		const char *path = tree_string(tree, aliases, prop->name, 0);
		return path ? tree_find(tree, path) : TREE_NONE;
	}
	return TREE_NONE;
}

uint32_t tree_stdout(const struct tree *tree, const char **options)
{
	uint32_t chosen = tree_find(tree, "/chosen");
	const char *path = NULL;

	if (options)
		*options = "";
	if (chosen == TREE_NONE)
		return TREE_NONE;
	path = tree_string(tree, chosen, "stdout-path", 0);
	if (!path)
		path = tree_string(tree, chosen, "linux,stdout-path", 0);
	return path ? tree_resolve(tree, path, options) : TREE_NONE;
}

bool tree_enabled(const struct tree *tree, uint32_t node)
{
	for (; node != TREE_NONE; node = tree->nodes[node].parent) {
		if (!tree_prop(tree, node, "status"))
			continue;
		const char *status = tree_string(tree, node, "status", 0);
		if (!status || (strcmp(status, "okay") && strcmp(status, "ok")))
			return false;
	}
	return true;
}
