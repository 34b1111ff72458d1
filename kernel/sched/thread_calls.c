/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread_* system calls. */
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/futex.h"
#include "kernel/mm/user.h"
#include "kernel/proc/process.h"
#include "kernel/proc/resource.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"
#include <string.h>

#define RIGHTS_THREAD (RIGHTS_GENERIC | RIGHT_THREAD_MANAGE)

static status_t find_thread(uint64_t handle, struct thread **t)
{
	struct cap *c;
	status_t s = handle_find(process_self(), handle, OBJ_THREAD, RIGHT_THREAD_MANAGE, &c);

	if (s == OK)
		*t = (struct thread *)c->obj;
	return s;
}

static bool ended(const struct thread *t)
{
	return t->state == TS_ENDED || t->slow & SLOW_REAPER;
}

struct sysret sys_thread_create(uint64_t process, uint64_t args)
{
	struct thread *cur = hart_self()->cur, *t;
	struct process *self = cur->proc, *p = self;
	struct thread_args a;
	handle_t h;
	status_t s = user_read(self, args, &a, sizeof(a));

	if (s == OK && process != HANDLE_NONE) {
		struct cap *c;

		s = handle_find(self, process, OBJ_PROCESS, RIGHT_PROC_MANAGE, &c);
		if (s == OK)
			p = (struct process *)c->obj;
	}
	if (s != OK)
		return sysret_status(s);
	if (a.prio >= PRIO_COUNT || a.reserved)
		return sysret_status(ERR_INVALID);
	/* Nobody makes a thread more urgent than the ordinary range or himself. */
	if (a.prio > PRIO_USER_MAX && a.prio > cur->base_prio)
		return sysret_status(ERR_RIGHTS);
	s = thread_create(p, &t);
	if (s != OK)
		return sysret_status(s);
	t->pc = a.entry;
	t->x[X_SP] = a.stack;
	t->x[X_A0] = a.arg0;
	t->x[X_A1] = a.arg1;
	t->x[X_TP] = a.tls;
	t->prio = t->base_prio = (uint8_t)a.prio;
	if (p == self)
		t->upcall_entry = cur->upcall_entry;
	/* Faults go where its maker's go, until someone says otherwise. */
	if (p == self && cur->fault_ep) {
		t->fault_ep = cur->fault_ep;
		t->fault_badge = cur->fault_badge;
		object_get(&t->fault_ep->obj);
	}
	s = handle_create(self, &t->obj, RIGHTS_THREAD, &h);
	if (s != OK) {
		thread_end(t);
		return sysret_status(s);
	}
	return sysret_value(h);
}

