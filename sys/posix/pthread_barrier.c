/* SPDX-License-Identifier: BSD-2-Clause */
/* Barriers: the last of a round changes its number and wakes the others. Nobody may destroy it while they are still on their way out. */
#include <errno.h>

#include "sys/lib/syscall.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attr, unsigned count)
{
	(void)attr;
	if (count == 0 || count > INT32_MAX)
		return EINVAL;
	*barrier = (pthread_barrier_t){.__count = count};
	return 0;
}

/* Waits for those of the last round, who look at the number once more when they wake. */
int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
	_Atomic uint32_t *leaving = atomic_word(&barrier->__leaving);
	uint32_t left;

	if (atomic_load(atomic_word(&barrier->__waiting)))
		return EBUSY;
	while ((left = atomic_load(leaving)))
		(void)futex_wait(leaving, left, DEADLINE_NEVER);
	return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	_Atomic uint32_t *round = atomic_word(&barrier->__round), *waiting = atomic_word(&barrier->__waiting);
	_Atomic uint32_t *leaving = atomic_word(&barrier->__leaving);
	uint32_t seen = atomic_load(round); /* cannot change before we have come */

	if (atomic_fetch_add(waiting, 1) + 1 == barrier->__count) {
		atomic_store(waiting, 0);
		atomic_fetch_add(leaving, barrier->__count - 1);
		atomic_fetch_add(round, 1);
		(void)futex_wake(round, UINT32_MAX, NULL);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	while (atomic_load(round) == seen)
		(void)futex_wait(round, seen, DEADLINE_NEVER);
	if (atomic_fetch_sub(leaving, 1) == 1)
		(void)futex_wake(leaving, UINT32_MAX, NULL);
	return 0;
}

int pthread_barrierattr_init(pthread_barrierattr_t *attr)
{
	*attr = (pthread_barrierattr_t){PTHREAD_PROCESS_PRIVATE};
	return 0;
}

int pthread_barrierattr_destroy(pthread_barrierattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_rwlockattr_init(pthread_rwlockattr_t *attr)
{
	*attr = (pthread_rwlockattr_t){PTHREAD_PROCESS_PRIVATE};
	return 0;
}

int pthread_rwlockattr_destroy(pthread_rwlockattr_t *attr)
{
	(void)attr;
	return 0;
}
