/* SPDX-License-Identifier: BSD-2-Clause */
/* Providers first: which units wait for which others, and the endpoints that consumers get. */
#include <stdio.h>
#include <stdlib.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

#define CHAIN_MAX 16 /* of units that wait for each other, looked along for one that never comes */

static struct unit *provider_of(struct manager *m, const struct provider_ref *ref)
{
	return m->units[m->unit_of[ref->owner]];
}

/* Nodes that joined later name nobody: the map has nothing for them. */
static const struct provider_list *list_of(const struct manager *m, const struct unit *unit)
{
	static const struct provider_list none;

	return unit->node < m->providers.count ? &m->providers.of[unit->node] : &none;
}

/* Interrupts that another driver passes on need no interrupt of the kernel. */
static void irqs_settle(struct manager *m, struct unit *unit)
{
	const struct provider_list *list = list_of(m, unit);

	for (uint32_t i = 0; i < list->count; i++) {
		const struct provider_ref *ref = &list->refs[i];

		if (ref->kind != DRIVER_REF_IRQ || ref->state != DRIVER_REF_DRIVEN || ref->at != unit->node ||
		    ref->at != unit->node || ref->index >= unit->plan.irq_count)
			continue;
		unit->plan.irqs[ref->index].provided = true;
		unit->plan.irqs[ref->index].problem[0] = 0;
	}
}

status_t depend_map(struct manager *m)
{
	uint32_t count = tree_count(m->tree);
	bool *driven = calloc(count, sizeof(*driven));
	const struct provider_world world = {m->tree, m->controller, driven};

	if (!driven)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		driven[i] = m->unit_of[i] != TREE_NONE;
	/* It stays: the map refers to it. */
	status_t status = providers_map(&world, &m->providers);
	for (uint32_t i = 0; status == OK && i < m->unit_count; i++)
		irqs_settle(m, m->units[i]);
	return status;
}

static uint32_t optional_kinds(const struct unit *unit)
{
	return unit->driver->manifest.matches[unit->entry].optional;
}

/* Must the unit have it? */
static bool needed(const struct unit *unit, const struct provider_ref *ref)
{
	return provider_mandatory(ref->kind) && !(optional_kinds(unit) & 1u << ref->kind);
}

static bool never_comes(struct manager *m, struct unit *unit, unsigned depth)
{
	const struct provider_list *list = list_of(m, unit);

	switch (unit->state) {
	case DEVMGR_STATE_STARTING:
	case DEVMGR_STATE_RUNNING:
	case DEVMGR_STATE_BACKOFF: return false;
	case DEVMGR_STATE_WAITING: break;
	default: return true;
	}
	if (!unit->waits)
		return true;
	for (uint32_t i = 0; i < list->count && depth < CHAIN_MAX; i++) {
		const struct provider_ref *ref = &list->refs[i];

		if (ref->state == DRIVER_REF_DRIVEN && needed(unit, ref) &&
		    never_comes(m, provider_of(m, ref), depth + 1))
			return true;
	}
	return false;
}

static const char *state_words(const struct unit *provider)
{
	switch (provider->state) {
	case DEVMGR_STATE_FAILED: return ", which has failed";
	case DEVMGR_STATE_ABSENT: return ", which is not there";
	case DEVMGR_STATE_WAITING: return ", which waits as well";
	default: return "";
	}
}

/* What the tree says, once: the unit cannot be started, ever. */
static bool hopeless(struct manager *m, struct unit *unit)
{
	if (unit->node >= m->providers.count)
		return false;
	const struct provider_ref *missing = provider_missing(&m->providers, unit->node, optional_kinds(unit));

	if (missing) {
		provider_explain(&m->providers, missing, unit->reason, sizeof(unit->reason));
	} else if (m->providers.circle[unit->node] != TREE_NONE) {
		char circle[4 * TREE_PATH_MAX];

		provider_circle(&m->providers, unit->node, circle, sizeof(circle));
		unit_log(m, unit, LOG_WARN, "waits in a circle: %s", circle);
		snprintf(unit->reason, sizeof(unit->reason), "waits in a circle: ");
		provider_circle(&m->providers, unit->node, unit->reason + 19, sizeof(unit->reason) - 19);
		return true;
	} else {
		return false;
	}
	unit_log(m, unit, LOG_WARN, "%s", unit->reason);
	return true;
}

bool depend_ready(struct manager *m, struct unit *unit)
{
	const struct provider_list *list = list_of(m, unit);

	unit->state = DEVMGR_STATE_WAITING;
	unit->waits = false;
	if (hopeless(m, unit))
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct provider_ref *ref = &list->refs[i];
		char path[TREE_PATH_MAX], what[64];

		if (ref->state != DRIVER_REF_DRIVEN || ref->loose)
			continue;
		struct unit *provider = provider_of(m, ref);
		if (provider->state == DEVMGR_STATE_RUNNING || (!needed(unit, ref) && never_comes(m, provider, 0)))
			continue;
		provider_describe(ref, what, sizeof(what));
		tree_path(m->tree, ref->owner, path, sizeof(path));
		snprintf(unit->reason, sizeof(unit->reason), "waits for %.40s of %.55s%s", what, path,
			 state_words(provider));
		unit->waits = true;
		return false;
	}
	return true;
}

void depend_changed(struct manager *m)
{
	bool again = !m->stopping, started = false;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < m->unit_count; i++) {
			struct unit *unit = m->units[i];

			if (unit->state != DEVMGR_STATE_WAITING || !unit->waits)
				continue;
			unit_start(m, unit);
			/* One that turned out to be hopeless may be what another can do without. */
			again |= unit->state != DEVMGR_STATE_WAITING || !unit->waits;
		}
		started |= again;
	}
	if (started)
		supervise_schedule(m);
}

void depend_bound(struct manager *m, const struct unit *bound)
{
	for (uint32_t i = 0; bound->starts > 1 && i < m->unit_count; i++) {
		struct unit *unit = m->units[i];
		const struct provider_list *list = list_of(m, unit);

		for (uint32_t r = 0; unit->state == DEVMGR_STATE_RUNNING && r < list->count; r++) {
			const struct provider_ref *ref = &list->refs[r];

			if (ref->kind != DRIVER_REF_IRQ || ref->state != DRIVER_REF_DRIVEN || ref->owner != bound->node)
				continue;
			unit_log(m, unit, LOG_INFO, "started again: its interrupts' controller was");
			unit_restart(m, unit);
			break;
		}
	}
}

status_t depend_endpoint(struct manager *m, const struct unit *unit, uint32_t index, handle_t *out)
{
	const struct provider_list *list = list_of(m, unit);

	if (index >= list->count || list->refs[index].state != DRIVER_REF_DRIVEN)
		return ERR_NOT_FOUND;
	const struct provider_ref *ref = &list->refs[index];
	const struct unit *provider = provider_of(m, ref);
	if (provider->endpoint == HANDLE_NONE)
		return ERR_STATE;
	/* To be moved into the answer */
	return endpoint_mint(provider->endpoint, DRIVER_ROW_BADGE | ref->row, RIGHT_EP_CALL | RIGHT_MOVE | RIGHT_INFO,
			     out);
}
