/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel made of pthreads, for host tests of code that speaks IPC: it defines the calls of
 * sys/lib/ipc.h and those of sys/lib/syscall.h that have to do with handles, endpoints, notifications, irqs,
 * timers and leases. All threads of the test share one handle table. As in the real kernel a message's
 * handles move (they get new values), a saved caller is answered once, a dropped one gets ERR_PEER_DIED, and
 * time is what the test says it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/lib/ipc.h"
#include "sys/lib/syscall.h"

/* Ends the test program with a message if the test left handles or calls behind. */
void fake_kernel_expect_empty(const char *where);
unsigned fake_handle_count(void);

/* A handle to an object of a type of which the fake kernel knows nothing more. */
handle_t fake_object_create(uint32_t type, uint32_t rights);
bool fake_handle_valid(handle_t handle);

/* The calling thread's own, to bind notifications to; it is made at first use and closed by
 * fake_thread_leave, which also drops the caller that the thread still serves. */
handle_t fake_thread_self(void);
void fake_thread_leave(void);

/* Nothing can be received from this endpoint any more: waiting and future callers get ERR_CLOSED. */
void fake_endpoint_close(handle_t ep);

/* Waits until so many calls wait for a receiver or an answer. */
void fake_calls_wait(unsigned calls);

/* Moves time on: fires timers, ends waits whose deadline has come. */
void fake_clock_advance(uint64_t ns);

void fake_irq_fire(handle_t irq);
/* Times it was acknowledged. */
unsigned fake_irq_acks(handle_t irq);

/* The n-th call from now of a system call returns an error, once. */
enum fake_call {
	FAKE_SAVE_CALLER,
	FAKE_HANDLE_INFO,
	FAKE_LEASE_INFO,
	FAKE_LEASE_READ,
	FAKE_LEASE_WRITE,
	FAKE_NOTIFICATION_CREATE,
	FAKE_NOTIFICATION_BIND,
	FAKE_TIMER_CREATE,
	FAKE_IRQ_BIND,
	FAKE_CALL_COUNT
};
void fake_fail(enum fake_call call, unsigned nth, status_t status);

/* System calls of the message kind so far: how a test sees that one call did the work of two. */
struct fake_counts {
	unsigned call, recv, reply_recv, reply, reply_to;
};
struct fake_counts fake_counts_get(void);
