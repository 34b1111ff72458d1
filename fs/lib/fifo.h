/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIFOs: bytes on their way from writers to readers. Knows neither files nor names: who has an end open is counted, calls that wait are kept with the badge
 * of the handle that they came through. POSIX.1-2024 (open, read, write, <limits.h> PIPE_BUF) says what is asked for.
 *
 * Nothing here waits: a call that has to is answered later (IPC_DEFERRED). A caller that is gone is noticed when its bytes would move, when its
 * handle closes (fifo_leave), and by fifo_forget_dead.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/file.h"
#include "sys/lib/ipc.h"
#include "sys/lib/watch.h"

#define FIFO_ATOMIC      FILE_FIFO_ATOMIC /* so many bytes are written together or not at all */
#define FIFO_BYTES       65536u           /* what one holds */
#define FIFO_BYTES_LEAST FIFO_ATOMIC      /* memory that it begins with: more comes when it is written to */
#define FIFO_USER_MANY   (2u << 20)       /* memory of a user's FIFOs beyond which they do not grow */
#define FIFO_USER_MAX    (4u << 20)       /* and none are made */
#define FIFO_TOTAL_MAX   (8u << 20)       /* of all users' */
#define FIFO_SPARES      16u              /* structs of calls that waited, kept for the next */
#define FIFO_WAITS_USER  256u             /* calls that wait, of one user */
#define FIFO_WAITS_MAX   1024u

enum fifo_end {
	FIFO_READER = 1u << 0,
	FIFO_WRITER = 1u << 1,
};

struct fifo_wait;

/* All of a server, zeroed at first. The fields are fifo.c's. */
struct fifo_set {
	struct fifo *all;
	uint32_t waits;
	struct watch_set watches;
	struct fifo_wait *spares;
	uint32_t spare_count;
};

struct fifo {
	/* fifo.c's */
	struct fifo *next;
	uint32_t user; /* charged for it */
	uint8_t *bytes;
	uint32_t capacity, first, used; /* a ring: its size is a power of two */
	uint32_t readers, writers;
	struct fifo_wait *waits; /* in the order in which they came */
	struct watch_list watches;
	uint32_t came; /* writers so far */
	/* The owner's */
	uint32_t mark;
	bool lost;
};

/* Who calls. */
struct fifo_call {
	struct ipc_request *rq;
	uint64_t badge; /* of the handle; of an open: of what is being opened */
	uint32_t user;
	bool wait; /* no O_NONBLOCK */
};

/* ERR_NO_MEMORY: also when the user has too many. */
status_t fifo_new(struct fifo_set *set, uint32_t user, struct fifo **out);
/* When nobody has an end open and nobody waits. */
void fifo_free(struct fifo_set *set, struct fifo *fifo);
/* What the end of a process gives back, for tests that have many in one. */
void fifo_set_end(struct fifo_set *set);

/* Somebody opens those ends (FIFO_*), somebody who waited for that goes on. */
void fifo_join(struct fifo_set *set, struct fifo *fifo, unsigned ends);
/* Somebody's ends are closed, with all calls through that handle. */
void fifo_leave(struct fifo_set *set, struct fifo *fifo, unsigned ends, uint64_t badge);
/* Is anybody at the other end? Always, for who has both. */
bool fifo_has_peer(const struct fifo *fifo, unsigned ends);
/* After fifo_join without a peer: the open is answered with that handle (which is given away) when there is one. IPC_DEFERRED, or an error: the handle is closed. */
status_t fifo_wait_peer(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, unsigned ends,
			handle_t file);
/* Opens whose callers are gone: their handles are closed, and the server hears of it. */
void fifo_forget_dead(struct fifo_set *set, struct fifo *fifo);

/*
 * As the protocol's read and write. 0 bytes: nobody writes any more. ERR_WOULD_BLOCK, ERR_NO_READER, ERR_NO_MEMORY (too many wait), what copying says, or
 * IPC_DEFERRED.
 */
status_t fifo_read(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, size_t len, uint64_t *count);
status_t fifo_write(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, size_t len, uint64_t *count);
/*
 * As the protocol's watch, for somebody with those ends. came: how many writers had come (fifo->came) before the end was opened: that nobody writes is no hang-up
 * before somebody has. The notification is taken over, unless there is an error.
 */
status_t fifo_watch(struct fifo_set *set, struct fifo *fifo, const struct fifo_call *call, unsigned ends, uint32_t came,
		    uint32_t wanted, handle_t notification, uint64_t bits, uint32_t *now);
