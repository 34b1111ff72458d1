/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of the own process: stack, thread-local data, start, end and join. pthreads stand on it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

#define THREAD_STACK_DEFAULT (64 * 1024)
#define THREAD_STACK_MIN     (8 * 1024)
#define THREAD_STACK_MAX     (1ull << 30)

struct thread;

/* Starts a thread in fn(arg). stack_size 0: the default; prio 0: the caller's own. Every thread
 * must be joined or detached. The page below the stack stays unmapped. */
status_t thread_run(void (*fn)(void *), void *arg, size_t stack_size, uint32_t prio, struct thread **out);

/* Waits for its end, then frees everything of it. ERR_TIMED_OUT: it still runs. */
status_t thread_join_until(struct thread *thread, uint64_t deadline);

static inline status_t thread_join(struct thread *thread)
{
	return thread_join_until(thread, ~0ull);
}

/* Nobody will join it. */
void thread_detach(struct thread *thread);

/* Ends the calling thread; a thread that thread_run did not make is simply ended. */
_Noreturn void thread_finish(void);

/* Its handle, for set_sched, suspend, cancel; valid until joined. */
handle_t thread_handle(const struct thread *thread);

/* Its stack's lowest address, and how many bytes it has. */
void *thread_stack(const struct thread *thread, size_t *size);
