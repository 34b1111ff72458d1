/* SPDX-License-Identifier: BSD-2-Clause */
/* services.toml as data: the services it describes, checked key by key. Whether they can start in some order is
 * order.c's question. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "userland/base/arena.h"

#define SERVICES_MAX     256u /* of one file */
#define SERVICE_NAME_MAX 31u  /* bytes; a process name holds it whole */
#define SERVICE_PATH_MAX 255u
#define SERVICE_ARGS_MAX 64u /* of each list: args, env, depends_on, capabilities */

enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

struct service_config {
	const char *name;
	const char *path;        /* absolute; in the boot archive, else among the files of vfs */
	unsigned line;           /* of its [[services]], for messages */
	const char *const *args; /* NULL-terminated lists */
	const char *const *env;
	const char *const *depends_on;
	uint32_t capabilities; /* bit per enum capability */
	enum restart_policy restart;
	unsigned restart_limit;    /* restarts in a row before it counts as failed; 0: no limit */
	uint64_t restart_delay_ns; /* before the second restart in a row; doubles from there */
	uint64_t memory_bytes;     /* own quota; 0: draws on init's */
	uint64_t ready_timeout_ns; /* with notify */
	uint64_t stop_timeout_ns;  /* from the request to end until it is ended by force */
	const char *root;          /* all that it sees of the files; NULL: the whole tree */
	int64_t user, group;       /* of its view of the files; -1: user 0 with all rights */
	unsigned priority;         /* of its first thread, and most for all others */
	bool notify;               /* running when it called init.ready, else when started */
	bool console;              /* stdin, stdout, stderr are the system console */
	bool enabled;              /* starts by itself */
};

struct config {
	struct service_config *services; /* in the order of the file */
	unsigned count;
};

/* Told once for each mistake: message with line and column, culprit and what was expected. */
struct config_report {
	void (*mistake)(void *context, unsigned line, unsigned column, const char *message);
	void *context;
};

/* Reads the file. A service with a mistake is left out and reported, the others stay; if the text is no TOML at all there
 * are none. False only if nothing could be read (not TOML, out of memory). Everything lives in the arena. */
bool config_read(struct config *config, struct arena *arena, const char *text, size_t len,
		 const struct config_report *report);

/* A copy in one piece of memory, to be given back with free(); NULL: out of memory. */
struct service_config *config_copy(const struct service_config *service);
/* Would a process of the one be started just as one of the other? What only concerns init (restarts, time-outs, dependencies) may differ. */
bool config_same_process(const struct service_config *a, const struct service_config *b);
