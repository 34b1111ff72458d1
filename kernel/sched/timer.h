/* SPDX-License-Identifier: BSD-2-Clause */
/* Deadlines inside of the kernel, and timer objects. Times are ticks of the time CSR inside, nanoseconds at the ABI. */
#pragma once

#include "kernel/cap/object.h"
#include "kernel/lib/treap.h"

struct notification;
struct thread;

struct ktimer {
	struct treap_node node; /* key: tick */
	struct hart *hart;      /* on whose tree it is */
	void (*fire)(struct ktimer *t);
};

struct timer {
	struct object obj;
	struct ktimer kt;
	struct notification *nt; /* referenced */
	uint64_t bits;
	uint64_t period_ticks;
};

uint64_t ticks_now(void);
uint64_t ns_now(void);
uint64_t ns_to_ticks(uint64_t ns); /* rounds up; saturates */
uint64_t ticks_to_ns(uint64_t ticks);
void time_init(void);

void ktimer_arm(struct ktimer *t, uint64_t tick, void (*fire)(struct ktimer *));
void ktimer_cancel(struct ktimer *t);
/* Timer interrupt of this hart: fires what is due and programs the next event. */
void timers_run(void);
/* Programs this hart's comparator for its earliest event. */
void timers_program(void);
/* The wait that thread t has just begun ends at the ABI time `deadline` with ERR_TIMED_OUT. */
void wait_deadline(struct thread *t, uint64_t deadline);
void timer_destroy(struct timer *t);
