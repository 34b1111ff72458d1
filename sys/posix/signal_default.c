/* SPDX-License-Identifier: BSD-2-Clause */
/* Default actions, and raise: all that a program has of signals which says nothing about them. */
#include <errno.h>
#include <unistd.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
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

int signal_act_default(int sig)
{
	switch (signal_default(sig)) {
	case ACT_NOTHING:
	case ACT_CONTINUE: return 0;
	case ACT_STOP: return -ENOSYS;
	default:
		(void)process_kill(startup_handle(HND_SELF), sig);
		_exit(128 + sig); /* not reached unless the handle is missing */
	}
}

int raise(int sig)
{
	if (sig != 0 && !signal_valid(sig))
		return (int)posix_result(-EINVAL);
	if (sig == 0)
		return 0;
	return (int)posix_result(__signal_raise ? __signal_raise(sig) : signal_act_default(sig));
}
