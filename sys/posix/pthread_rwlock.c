/* SPDX-License-Identifier: BSD-2-Clause */
/* Read-write locks; waiting writers go before new readers. */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <errno.h>

#include "sys/posix/pthread_internal.h"

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
	(void)attr;
	*lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
	return lock->__readers == 0 ? 0 : EBUSY;
}

/* Waits for a change; until: NULL is for ever. */
static int change_await(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	if (until)
		return pthread_cond_clockwait(&lock->__changed, &lock->__mutex, clock, until);
	return pthread_cond_wait(&lock->__changed, &lock->__mutex);
}

static int read_lock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	int error = 0;

	(void)pthread_mutex_lock(&lock->__mutex);
	while (error == 0 && (lock->__readers < 0 || lock->__writers_waiting))
		error = change_await(lock, clock, until);
	if (error == 0)
		lock->__readers++;
	(void)pthread_mutex_unlock(&lock->__mutex);
	return error;
}

static int write_lock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	int error = 0;

	(void)pthread_mutex_lock(&lock->__mutex);
	lock->__writers_waiting++;
	while (error == 0 && lock->__readers != 0)
		error = change_await(lock, clock, until);
	lock->__writers_waiting--;
	if (error == 0)
		lock->__readers = -1;
	else if (lock->__writers_waiting == 0) /* readers that waited for this one only */
		(void)pthread_cond_broadcast(&lock->__changed);
	(void)pthread_mutex_unlock(&lock->__mutex);
	return error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	return read_lock(lock, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	return read_lock(lock, CLOCK_REALTIME, until);
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ? read_lock(lock, clock, until) : EINVAL;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	return write_lock(lock, CLOCK_REALTIME, NULL);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	return write_lock(lock, CLOCK_REALTIME, until);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ? write_lock(lock, clock, until) : EINVAL;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
	int error = 0;

	(void)pthread_mutex_lock(&lock->__mutex);
	if (lock->__readers < 0 || lock->__writers_waiting)
		error = EBUSY;
	else
		lock->__readers++;
	(void)pthread_mutex_unlock(&lock->__mutex);
	return error;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
	int error = 0;

	(void)pthread_mutex_lock(&lock->__mutex);
	if (lock->__readers != 0)
		error = EBUSY;
	else
		lock->__readers = -1;
	(void)pthread_mutex_unlock(&lock->__mutex);
	return error;
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
	int error = 0;

	(void)pthread_mutex_lock(&lock->__mutex);
	if (lock->__readers == 0)
		error = EPERM;
	else
		lock->__readers = lock->__readers < 0 ? 0 : lock->__readers - 1;
	if (lock->__readers == 0)
		(void)pthread_cond_broadcast(&lock->__changed);
	(void)pthread_mutex_unlock(&lock->__mutex);
	return error;
}
