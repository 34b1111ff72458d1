/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Condition variables: a number that every signal changes. A waiter remembers it while it still
 * holds the mutex and sleeps only as long as it is the same, so that no signal after the unlock is
 * missed.
 */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <errno.h>

#include "sys/lib/syscall.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"
#include "sys/posix/signal_thread.h"

enum { CLOCK_DEFAULT = 0 /* CLOCK_REALTIME, as POSIX says */ };

static int wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline)
{
	_Atomic uint32_t *sequence = atomic_word(&cond->__sequence);
	uint32_t seen = atomic_load(sequence);
	status_t status;
	int error;

	if (__cancel_test)
		__cancel_test();
	error = pthread_mutex_unlock(mutex);
	if (error)
		return error;
	status = futex_wait_interruptible(sequence, seen, deadline);
	error = pthread_mutex_lock(mutex);
	if (error)
		return error;
	if (__cancel_wanted && __cancel_wanted()) {
		/* What woke it may have been meant for another. */
		if (status == OK)
			(void)futex_wake(sequence, 1, NULL);
		__cancel_test();
	}
	/* Everything else is a wake-up, spurious ones included. */
	return status == ERR_TIMED_OUT || status == ERR_WOULD_BLOCK ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	return wait_until(cond, mutex, DEADLINE_NEVER);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	if (!timespec_valid(until))
		return EINVAL;
	return wait_until(cond, mutex, deadline_from(until, cond->__clock == CLOCK_MONOTONIC));
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
	if ((clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) || !timespec_valid(until))
		return EINVAL;
	return wait_until(cond, mutex, deadline_from(until, clock == CLOCK_MONOTONIC));
}

static int wake(pthread_cond_t *cond, uint32_t max)
{
	_Atomic uint32_t *sequence = atomic_word(&cond->__sequence);

	atomic_fetch_add(sequence, 1);
	(void)futex_wake(sequence, max, NULL);
	return 0;
}

int pthread_cond_signal(pthread_cond_t *cond)
{
	return wake(cond, 1);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
	return wake(cond, UINT32_MAX);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
	*cond = (pthread_cond_t){.__clock = attr ? attr->__clock : CLOCK_DEFAULT};
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *cond)
{
	(void)cond;
	return 0;
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
	*attr = (pthread_condattr_t){.__clock = CLOCK_DEFAULT};
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	attr->__clock = (uint32_t)clock;
	return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *attr, clockid_t *clock)
{
	*clock = attr->__clock == CLOCK_DEFAULT ? CLOCK_REALTIME : (clockid_t)attr->__clock;
	return 0;
}
