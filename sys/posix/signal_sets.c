/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of signals, and what is made of sigaction and sigprocmask. */
#include <errno.h>
#include <signal.h>

#include "sys/posix/errno_map.h"
#include "sys/posix/signal_thread.h"

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = SIGNALS_ALL;
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	if (!signal_valid(sig))
		return (int)posix_result(-EINVAL);
	*set |= SIGNAL_BIT(sig);
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	if (!signal_valid(sig))
		return (int)posix_result(-EINVAL);
	*set &= ~SIGNAL_BIT(sig);
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	if (!signal_valid(sig))
		return (int)posix_result(-EINVAL);
	return *set >> sig & 1;
}
