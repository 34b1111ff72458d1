/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints: queues of callers and receivers, delivery, answers, and what happens when one side goes away. */
#include "kernel/ipc/endpoint.h"

#include "kernel/hot.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/notification.h"
#include "kernel/irq/irq.h"
#include "kernel/mm/pager.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/upcall.h"
#include "kernel/trap/calls.h"
#include "sys/abi/fault.h"
#include "sys/abi/ipc.h"

status_t endpoint_create(struct quota *q, struct endpoint **out)
{
	struct endpoint *ep = kalloc(q, sizeof(*ep));

	if (!ep)
		return ERR_NO_MEMORY;
	object_init(&ep->obj, OBJ_ENDPOINT, q);
	list_init(&ep->queue);
	*out = ep;
	return OK;
}

void endpoint_destroy(struct endpoint *ep)
{
	struct quota *q = ep->obj.quota;

	CHECK(list_empty(&ep->queue) && !ep->recv && !ep->paged.root);
	if (ep->watch)
		object_put(&ep->watch->obj);
	for (struct cap *c = ep->gone_first, *next; c; c = next) {
		next = c->next;
		cap_discard(c);
	}
	kfree(q, ep, sizeof(*ep));
	object_put(&q->obj);
}

void endpoint_badge_gone(struct endpoint *ep, struct cap *c)
{
	if (ep->gone_last)
		ep->gone_last->next = c;
	else
		ep->gone_first = c;
	ep->gone_last = c;
	if (ep->watch)
		notification_signal(ep->watch, ep->watch_bits);
}

static void fault_lost(struct thread *t, bool closed);

static struct thread *queue_thread(struct list *n)
{
	return container_of(n, struct thread, ready_node);
}

static void queue_head_update(struct endpoint *ep)
{
	ep->callers = list_empty(&ep->queue) ? NULL : queue_thread(ep->queue.next);
}

static void queue_insert(struct endpoint *ep, struct thread *t)
{
	struct list *n = ep->queue.prev;

	/* From the back: callers of one priority, the usual case, cost one look. */
	while (n != &ep->queue && queue_thread(n)->prio < t->prio)
		n = n->prev;
	list_insert(&t->ready_node, n->next);
	queue_head_update(ep);
}

void endpoint_unqueue(struct thread *t)
{
	struct endpoint *ep = t->call_ep;

	list_remove(&t->ready_node);
	t->call_ep = NULL;
	queue_head_update(ep);
	if (ep->server && ep->server->slow & SLOW_BOOSTED)
		thread_recompute_prio(ep->server);
	object_put(&ep->obj);
}

void endpoint_requeue(struct thread *t)
{
	list_remove(&t->ready_node);
	queue_insert(t->call_ep, t);
}

void endpoint_unreceive(struct thread *t)
{
	struct thread **link = t->ep ? &t->ep->recv : NULL; /* none: waits for signals only */

	while (link && *link && *link != t)
		link = &(*link)->wait_next;
	if (link && *link)
		*link = t->wait_next;
	t->wait_next = NULL;
	t->payer = t;
}

void endpoint_cap_gone(struct endpoint *ep, const struct cap *c)
{
	bool closed = false;

	if (c->rights & RIGHT_EP_RECV) {
		closed = --ep->receivers == 0;
		for (struct thread *t = ep->recv, *next; t; t = next) {
			next = t->wait_next; /* waking one does not touch the others */
			if (closed || t->proc == c->owner) {
				thread_unblock(t);
				thread_wake(t, ERR_CANCELLED);
			}
		}
	}
	for (struct list *n = ep->queue.next, *next; n != &ep->queue; n = next) {
		struct thread *t = queue_thread(n);

		next = n->next;
		if (!closed && t->call_cap != c)
			continue;
		thread_unblock(t);
		if (t->slow & SLOW_FAULTED)
			fault_lost(t, true);
		else
			thread_wake(t, closed ? ERR_CLOSED : ERR_CANCELLED);
	}
	if (closed)
		pager_closed(ep);
}

