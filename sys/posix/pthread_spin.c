/* SPDX-License-Identifier: BSD-2-Clause */
/* Spin locks. Whoever holds one may be off its hart, at a lower priority even: so a waiter sleeps after a while, on the lock's word. */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held by the program */
#include <errno.h>

#include "sys/lib/mutex.h"
#include "sys/lib/syscall.h"
#include "sys/posix/process.h"
#include "sys/posix/pthread_internal.h"

#define SPINS 200 /* tries before the first sleep: a held lock's few instructions */

_Static_assert(sizeof(struct mutex) == sizeof(pthread_spinlock_t), "a spin lock is a mutex that is tried for a while");

static struct mutex *lock_of(pthread_spinlock_t *lock)
{
	return (struct mutex *)(void *)lock;
}

int pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
	if (shared != PTHREAD_PROCESS_PRIVATE && shared != PTHREAD_PROCESS_SHARED)
		return EINVAL;
	*lock = 0;
	return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock)
{
	return atomic_load(atomic_word(lock)) == MUTEX_FREE ? 0 : EBUSY;
}

int pthread_spin_trylock(pthread_spinlock_t *lock)
{
	return mutex_try_lock(lock_of(lock)) ? 0 : EBUSY;
}

int pthread_spin_lock(pthread_spinlock_t *lock)
{
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(atomic_word(lock), memory_order_relaxed) == MUTEX_FREE &&
		    mutex_try_lock(lock_of(lock)))
			return 0;
	}
	mutex_lock(lock_of(lock));
	return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *lock)
{
	mutex_unlock(lock_of(lock));
	return 0;
}
