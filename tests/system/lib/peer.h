/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that make one blocking call each, so that a test can look at them, disturb them and see how it ended. */
#pragma once

#include "tests/system/lib/test.h"

/* ipc_call in a thread of its own */
struct caller {
	struct thread thread;
	handle_t ep;
	struct ipc_msg m; /* the request, then the answer */
	const struct lease *leases;
	uint64_t deadline; /* 0: never */
	status_t status;
	volatile uint32_t done;
};

/* Starts the call; c->ep, c->m, c->leases and c->deadline are set by the test. Returns at once. */
bool caller_start(struct caller *c, uint32_t prio);
/* The same, and waits until it is blocked in it. */
bool caller_block(struct caller *c, uint32_t prio);
/* Waits for the call's end; returns its status. */
status_t caller_join(struct caller *c);

/* notification_wait */
struct waiter {
	struct thread thread;
	handle_t nt;
	uint64_t deadline;
	uint64_t bits;
	status_t status;
	volatile uint32_t done;
};
bool waiter_block(struct waiter *w, handle_t nt, uint64_t deadline, uint32_t prio);
status_t waiter_join(struct waiter *w);

/* ipc_recv; the call received is answered with the label and the words it came with unless keep is set. */
struct receiver {
	struct thread thread;
	handle_t ep;
	uint64_t deadline;
	bool keep; /* ends while holding the call */
	struct ipc_msg m;
	status_t status;
	volatile uint32_t done;
};
bool receiver_block(struct receiver *r, handle_t ep, uint64_t deadline, uint32_t prio);
status_t receiver_join(struct receiver *r);

/* futex_wait */
struct sleeper {
	struct thread thread;
	volatile uint32_t *word;
	uint32_t expected;
	uint64_t deadline;
	status_t status;
	volatile uint32_t done;
};
bool sleeper_block(struct sleeper *s, volatile uint32_t *word, uint32_t expected, uint64_t deadline);
status_t sleeper_join(struct sleeper *s);

/* A server for tests: answers every call with its words (and label) until it gets SERVER_STOP. */
#define SERVER_STOP 0x7fffffffu
void server_run(void *endpoint);                  /* thread function; endpoint: handle_t * */
void server_child(const struct child_args *args); /* endpoint in h[0] */
void server_stop(handle_t ep);
