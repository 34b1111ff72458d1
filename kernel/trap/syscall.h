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

/* Never seen by users: the call is repeated from its ecall after pending interrupts were served.
 * Functions below the system call layer return it; the call itself turns it into sysret_restart. */
#define STATUS_RESTART ((status_t)-1000)

/* A page is not there and its pager has to be asked (kernel/mm/pager.h). Never seen by users: in copies it is ERR_FAULT. */
#define STATUS_PAGING ((status_t)-1002)

/* The thread's x[] holds all results already. */
#define STATUS_DONE ((status_t)-1001)

/* The call is made again with these arguments, after pending interrupts were let in: the preemption point. */
struct sysret sysret_restart(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

static inline struct sysret sysret_status(status_t s)
{
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
