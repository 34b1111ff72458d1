/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disk's client: requests queued in shared memory, many at a time, whatever becomes of the driver. When that dies,
 * requests that were not answered
 * are queued again for the next instance, in their order; callers notice nothing but the pause. What was answered and
 * not flushed yet is in the device's own cache, which a driver's death does not touch: a FLUSH that is queued again
 * covers it.
 *
 *   block_queue_submit … block_queue_kick    then    block_queue_wait, block_queue_poll until ERR_WOULD_BLOCK
 *
 * Requests that are under way at the same time are done in any order: what is to be in order waits for the answer.
 * Not for
 * several threads at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/block.h"
#include "sys/lib/session.h"

#define BLOCK_QUEUE_DEPTH_MAX 256

struct block_queue_slot {
	struct block_request request; /* its id: the slot's number and how often it was used */
	uint64_t id;                  /* the caller's */
	uint16_t next, previous;
	int32_t result;
	uint8_t state;
};

/* The fields are the library's own. */
struct block_queue {
	handle_t device, memory, notification, doorbell;
	uint64_t bits, doorbell_bits;
	bool own_notification;
	uint32_t depth, epoch;
	struct session_shared *shared;
	size_t bytes;
	struct ring requests, answers;
	uint32_t pending, recoveries;
	struct block_queue_slot
		slots[BLOCK_QUEUE_DEPTH_MAX + 3]; /* and the heads of the lists of free, waiting and done slots */
};

/* data: contiguous memory that requests point into; device, data and notification stay the caller's. depth: a power
 * of two up to
 * BLOCK_QUEUE_DEPTH_MAX. notification: signalled with `bits` when block_queue_poll may have something, for callers
 * with a loop of their own; HANDLE_NONE: the
 * queue makes one. */
status_t block_queue_open(struct block_queue *q, handle_t device, handle_t data, uint32_t depth, handle_t notification,
			  uint64_t bits);

/* Ends the attachment: requests that are under way are finished, but their answers lost. */
void block_queue_close(struct block_queue *q);

/* request->id comes back in the answer. ERR_WOULD_BLOCK: `depth` requests are under way. */
status_t block_queue_submit(struct block_queue *q, const struct block_request *request);
/* The driver looks at what was submitted. */
void block_queue_kick(struct block_queue *q);

/* An answer. ERR_WOULD_BLOCK: none now. ERR_PROTOCOL: the driver breaks the rules; its next instance may do better. */
status_t block_queue_poll(struct block_queue *q, struct block_answer *answer);

/* Until there may be an answer. A caller's notification is signalled again with what it was meanwhile. ERR_TIMED_OUT; ERR_CLOSED: the device is given up, nothing will be answered. */
status_t block_queue_wait(struct block_queue *q, uint64_t deadline);

/* Submits, kicks and waits for the answer of a request when no others are under way. */
status_t block_queue_do(struct block_queue *q, const struct block_request *request, uint64_t deadline);

static inline uint32_t block_queue_pending(const struct block_queue *q)
{
	return q->pending;
}