struct sysret sys_process_thread(uint64_t process, uint64_t after)
{
	struct process *self = process_self();
	struct cap *c;
	status_t s = handle_find(self, process, OBJ_PROCESS, RIGHT_PROC_MANAGE, &c);
	struct thread *found = NULL;
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	list_for_each(n, &((struct process *)c->obj)->threads) {
		struct thread *t = container_of(n, struct thread, proc_node);

		if (t->obj.koid > after && !ended(t) && (!found || t->obj.koid < found->obj.koid))
			found = t;
	}
	if (!found)
		return sysret_status(ERR_NOT_FOUND);
	object_get(&found->obj);
	s = handle_create(self, &found->obj, RIGHTS_THREAD, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_thread_start(uint64_t thread)
{
	struct thread *t;
	status_t s = find_thread(thread, &t);

	if (s != OK)
		return sysret_status(s);
	if (t->state != TS_NEW || t->proc->state >= PROCESS_ENDING)
		return sysret_status(ERR_STATE);
	process_started(t->proc, t);
	thread_ready(t);
	return sysret_status(OK);
}

struct sysret sys_thread_exit(uint64_t futex)
{
	struct thread *t = hart_self()->cur;
	uint32_t zero = 0;

	/* The last thing it does to its memory: whoever joins may free its stack afterwards. */
	if (futex && !(futex & 3) && user_write(t->proc, futex, &zero, sizeof(zero)) == OK)
		futex_wake(t->proc, futex, ~0ull);
	thread_end(t);
	return sysret_blocked();
}

struct sysret sys_thread_kill(uint64_t thread)
{
	struct thread *t;
	status_t s = find_thread(thread, &t);

	if (s == OK)
		thread_end(t);
	if (hart_self()->cur->state != TS_RUNNING)
		return sysret_blocked();
	return sysret_status(s);
}

struct sysret sys_thread_set_sched(uint64_t thread, uint64_t sched, uint64_t resource)
{
	struct thread *cur = hart_self()->cur, *t = cur;
	struct thread_sched a;
	status_t s = thread == HANDLE_NONE ? OK : find_thread(thread, &t);

	if (s == OK)
		s = user_read(cur->proc, sched, &a, sizeof(a));
	if (s != OK)
		return sysret_status(s);
	uint64_t all = (1ull << MAX_HARTS) - 1;
	if (a.prio >= PRIO_COUNT || a.reserved)
		return sysret_status(ERR_INVALID);
	if (a.budget_ns && (a.period_ns < 1000000 || a.period_ns > 10000000000ull || a.budget_ns > a.period_ns))
		return sysret_status(ERR_INVALID);
	if (a.affinity && !(a.affinity & ((1ull << hart_count) - 1)))
		return sysret_status(ERR_RANGE);
	if (a.prio > PRIO_USER_MAX && a.prio > t->base_prio) {
		s = resource_check(cur->proc, resource, RES_SYSTEM, SYSTEM_PRIORITY, 1);
		if (s != OK)
			return sysret_status(s);
	}
	if (ended(t))
		return sysret_status(ERR_STATE);
	t->affinity = a.affinity ? a.affinity & all : all;
	if ((t->affinity & ((1ull << hart_count) - 1)) != (1ull << hart_count) - 1)
		t->slow |= SLOW_AFFINITY;
	else
		t->slow &= ~(uint32_t)SLOW_AFFINITY;
	budget_count((a.budget_ns != 0) - (t->budget_ticks != 0));
	t->budget_ticks = a.budget_ns ? ns_to_ticks(a.budget_ns) : 0;
	t->period_ticks = ns_to_ticks(a.period_ns);
	t->budget_left = t->budget_ticks;
	t->period_start = ticks_now();
	if (t->budget_ticks) {
		t->slow |= SLOW_BUDGET;
		t->payer = t;
	} else {
		t->slow &= ~(uint32_t)SLOW_BUDGET;
	}
	if (t->slow & SLOW_THROTTLED) {
		ktimer_cancel(&t->budget_timer);
		t->slow &= ~(uint32_t)SLOW_THROTTLED;
		if (t->state == TS_THROTTLED)
			thread_ready(t);
	}
	t->base_prio = (uint8_t)a.prio;
	thread_recompute_prio(t);
	if (t->prio > t->base_prio)
		t->slow |= SLOW_BOOSTED;
	else
		t->slow &= ~(uint32_t)SLOW_BOOSTED;
	/* It may have to move to another hart, or is no longer the most urgent here. */
	if (t->state == TS_READY) {
		ready_remove(t);
		sched_place(t);
	} else if (t->state == TS_RUNNING) {
		hart_kick(t->hart);
	}
	return sysret_status(OK);
}

struct sysret sys_thread_regs(uint64_t thread, uint64_t op, uint64_t buf)
{
	struct process *self = process_self();
	struct thread *t;
	struct thread_regs r;
	status_t s = find_thread(thread, &t);

	if (s != OK)
		return sysret_status(s);
	if (op > THREAD_REGS_SET)
		return sysret_status(ERR_INVALID);
	bool waits = t->suspended && t->state >= TS_CALLING && t->state <= TS_FUTEX;
	if (op == THREAD_REGS_GET && waits) {
		/* In a system call: what calls clobber has no value, and holds its message. */
		memset(&r, 0, sizeof(r));
		r.pc = t->pc;
		r.x[X_SP] = t->x[X_SP];
		r.x[3] = t->x[3];
		r.x[X_TP] = t->x[X_TP];
		for (unsigned i = 0; i < 12; i++) {
			unsigned s_register = i < 2 ? 8 + i : 16 + i;

			r.x[s_register] = t->x[s_register];
		}
		return sysret_status(user_write(self, buf, &r, sizeof(r)));
	}
	if (t->state != TS_SUSPENDED && t->state != TS_FAULTED && t->state != TS_NEW)
		return sysret_status(ERR_STATE);
	thread_expand(t);
	if (op == THREAD_REGS_GET) {
		r.pc = t->pc;
		memcpy(r.x, t->x, sizeof(r.x));
		r.x[0] = 0;
		return sysret_status(user_write(self, buf, &r, sizeof(r)));
	}
	s = user_read(self, buf, &r, sizeof(r));
	if (s != OK)
		return sysret_status(s);
	t->pc = r.pc & ~1ull;
	memcpy(t->x, r.x, sizeof(r.x));
	return sysret_status(OK);
}

struct sysret sys_thread_set_fault(uint64_t thread, uint64_t endpoint)
{
	struct thread *t;
	struct cap *c = NULL;
	status_t s = find_thread(thread, &t);

	if (s == OK && endpoint != HANDLE_NONE)
		s = handle_find(process_self(), endpoint, OBJ_ENDPOINT, RIGHT_EP_CALL, &c);
	if (s != OK)
		return sysret_status(s);
	if (ended(t))
		return sysret_status(ERR_STATE);
	if (c)
		object_get(c->obj);
	if (t->fault_ep)
		object_put(&t->fault_ep->obj);
	t->fault_ep = c ? (struct endpoint *)c->obj : NULL;
	t->fault_badge = c ? c->badge : 0;
	return sysret_status(OK);
}

struct sysret sys_thread_suspend(uint64_t thread, uint64_t on)
{
	struct thread *t;
	status_t s = find_thread(thread, &t);

	if (s != OK)
		return sysret_status(s);
	if (on > 1)
		return sysret_status(ERR_INVALID);
	if (ended(t) || t->state == TS_NEW)
		return sysret_status(ERR_STATE);
	if (!on) {
		t->suspended = t->stop_suspend = false;
		if (!t->stop_kill && !t->stop_cancel)
			t->slow &= ~(uint32_t)SLOW_STOP;
		if (t->state == TS_SUSPENDED)
			thread_ready(t);
		return sysret_status(OK);
	}
	/* One that waits keeps waiting, and does not run when its wait ends. */
	if (t->state == TS_RUNNING) {
		t->stop_suspend = true;
		t->slow |= SLOW_STOP;
		hart_kick(t->hart);
		return sysret_status(OK);
	}
	t->suspended = true;
	t->slow |= SLOW_STOP; /* an answer must not wake it by the fast path */
	if (t->state == TS_READY) {
		ready_remove(t);
		t->state = TS_SUSPENDED;
	}
	return sysret_status(OK);
}

struct sysret sys_thread_cancel(uint64_t thread)
{
	struct thread *t;
	status_t s = find_thread(thread, &t);

	if (s != OK)
		return sysret_status(s);
	if (ended(t))
		return sysret_status(ERR_STATE);
	switch (t->state) {
	case TS_CALLING:
	case TS_AWAIT_REPLY:
	case TS_RECEIVING:
	case TS_NOTIFICATION:
	case TS_FUTEX:
		thread_unblock(t);
		thread_wake(t, ERR_CANCELLED);
		break;
	default:
		t->stop_cancel = true;
		t->slow |= SLOW_STOP; /* its next wait must come through the slow path, which looks */
		break;
	}
	return sysret_status(OK);
}

struct sysret sys_thread_yield(void)
{
	sched_yield_self();
	return sysret_status(OK);
}

static const uint8_t public_state[] = {
	[TS_RUNNING] = THREAD_RUNNING,
	[TS_READY] = THREAD_READY,
	[TS_CALLING] = THREAD_BLOCKED_CALL,
	[TS_AWAIT_REPLY] = THREAD_BLOCKED_REPLY,
	[TS_RECEIVING] = THREAD_BLOCKED_RECV,
	[TS_NOTIFICATION] = THREAD_BLOCKED_NOTIFICATION,
	[TS_FUTEX] = THREAD_BLOCKED_FUTEX,
	[TS_FAULTED] = THREAD_FAULTED,
	[TS_SUSPENDED] = THREAD_SUSPENDED,
	[TS_THROTTLED] = THREAD_THROTTLED,
	[TS_NEW] = THREAD_NEW,
	[TS_ENDED] = THREAD_ENDED,
};

/* CPU time with what has not been charged yet: a thread can run for long without a switch. */
uint64_t thread_cpu_ticks(const struct thread *t)
{
	uint64_t ticks = t->cpu_ticks;

	for (unsigned i = 0; i < hart_count; i++)
		if (harts[i].account == t)
			ticks += ticks_now() - harts[i].account_start;
	return ticks;
}

void thread_fill_info(struct thread *t, struct thread_info *i)
{
	*i = (struct thread_info){
		.koid = t->obj.koid,
		.process_koid = t->proc->obj.koid,
		.cpu_ns = ticks_to_ns(thread_cpu_ticks(t)),
		.state = (t->slow & SLOW_REAPER) ? THREAD_ENDED : public_state[t->state],
		.prio = t->prio,
		.base_prio = t->base_prio,
		.hart = t->hart->index,
	};
}

struct sysret sys_thread_info(uint64_t thread, uint64_t buf)
{
	struct thread *t = hart_self()->cur;
	struct process *self = t->proc;
	struct thread_info i;

	if (thread != HANDLE_NONE) {
		struct cap *c;
		status_t s = handle_find(self, thread, OBJ_THREAD, RIGHT_INFO, &c);

		if (s != OK)
			return sysret_status(s);
		t = (struct thread *)c->obj;
	}
	thread_fill_info(t, &i);
	return sysret_status(user_write(self, buf, &i, sizeof(i)));
}
