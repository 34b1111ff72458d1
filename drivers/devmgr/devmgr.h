/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device manager's state: the tree, the drivers found in the boot archive, and one `unit` for each
 * node that a driver matches. One thread runs everything here, so nothing is locked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/devmgr/child.h"
#include "drivers/devmgr/plan.h"
#include "drivers/devmgr/policy.h"
#include "drivers/devmgr/providers.h"
#include "drivers/devmgr/tree/tree.h"
#include "protocols/devmgr.h"
#include "protocols/driver.h"
#include "sys/abi/object.h"
#include "sys/abi/system.h"
#include "sys/driver/manifest.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/server.h"

struct driver_file {
	struct driver_manifest manifest;
	struct bootfs_file file;
};

/* A running driver */
struct instance {
	handle_t process, thread;
	handle_t stop; /* signalled with stop_bits: finish and exit; HANDLE_NONE until it has bound */
	uint64_t stop_bits;
	handle_t stack; /* vmo of its stack, for backtraces */
	uint64_t stack_base;
	uint64_t pid;
	uint64_t bind_deadline; /* it must have bound by then */
	uint64_t log_start;     /* position in the kernel's log when it was started */
	uint64_t bound_at;
	uint32_t number;    /* 1 for the first */
	uint64_t ping_bits; /* signalled to stop, too */
	struct heartbeat heartbeat;
	handle_t watch; /* of a bus: signalled with watch_bits when a child's driver has ended */
	uint64_t watch_bits;
	uint64_t
		hung_at; /* it hangs: when to look for its registers, DEADLINE_NEVER when it is being ended; 0: it does not */
	uint32_t hung_tries;
	bool faulted;
	status_t refused;                    /* what driver.refused said */
	char rematch[DRIVER_COMPATIBLE_MAX]; /* what driver.rematch said; empty: nothing */
};

/* Memory that a device may reach */
struct dma_block {
	handle_t vmo;
	uint64_t key;
	uint64_t size;
	uint32_t instance; /* that it was given to */
	bool pinned;       /* a client's; else made by devmgr */
};

/* A slot of driver.keep */
struct kept {
	bool used;
	uint64_t value, badge, bits;
	handle_t memory, data, notification;
};

struct unit {
	uint32_t index; /* in manager.units */
	uint32_t node;
	const struct driver_file *driver; /* NULL: none matches */
	uint32_t entry;                   /* of its manifest */
	/* What a probe found the device to be: matched instead of the node's `compatible`. Empty: no probe did */
	char rematched[DRIVER_COMPATIBLE_MAX];
	enum devmgr_class class;
	uint8_t class_unit;
	bool numbered; /* class_unit is good */
	bool is_stdout;
	enum devmgr_state state;
	char reason[128];
	bool waits; /* in state WAITING: for a provider, which may still come */

	/* Of a device that a bus driver has found; bus is NULL without */
	struct unit *bus;
	struct child_said said;
	uint32_t seen;    /* number of the bus's instance that reported it last */
	bool gone;        /* not reported any more */
	bool changed;     /* to be started afresh when its process has ended */
	bool ended;       /* its bus has not heard yet that its driver did */
	bool config_lost; /* its driver's "config" leads nowhere any more */

	struct plan plan;
	/* Held as long as the unit exists, and lent to every instance; HANDLE_NONE until the first start */
	bool acquired;
	bool irq_busy; /* it waits for an interrupt that another driver has */
	handle_t regs[DRIVER_REGS_MAX], irqs[DRIVER_IRQS_MAX], regmap;
	handle_t quota, memory, blob; /* memory: of manifest.state_bytes */
	handle_t pulse;               /* one page: the driver counts answers to pings there */
	handle_t endpoint;            /* of its class: HANDLE_NONE after it failed */
	handle_t wake;                /* notification of its instances, one after the other */

	struct dma_block *dma;
	uint32_t dma_count, dma_capacity;
	struct kept *kept; /* DRIVER_KEEP_MAX slots, or NULL */

