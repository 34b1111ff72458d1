/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: making, waking, priorities along chains of calls, ending. */
#include "kernel/sched/thread.h"

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/notification.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"

#define CHAIN_MAX 64 /* calls followed for priority inheritance; a longer chain keeps what it has */

uint32_t thread_total;

status_t thread_create(struct process *p, struct thread **out)
{
	struct quota *q = p->quota;

	if (p->state >= PROCESS_ENDING)
		return ERR_STATE;
	if (q->used.threads >= q->limit.threads)
		return ERR_QUOTA;
	struct thread *t = kalloc(q, sizeof(*t));
	if (!t)
		return ERR_NO_MEMORY;
	object_init(&t->obj, OBJ_THREAD, q);
	q->used.threads++;
	thread_total++;
	t->proc = p;
	object_get(&p->obj);
	t->satp = p->as.satp;
	thread_move(t, hart_self());
	t->payer = t;
	t->signals = &no_signals;
	t->state = TS_NEW;
	t->affinity = (1ull << MAX_HARTS) - 1;
	if (!p->as.asid && aspace_asid_bits())
		t->slow |= SLOW_FLUSH;
	list_init(&t->ready_node);
	list_init(&t->callers);
	list_init(&t->saved_node);
	list_push_back(&p->threads, &t->proc_node);
	p->thread_count++;
	object_get(&t->obj); /* the process's own, until it ends */
	*out = t;
	return OK;
}

void thread_destroy(struct thread *t)
{
	struct quota *q = t->obj.quota;
	struct process *p = t->proc;

	CHECK(t->state == TS_ENDED);
	kfree(q, t->fp, 33 * 8);
	kfree(q, t, sizeof(*t));
	q->used.threads--;
	thread_total--;
	object_put(&p->obj);
	object_put(&q->obj);
}

void thread_unblock(struct thread *t)
{
	switch (t->state) {
	case TS_READY: ready_remove(t); break;
	case TS_CALLING: endpoint_unqueue(t); break;
	case TS_AWAIT_REPLY: caller_forget(t); break;
	case TS_FAULTED:
		if (t->call_ep)
			endpoint_unqueue(t);
		else
			caller_forget(t);
		break;
	case TS_RECEIVING: endpoint_unreceive(t); break;
	case TS_NOTIFICATION:
	case TS_FUTEX: list_remove(&t->ready_node); break;
	default: break;
	}
	if (t->slow & SLOW_DEADLINE) {
		ktimer_cancel(&t->wait_timer);
		t->slow &= ~(uint32_t)SLOW_DEADLINE;
	}
}

void thread_ready(struct thread *t)
{
	if (t->suspended) {
		t->state = TS_SUSPENDED;
		return;
	}
	if (t->slow & SLOW_THROTTLED) {
		t->state = TS_THROTTLED;
		return;
	}
	sched_place(t);
}

bool thread_take_cancel(struct thread *t)
{
	if (!t->stop_cancel)
		return false;
	t->stop_cancel = false;
	if (!t->stop_kill && !t->stop_suspend)
		t->slow &= ~(uint32_t)SLOW_STOP;
	return true;
}

void thread_wake(struct thread *t, status_t status)
{
	if (t->slow & SLOW_DEADLINE) {
		ktimer_cancel(&t->wait_timer);
		t->slow &= ~(uint32_t)SLOW_DEADLINE;
	}
	thread_results(t, (uint64_t)status, 0, 0);
	thread_ready(t);
}

void thread_set_prio(struct thread *t, unsigned prio)
{
	for (unsigned n = 0; t && n < CHAIN_MAX; n++) {
		if (t->prio == prio)
			return;
		if (t->state == TS_READY) {
			ready_remove(t);
			t->prio = (uint8_t)prio;
			sched_place(t);
		} else {
			t->prio = (uint8_t)prio;
		}
		if (t->prio > t->base_prio)
			t->slow |= SLOW_BOOSTED;
		else
			t->slow &= ~(uint32_t)SLOW_BOOSTED;
		if (t->state == TS_RUNNING)
			hart_kick(t->hart);
		/* On to whoever it waits for: raising only hands on more, lowering makes that one look again. */
		struct thread *next = NULL;
		if (t->state == TS_CALLING || (t->state == TS_FAULTED && t->call_ep)) {
			endpoint_requeue(t);
			next = t->call_ep->server;
		} else if (t->state == TS_AWAIT_REPLY || t->state == TS_FAULTED) {
			next = t->saved_by ? t->saved_by : t->server;
		}
		if (!next)
			return;
		if (next->prio < prio) {
			t = next;
		} else {
			if (next->slow & SLOW_BOOSTED)
				thread_recompute_prio(next);
			return;
		}
	}
}

void thread_recompute_prio(struct thread *t)
{
	unsigned p = t->base_prio;

	if (t->caller && t->caller->prio > p)
		p = t->caller->prio;
	list_for_each(n, &t->callers) {
		struct thread *c = container_of(n, struct thread, saved_node);

		if (c->prio > p)
			p = c->prio;
	}
	if (t->ep && t->ep->server == t && t->ep->callers && t->ep->callers->prio > p)
		p = t->ep->callers->prio;
	if (p != t->prio)
		thread_set_prio(t, p);
}

static void thread_ended(struct thread *t)
{
	struct process *p = t->proc;

	t->state = TS_ENDED;
	p->cpu_ticks += t->cpu_ticks;
	list_remove(&t->proc_node);
	p->thread_count--;
	for (unsigned i = 0; i < MAX_HARTS; i++)
		if (harts[i].account == t)
			harts[i].account = NULL;
	if (!p->thread_count) {
		/* The last one: it stays as the vehicle of the clean-up. */
		p->state = PROCESS_ENDING;
		list_push_back(&p->threads, &t->proc_node);
		t->slow = SLOW_REAPER;
		t->payer = t;
		t->suspended = false;
		t->state = TS_READY;
		t->affinity = (1ull << MAX_HARTS) - 1;
		ready_insert(t, false);
		hart_kick(t->hart);
	} else if (t == hart_self()->cur) {
		t->slow = SLOW_STOP; /* out by the slow way, which lets go of it */
		hart_self()->zombie = t;
	} else {
		object_put(&t->obj);
	}
}

void thread_end(struct thread *t)
{
	struct hart *h = t->hart;

	if (t->state == TS_ENDED || t->slow & SLOW_REAPER)
		return;
	if (t->state == TS_RUNNING && h != hart_self()) {
		t->stop_kill = true;
		t->slow |= SLOW_STOP;
		hart_kick(h);
		return;
	}
	if (t->state == TS_RUNNING) {
		account_stop();
		fp_release(t);
		h->resched = 1;
	}
	thread_unblock(t);
	callers_drop_all(t);
	ktimer_cancel(&t->budget_timer);
	fp_forget(t);
	notification_unbind(t);
	if (t->ep) {
		if (t->ep->server == t)
			t->ep->server = NULL;
		object_put(&t->ep->obj);
		t->ep = NULL;
	}
	if (t->fault_ep) {
		object_put(&t->fault_ep->obj);
		t->fault_ep = NULL;
	}
	t->prio = t->base_prio;
	t->slow = 0;
	if (t->budget_ticks)
		budget_count(-1);
	t->budget_ticks = 0;
	thread_ended(t);
}
