/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drivers that hang. devmgr never waits for a driver: it signals a question now and then, and looks whether the driver's loop has counted
 * it. One that does not answer is stopped first, so that it can be seen where it hangs, then ended.
 */
#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

/* One that is out of its CPU budget, or runs on another hart, stops a moment later. */
#define LOOK_AGAIN_NS 15000000ull
#define LOOKS_MAX     4

static uint64_t pulse_read(const struct unit *unit)
{
	uint64_t count = 0;

	(void)vmo_read(unit->pulse, 0, &count,
		       sizeof(count)); /* it is devmgr's own: if that fails, no pulse is all there is to say */
	return count;
}

void heartbeat_begin(struct unit *unit)
{
	heartbeat_start(&unit->instance.heartbeat, unit->driver->manifest.heartbeat_ms, time_now(), pulse_read(unit));
}

void heartbeat_due(struct manager *m, struct unit *unit)
{
	struct instance *instance = &unit->instance;

	if (heartbeat_look(&instance->heartbeat, time_now(), pulse_read(unit)))
		(void)notification_signal(instance->stop,
					  instance->ping_bits); /* closed: then it will owe the answer */
	else
		hang_begin(m, unit);
}

void hang_begin(struct manager *m, struct unit *unit)
{
	/* A wait is cancelled: nobody else's answer may be needed to look at it. It does not run again. */
	(void)thread_suspend(unit->instance.thread, 1);
	(void)thread_cancel(unit->instance.thread);
	unit->instance.hung_tries = 0;
	hang_due(m, unit);
}

void hang_due(struct manager *m, struct unit *unit)
{
	struct instance *instance = &unit->instance;
	struct thread_regs regs;
	status_t status = thread_regs(instance->thread, THREAD_REGS_GET, &regs);

	if (status != OK && ++instance->hung_tries < LOOKS_MAX) {
		instance->hung_at = time_now() + LOOK_AGAIN_NS;
		return;
	}
	instance->hung_at = DEADLINE_NEVER;
	hang_note(m, unit, status == OK ? &regs : NULL);
	instance_kill(unit);
}
