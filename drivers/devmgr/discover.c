/* SPDX-License-Identifier: BSD-2-Clause */
/* Goes through the tree once and makes a unit of every usable node that a driver matches. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/devmgr/bind/match.h"
#include "drivers/devmgr/devmgr.h"

/* A manifest's class is a value of the protocol's enum. */
static_assert((int)DRIVER_CLASS_SERIAL == (int)DEVMGR_CLASS_SERIAL && (int)DRIVER_CLASS_RTC == (int)DEVMGR_CLASS_RTC &&
		      (int)DRIVER_CLASS_POWER == (int)DEVMGR_CLASS_POWER,
	      "the same values");

static void unit_make(struct manager *m, uint32_t node, const struct match *match)
{
	static uint8_t class_units[DRIVER_CLASS_COUNT];
	struct unit *unit = &m->units[m->unit_count];
	const struct driver_file *driver = &m->drivers[match->driver];

	*unit = (struct unit){
		.node = node,
		.driver = driver,
		.entry = match->entry,
		.class = (enum devmgr_class)driver->manifest.class,
		.class_unit = class_units[driver->manifest.class]++,
		.is_stdout = node == m->console,
		.state = DEVMGR_STATE_WAITING,
	};
	m->unit_of[node] = m->unit_count++;
	plan_make(m->tree, node, m->controller, &unit->plan);
}

/* Without a console in /chosen the first serial line is it. */
static void console_choose(struct manager *m)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i].is_stdout)
			return;
	}
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i].class == DEVMGR_CLASS_SERIAL) {
			m->units[i].is_stdout = true;
			m->console = m->units[i].node;
			return;
		}
	}
}

status_t discover(struct manager *m)
{
	uint32_t count = tree_count(m->tree);
	struct driver_manifest *manifests = calloc(m->driver_count + 1, sizeof(*manifests));
	struct match *matches = calloc(count, sizeof(*matches));
	bool *found = calloc(count, sizeof(*found));
	uint32_t units = 0;
	status_t status = ERR_NO_MEMORY;

	m->unit_of = calloc(count, sizeof(*m->unit_of));
	if (!manifests || !matches || !found || !m->unit_of)
		goto out;
	for (uint32_t i = 0; i < m->driver_count; i++)
		manifests[i] = m->drivers[i].manifest;
	for (uint32_t node = 0; node < count; node++) {
		m->unit_of[node] = TREE_NONE;
		found[node] = tree_enabled(m->tree, node) && !plan_kernel_node(m->tree, node) &&
			      match_find(m->tree, node, manifests, m->driver_count, &matches[node]);
		units += found[node];
	}
	m->units = calloc(units + 1, sizeof(*m->units));
	if (!m->units)
		goto out;
	for (uint32_t node = 0; node < count; node++) {
		if (found[node])
			unit_make(m, node, &matches[node]);
	}
	console_choose(m);
	status = OK;
out:
	free(manifests);
	free(matches);
	free(found);
	return status;
}
