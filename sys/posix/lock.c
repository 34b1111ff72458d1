/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's locks: one recursive lock for its own state and one for each stream. Streams get
 * theirs at first use, while the library's lock is held or not; the first few come from here so
 * that a program that only prints needs no heap.
 */
#undef MUTEX_HOLDS_SIGNALS /* these locks are held for long, or by the program */
#include <stdlib.h>
#include <sys/lock.h>

#include "sys/lib/hold.h"
#include "sys/lib/mutex.h"
#include "sys/lib/tls.h"

struct __lock {
	struct mutex mutex;
	_Atomic(void *) owner; /* thread control block; only its own thread finds itself here */
	uint32_t depth;        /* owner */
	_Atomic uint32_t used; /* of a lock in the pool; a word, as the compiler has no calls for less in line */
};

#define POOL_SIZE 8

static struct __lock pool[POOL_SIZE];

struct __lock __lock___libc_recursive_mutex;

static void lock_new(_LOCK_T *out)
{
	for (unsigned i = 0; i < POOL_SIZE; i++) {
		if (!atomic_exchange(&pool[i].used, 1)) {
			*out = &pool[i];
			return;
		}
	}
	*out = calloc(1, sizeof(**out));
	/* The callers cannot fail, and going on without the lock would corrupt the stream. */
	if (!*out)
		abort();
}

static void lock_delete(_LOCK_T lock)
{
	if (lock >= pool && lock < pool + POOL_SIZE)
		atomic_store(&lock->used, 0);
	else
		free(lock);
}

void __retarget_lock_init(_LOCK_T *lock)
{
	lock_new(lock);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	lock_new(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
	lock_delete(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	lock_delete(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	mutex_lock(&lock->mutex);
}

void __retarget_lock_release(_LOCK_T lock)
{
	mutex_unlock(&lock->mutex);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	void *self = tcb_self();

	/* malloc's: functions that handlers may call use it. */
	if (lock == &__lock___libc_recursive_mutex)
		signals_hold();
	if (atomic_load_explicit(&lock->owner, memory_order_relaxed) != self) {
		mutex_lock(&lock->mutex);
		atomic_store_explicit(&lock->owner, self, memory_order_relaxed);
	}
	lock->depth++;
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	if (--lock->depth == 0) {
		atomic_store_explicit(&lock->owner, NULL, memory_order_relaxed);
		mutex_unlock(&lock->mutex);
	}
	if (lock == &__lock___libc_recursive_mutex)
		signals_release();
}
