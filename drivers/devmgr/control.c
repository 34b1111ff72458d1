/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers say: protocol `driver`, on the control endpoint of each instance. */
#include <stdio.h>

#include "drivers/devmgr/devmgr.h"
#include "protocols/driver.h"
#include "sys/lib/syscall.h"

static status_t op_bound(void *ctx, struct ipc_request *rq, handle_t stop, uint64_t bits, uint64_t ping)
{
	struct manager *m = ctx;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);

	if (!unit || unit->state != DEVMGR_STATE_STARTING || unit->instance.rematch[0] || !bits || !ping ||
	    unit->instance.hung_at)
		return ERR_STATE;
	unit->instance.stop = stop;
	unit->instance.stop_bits = bits;
	unit->instance.ping_bits = ping;
	unit->state = DEVMGR_STATE_RUNNING;
	unit->instance.bound_at = time_now();
	heartbeat_begin(unit);
	unit_log(m, unit, LOG_INFO, "%s (%llu)%s", unit->driver->manifest.name, (unsigned long long)unit->instance.pid,
		 unit->starts > 1 ? " again" : "");
	children_settle(m, unit);
	if (unit->class == DEVMGR_CLASS_BUS)
		units_retry(m);
	if (m->stopping)
		(void)notification_signal(stop, bits);
	depend_bound(m, unit);
	supervise_schedule(m);
	supervise_settled(m);
	return OK;
}

static status_t op_refused(void *ctx, struct ipc_request *rq, status_t result, const char *reason)
{
	struct manager *m = ctx;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);

	if (!unit || unit->state != DEVMGR_STATE_STARTING || unit->instance.refused || unit->instance.rematch[0] ||
	    !result)
		return ERR_STATE;
	unit->instance.refused = result;
	snprintf(unit->reason, sizeof(unit->reason), "%.31s: %.80s (status %d)", unit->driver->manifest.name, reason,
		 (int)result);
	/* Its text is a stranger's: no control characters into the log. */
	for (char *c = unit->reason; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	unit_log(m, unit, result == ERR_NOT_FOUND ? LOG_DEBUG : LOG_WARN, "%s", unit->reason);
	return OK;
}

/* One probe, one answer: what it found is matched, and nobody probes it again. */
static status_t op_rematch(void *ctx, struct ipc_request *rq, const char *compatible)
{
	struct manager *m = ctx;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);

	if (!unit || unit->state != DEVMGR_STATE_STARTING || unit->rematched[0] || unit->instance.rematch[0] ||
	    unit->instance.refused)
		return ERR_STATE;
	if (!compatible[0])
		return ERR_INVALID;
	for (const char *c = compatible; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return ERR_INVALID;
	}
	snprintf(unit->instance.rematch, sizeof(unit->instance.rematch), "%s", compatible);
	return OK;
}

static status_t op_provider(void *ctx, struct ipc_request *rq, uint32_t entry, handle_t *endpoint)
{
	struct manager *m = ctx;
	const struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);

	return unit ? depend_endpoint(m, unit, entry, endpoint) : ERR_STATE;
}

static status_t op_stopping(void *ctx, struct ipc_request *rq, bool *asked)
{
	const struct manager *m = ctx;

	(void)rq;
	*asked = m->stopping;
	return OK;
}

const struct driver_ops control_ops = {
	.provider = op_provider,
	.bound = op_bound,
	.refused = op_refused,
	.rematch = op_rematch,
	.dma_alloc = control_dma_alloc,
	.dma_pin = control_dma_pin,
	.dma_release = control_dma_release,
	.dma_quiet = control_dma_quiet,
	.keep = control_keep,
	.kept = control_kept,
	.forget = control_forget,
	.child_add = control_child_add,
	.stopping = op_stopping,
	.children_watch = control_children_watch,
	.child_ended = control_child_ended,
	.child_quiet = control_child_quiet,
};
