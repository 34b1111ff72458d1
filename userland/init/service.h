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
#include "userland/init/loader.h"
#include "userland/init/restart.h"
#include "userland/init/system.h"

#define SERVICE_REASON_MAX 128 /* as the protocol has it, NUL included */
#define SERVICE_WAITERS    4   /* callers that wait for one service's end at once */

struct service {
	struct service_config *config; /* own copy; that of its process, if there is one */
	struct service_config *next;   /* the file has changed: for its next start; NULL: it has not */
	struct service **needs;        /* what it depends on, as the file says now */
	unsigned need_count;
	uint32_t number;      /* of its name, for as long as the system runs: init's badge for it */
	bool listed;          /* the file has it (still) */
	struct load *loading; /* its program is being fetched; NULL: not */
	enum init_state state;
	bool refused;      /* part of a cycle, or of something missing: cannot start at all */
	bool left_behind;  /* at the end of the system: it does not even end by force */
	bool stop_wanted;  /* its end is no failure, and it stays ended */
	bool start_wanted; /* start again after the stop */
	bool ended;        /* a process has ended: exit_status counts */
	char reason[SERVICE_REASON_MAX];
	handle_t process; /* HANDLE_NONE: none */
	uint64_t pid;
	uint64_t last_pid; /* of its process before; 0: none */
	handle_t quota;    /* own one, HANDLE_NONE: draws on init's */
	handle_t endpoint; /* what it serves; outlives its processes */
	uint64_t started_ns, since_ns;
	uint64_t
		deadline; /* of BACKOFF: start; of STARTING with notify: ready; of STOPPING: force; else DEADLINE_NEVER */
	handle_t stop_note; /* signalled when it is to end; HANDLE_NONE: it did not ask for that */
	uint64_t stop_bits;
	bool asked;  /* its process was told to end */
	bool forced; /* …by force */
	bool kept;   /* for a reload: not to be stopped by it */
	bool marked; /* for whoever walks over all services just now */
	int64_t exit_status;
	struct restart_state restarts;
	handle_t waiters[SERVICE_WAITERS]; /* reply handles of `stop` and `restart` */
	unsigned waiter_count;
};

__attribute__((format(printf, 3, 4))) void service_set_state(struct service *service, enum init_state state,
							     const char *reason, ...);
/* Handles for one start, filled by grant.c. */
struct grant;
/* Starts the process from `program` (NULL: the file of the boot archive); `notification` gets `bits` when it ends. On an error nothing is
 * left of it, and the reason is in the service's state. */
bool service_launch(struct service *service, const struct system *system, const struct grant *grant,
		    const struct program *program, handle_t notification, uint64_t bits);
/* Is its program in the boot archive? */
bool service_in_archive(const struct service *service, const struct system *system);
/* True if its process has ended: exit_status is set and everything of the process given back. */
bool service_reap(struct service *service);
void service_kill(struct service *service);
/* Asks the process to end, by the way that it chose; false: it chose none. */
bool service_ask_to_end(struct service *service);
/* Others may rely on it: it runs, or it did its work and ended well. */
bool service_is_up(const struct service *service);
