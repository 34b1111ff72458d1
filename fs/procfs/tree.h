/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree as directories and files: a directory for each node, a file for each property with its bytes as they are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

#define TREE_NAME_MAX 255u
#define TREE_NONE     UINT32_MAX
#define TREE_ROOT     0u

struct tree_entry {
	const char *name; /* in the blob, not to be changed; `len` bytes */
	const uint8_t *data;
	uint32_t len;
	uint32_t size;     /* bytes of a property */
	uint32_t parent;   /* index */
	uint32_t first;    /* directory: its first entry, TREE_NONE */
	uint32_t next;     /* in the same directory, TREE_NONE */
	uint32_t children; /* directory: directories in it */
	uint16_t twin;     /* how many before it have the same name: "name#1" */
	bool directory;
	bool ends; /* a NUL behind the last byte counts, which is not in the blob */
};

struct tree {
	struct tree_entry *entries; /* of a blob always the same ones in the same order */
	uint32_t count, room;
};

/* blob stays the caller's and is referred to. ERR_BAD_FORMAT, ERR_NO_MEMORY. */
status_t tree_make(const void *blob, size_t size, struct tree *tree);
void tree_free(struct tree *tree);
/* TREE_NONE: there is none. */
uint32_t tree_find(const struct tree *tree, uint32_t directory, const char *name, size_t len);
/* Bytes of the entry's name, which is written to name[TREE_NAME_MAX + 1]. */
size_t tree_name(const struct tree *tree, uint32_t entry, char *name);
/* The bytes of a property, NULL if there is none. */
const uint8_t *tree_property(const struct tree *tree, uint32_t directory, const char *name, uint32_t *size);
/* Bytes of a property of any kind; offset + len <= size + ends. */
void tree_read(const struct tree_entry *entry, uint32_t offset, uint32_t len, uint8_t *out);
