/* SPDX-License-Identifier: BSD-2-Clause */
/* signal and the other calls that sigaction and sigprocmask replaced. */
#include <errno.h>
#include <signal.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/signal_thread.h"

static sigset_t interrupting; /* siginterrupt: signal leaves out SA_RESTART */

_sig_func_ptr __wrap_signal(int sig, _sig_func_ptr handler);

_sig_func_ptr __wrap_signal(int sig, _sig_func_ptr handler)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

	if (signal_valid(sig) && __atomic_load_n(&interrupting, __ATOMIC_RELAXED) & SIGNAL_BIT(sig))
		act.sa_flags = 0;
	return sigaction(sig, &act, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int siginterrupt(int sig, int flag)
{
	struct sigaction act;

	if (sigaction(sig, NULL, &act) != 0)
		return -1;
	if (flag) {
		__atomic_fetch_or(&interrupting, SIGNAL_BIT(sig), __ATOMIC_RELAXED);
		act.sa_flags &= ~SA_RESTART;
	} else {
		__atomic_fetch_and(&interrupting, ~SIGNAL_BIT(sig), __ATOMIC_RELAXED);
		act.sa_flags |= SA_RESTART;
	}
	return sigaction(sig, &act, NULL);
}

static int mask_one(int how, int sig)
{
	sigset_t set = 0;

	return sigaddset(&set, sig) == 0 ? sigprocmask(how, &set, NULL) : -1;
}

int sighold(int sig)
{
	return mask_one(SIG_BLOCK, sig);
}

int sigrelse(int sig)
{
	return mask_one(SIG_UNBLOCK, sig);
}

int sigignore(int sig)
{
	struct sigaction act = {.sa_handler = SIG_IGN};

	return sigaction(sig, &act, NULL);
}

int sigpause(int sig)
{
	sigset_t set;

	if (sigprocmask(SIG_BLOCK, NULL, &set) != 0 || sigdelset(&set, sig) != 0)
		return -1;
	return sigsuspend(&set);
}

_sig_func_ptr sigset(int sig, _sig_func_ptr handler)
{
	struct sigaction act = {.sa_handler = handler}, old;
	sigset_t mask = 0, before;

	if (sigaddset(&mask, sig) != 0 || sigprocmask(SIG_BLOCK, NULL, &before) != 0 ||
	    sigaction(sig, handler == SIG_HOLD ? NULL : &act, &old) != 0 ||
	    sigprocmask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &mask, NULL) != 0)
		return SIG_ERR;
	return before & mask ? SIG_HOLD : old.sa_handler;
}
