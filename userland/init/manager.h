/* SPDX-License-Identifier: BSD-2-Clause */
/* The service manager: brings all services up, keeps them up, and takes them down. */
#pragma once

#include "sys/lib/server.h"
#include "userland/init/config.h"
#include "userland/init/grant.h"
#include "userland/init/order.h"
#include "userland/init/service.h"

struct manager {
	const struct system *system;
	struct arena arena; /* of the configuration */
	struct config config;
	struct service *services; /* config.count, in the order of the file */
	struct order order;
	struct server server;
	handle_t endpoint; /* init's own */
	handle_t ended;    /* a process of ours ended: this notification, these bits */
	uint64_t ended_bits;
	struct server_timer timer;
	handle_t devmgr; /* a caller's handle to the device manager's endpoint */
	struct service *devmgr_service;
	handle_t vfs; /* the owner's handle to vfs's endpoint */
	struct service *vfs_service;
	handle_t console; /* the console's device; HANDLE_NONE until a service needed it */
	bool echo_off;    /* the kernel no longer writes its log on the console */
	bool ending;      /* the system is going down */
	bool reboot;
	bool drivers_stopped;
	bool files_stopped;
	uint64_t end_deadline; /* what has not ended by then is left behind */
};

/* Does not return while the machine runs. */
void manager_run(const struct system *system);

/* ---- for control.c ---------------------------------------------------------------------------- */

struct service *manager_find(struct manager *manager, const char *name);
/* Has the manager look at all services and do what is due, after the present call was answered: what is due may be a
 * call to the caller. */
void manager_soon(struct manager *manager);
void manager_ready(struct service *service);
void manager_start(struct manager *manager, struct service *service);
/* The service and all that depend on it; with `again` the service itself is started anew. */
void manager_stop(struct manager *manager, struct service *service, bool again);
/* Is `other` the service itself, or does the service depend on it, directly or through others? */
bool manager_needs(struct manager *manager, const struct service *service, const struct service *other);
void manager_end(struct manager *manager, bool reboot);
/* A service's end is what these callers wait for. False: there are too many already. */
bool manager_wait(struct service *service, handle_t reply);

/* ---- control.c: the protocol init --------------------------------------------------------------- */

extern const struct init_ops control_ops;
