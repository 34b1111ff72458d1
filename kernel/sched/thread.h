/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: registers, scheduling state, and what each is waiting for. */
#pragma once

#include "kernel/cap/object.h"
#include "kernel/sched/timer.h"

struct hart;
struct endpoint;
struct notification;

/* Internal states; RUNNING is zero so that the IPC fast path stores x0. */
enum thread_state {
	TS_RUNNING = 0,
	TS_READY,
	TS_CALLING = 3,     /* in an endpoint's queue of callers */
	TS_AWAIT_REPLY = 4, /* its call was taken */
	TS_RECEIVING,
	TS_NOTIFICATION,
	TS_FUTEX,
	TS_FAULTED, /* its fault message waits or was taken; flags tell the rest */
	TS_SUSPENDED,
	TS_THROTTLED, /* budget used up */
	TS_NEW,
	TS_ENDED,
};

/* Why a thread cannot take part in the IPC fast path (trap/entry.S looks at the whole word). */
enum {
	SLOW_FP = 1u << 0,         /* its floating-point state is live in the hart */
	SLOW_BOOSTED = 1u << 1,    /* runs above its base priority */
	SLOW_DEADLINE = 1u << 2,   /* has a timer armed for its wait */
	SLOW_AFFINITY = 1u << 3,   /* may not run on every hart */
	SLOW_STOP = 1u << 4,       /* kill, suspend or cancel pending */
	SLOW_FLUSH = 1u << 5,      /* its process shares an ASID: switching to it flushes the TLB */
	SLOW_FAULTED = 1u << 6,    /* waits with its fault message, not with a call */
	SLOW_THROTTLED = 1u << 7,  /* out of budget */
	SLOW_CALLERS = 1u << 8,    /* holds saved callers (priority inheritance must look at them) */
	SLOW_YIELD = 1u << 10,     /* goes to the back of its queue: yielded, or used up its time slice */
	SLOW_BUDGET = 1u << 12,    /* has a budget of its own: pays for all that it does */
	SLOW_DOOMED = 1u << 11,    /* its fault has no handler: when it would run its process ends */
	SLOW_REAPER = 1u << 9,     /* only cleans up after its process */
	SLOW_UPCALL = 1u << 13,    /* its upcall comes before it runs on */
	SLOW_RETURN = 1u << 14,    /* in upcall_return */
	SLOW_FAIL_NEXT = 1u << 15, /* its next wait that may be interrupted is over */
};

/* Offsets of the first fields are known to trap/entry.S (trap/offsets.h). */
struct thread {
	struct object obj;
	uint64_t pc;
	uint64_t x[32]; /* valid while it does not run */
	uint64_t satp;
	struct process *proc;
	struct hart *hart;        /* runs or ran last here; its run queue when ready */
	struct thread *caller;    /* the call it is serving, not answered or saved yet */
	struct thread *server;    /* TS_AWAIT_REPLY: who took the call (NULL: held by a reply object) */
	struct thread *payer;     /* whose CPU account its work is charged to */
	uint64_t leases;          /* address of its lease array */
	uint64_t msginfo;         /* of its call: number of leases */
	struct endpoint *ep;      /* endpoint it received from last */
	struct thread *wait_next; /* next receiver of the same endpoint */
	const uint64_t *signals;  /* bits of its bound notification, or a zero */
	uint32_t slow;
	uint8_t state;
	uint8_t prio; /* effective */
	uint8_t base_prio;
	uint8_t brief; /* of the caller-saved registers only a0-a2 in x[] count, the rest is zero */

	bool stop_kill, stop_suspend, stop_cancel;
	bool suspended;      /* once its wait ends it stays off the run queue */
	bool paging;         /* SLOW_FAULTED: its message goes to a pager, not to its fault handler */
	bool interruptible;  /* TS_NOTIFICATION, TS_FUTEX; of a call its msginfo tells */
	bool upcall_mark;    /* it was interrupted, and its upcall has not come yet */
	bool upcall_outside; /* by another process */
	bool upcall_off;     /* in an upcall */
	bool upcall_stuck; /* the frame could not be written: whoever handles its faults learns it from thread_interrupt */
	uint8_t page_access;

	struct list ready_node; /* run queue, endpoint, notification or futex queue: one at a time */
	struct list proc_node;
	struct list callers; /* saved callers attributed to this thread, by saved_node */
	struct list saved_node;
	struct thread *saved_by; /* thread whose `callers` list it is in */
	struct reply *reply;
	struct endpoint *call_ep;   /* TS_CALLING, TS_FAULTED in a queue: which */
	const struct cap *call_cap; /* by which capability; only compared */
	uint64_t call_badge;
	struct ktimer wait_timer;
	struct notification *bound;
	uint64_t futex_key_a, futex_key_b;
	struct endpoint *fault_ep;
	uint64_t fault_badge;
	uint64_t fault_cause, fault_addr;
	uint64_t page_offset; /* paging: of the page in its object */

	uint64_t upcall_entry, upcall_stack, upcall_stack_size;
	uint64_t upcall_frame; /* SLOW_RETURN: address */

	uint64_t affinity;
	void *fp; /* 32 registers and fcsr; allocated at first use */
	struct hart *fp_hart;
	uint64_t cpu_ticks;
	uint64_t budget_ticks, period_ticks, budget_left, period_start;
	struct ktimer budget_timer;
};

/* Register numbers in x[] */
enum {
	X_RA = 1,
	X_SP = 2,
	X_GP = 3,
	X_TP = 4,
	X_T0 = 5,
	X_T1 = 6,
	X_T2 = 7,
	X_A0 = 10,
	X_A1 = 11,
	X_A2 = 12,
	X_A7 = 17,
	X_T3 = 28,
	X_T4 = 29,
	X_T5 = 30,
	X_T6 = 31
};

status_t thread_create(struct process *p, struct thread **out);
void thread_destroy(struct thread *t);
/* Ends a thread in whatever state it is. A thread that runs on another hart ends when that hart looks (it is sent an IPI). */
void thread_end(struct thread *t);
/* Takes a thread out of whatever it waits for, without making it ready. */
void thread_unblock(struct thread *t);
/* Was it cancelled before this wait began? Forgets it. */
bool thread_take_cancel(struct thread *t);
/* Ends its wait with a status in a0 and makes it ready. */
void thread_wake(struct thread *t, status_t status);
/* Makes it ready, if it is not suspended or throttled. */
void thread_ready(struct thread *t);
void thread_set_prio(struct thread *t,
		     unsigned prio); /* effective; moves it in its queue and on along the chain of calls */
void thread_recompute_prio(struct thread *t);
uint64_t thread_cpu_ticks(const struct thread *t);
struct thread_info;
void thread_fill_info(struct thread *t, struct thread_info *i);
/* Its system call returns these in a0-a2, zero in the other caller-saved registers. */
static inline void thread_results(struct thread *t, uint64_t a0, uint64_t a1, uint64_t a2)
{
	t->x[10] = a0;
	t->x[11] = a1;
	t->x[12] = a2;
	t->brief = 1;
}
void thread_expand(struct thread *t); /* makes x[] complete, for those who look at it */
