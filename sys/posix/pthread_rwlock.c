/* SPDX-License-Identifier: BSD-2-Clause */
/* Read-write locks; waiting writers go before new readers. */
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

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->__mutex);
	while (lock->__readers < 0 || lock->__writers_waiting)
		(void)pthread_cond_wait(&lock->__changed, &lock->__mutex);
	lock->__readers++;
	return pthread_mutex_unlock(&lock->__mutex);
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

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	(void)pthread_mutex_lock(&lock->__mutex);
	lock->__writers_waiting++;
	while (lock->__readers != 0)
		(void)pthread_cond_wait(&lock->__changed, &lock->__mutex);
	lock->__writers_waiting--;
	lock->__readers = -1;
	return pthread_mutex_unlock(&lock->__mutex);
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
