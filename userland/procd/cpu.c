/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of CPU time. Nothing is looked at while nobody has one; else at the earliest moment at which it can have been reached. */
#include "userland/procd/effect.h"
#include "userland/procd/numbers.h"
#include "userland/procd/procd.h"
#include "userland/procd/signals.h"

#define SECOND_NS 1000000000ull
#define LEAST_NS  10000000ull /* between two looks */

static uint64_t seconds_ns(uint64_t seconds)
{
	return seconds > UINT64_MAX / SECOND_NS ? UINT64_MAX : seconds * SECOND_NS;
}

/* CPU time until the next of its limits; UINT64_MAX: it has none. */
static uint64_t look(uint32_t place)
{
	struct proc *p = proc_at(place);
	const struct limit *limit = &p->limits[PROCESS_LIMIT_CPU];
	const struct signal_info info = {.signal = NR_XCPU};
	uint64_t used, soft, hard = seconds_ns(limit->hard), next;

	if (!proc_is_alive(p) || (limit->soft == PROCESS_UNLIMITED && limit->hard == PROCESS_UNLIMITED))
		return UINT64_MAX;
	used = effect_cpu_ns(place);
	if (used >= hard) {
		effect_kill(place, NR_KILL);
		return UINT64_MAX;
	}
	soft = limit->soft == PROCESS_UNLIMITED ? UINT64_MAX : seconds_ns(limit->soft + p->cpu_shots);
	if (used >= soft) {
		p->cpu_shots = (uint32_t)(used / SECOND_NS - limit->soft) + 1;
		(void)signal_send(place, &info); /* number below SIGNAL_QUEUED: there is room */
		soft = seconds_ns(limit->soft + p->cpu_shots);
	}
	next = soft < hard ? soft : hard;
	return next == UINT64_MAX ? UINT64_MAX : next - used;
}

void cpu_schedule(void)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < table.top; i++) {
		uint64_t left = proc_at(i)->pid ? look(i) : UINT64_MAX;

		next = left < next ? left : next;
	}
	if (next == UINT64_MAX)
		(void)server_timer_set(&procd.cpu_timer, DEADLINE_NEVER);
	else
		(void)server_timer_set(&procd.cpu_timer,
				       time_now() + (next / procd.harts > LEAST_NS ? next / procd.harts : LEAST_NS));
}

void cpu_timer(void *ctx)
{
	(void)ctx;
	cpu_schedule();
	effects_finish();
}
