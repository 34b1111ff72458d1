/* SPDX-License-Identifier: BSD-2-Clause */
/* Units: one for every usable node that a driver matches, and one for every device that a bus driver has found. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/devmgr.h"

/* A manifest's class is a value of the protocol's enum. */
static_assert((int)DRIVER_CLASS_SERIAL == (int)DEVMGR_CLASS_SERIAL && (int)DRIVER_CLASS_RTC == (int)DEVMGR_CLASS_RTC &&
		      (int)DRIVER_CLASS_POWER == (int)DEVMGR_CLASS_POWER &&
		      (int)DRIVER_CLASS_BLOCK == (int)DEVMGR_CLASS_BLOCK &&
		      (int)DRIVER_CLASS_OTHER == (int)DEVMGR_CLASS_OTHER,
	      "the same values");

/* unit_of has an entry for every node; nodes only join. */
static status_t nodes_cover(struct manager *m)
{
	uint32_t count = tree_count(m->tree);

	if (m->unit_of_count >= count)
		return OK;
	uint32_t *list = realloc(m->unit_of, count * sizeof(*list));
	if (!list)
		return ERR_NO_MEMORY;
	m->unit_of = list;
	while (m->unit_of_count < count)
		list[m->unit_of_count++] = TREE_NONE;
	return OK;
}

status_t unit_new(struct manager *m, uint32_t node, struct unit **out)
{
	if (nodes_cover(m) != OK)
		return ERR_NO_MEMORY;
	struct unit **list = realloc(m->units, (m->unit_count + 1) * sizeof(*list));
	if (!list)
		return ERR_NO_MEMORY;
	m->units = list;
	struct unit *unit = calloc(1, sizeof(*unit));
	if (!unit)
		return ERR_NO_MEMORY;
	*unit = (struct unit){
		.index = m->unit_count,
		.node = node,
		.is_stdout = node == m->console,
		.state = DEVMGR_STATE_UNMATCHED,
	};
	m->unit_of[node] = m->unit_count;
	m->units[m->unit_count++] = unit;
	*out = unit;
	return OK;
}

bool unit_match(struct manager *m, struct unit *unit)
{
	struct match match;
	bool found = unit->rematched[0] ? match_string(m->manifests, m->driver_count, unit->rematched, &match)
					: match_find(m->tree, unit->node, m->manifests, m->driver_count, &match);

	unit->driver = found ? &m->drivers[match.driver] : NULL;
	unit->entry = found ? match.entry : 0;
	unit->state = found ? DEVMGR_STATE_WAITING : DEVMGR_STATE_UNMATCHED;
	unit->waits = found;
	enum devmgr_class class = found ? (enum devmgr_class)unit->driver->manifest.class : DEVMGR_CLASS_NONE;
	if (class != unit->class)
		unit->numbered = false; /* it is another kind of device than it was thought to be */
	unit->class = class;
	return found;
}

/* ---- numbers within a class -------------------------------------------------------------------------- */

/* Does node a come before node b, going through the tree depth first? Among siblings the lower number is first. */
static bool node_before(const struct tree *tree, uint32_t a, uint32_t b)
{
	while (tree_depth(tree, a) > tree_depth(tree, b)) {
		if (tree_parent(tree, a) == b)
			return false;
		a = tree_parent(tree, a);
	}
	while (tree_depth(tree, b) > tree_depth(tree, a)) {
		if (tree_parent(tree, b) == a)
			return true;
		b = tree_parent(tree, b);
	}
	while (tree_parent(tree, a) != tree_parent(tree, b)) {
		a = tree_parent(tree, a);
		b = tree_parent(tree, b);
	}
	return a < b;
}

static struct unit *unnumbered_first(const struct manager *m)
{
	struct unit *first = NULL;

	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (!unit->numbered && unit->class != DEVMGR_CLASS_NONE &&
		    (!first || node_before(m->tree, unit->node, first->node)))
			first = unit;
	}
	return first;
}

/* Without a console in /chosen the first serial line is it. */
static void console_choose(struct manager *m)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->is_stdout)
			return;
	}
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (unit->class == DEVMGR_CLASS_SERIAL && unit->numbered && !unit->class_unit) {
			unit->is_stdout = true;
			m->console = unit->node;
			return;
		}
	}
}

void units_number(struct manager *m)
{
	struct unit *unit;

	while ((unit = unnumbered_first(m))) {
		uint8_t *next = &m->class_next[unit->class];

		unit->class_unit = *next < UINT8_MAX ? (*next)++ : UINT8_MAX; /* those beyond are opened by path */
		unit->numbered = true;
	}
	console_choose(m);
}

status_t discover(struct manager *m)
{
	uint32_t count = tree_count(m->tree);

	if (nodes_cover(m) != OK)
		return ERR_NO_MEMORY;
	for (uint32_t node = 0; node < count; node++) {
		struct match match;
		struct unit *unit;

		if (!tree_enabled(m->tree, node) || plan_kernel_node(m->tree, node) ||
		    !match_find(m->tree, node, m->manifests, m->driver_count, &match))
			continue;
		status_t status = unit_new(m, node, &unit);
		if (status != OK)
			return status;
		(void)unit_match(m, unit);
		plan_make(m->tree, node, m->controller, &unit->plan);
	}
	units_number(m);
	return depend_map(m);
}
