/* SPDX-License-Identifier: BSD-2-Clause */
/* Semaphores: the count is the futex word; posting wakes only when somebody said that he waits. */
#include <errno.h>
#include <semaphore.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"
#include "sys/posix/signal_thread.h"

int sem_init(sem_t *sem, int shared, unsigned value)
{
	(void)shared; /* futexes work across processes by themselves */
	if (value > SEM_VALUE_MAX)
		return (int)posix_result(-EINVAL);
	*sem = (sem_t){.__value = value};
	return 0;
}

int sem_destroy(sem_t *sem)
{
	(void)sem;
	return 0;
}

static bool take(sem_t *sem)
{
	_Atomic uint32_t *value = atomic_word(&sem->__value);
	uint32_t seen = atomic_load(value);

	while (seen) {
		if (atomic_compare_exchange_weak(value, &seen, seen - 1))
			return true;
	}
	return false;
}

static int wait_until(sem_t *sem, uint64_t deadline)
{
	_Atomic uint32_t *waiters = atomic_word(&sem->__waiters);
	status_t status = OK;

	while (!take(sem)) {
		if (status == ERR_TIMED_OUT || status == ERR_WOULD_BLOCK)
			return -ETIMEDOUT;
		if (__cancel_test)
			__cancel_test();
		if (status == ERR_CANCELLED || status == ERR_INTERRUPTED)
			return -EINTR;
		atomic_fetch_add(waiters, 1);
		status = futex_wait_interruptible(atomic_word(&sem->__value), 0, deadline);
		atomic_fetch_sub(waiters, 1);
	}
	return 0;
}

int sem_wait(sem_t *sem)
{
	return (int)posix_result(wait_until(sem, DEADLINE_NEVER));
}

int sem_timedwait(sem_t *sem, const struct timespec *until)
{
	if (take(sem))
		return 0;
	if (!timespec_valid(until))
		return (int)posix_result(-EINVAL);
	return (int)posix_result(wait_until(sem, deadline_from(until, 0)));
}

int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return (int)posix_result(-EINVAL);
	if (take(sem))
		return 0;
	if (!timespec_valid(until))
		return (int)posix_result(-EINVAL);
	return (int)posix_result(wait_until(sem, deadline_from(until, clock == CLOCK_MONOTONIC)));
}

int sem_trywait(sem_t *sem)
{
	return take(sem) ? 0 : (int)posix_result(-EAGAIN);
}

int sem_post(sem_t *sem)
{
	_Atomic uint32_t *value = atomic_word(&sem->__value);
	uint32_t seen = atomic_load(value);

	do {
		if (seen == SEM_VALUE_MAX)
			return (int)posix_result(-EOVERFLOW);
	} while (!atomic_compare_exchange_weak(value, &seen, seen + 1));
	if (atomic_load(atomic_word(&sem->__waiters)))
		(void)futex_wake(value, 1, NULL);
	return 0;
}

int sem_getvalue(sem_t *sem, int *value)
{
	*value = (int)atomic_load(atomic_word(&sem->__value));
	return 0;
}

sem_t *sem_open(const char *name, int flags, ...)
{
	(void)name, (void)flags;
	errno = ENOSYS;
	return SEM_FAILED;
}

int sem_close(sem_t *sem)
{
	(void)sem;
	return (int)posix_result(-ENOSYS);
}

int sem_unlink(const char *name)
{
	(void)name;
	return (int)posix_result(-ENOSYS);
}
