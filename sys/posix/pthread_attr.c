/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of threads beside stack size and state, and what can be asked of and changed for a running one. */
#include <errno.h>
#include <string.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/thread.h"
#include "sys/lib/tls.h"
#include "sys/posix/pthread_internal.h"
#include "sys/posix/schedule.h"

/* A page below the stack is never mapped; more is not to be had. */
int pthread_attr_setguardsize(pthread_attr_t *attr, size_t size)
{
	if (size > PAGE_SIZE)
		return EINVAL;
	attr->__guard_size = size;
	return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->__guard_size;
	return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attr, int inherit)
{
	if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED)
		return EINVAL;
	attr->__explicit = inherit;
	return 0;
}

int pthread_attr_getinheritsched(const pthread_attr_t *attr, int *inherit)
{
	*inherit = attr->__explicit;
	return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attr, int policy)
{
	if (policy == SCHED_FIFO)
		return ENOTSUP;
	if (policy != SCHED_OTHER && policy != SCHED_RR)
		return EINVAL;
	attr->__policy = policy;
	return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *attr, int *policy)
{
	*policy = attr->__policy;
	return 0;
}

int pthread_attr_setscope(pthread_attr_t *attr, int scope)
{
	(void)attr;
	return scope == PTHREAD_SCOPE_SYSTEM ? 0 : scope == PTHREAD_SCOPE_PROCESS ? ENOTSUP : EINVAL;
}

int pthread_attr_getscope(const pthread_attr_t *attr, int *scope)
{
	(void)attr;
	*scope = PTHREAD_SCOPE_SYSTEM;
	return 0;
}

/* Stacks are the library's. */
int pthread_attr_setstack(pthread_attr_t *attr, void *stack, size_t size)
{
	(void)attr, (void)stack, (void)size;
	return ENOSYS;
}

int pthread_attr_getstack(const pthread_attr_t *attr, void **stack, size_t *size)
{
	*stack = attr->__stack;
	*size = attr->__stack_size;
	return 0;
}

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	const struct startup *s = startup_get();
	struct thread *own = tcb_self()->thread;
	struct sched_param param;
	int error;

	if (thread != pthread_self())
		return ENOSYS;
	error = pthread_attr_init(attr);
	if (!error)
		error = pthread_getschedparam(thread, &attr->__policy, &param);
	if (error)
		return error;
	attr->__priority = param.sched_priority;
	if (own) {
		attr->__stack = thread_stack(own, &attr->__stack_size);
	} else {
		attr->__stack = (void *)(uintptr_t)s->stack_base;
		attr->__stack_size = s->stack_size;
	}
	return 0;
}

int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *param)
{
	return -schedule_set(__pthread_handle(thread), policy, param->sched_priority);
}

int pthread_getschedparam(pthread_t thread, int *policy, struct sched_param *param)
{
	return -schedule_get(__pthread_handle(thread), policy, &param->sched_priority);
}

int pthread_setschedprio(pthread_t thread, int priority)
{
	int policy, old, error = -schedule_get(__pthread_handle(thread), &policy, &old);

	return error ? error : -schedule_set(__pthread_handle(thread), policy, priority);
}

/* There is a kernel thread for each. */
static int concurrency;

int pthread_setconcurrency(int level)
{
	if (level < 0)
		return EINVAL;
	concurrency = level;
	return 0;
}

int pthread_getconcurrency(void)
{
	return concurrency;
}

int pthread_getcpuclockid(pthread_t thread, clockid_t *clock)
{
	if (thread != pthread_self())
		return ENOSYS;
	*clock = CLOCK_THREAD_CPUTIME_ID;
	return 0;
}

/* There is no fork that the functions would be called at. */
int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	(void)prepare, (void)parent, (void)child;
	return 0;
}
