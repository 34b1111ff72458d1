/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, usage and niceness: kept by procd. What this process does itself about limits: descriptors, and the stacks of its children. */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/spawn.h"
#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/file.h"
#include "sys/posix/proc.h"
#include "sys/posix/resolve.h"

int prlimit(pid_t pid, int limit, const struct rlimit *set, struct rlimit *old); /* shown to _GNU_SOURCE only */

#define NS_PER_S 1000000000ull

static int limit_error(status_t status)
{
	return status == ERR_NOT_FOUND ? -ESRCH : neg_errno(status);
}

/* Without procd there is only what cannot be changed. */
static int limit_known(int limit, struct rlimit *out)
{
	*out = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	if (limit == RLIMIT_NOFILE)
		*out = (struct rlimit){(rlim_t)fd_limit, FD_COUNT};
	else if (limit == RLIMIT_STACK)
		*out = (struct rlimit){SPAWN_STACK_DEFAULT, SPAWN_STACK_MAX};
	else if (limit == RLIMIT_CORE)
		*out = (struct rlimit){0, 0};
	return 0;
}

static int limit_get(pid_t pid, int limit, struct rlimit *out)
{
	uint64_t soft, hard;
	status_t status;

	if (limit < 0 || limit >= RLIM_NLIMITS)
		return -EINVAL;
	if (proc_endpoint() == HANDLE_NONE)
		return pid == 0 || pid == getpid() ? limit_known(limit, out) : -ENOSYS;
	CALL_AGAIN(status, process_limit(proc_endpoint(), (uint64_t)pid, (enum process_limit)limit, &soft, &hard));
	if (status == OK)
		*out = (struct rlimit){soft, hard};
	return limit_error(status);
}

static int limit_set(pid_t pid, int limit, const struct rlimit *set)
{
	status_t status;

	if (limit < 0 || limit >= RLIM_NLIMITS || set->rlim_cur > set->rlim_max)
		return -EINVAL;
	/* The table of descriptors is as long as it is. */
	if (limit == RLIMIT_NOFILE && set->rlim_max > FD_COUNT && set->rlim_max != RLIM_INFINITY)
		return -EPERM;
	if (proc_endpoint() == HANDLE_NONE)
		return -ENOSYS;
	CALL_AGAIN(status, process_set_limit(proc_endpoint(), (uint64_t)pid, (enum process_limit)limit, set->rlim_cur,
					     set->rlim_max));
	if (status != OK || (pid != 0 && pid != getpid()))
		return limit_error(status);
	if (limit == RLIMIT_NOFILE)
		fd_limit = set->rlim_cur < FD_COUNT ? (int)set->rlim_cur : FD_COUNT;
	else if (limit == RLIMIT_STACK)
		proc_stack_limit = set->rlim_cur < SPAWN_STACK_DEFAULT ? SPAWN_STACK_DEFAULT : set->rlim_cur;
	return 0;
}

int getrlimit(int limit, struct rlimit *out)
{
	return (int)posix_result(limit_get(0, limit, out));
}

int setrlimit(int limit, const struct rlimit *set)
{
	return (int)posix_result(limit_set(0, limit, set));
}

int prlimit(pid_t pid, int limit, const struct rlimit *set, struct rlimit *old)
{
	int result = 0;

	if (pid < 0)
		return (int)posix_result(-ESRCH);
	if (old)
		result = limit_get(pid, limit, old);
	if (result == 0 && set)
		result = limit_set(pid, limit, set);
	return (int)posix_result(result);
}

/* ---- usage --------------------------------------------------------------------------------------- */

static struct timeval timeval_from(uint64_t ns)
{
	return (struct timeval){(time_t)(ns / NS_PER_S), (suseconds_t)(ns % NS_PER_S / 1000)};
}

static int usage_get(int who, struct rusage *out)
{
	struct process_info process;
	struct thread_info thread;
	uint64_t children_ns = 0;
	status_t status;

	*out = (struct rusage){0};
	switch (who) {
	case RUSAGE_SELF:
		status = process_info(HANDLE_NONE, &process);
		if (status == OK) {
			out->ru_utime = timeval_from(process.cpu_ns);
			out->ru_maxrss = (long)(process.mem_bytes / 1024);
		}
		return neg_errno(status);
	case RUSAGE_CHILDREN:
		if (proc_endpoint() == HANDLE_NONE)
			return -ENOSYS;
		CALL_AGAIN(status, process_usage(proc_endpoint(), &children_ns));
		out->ru_utime = timeval_from(children_ns);
		return neg_errno(status);
	case 1: /* RUSAGE_THREAD, shown to _GNU_SOURCE only */
		status = thread_info(HANDLE_NONE, &thread);
		if (status == OK)
			out->ru_utime = timeval_from(thread.cpu_ns);
		return neg_errno(status);
	default: return -EINVAL;
	}
}

int getrusage(int who, struct rusage *out)
{
	return (int)posix_result(usage_get(who, out));
}

/* ---- niceness ------------------------------------------------------------------------------------ */

static int whom_from(int which, enum process_whom *whom)
{
	if (proc_endpoint() == HANDLE_NONE)
		return -ENOSYS;
	switch (which) {
	case PRIO_PROCESS: *whom = PROCESS_WHOM_PROCESS; return 0;
	case PRIO_PGRP: *whom = PROCESS_WHOM_GROUP; return 0;
	case PRIO_USER: *whom = PROCESS_WHOM_USER; return 0;
	default: return -EINVAL;
	}
}

/* POSIX: 0 is the caller's, also of users. */
static uint64_t id_from(int which, id_t id)
{
	return which == PRIO_USER && id == 0 ? (uint64_t)getuid() : (uint64_t)id;
}

int getpriority(int which, id_t id)
{
	enum process_whom whom;
	int32_t nice_value;
	status_t status;
	int error = whom_from(which, &whom);

	if (error)
		return (int)posix_result(error);
	CALL_AGAIN(status, process_priority(proc_endpoint(), whom, id_from(which, id), &nice_value));
	if (status != OK)
		return (int)posix_result(limit_error(status));
	return nice_value;
}

int setpriority(int which, id_t id, int value)
{
	enum process_whom whom;
	status_t status;
	int error = whom_from(which, &whom);

	if (error)
		return (int)posix_result(error);
	CALL_AGAIN(status, process_set_priority(proc_endpoint(), whom, value, id_from(which, id)));
	return (int)posix_result(limit_error(status));
}

int nice(int increment)
{
	int value;

	errno = 0;
	value = getpriority(PRIO_PROCESS, 0);
	if (value == -1 && errno)
		return -1;
	value = increment > 40 ? 19 : increment < -40 ? -20 : value + increment;
	value = value > 19 ? 19 : value < -20 ? -20 : value;
	if (setpriority(PRIO_PROCESS, 0, value) < 0) {
		if (errno == EACCES)
			errno = EPERM; /* POSIX says it so here */
		return -1;
	}
	return value;
}