/* From here on the work of s (and of those it called meanwhile) is no longer paid by `old`. */
static void payer_cut(struct thread *s, const struct thread *old)
{
	for (struct thread *x = s; x && x->payer == old && x != old;
	     x = x->state == TS_AWAIT_REPLY || x->state == TS_FAULTED ? (x->saved_by ? x->saved_by : x->server)
								      : NULL) {
		x->payer = s;
		for (unsigned i = 0; i < hart_count; i++)
			if (harts[i].cur == x && harts[i].account == old)
				harts[i].account = s;
	}
}

/* Ends the bond between a caller and whoever holds its call. */
static NOINLINE void caller_unlink(struct thread *t)
{
	struct thread *s = t->saved_by ? t->saved_by : t->server;

	if (t->reply) {
		t->reply->caller = NULL;
		t->reply = NULL;
	}
	if (t->saved_by) {
		list_remove(&t->saved_node);
		if (list_empty(&t->saved_by->callers))
			t->saved_by->slow &= ~(uint32_t)SLOW_CALLERS;
		t->saved_by = NULL;
	} else if (s) {
		s->caller = NULL;
	}
	t->server = NULL;
	if (s) {
		if (s != t->payer)
			payer_cut(s, t->payer);
		if (s->slow & SLOW_BOOSTED)
			thread_recompute_prio(s);
	}
}

void caller_forget(struct thread *t)
{
	caller_unlink(t);
}

/* The call of t ends without an answer. */
static NOINLINE void caller_fail(struct thread *t, status_t why)
{
	caller_unlink(t);
	if (t->slow & SLOW_FAULTED)
		fault_lost(t, false);
	else
		thread_wake(t, why);
}

void caller_drop(struct thread *s)
{
	if (s->caller)
		caller_fail(s->caller, ERR_PEER_DIED);
}

void callers_drop_all(struct thread *s)
{
	caller_drop(s);
	/* Saved calls belong to their reply handles: another thread of the process may still answer. */
	while (!list_empty(&s->callers)) {
		struct thread *t = container_of(s->callers.next, struct thread, saved_node);

		list_remove(&t->saved_node);
		t->saved_by = NULL;
		if (s->payer == t->payer)
			payer_cut(s, t->payer);
	}
}

void reply_destroy(struct reply *r)
{
	struct quota *q = r->obj.quota;

	kfree(q, r, sizeof(*r));
	object_put(&q->obj);
}

void reply_abandon(struct reply *r)
{
	if (r->caller)
		caller_fail(r->caller, ERR_PEER_DIED);
}

/* To a pager: which page, and nothing about who asks for it. */
static NOINLINE void page_message(struct thread *s, const struct thread *t)
{
	s->x[X_A1] = MSG_LABEL_PAGE;
	s->x[X_A2] = t->page_offset;
	s->x[X_A2 + 1] = t->page_access;
	for (unsigned i = 2; i < MSG_WORDS; i++)
		s->x[X_A2 + i] = 0;
}

