/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending signals: to this process and its threads; to others through the server of processes, or, without one, by ending them. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/child.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/pthread_internal.h"
#include "sys/posix/signal_thread.h"

#define HND_RES_PROCESS "res.process" /* a resource for SYSTEM_PROCESS, if init gave one */

/* Without the server there is nothing that could deliver a signal to a handler there. Takes the process handle over. */
static int process_signal(handle_t process, int sig)
{
	enum signal_action action = sig ? signal_default(sig) : ACT_NOTHING;
	int result = 0;

	if (action == ACT_STOP || action == ACT_CONTINUE)
		result = -ENOSYS;
	else if (action != ACT_NOTHING)
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

/* Through the server. It is asked for groups also where this process is the only member. */
static int send_outside(handle_t server, pid_t pid, const siginfo_t *info)
{
	enum process_whom whom = pid > 0     ? PROCESS_WHOM_PROCESS
				 : pid == -1 ? PROCESS_WHOM_ALL
					     : PROCESS_WHOM_GROUP;
	uint64_t id = pid > 0 ? (uint64_t)pid : pid == -1 || pid == 0 ? 0 : (uint64_t)-(int64_t)pid;
	status_t status = process_send(server, whom, (uint32_t)info->si_signo, id, info->si_code,
				       (uint64_t)(uintptr_t)info->si_value.sival_ptr);

	switch (status) {
	case ERR_NOT_FOUND: return -ESRCH;
	case ERR_QUOTA: return -EAGAIN;
	default: return neg_errno(status);
	}
}

int signal_send_pid(pid_t pid, const siginfo_t *info)
{
	int sig = info->si_signo;
	handle_t server = startup_handle(HND_PROC);

	if (sig != 0 && !signal_valid(sig))
		return -EINVAL;
	if (pid == getpid())
		return sig ? signal_send(NULL, info) : 0;
	if (server != HANDLE_NONE)
		return send_outside(server, pid, info);
	if (pid <= 0)
		return -ENOSYS; /* groups are the server's */
	return kill_pid(pid, sig);
}

int kill(pid_t pid, int sig)
{
	siginfo_t info = {.si_signo = sig, .si_code = SI_USER, .si_pid = getpid(), .si_uid = getuid()};

	return (int)posix_result(signal_send_pid(pid, &info));
}

int killpg(pid_t group, int sig)
{
	if (group < 0)
		return (int)posix_result(-EINVAL);
	return kill(group == 0 ? 0 : -group, sig);
}

int sigqueue(pid_t pid, int sig, const union sigval value)
{
	siginfo_t info = {
		.si_signo = sig, .si_code = SI_QUEUE, .si_pid = getpid(), .si_uid = getuid(), .si_value = value};

	if (pid <= 0)
		return (int)posix_result(pid ? -ESRCH : -EINVAL);
	return (int)posix_result(signal_send_pid(pid, &info));
}

int pthread_kill(pthread_t p, int sig)
{
	siginfo_t info = {.si_signo = sig, .si_code = SI_TKILL, .si_pid = getpid(), .si_uid = getuid()};
	struct signal_thread *to = pthread_signals(p);

	if (sig != 0 && !signal_valid(sig))
		return EINVAL;
	/* One that has ended and was not joined: nothing happens, as POSIX allows. */
	return sig && to ? -signal_send(to, &info) : 0;
}
