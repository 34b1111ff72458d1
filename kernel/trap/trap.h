/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and faults. */
#pragma once

#include <stdint.h>

struct thread;

/* Serves whatever is pending on this hart (used where interrupts are off anyway: idle and preemption points). */
void interrupts_poll(void);
struct thread *trap_user(uint64_t scause, uint64_t stval);
/* The running thread's registers could not be written to its memory: it faults there. */
void trap_store_fault(struct thread *t, uint64_t addr);
/* Makes a hart ready for traps; enter leaves for its first thread. */
void trap_init_hart(void);
_Noreturn void hart_enter(void);
struct thread *sched_leave(void);
struct thread *sched_exit(int64_t status, uint64_t value);
struct thread *sched_first(void);