	struct instance instance; /* process is HANDLE_NONE without */
	uint32_t starts;          /* of this driver */
	uint32_t serial;          /* of instances, of all drivers: badges are made of it */
	struct policy policy;
	uint64_t restart_at; /* in state BACKOFF */
	bool restart_asked;  /* by devmgr.restart: the present instance's end is no failure */
	struct devmgr_death death;
	bool has_death;
};

struct manager {
	struct tree *tree;
	uint32_t controller; /* node of the kernel's interrupt controller */
	struct claims claims;
	struct bootfs bootfs;
	handle_t bootfs_vmo;
	struct driver_file *drivers;
	struct driver_manifest *manifests; /* of the same, for matching */
	uint32_t driver_count;
	struct unit **units;
	uint32_t unit_count;
	uint32_t *unit_of; /* by node; TREE_NONE without */
	uint32_t unit_of_count;
	struct provider_map providers;
	uint32_t console; /* node of stdout, TREE_NONE without */
	uint8_t class_next[DRIVER_CLASS_COUNT];

	struct server server;
	struct server_timer timer;
	handle_t ended; /* signalled with ended_bits when a driver's process has ended */
	uint64_t ended_bits;
	handle_t endpoint, res_mmio, res_irq, res_dma, res_priority, res_inspect;
	uint64_t next_dma_key;
	uint64_t next_badge; /* of clients' handles to devices */
	bool ready;          /* init was told */
	bool stopping;
	handle_t stop_reply; /* of devmgr.stop_all */
	uint64_t stop_deadline;
};

/* Badges of devmgr's own endpoint: what the caller is, in the top byte */
#define BADGE_KIND_SHIFT               56
#define BADGE_CLIENT                   0ull
#define BADGE_CONTROL                  1ull /* a driver's control endpoint */
#define BADGE_FAULT                    2ull /* a driver's thread that faulted */
#define BADGE_KIND(badge)              ((badge) >> BADGE_KIND_SHIFT)
#define BADGE_UNIT(badge)              ((uint32_t)((badge)&0xffffffffu))
#define BADGE_MAKE(kind, unit, number) ((kind) << BADGE_KIND_SHIFT | (uint64_t)((number)&0xffffffu) << 32 | (unit))

/* The unit that a badge of this kind names, if its instance still is the present one; else NULL. */
struct unit *unit_by_badge(struct manager *m, uint64_t badge, uint64_t kind);

