/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, as far as they go: handlers run for signals that the process raises itself; a signal
 * sent to another process ends it (there is nothing yet that could deliver it to a handler there).
 * Takes the place of picolibc's signal and raise, whose default action is a plain exit.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"

static _Atomic _sig_func_ptr handlers[_NSIG];

static bool signal_valid(int sig)
{
	return sig > 0 && sig < _NSIG;
}

enum { ACT_END, ACT_NOTHING, ACT_STOP };

static int default_action(int sig)
{
	switch (sig) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
	case SIGCONT: return ACT_NOTHING;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: return ACT_STOP;
	default: return ACT_END;
	}
}

_sig_func_ptr signal(int sig, _sig_func_ptr handler)
{
	if (!signal_valid(sig) || sig == SIGKILL || sig == SIGSTOP) {
		errno = EINVAL;
		return SIG_ERR;
	}
	return atomic_exchange(&handlers[sig], handler);
}

int raise(int sig)
{
	_sig_func_ptr handler;

	if (!signal_valid(sig))
		return (int)posix_result(-EINVAL);
	handler = atomic_load(&handlers[sig]);
	if (handler == SIG_IGN)
		return 0;
	if (handler != SIG_DFL) {
		handler(sig);
		return 0;
	}
	switch (default_action(sig)) {
	case ACT_NOTHING: return 0;
	case ACT_STOP: return proc_endpoint() != HANDLE_NONE ? kill(getpid(), sig) : (int)posix_result(-ENOSYS);
	default:
		/* procd writes a core where one is due. */
		if (proc_endpoint() != HANDLE_NONE)
			(void)kill(getpid(), sig);
		(void)process_kill(startup_handle(HND_SELF), sig);
		_exit(128 + sig); /* not reached unless the handle is missing */
	}
}

/* For children (proc.h). */
uint64_t signals_ignored(void)
{
	uint64_t set = 0;

	for (int sig = 1; sig < _NSIG; sig++)
		set |= atomic_load(&handlers[sig]) == SIG_IGN ? 1ull << sig : 0;
	return set;
}

uint64_t signals_blocked(void)
{
	return 0;
}

int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
	(void)sig, (void)act, (void)old;
	return (int)posix_result(-ENOSYS);
}

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set, (void)old;
	return (int)posix_result(-ENOSYS);
}