/* Gives the message of t to the server s. On an error nothing has happened. */
static NOINLINE status_t deliver(struct thread *s, struct thread *t)
{
	status_t st = OK;
	uint64_t handles[MSG_HANDLES_MAX] = {0};

	if (t->slow & SLOW_FAULTED) {
		s->x[X_A1] = MSG_LABEL_FAULT;
		s->x[X_A2] = t->fault_cause;
		s->x[X_A2 + 1] = t->fault_addr;
		s->x[X_A2 + 2] = t->pc;
		s->x[X_A2 + 3] = t->obj.koid;
		s->x[X_A2 + 4] = t->proc->obj.koid;
		s->x[X_A2 + 5] = t->x[X_SP];
		if (unlikely(t->paging))
			page_message(s, t);
		t->msginfo = 0;
		t->state = TS_FAULTED;
	} else {
		if (MSG_HANDLES(t->x[X_A1])) {
			/* Time may have passed since the call was checked: another thread can have closed one. */
			st = message_check(t, t->x[X_A1], true);
			if (st == OK)
				st = message_move_handles(t, s->proc, handles);
			if (st != OK)
				return st;
		}
#pragma GCC unroll 7
		for (unsigned i = 0; i < 7; i++)
			s->x[X_A1 + i] = t->x[X_A1 + i];
		s->x[X_A1] &= ~MSG_DEADLINE;
		t->msginfo = t->x[X_A1];
		t->leases = t->x[X_T1];
		t->state = TS_AWAIT_REPLY;
	}
	s->brief = 0;
	s->x[X_A0] = RECV_CALL;
	message_put_handles(s, handles);
	s->x[X_T1] = t->call_badge;
	s->x[X_T6] = s->x[X_T0] = s->x[X_RA] = 0;
	s->caller = t;
	t->server = s;
	/* One with a budget keeps to it whoever calls: a limit that ends with the first call would be none. */
	s->payer = s->slow & SLOW_BUDGET ? s : t->payer;
	if (s->prio < t->prio)
		thread_set_prio(s, t->prio);
	return OK;
}

void endpoint_send(struct endpoint *ep, struct thread *t)
{
	struct thread *s = ep->recv;
	bool running = t->state == TS_RUNNING;

	if (s) {
		status_t st = deliver(s, t);

		if (st != OK) {
			/* The sender's fault; its call returns. It is the running thread: a fault message has nothing to fail on. */
			thread_results(t, (uint64_t)st, 0, 0);
			return;
		}
		ep->recv = s->wait_next;
		s->wait_next = NULL;
		if (s->slow & SLOW_DEADLINE) {
			ktimer_cancel(&s->wait_timer);
			s->slow &= ~(uint32_t)SLOW_DEADLINE;
		}
		if (running) {
			/* Run it here, in the caller's place, if it may. */
			struct hart *h = hart_self();

			if (s->hart != h && s->affinity >> h->index & 1)
				thread_move(s, h);
			h->resched = 1;
		}
		thread_ready_quick(s);
		return;
	}
	if (t->slow & SLOW_FAULTED)
		t->state = TS_FAULTED;
	else
		t->state = TS_CALLING;
	t->call_ep = ep;
	object_get(&ep->obj);
	queue_insert(ep, t);
	if (ep->server && ep->server->prio < t->prio)
		thread_set_prio(ep->server, t->prio);
}

static inline __attribute__((always_inline)) void fault_message_send(struct thread *t, struct endpoint *ep,
								     uint64_t badge)
{
	t->slow |= SLOW_FAULTED;
	t->call_badge = badge;
	t->call_cap = NULL;
	struct thread *s = ep->recv;
	if (s && !s->slow && s->prio >= t->prio) {
		deliver(s, t);
		ep->recv = s->wait_next;
		s->wait_next = NULL;
		thread_ready_quick(s);
	} else {
		endpoint_send(ep, t);
	}
}

void page_request_send(struct thread *t, struct endpoint *ep, uint64_t badge)
{
	t->paging = true;
	fault_message_send(t, ep, badge);
}

bool fault_send(struct thread *t)
{
	struct endpoint *ep = t->fault_ep;

	if (!ep || !ep->receivers)
		return false;
	t->paging = false;
	fault_message_send(t, ep, t->fault_badge);
	return true;
}

/* Its pager has no such page: what was a missing page is an access that cannot be, its fault handler's now. */
static COLD void page_refused(struct thread *t)
{
	t->fault_cause = page_refused_cause(t->fault_cause);
	t->slow &= ~(uint32_t)SLOW_FAULTED;
	if (!fault_send(t))
		fault_unhandled(t);
}

