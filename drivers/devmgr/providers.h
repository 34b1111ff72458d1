/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What nodes need of other nodes: clocks, resets, lines, supplies …, by the phandles of their properties. Finds out who
 * provides each, who waits for whom, and what can never be had: a node that is not there, one without a driver, a circle.
 * A malformed entry costs the node that holds it and nobody else. Pure.
 *
 * A provider's driver knows its consumers by rows: each entry of a consumer that it serves has one, in the order of the
 * tree. The handle that the consumer gets carries the row's number, so it reaches what its entry names and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/devmgr/tree/tree.h"
#include "sys/driver/startup.h"

#define PROVIDER_REFS_MAX    256 /* of one node; more are a mistake in the tree */
#define PROVIDER_NAME_MAX    64
#define PROVIDER_PROBLEM_MAX 64

struct provider_ref {
	enum driver_ref_kind kind;
	enum driver_ref_state state;
	uint32_t at;    /* node whose property it is in: the device's, or a subnode that is a part of it */
	uint32_t index; /* in its property */
	uint32_t node;  /* that it names; TREE_NONE: an empty entry, or a bad one */
	uint32_t owner; /* device whose driver serves it; TREE_NONE unless state is DRIVEN, UNDRIVEN or DISABLED */
	uint32_t row;   /* at the owner, if that is driven */
	uint32_t ncells;
	uint32_t cells[DRIVER_REF_CELLS_MAX];
	/* Assigned clock: Hz wanted, 0 none. Fixed clock: Hz. Fixed supply: microvolts. Pins: number of the state. */
	uint64_t value;
	bool loose; /* its provider waits for this node: it is not waited for (never a mandatory one) */
	char name[PROVIDER_NAME_MAX];
	char problem[PROVIDER_PROBLEM_MAX]; /* state BAD: what is wrong */
};

struct provider_list {
	struct provider_ref *refs;
	uint32_t count;
};

/* driven: by node, a driver matches it */
struct provider_world {
	const struct tree *tree;
	uint32_t controller; /* of interrupts: the kernel's, TREE_NONE without */
	const bool *driven;
};

struct provider_map {
	struct provider_world world;
	uint32_t count; /* of nodes at that time: those that join the tree later are not in here */
	/* By node: what it needs, and its parts do. Nothing for those that are disabled or the kernel's. Entries of parts are called
	 * "subnode:name". */
	struct provider_list *of;
	uint32_t *circle; /* by node: the next in a circle of nodes that wait for each other; TREE_NONE: in none */
	uint32_t *rows;   /* by node: rows that it has as a provider */
};

/* ERR_NO_MEMORY. The world's tables must stay. */
status_t providers_map(const struct provider_world *world, struct provider_map *out);
void providers_free(struct provider_map *map);

/* What one node needs, by itself; states, owners and rows are not known yet. ERR_NO_MEMORY */
status_t providers_read(const struct tree *tree, uint32_t node, struct provider_list *out);

/* Must a driver wait for these, or can it do without? */
bool provider_mandatory(enum driver_ref_kind kind);
const char *provider_kind_name(enum driver_ref_kind kind);

/* "clock baudclk" */
void provider_describe(const struct provider_ref *ref, char *text, size_t size);

/* Path of a node within another, "" for itself; returns its length with the NUL. */
size_t provider_inner_path(const struct tree *tree, uint32_t node, uint32_t above, char path[TREE_PATH_MAX]);

/* The entry that keeps a node from ever being started, or NULL. optional: kinds (bits) that its driver can do without. */
const struct provider_ref *provider_missing(const struct provider_map *map, uint32_t node, uint32_t optional);
/* Says why: "clock baudclk: /soc/clock-controller has no driver". */
void provider_explain(const struct provider_map *map, const struct provider_ref *ref, char *text, size_t size);
/* "/a -> /b -> /a"; for a node that is in a circle */
void provider_circle(const struct provider_map *map, uint32_t node, char *text, size_t size);

/* Entry `index` of a kind, or NULL */
const struct provider_ref *provider_find(const struct provider_list *list, enum driver_ref_kind kind, uint32_t index);

/* A consumer's row for the blob of the provider that serves the entry (DRIVER_FACT_ROWS). */
void provider_row_cells(const struct provider_map *map, uint32_t consumer, const struct provider_ref *ref,
			uint32_t cells[DRIVER_ROW_CELLS]);
