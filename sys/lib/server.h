/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of a server: waits for calls on one endpoint and for signals of one notification, and hands
 * calls to the generated dispatch of their protocol, signals to callbacks. One thread runs it and everything
 * it calls, so handlers and callbacks need no locks, and none of them may run the loop again.
 *
 * A server never trusts what it receives: the dispatch checks messages before a handler sees them; this loop
 * answers calls of unknown protocols, and calls that a handler failed to answer properly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/lib/ipc.h"

#define SERVER_PROTOCOLS_MAX 8
#define SERVER_SIGNALS_MAX   64 /* bits of a notification */

/* May be called although nothing happened: what a bit stands for is to be looked at, not counted. */
typedef void (*server_signal_fn)(void *ctx);

/* A call that no protocol of the server takes, such as a fault message of the kernel. As a
 * dispatch, returns OK when rq->msg holds the answer, or IPC_DEFERRED. */
typedef status_t (*server_call_fn)(void *ctx, struct ipc_request *rq);

struct server_signal {
	server_signal_fn fn; /* NULL: not in use */
	void *ctx;
	handle_t irq; /* let it fire again after fn, or HANDLE_NONE */
};

struct server_protocol {
	const struct ipc_protocol *protocol;
	const void *ops;
	void *ctx;
};

/* The fields are the loop's own. */
struct server {
	handle_t endpoint; /* not owned */
	handle_t thread;   /* not owned */
	handle_t notification;
	handle_t ack; /* interrupt to acknowledge with the next receive */
	struct server_protocol protocols[SERVER_PROTOCOLS_MAX];
	unsigned protocol_count;
	struct server_signal signals[SERVER_SIGNALS_MAX];
	server_call_fn other_fn;
	void *other_ctx;
	bool stopped;
	status_t stop_status;
};

/* endpoint may be HANDLE_NONE: signals only. thread is the one that will run the loop; it is needed for signals, irqs
 * and
 * timers, and may be HANDLE_NONE without. */
void server_init(struct server *server, handle_t endpoint, handle_t thread);

/* Gives back what the server made. The loop must not be running; timers are destroyed first. */
void server_destroy(struct server *server);

/* protocol and ops stay the caller's and must outlive the server. ERR_EXISTS if its number is
 * served already, ERR_NO_MEMORY beyond SERVER_PROTOCOLS_MAX. */
status_t server_add_protocol(struct server *server, const struct ipc_protocol *protocol, const void *ops, void *ctx);

/* Calls of all other labels; without it they are answered with ERR_NO_SYSCALL. */
void server_set_other(struct server *server, server_call_fn fn, void *ctx);

/* Takes a free bit of the server's notification: have *bits signalled to *notification (neither is
 * the caller's to close) by whoever should wake the server. ERR_NO_MEMORY when all bits are taken. */
status_t server_add_signal(struct server *server, server_signal_fn fn, void *ctx, handle_t *notification,
			   uint64_t *bits);
void server_remove_signal(struct server *server, uint64_t bits);

/* Instead of a notification of its own, before the first signal: one that outlives this process, so that peers who
 * were given a handle to it
 * find the next one. It becomes the server's. */
status_t server_set_notification(struct server *server, handle_t notification);
/* As server_add_signal, for a bit of the caller's choice. ERR_EXISTS: it is taken. */
status_t server_add_signal_at(struct server *server, unsigned bit, server_signal_fn fn, void *ctx,
			      handle_t *notification);

/* Binds an interrupt to a bit of its own. It is acknowledged each time after fn, in the same
 * system call that waits for what comes next. irq stays the caller's. */
status_t server_add_irq(struct server *server, handle_t irq, server_signal_fn fn, void *ctx, uint64_t *bits);

/* Runs until server_stop, whose status it returns, or until receiving fails: ERR_CANCELLED, ERR_CLOSED, … */
status_t server_run(struct server *server);

/* The same, or until the deadline: ERR_TIMED_OUT (ERR_WOULD_BLOCK for deadline 0). */
status_t server_run_until(struct server *server, uint64_t deadline);

/* Answers a request that was saved, as its dispatch has left it; one whose caller is gone is forgotten. */
void server_answer(struct ipc_request *rq);

/* From a handler or callback: the loop ends after the present event has been answered. */
void server_stop(struct server *server, status_t status);

/* A callback at a deadline. The fields are the timer's own. */
struct server_timer {
	struct server *server;
	server_signal_fn fn;
	void *ctx;
	handle_t timer;
	uint64_t bits;
	uint64_t deadline;
};
status_t server_timer_init(struct server_timer *timer, struct server *server, server_signal_fn fn, void *ctx);
/* Calls fn once when the time has come (at once if it has passed); replaces an earlier deadline.
 * DEADLINE_NEVER: does not call it. */
status_t server_timer_set(struct server_timer *timer, uint64_t deadline);
void server_timer_destroy(struct server_timer *timer);
