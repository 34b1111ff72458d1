/* SPDX-License-Identifier: BSD-2-Clause */
/* Run queues, choosing the next thread, and the way out of the kernel. */
#pragma once

#include "kernel/sched/hart.h"

/* One more or less thread with a budget: while there is none nobody looks for it. */
void budget_count(int change);
void slice_stop(struct hart *h);
void sched_init_hart(struct hart *h);
void ready_insert(struct thread *t, bool front);
void ready_remove(struct thread *t);
/* From now on t runs on h, which may cache translations of its address space. */
void thread_move(struct thread *t, struct hart *h);
/* Has the hart look at its run queue (by IPI when it is another one). */
void hart_kick(struct hart *h);
/* Of the harts in mask, those that run p now (NULL: anything) and must be interrupted to forget translations or code of it. The others forget
 * everything at their next switch: an interrupt there and its answer would cost both sides more. An idle hart remembers nothing anyway. */
uint64_t hart_stale(uint64_t mask, const struct process *p);
/* The running thread waits for something: called by a system call that then returns anything. */
void sched_block(enum thread_state state);
/* Lets the higher priority win: marks a reschedule if t should run before what runs. t is TS_READY and in no queue. */
void sched_place(struct thread *t);
/* thread_ready for the usual case, a plain thread that is more urgent than anything ready on this hart, where it ran last. */
static inline void thread_ready_quick(struct thread *t)
{
	struct hart *h = hart_self();
	struct thread *cur = h->cur;

	if (t->slow || t->hart != h || h->next || (int64_t)t->prio <= h->top_prio || !cur ||
	    (cur->state == TS_RUNNING && t->prio <= cur->prio)) {
		thread_ready(t);
		return;
	}
	t->state = TS_READY;
	h->next = t;
	h->top_prio = t->prio;
	h->resched = 1;
}
void sched_yield_self(void);
void slice_check(void);
void account_stop(void);
/* The hart's running thread may be paid by another one than before. */
void account_follow(struct hart *h);

void fp_release(struct thread *t); /* saves the registers if they are live here and turns the unit off */
bool fp_trap(struct thread *t);    /* first use since it runs: true if the instruction can be repeated */
void fp_forget(struct thread *t);
/* Registers of a thread whose state is released: get needs t->fp; set without f makes them zero. False: no memory for them. */
void fp_get(const struct thread *t, uint64_t f[32], uint64_t *fcsr);
bool fp_set(struct thread *t, const uint64_t f[32], uint64_t fcsr);

/* The kernel lock: held from entry to exit. */
void klock(void);
void kunlock(void);
