/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's memory is one mapping: [stack][struct thread][control block, thread-local data]. It is
 * freed by whoever joins. A detached thread cannot free the stack that it runs on: it puts itself
 * on a list, and the next thread that starts or is detached frees those whose end the kernel has
 * confirmed.
 */
#include "sys/lib/thread.h"

#include <stdatomic.h>

#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"

enum { JOINABLE, DETACHED, FINISHED };

struct thread {
	void (*fn)(void *);
	void *arg;
	handle_t handle;
	void *area;
	size_t area_size;
	_Atomic uint32_t running; /* cleared and woken by the kernel when the thread has ended */
	_Atomic uint32_t state;   /* JOINABLE, then DETACHED or FINISHED: who comes second frees */
	struct thread *next;      /* in finished_list */
};

static _Atomic(struct thread *) finished_list;

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) & ~(unit - 1);
}

static void thread_free(struct thread *t)
{
	handle_t handle = t->handle;

	(void)vmo_unmap(HANDLE_NONE, t->area, t->area_size);
	(void)handle_close(handle);
}

static void finished_push(struct thread *t)
{
	t->next = atomic_load(&finished_list);
	while (!atomic_compare_exchange_weak(&finished_list, &t->next, t))
		;
}

/* Frees detached threads that are gone; those still on their way out stay in the list. */
static void finished_reap(void)
{
	struct thread *t = atomic_exchange(&finished_list, NULL);

	while (t) {
		struct thread *next = t->next;

		if (atomic_load(&t->running) == 0)
			thread_free(t);
		else
			finished_push(t);
		t = next;
	}
}

static _Noreturn void thread_entry(struct thread *t)
{
	t->fn(t->arg);
	thread_finish();
}

/* What a memory allocator has for the calling thread; in the program only if there is one. */
void __thread_memory_end(void) __attribute__((weak));

_Noreturn void thread_finish(void)
{
	struct thread *t = tcb_self()->thread;
	uint32_t expected = JOINABLE;

	if (__thread_memory_end)
		__thread_memory_end();

	if (!t)
		thread_exit(NULL);
	if (!atomic_compare_exchange_strong(&t->state, &expected, FINISHED))
		finished_push(t); /* was detached while it ran */
	thread_exit(&t->running);
}

static status_t prio_choose(uint32_t *prio)
{
	struct thread_info own;
	status_t status;

	if (*prio)
		return OK;
	status = thread_info(HANDLE_NONE, &own);
	if (status == OK)
		*prio = own.base_prio;
	return status;
}

static status_t area_map(size_t size, void **out)
{
	handle_t vmo;
	status_t status = vmo_create(size, 0, HANDLE_NONE, &vmo);

	if (status != OK)
		return status;
	/* Where the kernel chooses the address, it leaves a page free on both sides. */
	status = vmo_map(HANDLE_NONE, vmo, 0, NULL, size, MAP_READ | MAP_WRITE, out);
	(void)handle_close(vmo);
	return status;
}

status_t thread_run(void (*fn)(void *), void *arg, size_t stack_size, uint32_t prio, struct thread **out)
{
	size_t top_size = round_up(sizeof(struct thread), TLS_ALIGN) + tls_area_size();
	size_t size;
	void *area;
	status_t status;

	if (stack_size == 0)
		stack_size = THREAD_STACK_DEFAULT;
	if (stack_size < THREAD_STACK_MIN || stack_size > THREAD_STACK_MAX)
		return ERR_INVALID;
	finished_reap();
	status = prio_choose(&prio);
	if (status != OK)
		return status;
	size = round_up(stack_size + top_size, PAGE_SIZE);
	status = area_map(size, &area);
	if (status != OK)
		return status;

	/* From the top down: thread-local data, struct thread, stack. */
	char *tls_area = (char *)area + size - tls_area_size();
	struct thread *t = (void *)(tls_area - round_up(sizeof(*t), TLS_ALIGN));
	void *tp = tls_area_init(tls_area);

	((struct tcb *)(void *)tls_area)->thread = t;
	t->fn = fn;
	t->arg = arg;
	t->area = area;
	t->area_size = size;
	atomic_init(&t->running, 1);
	atomic_init(&t->state, JOINABLE);

	struct thread_args args = {
		.entry = (uint64_t)thread_entry,
		.stack = (uint64_t)t,
		.arg0 = (uint64_t)t,
		.tls = (uint64_t)tp,
		.prio = prio,
	};

	threads_started = true;
	status = thread_create(HANDLE_NONE, &args, &t->handle);
	if (status != OK) {
		(void)vmo_unmap(HANDLE_NONE, area, size);
		return status;
	}
	((struct tcb *)(void *)tls_area)->handle = t->handle;
	*out = t; /* the new thread may look at it at once */
	status = thread_start(t->handle);
	if (status != OK) {
		(void)thread_kill(t->handle);
		thread_free(t);
	}
	return status;
}

status_t thread_join_until(struct thread *t, uint64_t deadline)
{
	while (atomic_load_explicit(&t->running, memory_order_acquire) != 0) {
		status_t status = deadline == DEADLINE_INTERRUPTIBLE
					  ? futex_wait_interruptible(&t->running, 1, DEADLINE_NEVER)
					  : futex_wait(&t->running, 1, deadline);

		if (status != OK && status != ERR_AGAIN)
			return status == ERR_WOULD_BLOCK ? ERR_TIMED_OUT : status;
	}
	thread_free(t);
	return OK;
}

void thread_detach(struct thread *t)
{
	uint32_t expected = JOINABLE;

	if (!atomic_compare_exchange_strong(&t->state, &expected, DETACHED))
		finished_push(t); /* it has finished already */
	finished_reap();
}

handle_t thread_handle(const struct thread *t)
{
	return t->handle;
}

void *thread_stack(const struct thread *t, size_t *size)
{
	*size = (size_t)((const char *)t - (const char *)t->area);
	return t->area;
}
