/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock of one word for the threads of a process, or of several that share the memory. All zero is
 * unlocked. It is not fair and does not pass priority on: hold it briefly. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/lib/syscall.h"

/* With MUTEX_HOLDS_SIGNALS signal handlers of the thread wait until it has unlocked: they may need the same lock. */
#ifdef MUTEX_HOLDS_SIGNALS
#include "sys/lib/hold.h"
#define MUTEX_HOLD()    signals_hold()
#define MUTEX_RELEASE() signals_release()
#else
#define MUTEX_HOLD()    ((void)0)
#define MUTEX_RELEASE() ((void)0)
#endif

struct mutex {
	_Atomic uint32_t word; /* MUTEX_* */
};

enum {
	MUTEX_FREE = 0,
	MUTEX_HELD = 1,
	MUTEX_CONTENDED = 2, /* held, and somebody may be waiting */
};

static inline bool mutex_try_plain(struct mutex *m)
{
	uint32_t expected = MUTEX_FREE;

	return atomic_compare_exchange_strong_explicit(&m->word, &expected, MUTEX_HELD, memory_order_acquire,
						       memory_order_relaxed);
}

/* OK or ERR_TIMED_OUT. */
static inline status_t mutex_wait_plain(struct mutex *m, uint64_t deadline)
{
	status_t status;

	if (mutex_try_plain(m))
		return OK;
	/* Whoever gets it here cannot know whether others wait, and so leaves it contended. */
	while (atomic_exchange_explicit(&m->word, MUTEX_CONTENDED, memory_order_acquire) != MUTEX_FREE) {
		status = futex_wait(&m->word, MUTEX_CONTENDED, deadline);
		if (status == ERR_TIMED_OUT || status == ERR_WOULD_BLOCK)
			return ERR_TIMED_OUT;
	}
	return OK;
}

static inline void mutex_lock(struct mutex *m)
{
	MUTEX_HOLD();
	(void)mutex_wait_plain(m, DEADLINE_NEVER);
}

static inline void mutex_unlock(struct mutex *m)
{
	if (atomic_exchange_explicit(&m->word, MUTEX_FREE, memory_order_release) == MUTEX_CONTENDED)
		(void)futex_wake(&m->word, 1, NULL);
	MUTEX_RELEASE();
}

/* These hold no signals back, while mutex_unlock lets them go: they are not there where locks do hold them. */
#ifndef MUTEX_HOLDS_SIGNALS
static inline bool mutex_try_lock(struct mutex *m)
{
	return mutex_try_plain(m);
}

static inline status_t mutex_lock_until(struct mutex *m, uint64_t deadline)
{
	return mutex_wait_plain(m, deadline);
}
#endif
