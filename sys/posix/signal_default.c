/* SPDX-License-Identifier: BSD-2-Clause */
/* Default actions, and raise: all that a program has of signals which says nothing about them. */
#include <errno.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/process.h"
#include "sys/posix/signal_thread.h"

enum signal_action signal_default(int sig)
{
	switch (sig) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH: return ACT_NOTHING;
	case SIGCONT: return ACT_CONTINUE;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU: return ACT_STOP;
	case SIGQUIT:
	case SIGILL:
	case SIGTRAP:
	case SIGABRT:
	case SIGFPE:
	case SIGBUS:
	case SIGSEGV:
	case SIGSYS:
	case SIGXCPU:
	case SIGXFSZ: return ACT_CORE;
	default: return ACT_END;
	}
}

#define END_MS 10000ull /* a core takes its time */

int signal_act_default(int sig)
{
	enum signal_action action = signal_default(sig);
	handle_t server = proc_endpoint();
	status_t status = ERR_UNSUPPORTED;

	if (action == ACT_NOTHING || (action == ACT_CONTINUE && server == HANDLE_NONE))
		return 0;
	if (server != HANDLE_NONE)
		status = process_send(server, PROCESS_WHOM_PROCESS, (uint32_t)sig, 0, SI_USER, 0);
	if (action == ACT_STOP || action == ACT_CONTINUE)
		return status == ERR_UNSUPPORTED ? -ENOSYS : neg_errno(status);
	if (status == OK) {
		/* The end is on its way. */
		static const uint32_t never;

		(void)futex_wait(&never, 0, clock_now() + END_MS * 1000000);
	}
	(void)process_kill(startup_handle(HND_SELF), sig);
	_exit(128 + sig); /* not reached unless the handle is missing */
}

/* In place of the C library's, which would leave by itself: also when it is blocked, ignored, or its handler comes back. */
_Noreturn void __wrap_abort(void);
_Noreturn void __wrap_abort(void)
{
	if (__signal_abort)
		__signal_abort();
	(void)signal_act_default(SIGABRT);
	_exit(128 + SIGABRT);
}

int raise(int sig)
{
	if (sig != 0 && !signal_valid(sig))
		return (int)posix_result(-EINVAL);
	if (sig == 0)
		return 0;
	return (int)posix_result(__signal_raise ? __signal_raise(sig) : signal_act_default(sig));
}

/* For children (proc.h): what a process knows nothing of it has from its parent and hands on. */
uint64_t signals_blocked(void)
{
	uint64_t set = 0;

	if (__signal_mask_get)
		return __signal_mask_get();
	(void)proc_startup(PROC_BLOCKED, &set);
	return set;
}

uint64_t signals_ignored(void)
{
	uint64_t set = 0;

	if (__signal_ignored_get)
		return __signal_ignored_get();
	(void)proc_startup(PROC_IGNORED, &set);
	return set;
}