/* Whoever had the message is gone. A pager's successor is asked again, by the access itself. */
static COLD void fault_lost(struct thread *t, bool closed)
{
	if (!t->paging) {
		fault_unhandled(t);
	} else if (closed) {
		page_refused(t);
	} else {
		t->slow &= ~(uint32_t)SLOW_FAULTED;
		thread_ready(t);
	}
}

/* Its process ends when the scheduler comes to it: ending it from here could go on and on along a chain of fault handlers. */
COLD void fault_unhandled(struct thread *t)
{
	t->slow = (t->slow & ~(uint32_t)(SLOW_FAULTED | SLOW_THROTTLED)) | SLOW_DOOMED;
	t->suspended = false;
	sched_place(t);
}

/* Answers t's call out of from's registers. Whatever is wrong with the answer is told to the caller, never to the server. */
static NOINLINE void answer(struct thread *t, struct thread *from)
{
	uint64_t handles[MSG_HANDLES_MAX] = {0};
	uint64_t info = from->x[X_A1];

	if (!t->saved_by && !t->reply && t->server == from && !(from->slow & SLOW_BOOSTED)) {
		/* The usual case of caller_unlink: answered by the thread that took it, which waits for nobody itself. */
		from->caller = NULL;
		t->server = NULL;
		from->payer = from;
	} else {
		caller_unlink(t);
	}
	if (t->slow & SLOW_FAULTED) {
		t->slow &= ~(uint32_t)SLOW_FAULTED;
		if (MSG_LABEL(info) == FAULT_RESUME)
			thread_ready_quick(t);
		else if (t->paging)
			page_refused(t);
		else
			fault_unhandled(t);
		if (MSG_HANDLES(info))
			message_drop_handles(from);
		return;
	}
	status_t s = MSG_HANDLES(info) ? message_move_handles(from, t->proc, handles) : OK;
	if (s != OK)
		message_drop_handles(from);
	if (t->slow & SLOW_DEADLINE) {
		ktimer_cancel(&t->wait_timer);
		t->slow &= ~(uint32_t)SLOW_DEADLINE;
	}
	t->brief = 0;
	t->x[X_A0] = (uint64_t)s;
	t->x[X_A1] = info & (MSG_INFO(0xffffffffu, 7, 0));
#pragma GCC unroll 6
	for (unsigned i = 1; i < 7; i++)
		t->x[X_A1 + i] = from->x[X_A1 + i];
	if (s != OK)
		for (unsigned i = 0; i < 7; i++)
			t->x[X_A1 + i] = 0;
	message_put_handles(t, handles);
	t->x[X_T1] = t->x[X_T6] = t->x[X_T0] = t->x[X_RA] = 0;
	thread_ready_quick(t);
}

static NOINLINE void receiver_signal_slow(struct thread *t, uint64_t bits)
{
	endpoint_unreceive(t);
	thread_wake(t, RECV_SIGNAL);
	t->x[X_A2] = bits;
}

void receiver_signal(struct thread *t, uint64_t bits)
{
	struct endpoint *ep = t->ep;

	if (unlikely(t->slow || (ep && ep->recv != t))) {
		receiver_signal_slow(t, bits);
		return;
	}
	if (ep)
		ep->recv = t->wait_next;
	t->wait_next = NULL;
	t->payer = t;
	thread_results(t, RECV_SIGNAL, 0, bits);
	thread_ready_quick(t);
}

/* ---- system calls: arguments are in the thread's x[] ---- */

struct sysret sys_call(uint64_t handle, uint64_t info)
{
	struct thread *t = hart_self()->cur;
	struct cap *c;
	status_t s = handle_find(t->proc, handle, OBJ_ENDPOINT, RIGHT_EP_CALL, &c);

