/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of `wait`: which child one is told of, and those that none can be told of yet. */
#pragma once

#include <stdbool.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"
#include "userland/procd/table.h"

#define WAITS_ALL 512 /* open calls of all processes */

struct wait_ask {
	uint32_t whom; /* enum process_whom */
	uint32_t wait; /* PROCESS_WAIT_* */
	uint64_t id;
};

struct wait_answer {
	uint32_t child; /* NOBODY: none has anything to tell */
	uint64_t pid, cpu_ns;
	uint32_t event, value, user;
};

/* ERR_NOT_FOUND: there is no such child at all. Nothing changes by it: life_told does. */
status_t wait_look(uint32_t parent, const struct wait_ask *ask, struct wait_answer *out);

/* Keeps the reply handle of a call until something is to be told, or its caller is gone. ERR_QUOTA: there are too many. */
status_t wait_keep(uint32_t parent, const struct wait_ask *ask, handle_t reply);

/* Looks at the calls of that process; those that can be answered are. */
void wait_children_changed(uint32_t parent);
/* It has ended, and with it its calls. */
void wait_forget(uint32_t parent);

/* What calls need done (system calls, or a test). */

/* False: its caller has given up, and nothing was told. The handle is consumed in any case. */
bool wait_reply(handle_t reply, status_t status, const struct wait_answer *answer);
/* Does somebody wait for it yet? If not, it has been closed. */
bool wait_is_open(handle_t reply);
