/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of units: started, started again when their driver died, given up when it dies too often.
 * Callers of a device wait at its endpoint meanwhile; they hear ERR_CLOSED when it is given up.
 */
#include <stdio.h>
#include <string.h>

#include "drivers/devmgr/devmgr.h"
#include "protocols/init.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

/* An instance that was killed after having lived this long was ended by somebody who meant to: no failure of the
 * driver's. (One that kills itself in a hurry counts like any other.) */
#define HEALTHY_NS      1000000000ull
/* init answers at once; if it does not, devices are more important than its opinion of them. */
#define INIT_TIMEOUT_NS 5000000000ull

static void endpoint_close(struct manager *m, struct unit *unit)
{
	if (unit->endpoint != HANDLE_NONE)
		(void)handle_close(unit->endpoint);
	unit->endpoint = HANDLE_NONE;
	children_endpoint_lost(m, unit);
	unit->acquired = false; /* the next start makes a new one */
	kept_drop(unit);        /* clients have to open and attach anew */
}

/* The reason stays as it is. */
static void unit_failed(struct manager *m, struct unit *unit)
{
	uint64_t now = time_now(), delay;

	if (policy_died(&unit->policy, now, &delay)) {
		unit->state = DEVMGR_STATE_BACKOFF;
		unit->restart_at = now + delay;
		return;
	}
	unit->state = DEVMGR_STATE_FAILED;
	endpoint_close(m, unit);
	unit_log(m, unit, LOG_ERROR, "%s failed too often and is not started again", unit->driver->manifest.name);
}

void unit_start(struct manager *m, struct unit *unit)
{
	char before[sizeof(unit->reason)];

	memcpy(before, unit->reason, sizeof(before));
	if (m->ready && !unit->numbered)
		units_number(m);
	if (!depend_ready(m, unit))
		return;
	status_t status = unit_acquire(m, unit);
	if (status == OK)
		status = instance_start(m, unit);
	if (status == OK) {
		unit->state = DEVMGR_STATE_STARTING;
		unit->reason[0] = 0;
		return;
	}
	if (strcmp(before, unit->reason)) /* once is enough for one that waits */
		unit_log(m, unit, LOG_WARN, "%s", unit->reason);
	/* Lack of something may pass; what the tree says will not. */
	if (status == ERR_NO_MEMORY || status == ERR_NO_HANDLES || status == ERR_QUOTA)
		unit_failed(m, unit);
	else
		unit->state = DEVMGR_STATE_WAITING;
}

void units_retry(struct manager *m)
{
	for (uint32_t i = 0; !m->stopping && i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		if (unit->state == DEVMGR_STATE_WAITING && unit->irq_busy && unit->driver && !unit->gone)
			unit_start(m, unit);
	}
}

void unit_restart(struct manager *m, struct unit *unit)
{
	policy_reset(&unit->policy);
	if (unit->instance.process != HANDLE_NONE) {
		unit->restart_asked = true;
		instance_kill(unit);
		return;
	}
	unit_start(m, unit);
	supervise_schedule(m);
}

/* A probe has said what the device is: that one's driver gets it, and starts afresh. */
static void unit_rematch(struct manager *m, struct unit *unit, const char *compatible)
{
	unit_release(unit);
	memcpy(unit->rematched, compatible, sizeof(unit->rematched));
	unit->starts = 0;
	policy_reset(&unit->policy);
	unit->restart_asked = false;
	if (unit_match(m, unit)) {
		unit_start(m, unit);
		return;
	}
	unit->reason[0] = 0;
	unit_log(m, unit, LOG_INFO, "no driver for %s", unit->rematched);
}

static void unit_died(struct manager *m, struct unit *unit, const struct process_info *info)
{
	struct instance *instance = &unit->instance;
	bool served = unit->state == DEVMGR_STATE_RUNNING;
	bool absent = instance->refused == ERR_NOT_FOUND;
	bool unsupported = instance->refused == ERR_UNSUPPORTED;
	char rematch[DRIVER_COMPATIBLE_MAX];
	bool killed = (info->exit_status & EXIT_KILLED) && served && !instance->hung_at &&
		      time_now() - instance->bound_at >= HEALTHY_NS;

	memcpy(rematch, instance->rematch, sizeof(rematch));
	if (!instance->refused && !rematch[0])
		death_note(m, unit, info);
	instance_forget(unit);
	if (unit->bus)
		irqs_let_go(unit);
	child_ended(unit);
	if (m->stopping) {
		unit->state = DEVMGR_STATE_WAITING;
		snprintf(unit->reason, sizeof(unit->reason), "the system is stopping");
	} else if (unit->gone) {
		unit->state = DEVMGR_STATE_ABSENT;
		unit_release(unit);
	} else if (unit->changed) {
		child_renew(m, unit);
	} else if (rematch[0]) {
		unit_rematch(m, unit, rematch);
	} else if (absent) {
		unit->state = DEVMGR_STATE_ABSENT;
		children_endpoint_lost(m, unit);
		unit_release(unit);
	} else if (unsupported) {
		unit->state = DEVMGR_STATE_FAILED;
		children_endpoint_lost(m, unit);
		unit_release(unit);
	} else if (unit->restart_asked || killed) {
		unit->restart_asked = false;
		unit_start(m, unit);
	} else {
		unit_failed(m, unit);
	}
}

