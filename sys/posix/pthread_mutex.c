/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread mutexes: the lock of sys/lib/mutex.h, and an owner where the type asks for one. */
#include <errno.h>

#include "sys/lib/mutex.h"
#include "sys/lib/tls.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"

_Static_assert(sizeof(struct mutex) == sizeof(uint32_t), "the first word of a pthread_mutex_t");

static struct mutex *lock_of(pthread_mutex_t *m)
{
	return (struct mutex *)(void *)&m->__word;
}

/* Only its own thread ever finds itself here, so relaxed order is enough. */
static bool owned(pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__owner, __ATOMIC_RELAXED) == (void *)tcb_self();
}

static void owner_set(pthread_mutex_t *m, void *owner)
{
	__atomic_store_n(&m->__owner, owner, __ATOMIC_RELAXED);
}

static int again(pthread_mutex_t *m)
{
	if (m->__depth == UINT32_MAX)
		return EAGAIN;
	m->__depth++;
	return 0;
}

static int lock_until(pthread_mutex_t *m, uint64_t deadline)
{
	if (m->__type != PTHREAD_MUTEX_NORMAL && owned(m))
		return m->__type == PTHREAD_MUTEX_RECURSIVE ? again(m) : EDEADLK;
	if (mutex_lock_until(lock_of(m), deadline) != OK)
		return ETIMEDOUT;
	if (m->__type != PTHREAD_MUTEX_NORMAL)
		owner_set(m, tcb_self());
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return lock_until(m, DEADLINE_NEVER);
}

int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	if (mutex_try_lock(lock_of(m))) {
		if (m->__type != PTHREAD_MUTEX_NORMAL)
			owner_set(m, tcb_self());
		return 0;
	}
	if (!timespec_valid(until))
		return EINVAL;
	return lock_until(m, deadline_from(until, 0));
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	if (m->__type == PTHREAD_MUTEX_RECURSIVE && owned(m))
		return again(m);
	if (!mutex_try_lock(lock_of(m)))
		return EBUSY;
	if (m->__type != PTHREAD_MUTEX_NORMAL)
		owner_set(m, tcb_self());
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (m->__type != PTHREAD_MUTEX_NORMAL) {
		if (!owned(m))
			return EPERM;
		if (m->__depth) {
			m->__depth--;
			return 0;
		}
		owner_set(m, NULL);
	}
	mutex_unlock(lock_of(m));
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	*m = (pthread_mutex_t){.__type = attr ? attr->__type : PTHREAD_MUTEX_DEFAULT};
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__word, __ATOMIC_RELAXED) == MUTEX_FREE ? 0 : EBUSY;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	*attr = (pthread_mutexattr_t){PTHREAD_MUTEX_DEFAULT};
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	attr->__type = (uint32_t)type;
	return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *attr, int *type)
{
	*type = (int)attr->__type;
	return 0;
}

int pthread_mutexattr_setpshared(pthread_mutexattr_t *attr, int shared)
{
	(void)attr;
	if (shared == PTHREAD_PROCESS_SHARED)
		return ENOSYS; /* owners are addresses in one process */
	return shared == PTHREAD_PROCESS_PRIVATE ? 0 : EINVAL;
}

int pthread_mutexattr_getpshared(const pthread_mutexattr_t *attr, int *shared)
{
	(void)attr;
	*shared = PTHREAD_PROCESS_PRIVATE;
	return 0;
}
