/* SPDX-License-Identifier: BSD-2-Clause */
/* A running service: its state and its process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/init.h"
#include "sys/abi/handle.h"
#include "sys/abi/status.h"
#include "sys/abi/syscall.h"
#include "userland/init/config.h"
#include "userland/init/restart.h"
#include "userland/init/system.h"

#define SERVICE_REASON_MAX 128 /* as the protocol has it, NUL included */
#define SERVICE_WAITERS    4   /* callers that wait for one service's end at once */

struct service {
	const struct service_config *config;
	uint32_t number; /* in the config; init's badge for it */
	enum init_state state;
	bool refused;      /* part of a cycle, or of something missing: cannot start at all */
	bool stop_wanted;  /* its end is no failure, and it stays ended */
	bool start_wanted; /* start again after the stop */
	bool ended;        /* a process has ended: exit_status counts */
	char reason[SERVICE_REASON_MAX];
	handle_t process; /* HANDLE_NONE: none */
	uint64_t pid;
	handle_t quota;    /* own one, HANDLE_NONE: draws on init's */
	handle_t endpoint; /* what it serves; outlives its processes */
	uint64_t started_ns, since_ns;
	uint64_t deadline; /* of BACKOFF: start; of STARTING with notify: ready; else DEADLINE_NEVER */
	int64_t exit_status;
	struct restart_state restarts;
	handle_t waiters[SERVICE_WAITERS]; /* reply handles of `stop` and `restart` */
	unsigned waiter_count;
};

__attribute__((format(printf, 3, 4))) void service_set_state(struct service *service, enum init_state state,
							     const char *reason, ...);
/* Handles for one start, filled by grant.c. */
struct grant;
/* Starts the process; `notification` gets `bits` when it ends. On an error nothing is left of it, and the reason is in the
 * service's state. */
bool service_launch(struct service *service, const struct system *system, const struct grant *grant,
		    handle_t notification, uint64_t bits);
/* True if its process has ended: exit_status is set and everything of the process given back. */
bool service_reap(struct service *service);
void service_kill(struct service *service);
/* Others may rely on it: it runs, or it did its work and ended well. */
bool service_is_up(const struct service *service);