	if (s != OK)
		return sysret_status(s);
	s = message_check(t, info, true);
	if (s != OK)
		return sysret_status(s);
	struct endpoint *ep = (struct endpoint *)c->obj;
	if (!ep->receivers)
		return sysret_status(ERR_CLOSED);
	bool timed = info & MSG_DEADLINE;
	uint64_t deadline = t->x[X_T6];
	if (timed && !deadline && !ep->recv)
		return sysret_status(ERR_WOULD_BLOCK);
	if (t->stop_cancel && thread_take_cancel(t))
		return sysret_status(ERR_CANCELLED);
	t->call_badge = c->badge;
	t->call_cap = c;
	endpoint_send(ep, t);
	if (timed && t->state != TS_RUNNING)
		wait_deadline(t, deadline);
	return sysret_blocked();
}

static NOINLINE struct sysret receive_slow(struct thread *t, struct endpoint *ep, uint64_t deadline);

/* Nothing is there for t on ep (or, without ep, on its notification): it may just wait. */
static inline bool receive_is_plain(struct thread *t, struct endpoint *ep)
{
	return likely(!t->slow && !*t->signals && t->ep == ep && !(ep && ep->callers));
}

static inline struct sysret receive_wait(struct thread *t, struct endpoint *ep)
{
	t->payer = t;
	t->state = TS_RECEIVING;
	if (ep) {
		t->wait_next = ep->recv;
		ep->recv = t;
		ep->server = t;
	}
	hart_self()->resched = 1;
	return (struct sysret){STATUS_DONE, 0};
}

static NOINLINE struct sysret receive_slow(struct thread *t, struct endpoint *ep, uint64_t deadline)
{
	struct notification *n = t->bound;

	if (t->ep != ep) {
		if (t->ep) {
			if (t->ep->server == t)
				t->ep->server = NULL;
			object_put(&t->ep->obj);
		}
		t->ep = ep;
		if (ep)
			object_get(&ep->obj);
	}
	if (t->slow & SLOW_BOOSTED)
		thread_recompute_prio(t);
	if (n && n->bits) {
		uint64_t bits = n->bits;

		n->bits = 0;
		t->payer = t;
		thread_results(t, RECV_SIGNAL, 0, bits);
		return sysret_blocked();
	}
	while (ep && ep->callers) {
		struct thread *c = ep->callers;
		uint32_t slow = c->slow & SLOW_FAULTED;

		endpoint_unqueue(c);
		status_t s = deliver(t, c);
		if (s == OK) {
			ep->server = t;
			if (ep->callers && ep->callers->prio > t->prio)
				thread_set_prio(t, ep->callers->prio);
			return sysret_blocked();
		}
		CHECK(!slow);
		(void)slow;
		c->call_ep = NULL;
		thread_wake(c, s);
	}
	if (t->stop_cancel && thread_take_cancel(t))
		return sysret_status(ERR_CANCELLED);
	t->payer = t;
	if (!deadline)
		return sysret_status(ERR_WOULD_BLOCK);
	sched_block(TS_RECEIVING);
	if (ep) {
		t->wait_next = ep->recv;
		ep->recv = t;
		ep->server = t;
	}
	if (deadline != DEADLINE_NEVER)
		wait_deadline(t, deadline);
	return sysret_blocked();
}

struct sysret sys_reply_recv(uint64_t handle, uint64_t info)
{
	struct thread *t = hart_self()->cur;
	struct cap *c;
	status_t s = handle_find(t->proc, handle, OBJ_ENDPOINT, RIGHT_EP_RECV, &c);

	if (s == OK)
		s = message_check(t, info, false);
	if (s != OK)
		return sysret_status(s);
	if (t->caller)
		answer(t->caller, t);
	else
		message_drop_handles(t);
	if (t->state != TS_RUNNING)
		return sysret_blocked(); /* the answer ended its own process */
	/* The answer may have carried this very handle away. */
	s = handle_find(t->proc, handle, OBJ_ENDPOINT, RIGHT_EP_RECV, &c);
	return s == OK ? receive_slow(t, (struct endpoint *)c->obj, DEADLINE_NEVER) : sysret_status(s);
}

