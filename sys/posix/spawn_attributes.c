/* SPDX-License-Identifier: BSD-2-Clause */
/* posix_spawn's attributes: kept as they are set, and made into a child's start. These functions return errno values. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "protocols/process.h"
#include "sys/posix/proc.h"
#include "sys/posix/spawn_actions.h"

#define FLAGS                                                                                            \
	(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | \
	 POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID)

int posix_spawnattr_init(posix_spawnattr_t *attr)
{
	*attr = calloc(1, sizeof(**attr));
	return *attr ? 0 : ENOMEM;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attr)
{
	free(*attr);
	*attr = NULL;
	return 0;
}

int posix_spawnattr_getflags(const posix_spawnattr_t *restrict attr, short *restrict flags)
{
	*flags = (*attr)->flags;
	return 0;
}

int posix_spawnattr_setflags(posix_spawnattr_t *attr, short flags)
{
	if (flags & ~FLAGS)
		return EINVAL;
	(*attr)->flags = flags;
	return 0;
}

int posix_spawnattr_getpgroup(const posix_spawnattr_t *restrict attr, pid_t *restrict group)
{
	*group = (*attr)->group;
	return 0;
}

int posix_spawnattr_setpgroup(posix_spawnattr_t *attr, pid_t group)
{
	(*attr)->group = group;
	return 0;
}

int posix_spawnattr_getschedparam(const posix_spawnattr_t *restrict attr, struct sched_param *restrict param)
{
	*param = (*attr)->param;
	return 0;
}

int posix_spawnattr_setschedparam(posix_spawnattr_t *restrict attr, const struct sched_param *restrict param)
{
	(*attr)->param = *param;
	return 0;
}

int posix_spawnattr_getschedpolicy(const posix_spawnattr_t *restrict attr, int *restrict policy)
{
	*policy = (*attr)->policy;
	return 0;
}

int posix_spawnattr_setschedpolicy(posix_spawnattr_t *attr, int policy)
{
	if (policy != SCHED_OTHER && policy != SCHED_FIFO && policy != SCHED_RR)
		return EINVAL;
	(*attr)->policy = policy;
	return 0;
}

int posix_spawnattr_getsigdefault(const posix_spawnattr_t *restrict attr, sigset_t *restrict set)
{
	*set = (*attr)->defaults;
	return 0;
}

int posix_spawnattr_setsigdefault(posix_spawnattr_t *restrict attr, const sigset_t *restrict set)
{
	(*attr)->defaults = *set;
	return 0;
}

int posix_spawnattr_getsigmask(const posix_spawnattr_t *restrict attr, sigset_t *restrict set)
{
	*set = (*attr)->mask;
	return 0;
}

int posix_spawnattr_setsigmask(posix_spawnattr_t *restrict attr, const sigset_t *restrict set)
{
	(*attr)->mask = *set;
	return 0;
}

int spawn_start_make(const posix_spawnattr_t *attr, struct child_start *out)
{
	const struct __posix_spawnattr *a = attr ? *attr : NULL;
	const uint64_t never = 1ull << SIGKILL | 1ull << SIGSTOP | 1;

	*out = (struct child_start){.blocked = signals_blocked(), .ignored = signals_ignored()};
	if (!a)
		return 0;
	if (a->flags & POSIX_SPAWN_SETSIGMASK)
		out->blocked = a->mask & ~never;
	if (a->flags & POSIX_SPAWN_SETSIGDEF)
		out->ignored &= ~(uint64_t)a->defaults;
	if (a->flags & POSIX_SPAWN_SETSID)
		out->start |= PROCESS_START_SET_SESSION;
	if (a->flags & POSIX_SPAWN_SETPGROUP) {
		if (a->group < 0)
			return EINVAL;
		out->start |= PROCESS_START_SET_GROUP;
		out->group = a->group;
	}
	/* Priorities are the kernel's, under every policy; 0 is the usual one. */
	if (a->flags & (POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER)) {
		if (a->param.sched_priority < 0 || a->param.sched_priority > PRIO_USER_MAX)
			return EINVAL;
		out->priority = (uint32_t)a->param.sched_priority;
	}
	return 0;
}
