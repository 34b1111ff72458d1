/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices that bus drivers find. Their nodes and units outlive the bus driver: its next instance reports each device again, in its
 * `bind`, and one that is still the same goes on undisturbed. One that is not reported any more is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

#define CHILDREN_MAX 256 /* of a bus, those that are gone included */
#define ADDED_MAX    512 /* in the whole tree */

static_assert(DRIVER_CONFIG_BADGE >> 32, "a child's number does not reach it");

uint32_t children_count(const struct manager *m, const struct unit *bus)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->unit_count; i++)
		count += m->units[i]->bus == bus && !m->units[i]->gone;
	return count;
}

static bool room_for_one(const struct manager *m, const struct unit *bus)
{
	uint32_t own = 0, all = 0;

	for (uint32_t i = 0; i < m->unit_count; i++) {
		own += m->units[i]->bus == bus;
		all += m->units[i]->bus != NULL;
	}
	return own < CHILDREN_MAX && all < ADDED_MAX;
}

static bool unseen(const struct unit *unit)
{
	return unit->seen != unit->bus->instance.number;
}

/* Takes the registers and the interrupt away at once, the process as soon as may be. */
static void child_stop(struct unit *unit)
{
	for (uint32_t i = 0; i < DRIVER_IRQS_MAX; i++) {
		if (unit->irqs[i] == HANDLE_NONE)
			continue;
		(void)handle_revoke(unit->irqs[i]);
		(void)handle_close(unit->irqs[i]);
		unit->irqs[i] = HANDLE_NONE;
	}
	for (uint32_t i = 0; i < DRIVER_REGS_MAX; i++) {
		if (unit->regs[i] != HANDLE_NONE)
			(void)handle_revoke(unit->regs[i]);
	}
	instance_kill(unit);
}

static void child_gone(struct manager *m, struct unit *unit)
{
	if (unit->gone)
		return;
	unit->gone = true;
	unit_log(m, unit, LOG_INFO, "is not there any more");
	claims_remove(&m->claims, unit->node);
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->bus == unit)
			child_gone(m, m->units[i]);
	}
	if (unit->instance.process != HANDLE_NONE) {
		child_stop(unit); /* unit_died does the rest */
		return;
	}
	unit->state = DEVMGR_STATE_ABSENT;
	unit_release(unit);
}

void children_settle(struct manager *m, const struct unit *bus)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (unit->bus == bus && !unit->gone && unseen(unit))
			child_gone(m, unit);
	}
}

void children_endpoint_lost(struct manager *m, const struct unit *bus)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->bus == bus)
			m->units[i]->config_lost = true;
	}
}

/* Afresh: as what it is now, by whatever driver knows that. */
void child_renew(struct manager *m, struct unit *unit)
{
	unit_release(unit);
	unit->changed = unit->config_lost = false;
	unit->starts = 0;
	unit->rematched[0] = 0;
	unit->reason[0] = 0;
	policy_reset(&unit->policy);
	if (!tree_enabled(m->tree, unit->node) || plan_kernel_node(m->tree, unit->node)) {
		unit->driver = NULL;
		unit->class = DEVMGR_CLASS_NONE;
		unit->state = DEVMGR_STATE_DISABLED;
		return;
	}
	if (unit_match(m, unit) && !m->stopping)
		unit_start(m, unit);
}

/* The registers become the child's. Devices that were there before and have not been reported again make room. */
static status_t child_claim(struct manager *m, const struct unit *bus, uint32_t node, const struct child_said *said,
			    struct plan *plan)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *other = m->units[i];

		if (other->bus == bus && other->node != node && !other->gone && unseen(other) &&
		    child_overlaps(&other->said, said))
			child_gone(m, other);
	}
	status_t status = plan_claim(&m->claims, m->tree, node, plan);
	return status == ERR_BUSY ? ERR_ACCESS : status;
}

/* The node that a child is under: the bus's, or one of a bridge on it that this instance has reported. TREE_NONE: neither */
static uint32_t parent_node(const struct manager *m, const struct unit *bus, uint32_t parent)
{
	if (!parent)
		return bus->node;
	for (uint32_t i = 0; i < m->unit_count; i++) {
		const struct unit *unit = m->units[i];

		if (unit->bus == bus && unit->node == parent && !unit->gone && !unseen(unit))
			return parent;
	}
	return TREE_NONE;
}

