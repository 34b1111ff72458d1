/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: conversion, deadlines of each hart, timer objects. Tickless: the comparator stands at the earliest event. */
#include "kernel/sched/timer.h"

#include "kernel/ipc/notification.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sbi.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/calls.h"

#define NS_PER_S 1000000000ull

static uint64_t ns_mult; /* ns per tick, 32.32 fixed point */
static uint64_t boot_tick;

uint64_t ticks_now(void)
{
	uint64_t t;

	__asm__ volatile("rdtime %0" : "=r"(t));
	return t;
}

void time_init(void)
{
	ns_mult = (NS_PER_S << 32) / platform.timebase_hz;
	boot_tick = ticks_now();
}

uint64_t ticks_to_ns(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * ns_mult) >> 32);
}

uint64_t ns_to_ticks(uint64_t ns)
{
	/* Two steps instead of a 128-bit division; times beyond 292 years saturate in the caller's addition check. */
	uint64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;

	return s * platform.timebase_hz + (rest * platform.timebase_hz + NS_PER_S - 1) / NS_PER_S;
}

uint64_t ns_now(void)
{
	return ticks_to_ns(ticks_now() - boot_tick);
}

/* An absolute ABI time as a tick; DEADLINE_NEVER and everything too far away is ~0. */
static uint64_t deadline_tick(uint64_t deadline_ns)
{
	if (deadline_ns >= 1ull << 62)
		return ~0ull;
	return boot_tick + ns_to_ticks(deadline_ns);
}

void timers_program(void)
{
	struct hart *h = hart_self();
	struct treap_node *n = treap_first(&h->timers);
	uint64_t at = n ? n->key : ~0ull;

	if (h->slice_end && h->slice_end < at)
		at = h->slice_end;
	if (h->account && h->account->budget_ticks && h->account_start + h->account->budget_left < at)
		at = h->account_start + h->account->budget_left;
	if (at == h->programmed)
		return;
	h->programmed = at;
	if (platform.has_sstc)
		__asm__ volatile("csrw 0x14d, %0" ::"r"(at)); /* stimecmp (Sstc) */
	else
		sbi_set_timer(at);
}

void ktimer_arm(struct ktimer *t, uint64_t tick, void (*fire)(struct ktimer *))
{
	ktimer_cancel(t);
	t->node.key = tick;
	t->hart = hart_self();
	t->fire = fire;
	treap_insert(&t->hart->timers, &t->node);
	if (tick < t->hart->programmed)
		timers_program();
}

void ktimer_cancel(struct ktimer *t)
{
	/* The comparator may now be early: timers_run finds nothing due and sets it right. */
	if (t->node.in_tree)
		treap_remove(&t->hart->timers, &t->node);
}

void timers_run(void)
{
	struct hart *h = hart_self();
	uint64_t now = ticks_now();
	struct treap_node *n;

	while ((n = treap_first(&h->timers)) && n->key <= now) {
		struct ktimer *t = container_of(n, struct ktimer, node);

		treap_remove(&h->timers, n);
		t->fire(t);
	}
	if (h->slice_end && h->slice_end <= now) {
		slice_stop(h);
		if (h->cur && h->cur->state == TS_RUNNING) {
			h->cur->slow |= SLOW_YIELD;
			h->resched = 1;
		}
	}
	/* Somebody who does not pay any more must not keep the comparator in the past. */
	account_follow(h);
	if (h->account && h->account->budget_ticks) {
		account_stop();
		if (!h->account->budget_left)
			h->resched = 1;
	}
	h->programmed = 0; /* the comparator is behind now: it must be written to quiet the interrupt */
	timers_program();
}

/* From one signal of a periodic timer to its next at least: were it due again before its interrupt is over, nothing else would run. */
#define SIGNAL_GAP_NS 50000ull

static void timer_fire(struct ktimer *k)
{
	struct timer *t = container_of(k, struct timer, kt);

	if (t->period_ticks) {
		uint64_t next = k->node.key + t->period_ticks, soonest = ticks_now() + ns_to_ticks(SIGNAL_GAP_NS);

		/* Periods that passed while nobody looked, or that are shorter than the gap, are one signal. */
		if (next < soonest)
			next = soonest + t->period_ticks - 1 - (soonest - 1 - k->node.key) % t->period_ticks;
		ktimer_arm(k, next, timer_fire);
	}
	notification_signal(t->nt, t->bits);
}

void timer_destroy(struct timer *t)
{
	struct quota *q = t->obj.quota;

	ktimer_cancel(&t->kt);
	object_put(&t->nt->obj);
	kfree(q, t, sizeof(*t));
	object_put(&q->obj);
}

struct sysret sys_timer_create(uint64_t nt, uint64_t bits)
{
	struct process *p = process_self();
	struct cap *c;
	status_t s = handle_find(p, nt, OBJ_NOTIFICATION, RIGHT_NT_SIGNAL, &c);
	handle_t h;

	if (s != OK)
		return sysret_status(s);
	if (!bits)
		return sysret_status(ERR_INVALID);
	struct timer *t = kalloc(p->quota, sizeof(*t));
	if (!t)
		return sysret_status(ERR_NO_MEMORY);
	object_init(&t->obj, OBJ_TIMER, p->quota);
	t->nt = (struct notification *)c->obj;
	object_get(c->obj);
	t->bits = bits;
	s = handle_create(p, &t->obj, RIGHTS_GENERIC | RIGHT_TIMER_USE, &h);
	return s == OK ? sysret_value(h) : sysret_status(s);
}

struct sysret sys_timer_set(uint64_t handle, uint64_t deadline, uint64_t period_ns)
{
	struct cap *c;
	status_t s = handle_find(process_self(), handle, OBJ_TIMER, RIGHT_TIMER_USE, &c);

	if (s != OK)
		return sysret_status(s);
	/* A period below a microsecond would keep the hart in the kernel. */
	if ((period_ns && period_ns < 1000) || period_ns >= 1ull << 62)
		return sysret_status(ERR_INVALID);
	struct timer *t = (struct timer *)c->obj;
	uint64_t tick = deadline_tick(deadline);
	ktimer_cancel(&t->kt);
	t->period_ticks = period_ns ? ns_to_ticks(period_ns) : 0;
	if (tick != ~0ull)
		ktimer_arm(&t->kt, tick, timer_fire);
	return sysret_status(OK);
}

struct sysret sys_clock_get(void)
{
	return sysret_value(ns_now());
}

static void wait_expired(struct ktimer *k)
{
	struct thread *t = container_of(k, struct thread, wait_timer);

	thread_unblock(t);
	thread_wake(t, ERR_TIMED_OUT);
}

void wait_deadline(struct thread *t, uint64_t deadline)
{
	uint64_t tick = deadline_tick(deadline);

	if (tick == ~0ull)
		return;
	t->slow |= SLOW_DEADLINE;
	ktimer_arm(&t->wait_timer, tick, wait_expired);
}
