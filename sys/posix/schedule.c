/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <sched.h>: the kernel has one policy, fixed priorities and round robin within one, which is SCHED_RR. A thread that was never
 * given a priority of its own runs by SCHED_OTHER, which is the same at the priority that programs start with.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/schedule.h"

int schedule_check(int policy, int priority)
{
	switch (policy) {
	case SCHED_OTHER: return priority == 0 ? 0 : -EINVAL;
	case SCHED_RR: return priority >= SCHEDULE_MIN && priority <= SCHEDULE_MAX ? 0 : -EINVAL;
	case SCHED_FIFO: return -ENOTSUP;
	default: return -EINVAL;
	}
}

/* The priority that this program started with, as far as anybody has asked: PRIO_DEFAULT or what its parent gave it. */
static uint32_t normal_priority(void)
{
	static _Atomic uint32_t known; /* plus one */
	uint32_t normal = atomic_load_explicit(&known, memory_order_relaxed);
	struct thread_info info;

	if (normal == 0) {
		normal = (thread_info(HANDLE_NONE, &info) == OK ? info.base_prio : PRIO_DEFAULT) + 1;
		atomic_store_explicit(&known, normal, memory_order_relaxed);
	}
	return normal - 1;
}

int schedule_set(handle_t thread, int policy, int priority)
{
	struct thread_sched wanted = {.prio = policy == SCHED_OTHER ? normal_priority() : (uint32_t)priority};
	int result = schedule_check(policy, priority);

	return result ? result : neg_errno(thread_set_sched(thread, &wanted, HANDLE_NONE));
}

int schedule_get(handle_t thread, int *policy, int *priority)
{
	struct thread_info info;
	uint32_t normal = normal_priority();
	status_t status = thread_info(thread, &info);

	if (status != OK)
		return neg_errno(status);
	*policy = info.base_prio == normal ? SCHED_OTHER : SCHED_RR;
	*priority = info.base_prio == normal ? 0 : (int)info.base_prio;
	return 0;
}

int sched_get_priority_max(int policy)
{
	return policy == SCHED_OTHER ? 0 : policy == SCHED_RR ? SCHEDULE_MAX : (int)posix_result(-EINVAL);
}

int sched_get_priority_min(int policy)
{
	return policy == SCHED_OTHER ? 0 : policy == SCHED_RR ? SCHEDULE_MIN : (int)posix_result(-EINVAL);
}

/* The calling thread of this process; of others there is no way. */
static int own(pid_t pid)
{
	return pid == 0 || pid == getpid() ? 0 : pid < 0 ? -EINVAL : -ENOSYS;
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
{
	int old = SCHED_OTHER, priority, result = own(pid);

	if (result == 0)
		result = schedule_get(HANDLE_NONE, &old, &priority);
	if (result == 0)
		result = schedule_set(HANDLE_NONE, policy, param->sched_priority);
	return result ? (int)posix_result(result) : old;
}

int sched_setparam(pid_t pid, const struct sched_param *param)
{
	int policy = SCHED_OTHER, priority, result = own(pid);

	if (result == 0)
		result = schedule_get(HANDLE_NONE, &policy, &priority);
	if (result == 0)
		result = schedule_set(HANDLE_NONE, policy, param->sched_priority);
	return (int)posix_result(result);
}

int sched_getscheduler(pid_t pid)
{
	int policy = SCHED_OTHER, priority, result = own(pid);

	if (result == 0)
		result = schedule_get(HANDLE_NONE, &policy, &priority);
	return result ? (int)posix_result(result) : policy;
}

int sched_getparam(pid_t pid, struct sched_param *param)
{
	int policy, result = own(pid);

	if (result == 0)
		result = schedule_get(HANDLE_NONE, &policy, &param->sched_priority);
	return (int)posix_result(result);
}
