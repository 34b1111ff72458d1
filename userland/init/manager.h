/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager: brings all services up, keeps them up, and takes them down. */
#pragma once

#include "sys/lib/server.h"
#include "userland/init/config.h"
#include "userland/init/grant.h"
#include "userland/init/loader.h"
#include "userland/init/order.h"
#include "userland/init/service.h"

#define MANAGER_NAMES_MAX 1024u /* different names of services since the system started */

/* Services that are known to init itself, each by a capability that only one can have. Their endpoints are made here, so that clients keep
 * them when the service is started again. */
enum role { ROLE_DEVICES, ROLE_FILES, ROLE_LOG, ROLE_PROCESSES, ROLE_TERMINALS, ROLE_COUNT };

struct manager {
	const struct system *system;
	struct service **services; /* `count` listed ones, in the order of the file */
	unsigned count;
	struct service **sequence; /* those that can start, each after all it depends on */
	unsigned sequence_count;
	struct service *numbers[MANAGER_NAMES_MAX]; /* all there ever were; a removed one may still be ending */
	unsigned number_count;
	struct service *role[ROLE_COUNT];
	handle_t role_endpoint[ROLE_COUNT]; /* the owner's; HANDLE_NONE: nobody has the role */
	handle_t role_keep[ROLE_COUNT];     /* memory that outlives the service; HANDLE_NONE: it has none */
	struct server server;
	handle_t endpoint; /* init's own */
	handle_t ended;    /* a process of ours ended: this notification, these bits */
	uint64_t ended_bits;
	struct server_timer timer;
	struct loader loader;
	handle_t files;        /* the loader's view */
	handle_t console;      /* the console's device; HANDLE_NONE until a service needed it */
	struct reload *reload; /* under way; NULL: none */
	bool disk_read;        /* the services.toml of the root file system was looked for after the start */
	uint64_t hold_until;   /* nothing starts before it, as what is to start may just be read */
	bool echo_off;         /* the kernel no longer writes its log on the console */
	bool ending;           /* the system is going down */
	bool reboot;
	bool drivers_stopped;
	bool files_stopped;
};

/* Does not return while the machine runs. */
void manager_run(const struct system *system);

/* ---- for the other files of the manager ----------------------------------------------------------- */

uint64_t manager_now(void);
struct service *manager_find(struct manager *manager, const char *name);
/* Has the manager look at all services and do what is due, after the present call was answered: what is due may be a
 * call to the caller. */
void manager_soon(struct manager *manager);
void manager_progress(struct manager *manager);
void manager_ready(struct service *service);
void manager_start(struct manager *manager, struct service *service);
/* The service and all that depend on it; with `again` the service itself is started anew. */
void manager_stop(struct manager *manager, struct service *service, bool again);
/* Begins the end of this one alone: asked first if it wants that, else by force. */
void manager_stop_process(struct service *service);
/* Is `other` the service itself, or does the service depend on it, directly or through others? */
bool manager_needs(struct manager *manager, struct service *service, const struct service *other);
/* Marks the service and all that it depends on. */
void manager_mark_needs(struct manager *manager, struct service *service);
/* A service's end is what these callers wait for. False: there are too many already. */
bool manager_wait(struct service *service, handle_t reply);
void manager_echo(struct manager *manager, bool on);
/* A view of all files, for the loader. Only while there is a vfs. */
status_t manager_files(struct manager *manager);

/* ---- plan.c: from services.toml to services ------------------------------------------------------- */

/* The file of the boot archive, at the start: what is wrong with it is said, the rest counts. */
bool plan_read(struct manager *manager);

/* ---- reload.c: the file as it is now -------------------------------------------------------------- */

/* Answers the call (of init.reload) later with IPC_DEFERRED, or says why not. */
status_t reload_begin(struct manager *manager, struct service *caller, struct ipc_request *rq);
/* After the start of the system, once there are files: the same if the root file system has a file of its own. */
void reload_first(struct manager *manager);

/* ---- ending.c: the end of the system -------------------------------------------------------------- */

void manager_end(struct manager *manager, bool reboot);
/* Instead of what else is due. */
void ending_progress(struct manager *manager);

/* ---- control.c: the protocol init --------------------------------------------------------------- */

extern const struct init_ops control_ops;
