/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduling policies of threads. SCHED_RR's priorities are the kernel's. */
#pragma once

#include <sched.h>

#include "sys/abi/handle.h"
#include "sys/abi/syscall.h"

#define SCHEDULE_MIN 1
#define SCHEDULE_MAX PRIO_USER_MAX

/* 0, -EINVAL for a priority that the policy does not have, -ENOTSUP for SCHED_FIFO. */
int schedule_check(int policy, int priority);

/* Of a thread; HANDLE_NONE: the caller. 0 or a negative errno. */
int schedule_set(handle_t thread, int policy, int priority);

/* The same the other way round. */
int schedule_get(handle_t thread, int *policy, int *priority);
