/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's parts: what the kernel is asked for on behalf of the rules. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/lib/server.h"
#include "userland/procd/table.h"

#define WATCH_BITS 32 /* of the server's notification: a process at place N signals bit N % WATCH_BITS */

struct procd {
	struct server server;
	struct server_timer cpu_timer;
	handle_t endpoint;
	handle_t resource; /* to open processes */
	handle_t examiner; /* asks vfs who views are; HANDLE_NONE: everybody is user 0 */
	uint64_t vfs_koid; /* of the endpoint behind all views */
	uint64_t init_pid; /* shown as the parent of those whose parent is the server */
	uint32_t harts;
	handle_t ended[WATCH_BITS];
	uint64_t ended_bits[WATCH_BITS];
	handle_t handles[PROCS];     /* of the processes */
	handle_t end_watches[PROCS]; /* whoever wants to know of one's end (process.watch_end) */
	uint64_t end_watch_bits[PROCS];
};

extern struct procd procd;
extern const struct process_ops process_server_ops;

uint64_t time_now(void);
__attribute__((format(printf, 2, 3))) void procd_log(uint32_t level, const char *format, ...);

/* ---- effect.c ------------------------------------------------------------------------------------- */

/* Takes the handle over, and learns of the process's end. */
status_t effect_watch(uint32_t place, handle_t process);
bool effect_is_started(uint32_t place);
uint64_t effect_cpu_ns(uint32_t place);
/* Calls of `wait` whose children changed since. After each event. */
void effects_finish(void);
/* A thread of the process with the next higher number than *koid, which becomes that. HANDLE_NONE: none. */
handle_t thread_next(handle_t process, uint64_t *koid);

/* ---- adopt.c -------------------------------------------------------------------------------------- */

/* The place of a process that calls; it is made if it is not known yet. */
status_t adopt(uint64_t pid, uint32_t *place);
/* The processes of before the server's own death. */
void adopt_restored(void);
/* The user of a view; false: it is none. */
bool view_user(handle_t view, uint32_t *user);

/* ---- ends.c --------------------------------------------------------------------------------------- */

/* Some process of the places with that bit has ended. ctx: &procd.ended[bit]. */
void ends_look(void *ctx);

/* ---- cpu.c ---------------------------------------------------------------------------------------- */

/* A limit of CPU time was set, or somebody with one came. */
void cpu_schedule(void);
void cpu_timer(void *ctx);

/* ---- fault.c -------------------------------------------------------------------------------------- */

status_t fault_message(void *ctx, struct ipc_request *rq);
