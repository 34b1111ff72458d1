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
#include "sys/posix/child.h"
#include "sys/posix/errno_map.h"

#define HND_RES_PROCESS "res.process" /* a resource for SYSTEM_PROCESS, if init gave one */

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
	case ACT_STOP: return (int)posix_result(-ENOSYS);
	default:
		(void)process_kill(startup_handle(HND_SELF), sig);
		_exit(128 + sig); /* not reached unless the handle is missing */
	}
}

/* Takes the process handle over. */
static int process_signal(handle_t process, int sig)
{
	int action = sig ? default_action(sig) : ACT_NOTHING;
	int result = 0;

	if (action == ACT_STOP || sig == SIGCONT)
		result = -ENOSYS;
	else if (action == ACT_END)
		result = neg_errno(process_kill(process, sig));
	(void)handle_close(process);
	return result;
}

static int kill_pid(pid_t pid, int sig)
{
	handle_t process = child_handle(pid);
	handle_t resource;
	status_t status;

	if (process != HANDLE_NONE)
		return process_signal(process, sig);
	resource = startup_handle(HND_RES_PROCESS);
	if (resource == HANDLE_NONE)
		resource = startup_handle(HND_RES_SYSTEM);
	if (resource == HANDLE_NONE)
		return -EPERM;
	status = process_open(resource, (uint64_t)pid, &process);
	if (status == ERR_NOT_FOUND)
		return -ESRCH;
	return status == OK ? process_signal(process, sig) : neg_errno(status);
}

int kill(pid_t pid, int sig)
{
	if (sig != 0 && !signal_valid(sig))
		return (int)posix_result(-EINVAL);
	if (pid <= 0)
		return (int)posix_result(-ENOSYS); /* there are no process groups */
	if (pid == getpid())
		return sig ? raise(sig) : 0;
	return (int)posix_result(kill_pid(pid, sig));
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
