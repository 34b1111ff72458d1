/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pthread_cancel. The request is a bit among the target's pending signals; its upcall ends the wait that it is in, or the next one, and every
 * cancellation point looks before it waits. What the thread was to clean up is a list on its stack (pthread_cleanup_push).
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"
#include "sys/posix/signal_thread.h"

static bool wanted(const struct signal_thread *self)
{
	return !self->cancel_off && !self->cancelling && atomic_load(&self->pending) & PENDING_CANCEL;
}

static _Noreturn void cancel_now(void)
{
	struct signal_thread *self = signal_self();

	self->cancelling = true;
	pthread_exit(PTHREAD_CANCELED);
}

bool __cancel_wanted(void)
{
	return wanted(signal_self());
}

void __cancel_test(void)
{
	if (__builtin_expect(wanted(signal_self()), 0))
		cancel_now();
}

/* Where a thread goes on that was interrupted anywhere; the stack below is free. */
static _Noreturn void cancel_here(void)
{
	cancel_now();
}

bool __cancel_upcall(struct signal_thread *self, struct upcall_frame *frame)
{
	if (!wanted(self))
		return false;
	if (!self->cancel_async)
		return true;
	frame->pc = (uint64_t)cancel_here;
	frame->x[2] = (frame->x[2] - 256) & ~15ull;
	frame->x[1] = 0;
	return false;
}

void __cancel_end(void)
{
	struct signal_thread *self = signal_self();

	self->cancelling = true;
	while (self->cleanup) {
		struct __pthread_cleanup *c = self->cleanup;

		self->cleanup = c->__next;
		c->__routine(c->__arg);
	}
}

int pthread_cancel(pthread_t p)
{
	threads_started = true; /* from now on nothing goes the short way past its cancellation point */
	return signal_cancel(pthread_signals(p));
}

void pthread_testcancel(void)
{
	__cancel_test();
}

int pthread_setcancelstate(int state, int *old)
{
	struct signal_thread *self = signal_self();

	if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
		return EINVAL;
	if (old)
		*old = self->cancel_off ? PTHREAD_CANCEL_DISABLE : PTHREAD_CANCEL_ENABLE;
	self->cancel_off = state == PTHREAD_CANCEL_DISABLE;
	if (wanted(self) && self->cancel_async)
		cancel_now();
	return 0;
}

int pthread_setcanceltype(int type, int *old)
{
	struct signal_thread *self = signal_self();

	if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
		return EINVAL;
	if (old)
		*old = self->cancel_async ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
	self->cancel_async = type == PTHREAD_CANCEL_ASYNCHRONOUS;
	if (wanted(self) && self->cancel_async)
		cancel_now();
	return 0;
}

void __pthread_cleanup_push(struct __pthread_cleanup *c)
{
	struct signal_thread *self = signal_self();

	c->__next = self->cleanup;
	self->cleanup = c;
}

void __pthread_cleanup_pop(struct __pthread_cleanup *c, int run)
{
	signal_self()->cleanup = c->__next;
	if (run)
		c->__routine(c->__arg);
}
