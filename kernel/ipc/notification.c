/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: signalling, waiting, binding to a thread's recv. */
#include "kernel/ipc/notification.h"

#include "kernel/hot.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/upcall.h"
#include "kernel/trap/calls.h"

const uint64_t no_signals;

status_t notification_create(struct quota *q, struct notification **out)
{
	struct notification *n = kalloc(q, sizeof(*n));

	if (!n)
		return ERR_NO_MEMORY;
	object_init(&n->obj, OBJ_NOTIFICATION, q);
	list_init(&n->waiters);
	*out = n;
	return OK;
}

void notification_destroy(struct notification *n)
{
	struct quota *q = n->obj.quota;

	/* Waiters and the binding hold references: none is left. */
	CHECK(list_empty(&n->waiters) && !n->bound);
	kfree(q, n, sizeof(*n));
	object_put(&q->obj);
}

void notification_unbind(struct thread *t)
{
	struct notification *n = t->bound;

	if (!n)
		return;
	t->bound = NULL;
	t->signals = &no_signals;
	n->bound = NULL;
	object_put(&n->obj);
}

static NOINLINE void wake_slow(struct thread *t, uint64_t bits)
{
	thread_wake(t, OK);
	t->x[X_A1] = bits;
}

NOINLINE void notification_signal(struct notification *n, uint64_t bits)
{
	struct thread *t;

	bits |= n->bits;
	if (!list_empty(&n->waiters)) {
		t = container_of(n->waiters.next, struct thread, ready_node);
		n->bits = 0;
		list_remove(&t->ready_node);
		if (unlikely(t->slow)) {
			wake_slow(t, bits);
			return;
		}
		thread_results(t, OK, bits, 0);
		thread_ready_quick(t);
		return;
	}
	t = n->bound;
	if (t && t->state == TS_RECEIVING) {
		n->bits = 0;
		receiver_signal(t, bits);
		return;
	}
	n->bits = bits;
}

struct sysret sys_notification_create(void)
{
	struct process *p = process_self();
	struct notification *n;
	handle_t h;
	status_t s = notification_create(p->quota, &n);

	if (s == OK)
		s = handle_create(p, &n->obj, RIGHTS_GENERIC | RIGHT_NT_SIGNAL | RIGHT_NT_WAIT, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_notification_signal(uint64_t handle, uint64_t bits)
{
	struct process *p = process_self();
	struct cap *c;

	if (!handle_quick(&p->table, handle, RIGHT_NT_SIGNAL, &c))
		return sysret_status(handle_error(p, handle, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL));
	if (!bits)
		return sysret_status(ERR_INVALID);
	struct notification *n = (struct notification *)c->obj;
	if (list_empty(&n->waiters) && !(n->bound && n->bound->state == TS_RECEIVING))
		n->bits |= bits;
	else
		notification_signal(n, bits);
	return sysret_status(OK);
}

struct sysret sys_notification_wait(uint64_t handle, uint64_t deadline, uint64_t how)
{
	struct thread *t = hart_self()->cur;
	struct cap *c;

	if (!handle_quick(&t->proc->table, handle, RIGHT_NT_WAIT, &c))
		return sysret_status(handle_error(t->proc, handle, OBJ_NOTIFICATION, RIGHT_NT_WAIT));
	if (how & ~(uint64_t)WAIT_INTERRUPTIBLE)
		return sysret_status(ERR_INVALID);
	struct notification *n = (struct notification *)c->obj;
	if (n->bits) {
		uint64_t bits = n->bits;

		n->bits = 0;
		return sysret_value(bits);
	}
	if (!deadline)
		return sysret_status(ERR_WOULD_BLOCK);
	if (t->stop_cancel && thread_take_cancel(t))
		return sysret_status(ERR_CANCELLED);
	t->interruptible = how;
	if (how && upcall_forestalls(t))
		return sysret_status(ERR_INTERRUPTED);
	sched_block(TS_NOTIFICATION);
	t->call_cap = c;
	list_push_back(&n->waiters, &t->ready_node);
	if (deadline != DEADLINE_NEVER)
		wait_deadline(t, deadline);
	return sysret_blocked();
}

void notification_cap_gone(struct notification *n, const struct cap *c)
{
	for (struct list *node = n->waiters.next, *next; node != &n->waiters; node = next) {
		struct thread *t = container_of(node, struct thread, ready_node);

		next = node->next;
		if (t->call_cap == c) {
			thread_unblock(t);
			thread_wake(t, ERR_CANCELLED);
		}
	}
}

struct sysret sys_notification_bind(uint64_t handle, uint64_t thread)
{
	struct process *p = process_self();
	struct cap *c = NULL, *tc;
	status_t s = handle_find(p, thread, OBJ_THREAD, RIGHT_THREAD_MANAGE, &tc);

	if (s == OK && handle != HANDLE_NONE)
		s = handle_find(p, handle, OBJ_NOTIFICATION, RIGHT_NT_WAIT, &c);
	if (s != OK)
		return sysret_status(s);
	struct thread *t = (struct thread *)tc->obj;
	if (t->state == TS_ENDED || t->slow & SLOW_REAPER)
		return sysret_status(ERR_STATE);
	struct notification *n = c ? (struct notification *)c->obj : NULL;
	if (n && n->bound && n->bound != t)
		return sysret_status(ERR_BUSY);
	if (n && n->bound == t)
		return sysret_status(OK);
	notification_unbind(t);
	if (n) {
		object_get(&n->obj);
		n->bound = t;
		t->bound = n;
		t->signals = &n->bits;
		if (n->bits && t->state == TS_RECEIVING) {
			uint64_t bits = n->bits;

			n->bits = 0;
			receiver_signal(t, bits);
		}
	}
	return sysret_status(OK);
}
