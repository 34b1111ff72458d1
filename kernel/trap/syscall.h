/* SPDX-License-Identifier: BSD-2-Clause */
/* Results of system calls inside of the kernel. */
#pragma once

#include <stdint.h>

#include "sys/abi/status.h"

/* Returned in a0 and a1 by the calling convention, which is how they reach the user. */
struct sysret {
	int64_t status;
	uint64_t value;
};

/* Never seen by users: the call is repeated from its ecall after pending interrupts were served. */
#define STATUS_RESTART ((status_t)-1000)

/* The thread's x[] holds all results already. */
#define STATUS_DONE ((status_t)-1001)

/* A restart goes out through the scheduler, where pending interrupts are let in. */
struct sysret sysret_restart(void);

static inline struct sysret sysret_status(status_t s)
{
	if (__builtin_expect(s == STATUS_RESTART, 0))
		return sysret_restart();
	return (struct sysret){s, 0};
}

static inline struct sysret sysret_value(uint64_t v)
{
	return (struct sysret){OK, v};
}

/* Three results: a0 = OK, a1, a2. */
struct sysret sysret_pair(uint64_t v1, uint64_t v2);
/* The call blocked: its results are put into the thread by whoever wakes it. */
struct sysret sysret_blocked(void);