static status_t child_new(struct manager *m, struct unit *bus, const struct child_said *said, const void *blob,
			  size_t size, struct unit **out)
{
	struct plan plan;
	struct unit *unit;
	uint32_t node;

	uint32_t parent = parent_node(m, bus, said->parent);

	if (parent == TREE_NONE)
		return ERR_INVALID;
	if (!room_for_one(m, bus))
		return ERR_NO_MEMORY;
	status_t status = child_plan(m->tree, bus->node, &bus->plan, m->controller, said, TREE_NONE, &plan);
	if (status != OK)
		return status;
	/* The number of the node that comes next: what is refused leaves no trace. */
	node = tree_count(m->tree);
	for (uint32_t i = 0; i < plan.reg_count; i++)
		plan.regs[i].source = node;
	status = tree_add(m->tree, parent, said->name, blob, size, &node);
	if (status != OK)
		return status == ERR_BAD_FORMAT ? ERR_INVALID : status;
	status = child_claim(m, bus, node, said, &plan);
	if (status == OK)
		status = unit_new(m, node, &unit);
	if (status != OK) {
		claims_remove(&m->claims, node);
		tree_remove_last(m->tree);
		return status;
	}
	unit->bus = bus;
	unit->said = *said;
	unit->plan = plan;
	*out = unit;
	return OK;
}

static status_t child_change(struct manager *m, struct unit *bus, struct unit *unit, const struct child_said *said,
			     const void *blob, size_t size)
{
	struct plan plan;
	status_t status = child_plan(m->tree, bus->node, &bus->plan, m->controller, said, unit->node, &plan);

	if (status == OK && !tree_same(m->tree, unit->node, blob, size))
		status = tree_change(m->tree, unit->node, blob, size);
	if (status != OK)
		return status == ERR_BAD_FORMAT ? ERR_INVALID : status;
	claims_remove(&m->claims, unit->node);
	unit->said = *said;
	status = child_claim(m, bus, unit->node, said, &plan);
	unit->plan = plan;
	unit->gone = status != OK; /* it is not what it was, and cannot be what it is */
	unit->changed = true;
	if (unit->instance.process != HANDLE_NONE)
		child_stop(unit);
	else if (status == OK)
		child_renew(m, unit);
	else
		unit->state = DEVMGR_STATE_ABSENT;
	return status;
}

static struct unit *child_find(const struct manager *m, const struct unit *bus, const struct child_said *said)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->bus == bus && m->units[i]->said.parent == said->parent &&
		    !strcmp(m->units[i]->said.name, said->name))
			return m->units[i];
	}
	return NULL;
}

static bool same(const struct manager *m, const struct unit *unit, const struct child_said *said, const void *blob,
		 size_t size)
{
	return !memcmp(&unit->said, said, sizeof(*said)) && tree_same(m->tree, unit->node, blob, size);
}

static status_t child_report(struct manager *m, struct unit *bus, const struct child_said *said, const void *blob,
			     size_t size, uint32_t *index)
{
	struct unit *unit = child_find(m, bus, said);
	status_t status = OK;

	if (unit && !unit->gone && !unseen(unit))
		return ERR_EXISTS;
	if (!unit) {
		status = child_new(m, bus, said, blob, size, &unit);
		if (status == OK)
			child_renew(m, unit);
	} else if (unit->gone || unit->config_lost || !same(m, unit, said, blob, size)) {
		status = child_change(m, bus, unit, said, blob, size);
	}
	if (status != OK)
		return status;
	unit->seen = bus->instance.number;
	*index = unit->node;
	supervise_schedule(m);
	return OK;
}

/* A copy with nothing behind the name's end, so that two can be compared. */
static bool said_read(const struct driver_child *from, struct child_said *to)
{
	memset(to, 0, sizeof(*to));
	size_t len = strnlen(from->name, sizeof(from->name));
	if (!len || len >= sizeof(to->name))
		return false;
	memcpy(to->name, from->name, len);
	memcpy(to->base, from->reg_base, sizeof(to->base));
	memcpy(to->size, from->reg_size, sizeof(to->size));
	for (uint32_t i = 0; i < CHILD_REGS; i++) {
		if (!to->size[i])
			to->base[i] = 0;
	}
	to->irq_address = from->irq_address;
	to->irq_pin = from->irq_pin;
	to->number = from->number;
	to->parent = from->parent;
	return true;
}

