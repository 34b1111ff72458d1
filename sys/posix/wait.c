/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for children. procd answers when there is something to tell; without it child.c looks itself. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "protocols/process.h"
#include "sys/posix/child.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/proc.h"
#include "sys/posix/resolve.h"

#define NS_PER_S 1000000000ull

/* 1: in `out`; 0: nothing to tell yet; or a negative errno value. */
static int wait_procd(enum process_whom whom, uint64_t id, uint32_t wait, struct child_event *out)
{
	uint64_t pid;
	enum process_event event;
	status_t status;

	CALL_WAIT(status, process_wait_until(proc_endpoint(), DEADLINE_INTERRUPTIBLE, whom, wait, id, &pid,
					     &out->cpu_ns, &event, &out->value, &out->user));
	if (status == ERR_NOT_FOUND)
		return -ECHILD;
	if (status != OK)
		return neg_errno(status);
	out->pid = (pid_t)pid;
	out->event = event;
	return pid != 0;
}

static int wait_any(enum process_whom whom, pid_t id, uint32_t wait, struct child_event *out)
{
	if (proc_endpoint() != HANDLE_NONE)
		return wait_procd(whom, (uint64_t)id, wait, out);
	if (whom == PROCESS_WHOM_GROUP)
		return -ENOSYS;
	if (!(wait & PROCESS_WAIT_ENDED))
		return -ENOSYS;
	return child_wait_own(whom == PROCESS_WHOM_ALL ? -1 : id, wait & PROCESS_WAIT_NO_HANG, wait & PROCESS_WAIT_KEEP,
			      out);
}

static int status_from(const struct child_event *e)
{
	switch (e->event) {
	case PROCESS_EVENT_EXITED: return (int)e->value << 8;
	case PROCESS_EVENT_KILLED: return (int)e->value;
	case PROCESS_EVENT_DUMPED: return (int)e->value | 0x80;
	case PROCESS_EVENT_STOPPED: return (int)e->value << 8 | 0x7f;
	default: return 0xffff; /* CONTINUED */
	}
}

static pid_t wait_for(pid_t pid, int *status, int options, uint64_t *cpu_ns)
{
	uint32_t wait = PROCESS_WAIT_ENDED | (options & WNOHANG ? PROCESS_WAIT_NO_HANG : 0u) |
			(options & WUNTRACED ? PROCESS_WAIT_STOPPED : 0u) |
			(options & WCONTINUED ? PROCESS_WAIT_CONTINUED : 0u);
	enum process_whom whom = pid == -1 ? PROCESS_WHOM_ALL : pid > 0 ? PROCESS_WHOM_PROCESS : PROCESS_WHOM_GROUP;
	struct child_event event = {0};
	int result;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH; /* the least number there is has no opposite */
	result = wait_any(whom, pid < -1 ? -pid : pid == -1 ? 0 : pid, wait, &event);
	if (result <= 0)
		return result;
	if (status)
		*status = status_from(&event);
	*cpu_ns = event.cpu_ns;
	return event.pid;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	uint64_t cpu_ns;

	return (pid_t)posix_result(wait_for(pid, status, options, &cpu_ns));
}

pid_t wait(int *status)
{
	return waitpid(-1, status, 0);
}

pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	uint64_t cpu_ns = 0;
	pid_t result = wait_for(pid, status, options, &cpu_ns);

	if (result > 0 && usage) {
		memset(usage, 0, sizeof(*usage));
		usage->ru_utime.tv_sec = (time_t)(cpu_ns / NS_PER_S);
		usage->ru_utime.tv_usec = (suseconds_t)(cpu_ns % NS_PER_S / 1000);
	}
	return (pid_t)posix_result(result);
}

pid_t wait3(int *status, int options, struct rusage *usage)
{
	return wait4(-1, status, options, usage);
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	uint32_t wait = (options & WEXITED ? PROCESS_WAIT_ENDED : 0u) |
			(options & WSTOPPED ? PROCESS_WAIT_STOPPED : 0u) |
			(options & WCONTINUED ? PROCESS_WAIT_CONTINUED : 0u) |
			(options & WNOHANG ? PROCESS_WAIT_NO_HANG : 0u) | (options & WNOWAIT ? PROCESS_WAIT_KEEP : 0u);
	enum process_whom whom = type == P_ALL   ? PROCESS_WHOM_ALL
				 : type == P_PID ? PROCESS_WHOM_PROCESS
						 : PROCESS_WHOM_GROUP;
	struct child_event event = {0};
	int result;

	if ((options & ~(WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT)) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)) || (type != P_ALL && type != P_PID && type != P_PGID) ||
	    (type == P_PID && id == 0))
		return (int)posix_result(-EINVAL);
	result = wait_any(whom, type == P_ALL ? 0 : (pid_t)id, wait, &event);
	if (result < 0)
		return (int)posix_result(result);
	if (!info)
		return 0;
	memset(info, 0, sizeof(*info));
	if (result == 0)
		return 0;
	info->si_signo = SIGCHLD;
	info->si_code = (int)event.event; /* CLD_* are these numbers */
	info->si_pid = event.pid;
	info->si_uid = event.user;
	info->si_status = (int)event.value;
	return 0;
}
