/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sections that no signal handler of the own thread may come into: those that hold a lock which a handler could need. They nest. A handler that
 * came meanwhile runs at the end of the outermost one.
 */
#pragma once

#include <stdatomic.h>

#include "sys/lib/tls.h"

#ifdef __riscv
static inline void signals_hold(void)
{
	struct tcb *t = tcb_self();

	t->hold++;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void signals_release(void)
{
	struct tcb *t = tcb_self();

	atomic_signal_fence(memory_order_seq_cst);
	if (--t->hold == 0 && __builtin_expect(t->held_back != 0, 0))
		t->released();
}
#else
static inline void signals_hold(void) {}

static inline void signals_release(void) {}
#endif