status_t control_child_add(void *ctx, struct ipc_request *rq, size_t child_count, size_t properties_len,
			   uint32_t *index)
{
	struct manager *m = ctx;
	struct unit *bus = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);
	struct driver_child child;
	struct child_said said;

	if (!bus || bus->class != DEVMGR_CLASS_BUS || bus->instance.rematch[0] || bus->instance.refused || bus->gone ||
	    bus->changed)
		return ERR_ACCESS;
	if (child_count != 1 || !properties_len || properties_len > DRIVER_PROPERTIES_MAX)
		return ERR_INVALID;
	status_t status = ipc_lease_read(rq, DRIVER_CHILD_ADD_LEASE_CHILD, 0, &child, sizeof(child));
	if (status == OK && !said_read(&child, &said))
		status = ERR_INVALID;
	if (status != OK)
		return status;
	void *blob = malloc(properties_len);
	if (!blob)
		return ERR_NO_MEMORY;
	status = ipc_lease_read(rq, DRIVER_CHILD_ADD_LEASE_PROPERTIES, 0, blob, properties_len);
	if (status == OK)
		status = child_report(m, bus, &said, blob, properties_len, index);
	free(blob);
	return status;
}

/* ---- what the bus hears of its children's drivers --------------------------------------------------- */

static struct unit *bus_by_badge(struct manager *m, uint64_t badge)
{
	struct unit *bus = unit_by_badge(m, badge, BADGE_CONTROL);

	return bus && bus->class == DEVMGR_CLASS_BUS ? bus : NULL;
}

void child_ended(struct unit *unit)
{
	const struct unit *bus = unit->bus;

	if (!bus)
		return;
	unit->ended = true;
	if (bus->instance.watch != HANDLE_NONE)
		(void)notification_signal(bus->instance.watch, bus->instance.watch_bits);
}

status_t control_children_watch(void *ctx, struct ipc_request *rq, handle_t notification, uint64_t bits)
{
	struct manager *m = ctx;
	struct unit *bus = bus_by_badge(m, rq->msg.badge);

	if (!bus)
		return ERR_ACCESS;
	if (!bits)
		return ERR_INVALID;
	if (bus->instance.watch != HANDLE_NONE)
		(void)handle_close(bus->instance.watch);
	bus->instance.watch = notification;
	bus->instance.watch_bits = bits;
	/* Some may have ended while nobody looked. */
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->bus == bus && m->units[i]->ended)
			return notification_signal(notification, bits) == OK ? OK : ERR_INVALID;
	}
	return OK;
}

status_t control_child_ended(void *ctx, struct ipc_request *rq, uint32_t *number, bool *last)
{
	struct manager *m = ctx;
	const struct unit *bus = bus_by_badge(m, rq->msg.badge);

	if (!bus)
		return ERR_ACCESS;
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (unit->bus != bus || !unit->ended)
			continue;
		unit->ended = false;
		/* One that runs again by now has been told by nobody to stop: it has begun with a reset of its own. */
		if (unit->instance.process != HANDLE_NONE && unit->state == DEVMGR_STATE_RUNNING)
			continue;
		*number = unit->said.number;
		*last = unit->instance.process == HANDLE_NONE && unit->state != DEVMGR_STATE_BACKOFF;
		return OK;
	}
	return ERR_NOT_FOUND;
}

status_t control_child_quiet(void *ctx, struct ipc_request *rq, uint32_t number)
{
	struct manager *m = ctx;
	const struct unit *bus = bus_by_badge(m, rq->msg.badge);

	if (!bus)
		return ERR_ACCESS;
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (unit->bus != bus || unit->said.number != number)
			continue;
		if (unit->instance.process != HANDLE_NONE)
			return ERR_STATE;
		dma_drop(unit);
		return OK;
	}
	return ERR_NOT_FOUND;
}
