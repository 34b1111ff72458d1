/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals to other processes. procd decides who may send them and what becomes of them. Processes that it does not know can be ended by who has the handle
 * for that, and without procd so can own children. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/child.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/signal_thread.h"

#define HND_RES_PROCESS "res.process" /* a resource for SYSTEM_PROCESS, if init gave one */

static bool signal_ends(int sig)
{
	static const uint64_t others = 1ull << SIGCHLD | 1ull << SIGURG | 1ull << SIGWINCH | 1ull << SIGCONT |
				       1ull << SIGSTOP | 1ull << SIGTSTP | 1ull << SIGTTIN | 1ull << SIGTTOU;

	return !(others >> sig & 1);
}

static bool signal_does_nothing(int sig)
{
	return sig == 0 || sig == SIGCHLD || sig == SIGURG || sig == SIGWINCH;
}

/* Takes the process handle over. */
static int process_signal_directly(handle_t process, int sig)
{
	int result = 0;

	if (!signal_does_nothing(sig))
		result = signal_ends(sig) ? neg_errno(process_kill(process, sig)) : -ENOSYS;
	(void)handle_close(process);
	return result;
}

/* By what this process holds: -EPERM if that is nothing. */
static int kill_directly(pid_t pid, int sig)
{
	handle_t process = child_handle(pid);
	handle_t resource;
	status_t status;

	if (process != HANDLE_NONE)
		return process_signal_directly(process, sig);
	resource = startup_handle(HND_RES_PROCESS);
	if (resource == HANDLE_NONE)
		resource = startup_handle(HND_RES_SYSTEM);
	if (resource == HANDLE_NONE)
		return -EPERM;
	status = process_open(resource, (uint64_t)pid, &process);
	if (status == ERR_NOT_FOUND)
		return -ESRCH;
	return status == OK ? process_signal_directly(process, sig) : neg_errno(status);
}

/* If the server dies it is not known whether it was sent: a second one of the same number is as good as the first, for all but queued ones. */
static int send(enum process_whom whom, pid_t id, int sig, int code, uint64_t value)
{
	status_t status;

	do
		status = process_send(proc_endpoint(), whom, (uint32_t)sig, (uint64_t)id, code, value);
	while (status == ERR_PEER_DIED && sig < (int)PROCESS_SIGNAL_QUEUED);
	switch (status) {
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_QUOTA: return -EAGAIN;
	default: return neg_errno(status);
	}
}

int kill(pid_t pid, int sig)
{
	int result;

	if (sig < 0 || sig > (int)PROCESS_SIGNAL_MAX)
		return (int)posix_result(-EINVAL);
	if (pid == getpid() && __signal_kill)
		return (int)posix_result(sig ? __signal_kill(sig) : 0);
	if (proc_endpoint() == HANDLE_NONE) {
		if (pid <= 0)
			return (int)posix_result(-ENOSYS); /* there are no groups */
		if (pid == getpid())
			return sig ? raise(sig) : 0;
		return (int)posix_result(kill_directly(pid, sig));
	}
	if (pid == INT_MIN)
		return (int)posix_result(-ESRCH); /* the least number there is has no opposite */
	result = send(pid > 0     ? PROCESS_WHOM_PROCESS
		      : pid == -1 ? PROCESS_WHOM_ALL
				  : PROCESS_WHOM_GROUP,
		      pid > 0     ? pid
		      : pid == -1 ? 0
				  : -pid,
		      sig, SI_USER, 0);
	/* A process, but none that signals are for: drivers, and services without procd. */
	if (result == -EPERM && pid > 0 && kill_directly(pid, sig) == 0)
		result = 0;
	return (int)posix_result(result);
}

int killpg(pid_t group, int sig)
{
	if (group < 0)
		return (int)posix_result(-EINVAL);
	return group == 1 ? (int)posix_result(-ESRCH) : kill(-group, sig);
}
