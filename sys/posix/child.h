/* SPDX-License-Identifier: BSD-2-Clause */
/* The children of this process that have not been waited for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/abi/handle.h"
#include "sys/lib/spawn.h"

/* What a child is started with beside its program and its files. */
struct child_start {
	uint32_t start; /* PROCESS_START_* */
	pid_t group;
	uint64_t blocked, ignored; /* sets of signals */
	bool resets_user;          /* no effect: there are no set-user-ID programs */
	uint32_t priority;         /* of its first thread, 0: as usual */
};

/* Spawns and remembers the child; an errno value. args' `prepared` and `context` are used for it. */
int child_start(struct spawn_args *args, const struct child_start *start, pid_t *pid);

/* What became of a child, as process.wait tells it. */
struct child_event {
	pid_t pid;
	uint32_t event, value; /* PROCESS_EVENT_* */
	uint32_t user;
	uint64_t cpu_ns;
};

/* Without procd: the end of the child `pid`, of any if that is -1. 1: it is in `out`; 0: none has ended (no_hang); or a negative errno value. */
int child_wait_own(pid_t pid, bool no_hang, bool keep, struct child_event *out);

/* A duplicate of the process handle of a child, to be closed by the caller; HANDLE_NONE if the pid
 * is no child's. */
handle_t child_handle(pid_t pid);