/* One line of log, with devmgr's name in front */
void manager_log(uint32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, about a unit: its path comes first */
void unit_log(const struct manager *m, const struct unit *unit, uint32_t level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

uint64_t time_now(void);

/* ---- registry.c: the drivers in the archive. folders: where they lie, without slashes at the ends, up to a NULL */
status_t registry_load(struct manager *m, const char *const *folders);

/* ---- discover.c: units for all nodes that a driver matches */
status_t discover(struct manager *m);
status_t unit_new(struct manager *m, uint32_t node, struct unit **out);
/* Looks for the unit's driver, anew. false: nobody knows it. */
bool unit_match(struct manager *m, struct unit *unit);
/* Gives the devices that have none yet their numbers within their class, in the order of the tree. */
void units_number(struct manager *m);

/* ---- instance.c: making and ending a driver's process */
/* On an error unit->reason says what was not possible. */
status_t instance_start(struct manager *m, struct unit *unit);
void instance_kill(struct unit *unit);
/* Gives back what belonged to a process that has ended. */
void instance_forget(struct unit *unit);

/* ---- acquire.c: what a unit holds for its drivers */
status_t unit_acquire(struct manager *m, struct unit *unit);
/* Lets go of everything but claims: the unit has no driver any more, or gets another. Callers hear ERR_CLOSED. */
void unit_release(struct unit *unit);
/* Only of its interrupts: what a dead driver has not acknowledged keeps its neighbours' line quiet. */
void irqs_let_go(struct unit *unit);

/* ---- depend.c: who needs whom */
/* Reads what all nodes need. ERR_NO_MEMORY */
status_t depend_map(struct manager *m);
/* Are its providers there? If not, the unit is WAITING now, and its reason says for what. */
bool depend_ready(struct manager *m, struct unit *unit);
/* A unit runs, or will never run: starts those that waited for that. */
void depend_changed(struct manager *m);
/* A provider runs again: the interrupts that it passed on were its dead instance's. */
void depend_bound(struct manager *m, const struct unit *unit);
/* For entry `index` of the unit's node. ERR_NOT_FOUND, ERR_STATE: its provider was given up */
status_t depend_endpoint(struct manager *m, const struct unit *unit, uint32_t index, handle_t *out);

/* ---- supervise.c: what becomes of units */
void unit_start(struct manager *m, struct unit *unit);
void unit_restart(struct manager *m, struct unit *unit);
/* Somebody's interrupt may be free now: starts those that wait for one. */
void units_retry(struct manager *m);
/* Looks at all units whose process may have ended, and at all deadlines. */
void supervise_ended(void *manager);
void supervise_timer(void *manager);
void supervise_schedule(struct manager *m);
/* A driver has bound or refused, or ended: init hears when the first round is over. */
void supervise_settled(struct manager *m);
void stop_begin(struct manager *m, uint64_t deadline);

/* ---- fault.c: messages of faulted drivers (server_call_fn), post-mortems */
status_t fault_call(void *manager, struct ipc_request *rq);
void death_note(struct manager *m, struct unit *unit, const struct process_info *info);
/* The log's end: what is written from now on comes behind it. 0 without the right to look. */
uint64_t log_end(const struct manager *m);
/* The same for one that hangs and is about to be ended. regs may be NULL. */
void hang_note(struct manager *m, struct unit *unit, const struct thread_regs *regs);

/* ---- heartbeat.c: drivers that hang */
void heartbeat_begin(struct unit *unit);
/* Its time has come: asks again, or finds that it hangs. */
void heartbeat_due(struct manager *m, struct unit *unit);
/* The instance is ended; where it hangs is noted first, which may take a moment (instance.hung_at). */
void hang_begin(struct manager *m, struct unit *unit);
void hang_due(struct manager *m, struct unit *unit);

/* ---- dma.c: memory that devices reach */
/* Frees what earlier instances had. */
void dma_drop(struct unit *unit);
void dma_count(const struct unit *unit, struct devmgr_holdings *out);
status_t control_dma_alloc(void *ctx, struct ipc_request *rq, uint64_t size, handle_t *memory, uint64_t *key);
status_t control_dma_pin(void *ctx, struct ipc_request *rq, handle_t memory, uint64_t *key);
status_t control_dma_release(void *ctx, struct ipc_request *rq, uint64_t key);
status_t control_dma_quiet(void *ctx, struct ipc_request *rq);

/* ---- children.c: devices that bus drivers find */
status_t control_child_add(void *ctx, struct ipc_request *rq, size_t child_count, size_t properties_len,
			   uint32_t *index);
/* The bus's driver has bound: what it has not reported is gone. */
void children_settle(struct manager *m, const struct unit *bus);
/* A child's driver has ended: its bus hears of it. */
void child_ended(struct unit *unit);
status_t control_children_watch(void *ctx, struct ipc_request *rq, handle_t notification, uint64_t bits);
status_t control_child_ended(void *ctx, struct ipc_request *rq, uint32_t *number, bool *last);
status_t control_child_quiet(void *ctx, struct ipc_request *rq, uint32_t number);
void children_endpoint_lost(struct manager *m, const struct unit *bus);
/* Matches and starts a child anew. No process of it is left. */
void child_renew(struct manager *m, struct unit *unit);
uint32_t children_count(const struct manager *m, const struct unit *bus);

/* ---- keep.c: what drivers leave for their next instance */
void kept_drop(struct unit *unit);
uint32_t kept_count(const struct unit *unit);
status_t control_keep(void *ctx, struct ipc_request *rq, uint32_t slot, uint64_t value, uint64_t badge, handle_t memory,
		      handle_t data, handle_t notification, uint64_t bits);
status_t control_kept(void *ctx, struct ipc_request *rq, uint32_t slot, uint64_t *value, uint64_t *badge,
		      uint64_t *bits, handle_t *memory, handle_t *data, handle_t *notification);
status_t control_forget(void *ctx, struct ipc_request *rq, uint32_t slot);

/* ---- clients.c, control.c: the protocols */
extern const struct devmgr_ops client_ops;
extern const struct driver_ops control_ops;
