/* SPDX-License-Identifier: BSD-2-Clause */
/* From the names of capabilities to the handles a service starts with. docs/services.md shows the same as a table. */
#pragma once

#include <stdbool.h>

#include "sys/lib/spawn.h"
#include "userland/init/service.h"

#define GRANT_MAX 24

/* Badges of init's own endpoint: which service speaks, and what it may ask for. */
#define BADGE_SERVICE_MASK 0xffffu    /* number + 1 */
#define BADGE_CONTROL      (1u << 16) /* start, stop, restart */
#define BADGE_POWER        (1u << 17) /* shutdown */
#define BADGE_FAULT        (1u << 18) /* only the kernel calls through this one */

struct grant {
	struct spawn_handle handles[GRANT_MAX];
	size_t count;
	handle_t fault;           /* for the service's faults */
	handle_t made[GRANT_MAX]; /* to be closed when the service has its own copies */
	size_t made_count;
	status_t status; /* first error */
};

struct grant_source {
	const struct system *system;
	handle_t endpoint; /* init's own */
	handle_t devmgr;   /* HANDLE_NONE: no service has the capability device_manager */
	handle_t vfs;      /* HANDLE_NONE: no service has the capability file_systems */
	handle_t log;      /* HANDLE_NONE: no service has the capability system_log */
	handle_t log_keep; /* memory of that service which outlives it */
	handle_t procd;    /* HANDLE_NONE: no service has the capability process_server */
	handle_t procd_keep;
	handle_t view;      /* of the files, for this service alone; HANDLE_NONE: as its capabilities say */
	handle_t terminals; /* HANDLE_NONE: no service has the capability terminals */
	handle_t console;   /* endpoint of the console's device; HANDLE_NONE: none, or terminals has it */
};

/* grant_free is due in any case. */
bool grant_make(struct grant *grant, const struct grant_source *source, const struct service *service);
void grant_free(struct grant *grant);
