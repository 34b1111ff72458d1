/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread mutexes: the lock of sys/lib/mutex.h, and an owner where the type asks for one. */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <errno.h>
#include <unistd.h>

#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"

_Static_assert(sizeof(struct mutex) == sizeof(uint32_t), "the first word of a pthread_mutex_t");

static struct mutex *lock_of(pthread_mutex_t *m)
{
	return (struct mutex *)(void *)&m->__word;
}

enum { NOT_ROBUST, ROBUST, OWNER_DIED, NOT_RECOVERABLE }; /* __robust */

/* Nobody asks such a one for its owner. */
static bool plain(const pthread_mutex_t *m)
{
	return m->__type == PTHREAD_MUTEX_NORMAL && m->__robust == NOT_ROBUST;
}

/* Unique over processes: a control block lies below 2^38 (Sv39), and with shared memory others of the same address ask. */
static uint64_t self_id(void)
{
	return (uint64_t)(uintptr_t)tcb_self() | (uint64_t)getpid() << 38;
}

/* Only its own thread ever finds itself here, so relaxed order is enough. */
static bool owned(pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__owner, __ATOMIC_RELAXED) == self_id();
}

static void owner_set(pthread_mutex_t *m, uint64_t owner)
{
	__atomic_store_n(&m->__owner, owner, __ATOMIC_RELAXED);
}

/* ---- robust mutexes ----
 * A thread keeps a list of those that it owns; at its end they are handed on with the word that their owner died. */

static _Thread_local pthread_mutex_t *robust_list;

static void robust_remove(pthread_mutex_t *m)
{
	for (pthread_mutex_t **at = &robust_list; *at; at = (pthread_mutex_t **)(void *)&(*at)->__next) {
		if (*at == m) {
			*at = m->__next;
			return;
		}
	}
}

/* The lock was got: what does that mean? */
static int taken(pthread_mutex_t *m)
{
	if (!plain(m))
		owner_set(m, self_id());
	if (m->__robust == NOT_ROBUST)
		return 0;
	if (m->__robust == NOT_RECOVERABLE) {
		owner_set(m, 0);
		mutex_unlock(lock_of(m));
		return ENOTRECOVERABLE;
	}
	m->__next = robust_list;
	robust_list = m;
	return m->__robust == OWNER_DIED ? EOWNERDEAD : 0;
}

void __pthread_robust_end(void)
{
	while (robust_list) {
		pthread_mutex_t *m = robust_list;

		robust_list = m->__next;
		m->__robust = OWNER_DIED;
		m->__depth = 0;
		owner_set(m, 0);
		mutex_unlock(lock_of(m));
	}
}

int pthread_mutex_consistent(pthread_mutex_t *m)
{
	if (m->__robust != OWNER_DIED || !owned(m))
		return EINVAL;
	m->__robust = ROBUST;
	return 0;
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
	return plain(m) ? 0 : taken(m);
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return lock_until(m, DEADLINE_NEVER);
}

int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	return pthread_mutex_clocklock(m, CLOCK_REALTIME, until);
}

int pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	if (mutex_try_lock(lock_of(m)))
		return plain(m) ? 0 : taken(m);
	if (!timespec_valid(until))
		return EINVAL;
	return lock_until(m, deadline_from(until, clock == CLOCK_MONOTONIC));
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	if (m->__type == PTHREAD_MUTEX_RECURSIVE && owned(m))
		return again(m);
	if (!mutex_try_lock(lock_of(m)))
		return EBUSY;
	return plain(m) ? 0 : taken(m);
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (!plain(m)) {
		if (!owned(m))
			return EPERM;
		if (m->__depth) {
			m->__depth--;
			return 0;
		}
		if (m->__robust)
			robust_remove(m);
		if (m->__robust == OWNER_DIED) { /* and nobody has put right what it left */
			m->__robust = NOT_RECOVERABLE;
			owner_set(m, 0);
			mutex_unlock(lock_of(m));
			(void)futex_wake(atomic_word(&m->__word), UINT32_MAX, NULL);
			return 0;
		}
		owner_set(m, 0);
	}
	mutex_unlock(lock_of(m));
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	*m = (pthread_mutex_t){
		.__type = attr ? attr->__type : PTHREAD_MUTEX_DEFAULT,
		.__robust = attr && attr->__robust ? ROBUST : NOT_ROBUST,
	};
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	return __atomic_load_n(&m->__word, __ATOMIC_RELAXED) == MUTEX_FREE ? 0 : EBUSY;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	*attr = (pthread_mutexattr_t){.__type = PTHREAD_MUTEX_DEFAULT};
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

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attr, int robust)
{
	if (robust != PTHREAD_MUTEX_STALLED && robust != PTHREAD_MUTEX_ROBUST)
		return EINVAL;
	attr->__robust = (uint32_t)robust;
	return 0;
}

int pthread_mutexattr_getrobust(const pthread_mutexattr_t *attr, int *robust)
{
	*robust = (int)attr->__robust;
	return 0;
}

/* The kernel does not know who owns a lock, and so nobody whose priority it could raise. */
int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attr, int protocol)
{
	(void)attr;
	if (protocol == PTHREAD_PRIO_INHERIT || protocol == PTHREAD_PRIO_PROTECT)
		return ENOTSUP;
	return protocol == PTHREAD_PRIO_NONE ? 0 : EINVAL;
}

int pthread_mutexattr_getprotocol(const pthread_mutexattr_t *attr, int *protocol)
{
	(void)attr;
	*protocol = PTHREAD_PRIO_NONE;
	return 0;
}