static bool any(const struct manager *m, enum devmgr_state state)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->state == state)
			return true;
	}
	return false;
}

static bool any_process(const struct manager *m)
{
	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (m->units[i]->instance.process != HANDLE_NONE)
			return true;
	}
	return false;
}

void supervise_settled(struct manager *m)
{
	handle_t init = startup_handle(HND_INIT);

	depend_changed(m);
	if (m->stopping && m->stop_reply != HANDLE_NONE && !any_process(m)) {
		(void)devmgr_stop_all_reply(m->stop_reply, OK);
		m->stop_reply = HANDLE_NONE;
	}
	if (m->ready || any(m, DEVMGR_STATE_STARTING))
		return;
	units_number(m);
	m->ready = true;
	if (init == HANDLE_NONE)
		return;
	status_t status = init_ready_until(init, time_now() + INIT_TIMEOUT_NS);
	if (status != OK)
		manager_log(LOG_WARN, "init did not take the message that devices are ready (status %d)", (int)status);
}

void supervise_ended(void *manager)
{
	struct manager *m = manager;
	bool ended = false;

	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];
		struct process_info info;

		if (unit->instance.process == HANDLE_NONE || process_info(unit->instance.process, &info) != OK ||
		    info.state != PROCESS_ENDED)
			continue;
		unit_died(m, unit, &info);
		ended = true;
	}
	if (ended)
		units_retry(m);
	supervise_schedule(m);
	supervise_settled(m);
}

static uint64_t deadline_of(const struct manager *m, const struct unit *unit)
{
	const struct instance *instance = &unit->instance;

	if (unit->state == DEVMGR_STATE_BACKOFF)
		return unit->restart_at;
	if (instance->process == HANDLE_NONE)
		return DEADLINE_NEVER;
	if (instance->hung_at)
		return instance->hung_at;
	if (unit->state == DEVMGR_STATE_STARTING)
		return instance->bind_deadline;
	return unit->state == DEVMGR_STATE_RUNNING && !m->stopping ? instance->heartbeat.next : DEADLINE_NEVER;
}

void supervise_schedule(struct manager *m)
{
	uint64_t next = m->stop_reply != HANDLE_NONE ? m->stop_deadline : DEADLINE_NEVER;

	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (deadline_of(m, m->units[i]) < next)
			next = deadline_of(m, m->units[i]);
	}
	status_t status = server_timer_set(&m->timer, next);
	if (status != OK)
		manager_log(LOG_ERROR, "cannot set its timer (status %d)", (int)status);
}

static void unit_deadline(struct manager *m, struct unit *unit)
{
	if (unit->state == DEVMGR_STATE_BACKOFF) {
		if (!m->stopping)
			unit_start(m, unit);
		else
			unit->state = DEVMGR_STATE_WAITING;
		return;
	}
	if (unit->instance.hung_at) {
		hang_due(m, unit);
	} else if (unit->state == DEVMGR_STATE_RUNNING) {
		heartbeat_due(m, unit);
	} else {
		unit_log(m, unit, LOG_ERROR, "%s (%llu) has not bound its device in time", unit->driver->manifest.name,
			 (unsigned long long)unit->instance.pid);
		hang_begin(m, unit);
	}
}

void supervise_timer(void *manager)
{
	struct manager *m = manager;
	uint64_t now = time_now();

	for (uint32_t i = 0; i < m->unit_count; i++) {
		if (deadline_of(m, m->units[i]) <= now)
			unit_deadline(m, m->units[i]);
	}
	if (m->stop_reply != HANDLE_NONE && now >= m->stop_deadline) {
		m->stop_deadline = DEADLINE_NEVER;
		for (uint32_t i = 0; i < m->unit_count; i++)
			instance_kill(m->units[i]);
	}
	supervise_schedule(m);
	supervise_settled(m);
}

void stop_begin(struct manager *m, uint64_t deadline)
{
	m->stopping = true;
	m->stop_deadline = deadline;
	for (uint32_t i = 0; i < m->unit_count; i++) {
		struct unit *unit = m->units[i];

		/* One that has not bound yet has nothing to finish. */
		if (unit->instance.stop == HANDLE_NONE ||
		    notification_signal(unit->instance.stop, unit->instance.stop_bits) != OK)
			instance_kill(unit);
	}
	supervise_schedule(m);
}
