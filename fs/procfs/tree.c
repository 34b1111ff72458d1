/* SPDX-License-Identifier: BSD-2-Clause */
/* An index over the blob, which libfdt has checked as a whole before. */
#include "fs/procfs/tree.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/fdt_blob.h"

#define ENTRIES_MAX 262144u
#define SUFFIX      8u /* "#65535", at the end of a name that others have too */

static uint32_t entry_add(struct tree *tree, uint32_t parent, const char *name, uint32_t len, bool directory)
{
	if (tree->count == tree->room) {
		uint32_t room = tree->room ? tree->room * 2 : 256;
		struct tree_entry *more = room > ENTRIES_MAX ? NULL : realloc(tree->entries, room * sizeof(*more));

		if (!more)
			return TREE_NONE;
		tree->entries = more;
		tree->room = room;
	}
	uint32_t index = tree->count++, *last = NULL;
	struct tree_entry *entry = &tree->entries[index];

	*entry = (struct tree_entry){.name = name,
				     .len = len,
				     .parent = parent,
				     .first = TREE_NONE,
				     .next = TREE_NONE,
				     .directory = directory};
	if (index == TREE_ROOT)
		return index;
	/* Properties come before nodes, as in the blob. */
	for (last = &tree->entries[parent].first; *last != TREE_NONE; last = &tree->entries[*last].next) {
		const struct tree_entry *other = &tree->entries[*last];

		if (other->len == len && memcmp(other->name, name, len) == 0 && entry->twin < UINT16_MAX)
			entry->twin++;
	}
	*last = index;
	if (directory)
		tree->entries[parent].children++;
	return index;
}

/* A name that a path can say. */
static bool name_valid(const char *name, size_t len)
{
	return len != 0 && len <= TREE_NAME_MAX - SUFFIX && !memchr(name, '/', len) &&
	       !(len <= 2 && memcmp(name, "..", len) == 0);
}

static status_t properties_add(struct tree *tree, const void *blob, int node, uint32_t directory)
{
	bool named = false;
	int at;

	fdt_for_each_property_offset(at, blob, node) {
		const char *name;
		int size;
		const void *data = fdt_getprop_by_offset(blob, at, &name, &size);

		if (!data || size < 0)
			return ERR_BAD_FORMAT;
		if (!name_valid(name, strlen(name)))
			continue;
		uint32_t index = entry_add(tree, directory, name, (uint32_t)strlen(name), false);
		if (index == TREE_NONE)
			return ERR_NO_MEMORY;
		tree->entries[index].data = data;
		tree->entries[index].size = (uint32_t)size;
		named |= strcmp(name, "name") == 0;
	}
	/* Blobs since version 16 leave it out; who reads a tree expects it. */
	if (!named) {
		int len;
		const char *name = fdt_get_name(blob, node, &len);
		uint32_t index = name ? entry_add(tree, directory, "name", 4, false) : TREE_NONE;

		if (index == TREE_NONE)
			return name ? ERR_NO_MEMORY : ERR_BAD_FORMAT;
		tree->entries[index].data = (const uint8_t *)name;
		tree->entries[index].size = (uint32_t)strcspn(name, "@");
		tree->entries[index].ends = true;
	}
	return OK;
}

/* Depth first, as the blob has them; `above` is where the nodes around the present one have their entries. */
static status_t nodes_add(struct tree *tree, const void *blob)
{
	uint32_t *above = NULL, room = 0;
	status_t status = OK;
	int depth = 0;

	for (int node = 0; node >= 0 && depth >= 0 && status == OK; node = fdt_next_node(blob, node, &depth)) {
		int len;
		const char *name = fdt_get_name(blob, node, &len);
		uint32_t index = TREE_NONE;

		if ((uint32_t)depth >= room) {
			uint32_t *more = realloc(above, (room += 32) * sizeof(*more));

			if (!more) {
				status = ERR_NO_MEMORY;
				break;
			}
			above = more;
		}
		if (!name || len < 0)
			status = ERR_BAD_FORMAT;
		else if (depth == 0)
			index = entry_add(tree, TREE_ROOT, "", 0, true);
		else if (above[depth - 1] != TREE_NONE && name_valid(name, (size_t)len))
			index = entry_add(tree, above[depth - 1], name, (uint32_t)len, true);
		else
			name = NULL; /* left out, with all that is in it */
		above[depth] = index;
		if (name && status == OK)
			status = index == TREE_NONE ? ERR_NO_MEMORY : properties_add(tree, blob, node, index);
	}
	free(above);
	return status;
}

status_t tree_make(const void *blob, size_t size, struct tree *tree)
{
	*tree = (struct tree){0};
	if (!fdt_blob_valid(blob, size))
		return ERR_BAD_FORMAT;
	status_t status = nodes_add(tree, blob);
	if (status == OK && tree->count == 0)
		status = ERR_BAD_FORMAT;
	if (status != OK)
		tree_free(tree);
	return status;
}

void tree_free(struct tree *tree)
{
	free(tree->entries);
	*tree = (struct tree){0};
}

size_t tree_name(const struct tree *tree, uint32_t index, char *name)
{
	const struct tree_entry *entry = &tree->entries[index];

	memcpy(name, entry->name, entry->len);
	name[entry->len] = '\0';
	if (entry->twin)
		snprintf(name + entry->len, SUFFIX, "#%u", (unsigned)entry->twin);
	return strlen(name);
}

uint32_t tree_find(const struct tree *tree, uint32_t directory, const char *name, size_t len)
{
	char own[TREE_NAME_MAX + 1];

	for (uint32_t i = tree->entries[directory].first; i != TREE_NONE; i = tree->entries[i].next) {
		const struct tree_entry *entry = &tree->entries[i];

		/* The rest is made only where it can be the one. */
		if (entry->len > len || memcmp(entry->name, name, entry->len) != 0)
			continue;
		if (tree_name(tree, i, own) == len && memcmp(own, name, len) == 0)
			return i;
	}
	return TREE_NONE;
}

const uint8_t *tree_property(const struct tree *tree, uint32_t directory, const char *name, uint32_t *size)
{
	uint32_t index = tree_find(tree, directory, name, strlen(name));

	if (index == TREE_NONE || tree->entries[index].directory)
		return NULL;
	*size = tree->entries[index].size;
	return tree->entries[index].data;
}

void tree_read(const struct tree_entry *entry, uint32_t offset, uint32_t len, uint8_t *out)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = offset + i < entry->size ? entry->data[offset + i] : 0;
}
