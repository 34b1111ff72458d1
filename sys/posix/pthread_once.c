/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread_once. */
#include "sys/lib/syscall.h"
#include "sys/posix/pthread_internal.h"

enum { NEVER = 0, RUNNING = 1, DONE = 2 };

int pthread_once(pthread_once_t *once, void (*init)(void))
{
	_Atomic uint32_t *state = atomic_word(&once->__state);
	uint32_t seen = NEVER;

	if (atomic_load_explicit(state, memory_order_acquire) == DONE)
		return 0;
	if (atomic_compare_exchange_strong(state, &seen, RUNNING)) {
		init();
		atomic_store(state, DONE);
		(void)futex_wake(state, UINT32_MAX, NULL);
		return 0;
	}
	while (atomic_load(state) != DONE)
		(void)futex_wait(state, RUNNING, DEADLINE_NEVER);
	return 0;
}