static NOINLINE struct sysret recv_slow(struct thread *t, uint64_t handle, uint64_t irq, uint64_t deadline)
{
	struct cap *c = NULL, *ic;
	status_t s = OK;

	if (handle != HANDLE_NONE)
		s = handle_find(t->proc, handle, OBJ_ENDPOINT, RIGHT_EP_RECV, &c);
	else if (!t->bound)
		s = ERR_STATE;
	if (s == OK && irq != HANDLE_NONE) {
		s = handle_find(t->proc, irq, OBJ_IRQ, RIGHT_IRQ_USE, &ic);
		if (s == OK)
			irq_ack((struct irq *)ic->obj);
	}
	if (s != OK)
		return sysret_status(s);
	if (t->caller)
		caller_drop(t);
	if (t->state != TS_RUNNING)
		return sysret_blocked();
	return receive_slow(t, c ? (struct endpoint *)c->obj : NULL, deadline);
}

struct sysret sys_recv(uint64_t handle, uint64_t irq, uint64_t deadline)
{
	struct thread *t = hart_self()->cur;
	struct endpoint *ep = NULL;
	struct irq *i = NULL;
	struct cap *c;

	if (handle != HANDLE_NONE) {
		if (!handle_quick(&t->proc->table, handle, RIGHT_EP_RECV, &c))
			return recv_slow(t, handle, irq, deadline);
		ep = (struct endpoint *)c->obj;
	}
	if (irq != HANDLE_NONE) {
		if (!handle_quick(&t->proc->table, irq, RIGHT_IRQ_USE, &c))
			return recv_slow(t, handle, irq, deadline);
		i = (struct irq *)c->obj;
	}
	if (deadline != DEADLINE_NEVER || t->caller || (!ep && !t->bound) || !receive_is_plain(t, ep))
		return recv_slow(t, handle, irq, deadline);
	receive_wait(t, ep);
	if (i)
		irq_ack(i);
	return (struct sysret){STATUS_DONE, 0};
}

struct sysret sys_reply(uint64_t unused, uint64_t info)
{
	struct thread *t = hart_self()->cur;
	status_t s = message_check(t, info, false);

	(void)unused;
	if (s != OK)
		return sysret_status(s);
	if (t->caller)
		answer(t->caller, t);
	else
		message_drop_handles(t);
	return sysret_status(OK);
}

struct sysret sys_save_caller(void)
{
	struct thread *t = hart_self()->cur;
	struct thread *caller = t->caller;
	struct quota *q = t->proc->quota;
	handle_t h;

	if (!caller)
		return sysret_status(ERR_STATE);
	struct reply *r = kalloc(q, sizeof(*r));
	if (!r)
		return sysret_status(ERR_NO_MEMORY);
	object_init(&r->obj, OBJ_REPLY, q);
	status_t s = handle_create(t->proc, &r->obj, RIGHT_REPLY | RIGHT_MOVE | RIGHT_INFO, &h);
	if (s != OK)
		return sysret_status(s);
	r->caller = caller;
	caller->reply = r;
	caller->saved_by = t;
	list_push_back(&t->callers, &caller->saved_node);
	t->slow |= SLOW_CALLERS;
	t->caller = NULL;
	upcall_put_aside(caller);
	return sysret_value(h);
}

struct sysret sys_reply_to(uint64_t handle, uint64_t info)
{
	struct thread *t = hart_self()->cur;
	struct cap *c;
	status_t s = handle_find(t->proc, handle, OBJ_REPLY, RIGHT_REPLY, &c);

	if (s != OK)
		return sysret_status(s);
	s = message_check(t, info, false);
	if (s != OK)
		return sysret_status(s);
	struct reply *r = (struct reply *)c->obj;
	bool heard = r->caller != NULL;
	if (heard)
		answer(r->caller, t);
	else
		message_drop_handles(t);
	s = handle_close(t->proc, handle);
	return sysret_status(heard ? s : ERR_PEER_DIED);
}

