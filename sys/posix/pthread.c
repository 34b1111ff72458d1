/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads: creation, end, join and detach over sys/lib/thread.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/ipc.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"
#include "sys/lib/tls.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/pthread_internal.h"
#include "sys/posix/signal_thread.h"

enum { JOINABLE, DETACHED, ENDED }; /* who comes second, of end and detach, frees */

#define NAME_MAX_NP 16 /* bytes with the NUL, as elsewhere */

struct __pthread {
	struct thread *thread; /* NULL: the first thread */
	void *(*start)(void *);
	void *arg;
	void *result;
	_Atomic uint32_t state;
	char name[NAME_MAX_NP];
	struct signal_thread signals; /* not of the first thread */
};

static struct __pthread first_thread;
static _Atomic uint32_t living = 1;

pthread_t pthread_self(void)
{
	struct __pthread *self = tcb_self()->posix;

	return self ? self : &first_thread;
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

void pthread_exit(void *result)
{
	struct __pthread *self = pthread_self();
	uint32_t expected = JOINABLE;

	if (__cancel_end)
		__cancel_end();
	if (__pthread_keys_end)
		__pthread_keys_end();
	if (__pthread_robust_end)
		__pthread_robust_end();
	if (atomic_fetch_sub(&living, 1) == 1)
		exit(0);
	self->result = result;
	if (__signal_thread_end)
		__signal_thread_end();
	if (!atomic_compare_exchange_strong(&self->state, &expected, ENDED) && self != &first_thread)
		free(self);
	thread_finish();
}

static void thread_start_posix(void *arg)
{
	struct __pthread *self = arg;

	tcb_self()->posix = self;
	if (__signal_thread_begin)
		__signal_thread_begin(&self->signals);
	pthread_exit(self->start(self->arg));
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	struct __pthread *p = calloc(1, sizeof(*p));
	size_t stack_size = attr ? attr->__stack_size : 0;
	uint32_t prio = attr ? (uint32_t)attr->__priority : 0;
	status_t status;

	if (!p)
		return EAGAIN;
	p->start = start;
	p->arg = arg;
	p->signals.mask = __signal_mask_get ? __signal_mask_get() : 0;
	atomic_fetch_add(&living, 1);
	*thread = p; /* before it runs: it may look there */
	status = thread_run(thread_start_posix, p, stack_size, prio, &p->thread);
	if (status != OK) {
		atomic_fetch_sub(&living, 1);
		free(p);
		return status == ERR_NO_MEMORY ? EAGAIN : errno_from_status(status);
	}
	return attr && attr->__detached ? pthread_detach(p) : 0;
}

int pthread_join(pthread_t p, void **result)
{
	status_t status;

	if (p == pthread_self())
		return EDEADLK;
	if (!p->thread || atomic_load(&p->state) == DETACHED)
		return EINVAL;
	do
		SIGNAL_WAIT(status, thread_join_until(p->thread, DEADLINE_INTERRUPTIBLE));
	while (status == ERR_CANCELLED || status == ERR_INTERRUPTED);
	if (status != OK)
		return errno_from_status(status);
	if (result)
		*result = p->result;
	free(p);
	return 0;
}

int pthread_detach(pthread_t p)
{
	struct thread *thread = p->thread; /* once the state says so, the thread may free p */
	uint32_t expected = JOINABLE;

	if (!thread)
		return 0; /* nothing of the first thread is ever freed */
	if (!atomic_compare_exchange_strong(&p->state, &expected, DETACHED)) {
		if (expected == DETACHED)
			return EINVAL;
		free(p);
	}
	thread_detach(thread);
	return 0;
}

struct signal_thread *pthread_signals(pthread_t p)
{
	return p == &first_thread ? &__signal_first : &p->signals;
}

int pthread_attr_init(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){.__stack_size = THREAD_STACK_DEFAULT, .__guard_size = PAGE_SIZE};
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
	if (size < PTHREAD_STACK_MIN || size > THREAD_STACK_MAX)
		return EINVAL;
	attr->__stack_size = size;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->__stack_size;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attr->__detached = state;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
	*state = attr->__detached;
	return 0;
}

/* The kernel's priorities; 0, the lowest there, means the creator's here. */
int pthread_attr_setschedparam(pthread_attr_t *attr, const struct sched_param *param)
{
	if (param->sched_priority < 0 || param->sched_priority >= PRIO_COUNT)
		return EINVAL;
	attr->__priority = param->sched_priority;
	return 0;
}

int pthread_attr_getschedparam(const pthread_attr_t *attr, struct sched_param *param)
{
	param->sched_priority = attr->__priority;
	return 0;
}

handle_t __pthread_handle(pthread_t p)
{
	if (p == pthread_self())
		return HANDLE_NONE;
	return p->thread ? thread_handle(p->thread) : startup_handle(HND_THREAD);
}

int pthread_setname_np(pthread_t p, const char *name)
{
	if (strlen(name) >= sizeof(p->name))
		return ERANGE;
	strcpy(p->name, name);
	return 0;
}

int pthread_getname_np(pthread_t p, char *out, size_t size)
{
	if (strlen(p->name) >= size)
		return ERANGE;
	strcpy(out, p->name);
	return 0;
}
