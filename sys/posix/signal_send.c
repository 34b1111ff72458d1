/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals with a value, and to threads; kill is in kill.c. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/signal_thread.h"

int sigqueue(pid_t pid, int sig, const union sigval value)
{
	siginfo_t info = {
		.si_signo = sig, .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid(), .si_value = value};
	status_t status;

	if (sig != 0 && !signal_valid(sig))
		return (int)posix_result(-EINVAL);
	if (pid <= 0)
		return (int)posix_result(pid ? -ESRCH : -EINVAL);
	if (pid == getpid())
		return (int)posix_result(sig ? signal_send(NULL, &info) : 0);
	if (proc_endpoint() == HANDLE_NONE)
		return kill(pid, sig); /* nobody could take the value there */
	status = process_send(proc_endpoint(), PROCESS_WHOM_PROCESS, (uint32_t)sig, (uint64_t)pid, SI_QUEUE,
			      (uint64_t)(uintptr_t)value.sival_ptr);
	switch (status) {
	case ERR_NOT_FOUND: return (int)posix_result(-ESRCH);
	case ERR_QUOTA: return (int)posix_result(-EAGAIN);
	default: return (int)posix_result(neg_errno(status));
	}
}

int pthread_kill(pthread_t p, int sig)
{
	siginfo_t info = {.si_signo = sig, .si_code = SI_TKILL, .si_pid = getpid(), .si_uid = getuid()};

	if (sig != 0 && !signal_valid(sig))
		return EINVAL;
	/* One that has ended and was not joined: nothing happens, as POSIX allows. */
	return sig ? -signal_send(pthread_signals(p), &info) : 0;
}