struct sysret sys_endpoint_create(void)
{
	struct process *p = process_self();
	struct endpoint *ep;
	handle_t h;
	status_t s = endpoint_create(p->quota, &ep);

	if (s == OK)
		s = handle_create(p, &ep->obj, RIGHTS_GENERIC | RIGHT_EP_CALL | RIGHT_EP_RECV | RIGHT_EP_MINT, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_endpoint_mint(uint64_t handle, uint64_t badge, uint64_t rights)
{
	struct process *p = process_self();
	struct cap *c;
	status_t s = handle_find(p, handle, OBJ_ENDPOINT, RIGHT_EP_MINT, &c);
	handle_t h;

	/* Of a notification the badge is a promise of the kernel's to signal it, which only those can give who may signal. */
	if (s == ERR_TYPE)
		s = handle_find(p, handle, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL | RIGHT_DUP, &c);
	if (s != OK)
		return sysret_status(s);
	if ((uint32_t)rights == (uint32_t)RIGHTS_SAME)
		rights = c->rights;
	if (rights & ~(uint64_t)c->rights)
		return sysret_status(ERR_RIGHTS);
	if (c->obj->type == OBJ_ENDPOINT && ((struct endpoint *)c->obj)->watch)
		rights |= CAP_WATCHED;
	struct cap *m = cap_create(p->quota, c->obj, (uint32_t)rights, badge, c);
	if (!m)
		return sysret_status(ERR_NO_MEMORY);
	s = table_insert(p, m, &h);
	if (s != OK) {
		cap_destroy(m);
		return sysret_status(s);
	}
	return sysret_value(h);
}

struct sysret sys_endpoint_watch(uint64_t handle, uint64_t nt, uint64_t bits)
{
	struct process *p = process_self();
	struct cap *c, *n;
	status_t s = handle_find(p, handle, OBJ_ENDPOINT, RIGHT_EP_RECV, &c);

	if (s == OK)
		s = handle_find(p, nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &n);
	if (s == OK && !bits)
		s = ERR_INVALID;
	if (s != OK)
		return sysret_status(s);
	struct endpoint *ep = (struct endpoint *)c->obj;
	struct notification *old = ep->watch;
	ep->watch = (struct notification *)n->obj;
	object_get(n->obj);
	ep->watch_bits = bits;
	if (old)
		object_put(&old->obj);
	if (ep->gone_first)
		notification_signal(ep->watch, bits);
	return sysret_status(OK);
}

static void gone_drop(struct endpoint *ep)
{
	struct cap *gone = ep->gone_first;

	ep->gone_first = gone->next;
	if (!gone->next)
		ep->gone_last = NULL;
	cap_discard(gone);
}

struct sysret sys_endpoint_gone(uint64_t handle, uint64_t how)
{
	struct process *p = process_self();
	struct cap *c;

	if (!handle_quick(&p->table, handle, RIGHT_EP_RECV, &c))
		return sysret_status(handle_error(p, handle, OBJ_ENDPOINT, RIGHT_EP_RECV));
	if (how & ~(uint64_t)(GONE_KEEP | GONE_DROP | GONE_TELL))
		return sysret_status(ERR_INVALID);
	struct endpoint *ep = (struct endpoint *)c->obj;
	if (how & GONE_DROP && ep->gone_first)
		gone_drop(ep);
	if (!ep->gone_first)
		return sysret_status(ERR_WOULD_BLOCK);
	uint64_t badge = ep->gone_first->badge;
	int64_t told = how & GONE_TELL && !ep->gone_first->next ? GONE_LAST : OK;
	if (!(how & GONE_KEEP))
		gone_drop(ep);
	return (struct sysret){told, badge};
}
