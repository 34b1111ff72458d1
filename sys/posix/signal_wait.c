/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for signals. The futex word counts the thread's upcalls, so that none is missed between a look and the wait. */
#include <errno.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/process.h"
#include "sys/posix/signal_outside.h"
#include "sys/posix/signal_thread.h"

static status_t upcall_wait(uint32_t seen, uint64_t deadline)
{
	status_t status;

	SIGNAL_WAIT(status, futex_wait_interruptible(&signal_self()->upcalls, seen, deadline));
	return status;
}

int sigsuspend(const sigset_t *set)
{
	struct signal_thread *self = signal_self();
	uint64_t old = atomic_load(&self->mask);
	uint32_t handled = self->handled;

	signal_mask_set(*set);
	for (;;) {
		uint32_t seen = atomic_load(&self->upcalls);

		if (*(volatile uint32_t *)&self->handled != handled)
			break;
		(void)upcall_wait(seen, DEADLINE_NEVER);
	}
	signal_mask_set(old);
	return (int)posix_result(-EINTR);
}

int pause(void)
{
	sigset_t now = atomic_load(&signal_self()->mask);

	return sigsuspend(&now);
}

/* The signal, or a negative errno value. */
static int wait_for(const sigset_t *set, siginfo_t *info, uint64_t deadline)
{
	struct signal_thread *self = signal_self();
	uint64_t wanted = *set & SIGNALS_ALL & ~SIGNALS_FIXED;
	uint32_t handled = self->handled;
	siginfo_t found;
	int result;

	atomic_store(&self->waits, wanted);
	signal_outside_came();
	for (;;) {
		uint32_t seen = atomic_load(&self->upcalls);

		if (signal_take(wanted, &found)) {
			result = found.si_signo;
			break;
		}
		result = -EINTR;
		if (*(volatile uint32_t *)&self->handled != handled)
			break;
		status_t status = upcall_wait(seen, deadline);
		result = -EAGAIN;
		if (status == ERR_TIMED_OUT || status == ERR_WOULD_BLOCK)
			break;
	}
	atomic_store(&self->waits, 0);
	if (result > 0 && info)
		*info = found;
	return result;
}

int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info, const struct timespec *restrict timeout)
{
	uint64_t deadline = DEADLINE_NEVER, now = clock_now();

	if (timeout) {
		if (timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000 || timeout->tv_sec < 0)
			return (int)posix_result(-EINVAL);
		deadline = deadline_from(timeout, 1);
		deadline = deadline < DEADLINE_NEVER - now ? deadline + now : DEADLINE_NEVER;
		if (timeout->tv_sec == 0 && timeout->tv_nsec == 0)
			deadline = 0;
	}
	return (int)posix_result(wait_for(set, info, deadline));
}

int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return (int)posix_result(wait_for(set, info, DEADLINE_NEVER));
}

int sigwait(const sigset_t *restrict set, int *restrict sig)
{
	int result;

	do
		result = wait_for(set, NULL, DEADLINE_NEVER);
	while (result == -EINTR);
	if (result < 0)
		return -result;
	*sig = result;
	return 0;
}

void signal_section_begin(const sigset_t *mask, uint64_t *old)
{
	struct signal_thread *self = signal_self();

	*old = atomic_load(&self->mask);
	self->sections++;
	if (mask)
		signal_mask_set(*mask);
}

void signal_section_end(uint64_t old)
{
	struct signal_thread *self = signal_self();

	if (--self->sections == 0 && self->fail_next) {
		self->fail_next = false;
		signal_upcalls_allow(); /* forgets it */
	}
	signal_mask_set(old);
}
