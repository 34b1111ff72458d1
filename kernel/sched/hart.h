/* SPDX-License-Identifier: BSD-2-Clause */
/* What each hart has for itself. tp and sscratch point to it while the kernel runs. */
#pragma once

#include "kernel/lib/treap.h"
#include "kernel/list.h"
#include "kernel/platform.h"
#include "kernel/sched/thread.h"
#include "sys/abi/syscall.h"

/* The first fields are known to trap/entry.S (trap/offsets.h). */
struct hart {
	struct thread *cur; /* NULL: idle */
	uint64_t scratch[4];
	void *kstack;
	void *emergency_stack;
	int64_t top_prio; /* highest priority that is ready: of next and the queue, -1: none */
	uint8_t resched;  /* the way out of the kernel must go through the scheduler */
	uint8_t unusual;  /* UNUSUAL_*: the short way out of the kernel does not know how */

	bool online;
	unsigned index;
	struct thread *next;    /* ready, first in line, not in the queue: nothing there goes before it */
	int64_t queue_prio;     /* highest priority in the queue, -1: empty */
	struct thread *zombie;  /* ended while it ran here; its struct is needed until the hart has left it */
	struct thread *account; /* who pays since account_start */
	uint64_t account_start;
	uint64_t switches, interrupts, ipis, idle_ticks;
	struct thread *fp_owner; /* whose registers the FPU holds */
	uint64_t slice_end;      /* tick, 0: no slice running */
	uint64_t programmed;     /* tick the comparator stands at */
	struct treap timers;
	uint64_t bitmap[PRIO_COUNT / 64];
	struct list ready[PRIO_COUNT];
};

enum {
	UNUSUAL_SLICE = 1,  /* a time slice is running */
	UNUSUAL_BUDGET = 2, /* some thread in the system has a budget */
	UNUSUAL_STALE =
		4, /* translations or instructions are to be forgotten before another thread runs (hart_stale) */
};

extern struct hart harts[MAX_HARTS];
extern unsigned hart_count; /* online */

static inline struct hart *hart_self(void)
{
	struct hart *h;

	__asm__("mv %0, tp" : "=r"(h));
	return h;
}
