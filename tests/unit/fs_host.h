/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file system without processes: the library and a tmpfs in this one, called through the generated stubs, each call served at once. Instances come and
 * go over the same memory, as they do over vfs's.
 */
#pragma once

#include <setjmp.h>
#include <stdbool.h>

#include "fs/lib/serve.h"
#include "protocols/file.h"

#define HOST_STORE_BYTES (4u << 20)
#define HOST_QUOTA       (2u << 20)

extern struct state *host_state;
extern uint8_t *host_store; /* HOST_STORE_BYTES */
extern struct fs *host_fs;

/* Instances are pipefs instead, over the same memory. */
extern bool host_pipes;
/* Fresh memory. */
void host_reset(void);
/* The next instance. ERR_BAD_FORMAT: the store is damaged (host_start has made it fresh then, as tmpfs does). */
status_t host_start(void);
/* Ends the instance, as a kill does: nothing is written. */
void host_end(void);
/* What vfs does: a handle to the root for a view. */
handle_t host_root(uint32_t user, uint32_t group, bool read_only);
/* The last handle's end reaches the file system. */
void host_closed(void);
unsigned host_handles(void); /* open ones */
/* Handles to an object that is told of by a badge, and whether it has any. */
handle_t host_object_handle(uint64_t badge);
bool host_object_used(uint64_t badge);

/* A client's notification, and a further handle to one, as it is sent. What it was signalled since this was asked last. */
handle_t host_notification(void);
handle_t host_notification_dup(handle_t notification);
uint64_t host_signalled(handle_t notification);

/* A call that was deferred ended with ERR_CANCELLED; its answer, when it comes: ERR_WOULD_BLOCK until then. */
extern status_t host_deferred;

/* So many look-ups and reads that may do so answer ERR_WOULD_BLOCK; what they wait for has arrived; the server looks. */
extern unsigned host_slow;
extern bool host_arrived;
void host_signal(void);
/* Calls that were deferred, by their reply handles. */
extern handle_t host_saved; /* of the last one */
/* Its answer: ERR_WOULD_BLOCK until it comes, ERR_PEER_DIED if it was dropped. Forgets it then. */
status_t host_answer(handle_t reply, struct ipc_msg *answer);
/* The caller ends before it is answered. */
void host_caller_ends(handle_t reply);
/* Called, if it is set, when the server asks after a caller: what happens at the same time. */
extern void (*host_meanwhile)(void);
/* The same when bytes of a call that was put aside have been moved. */
extern void (*host_moved)(handle_t reply);
handle_t host_saved_any(unsigned n); /* the n-th of them, if there are so many, else the last; HANDLE_NONE */
unsigned host_waiting(void);         /* so many have not been answered */

/* Any message, for a fuzzer: badge and words as given. */
struct host_lease {
	void *memory;
	size_t len;
	unsigned access;
};
status_t host_message(uint64_t badge, struct ipc_msg *m, const struct host_lease *leases);

/* At the n-th store that makes a change valid (from 1; 0: never) the instance ends: longjmp(host_crash, 1). */
extern unsigned host_crash_at;
extern jmp_buf host_crash;
void host_crash_point(void);
