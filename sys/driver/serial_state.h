/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a serial line remembers over the death of its driver: bytes received and not read yet, bytes
 * written and not sent yet, counters, the line's format, and which calls were done lately. It lies in
 * the state vmo that devmgr keeps; the driver's instance is the only one that touches it.
 *
 * Indices run free; an index is moved only after the bytes it covers are in place (or used), with a
 * compiler barrier between: an instance that dies stops between two instructions, so the next one finds them
 * in this order.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocols/serial.h"

#define SERIAL_STATE_MAGIC   0x4c524553u /* "SERL" */
#define SERIAL_STATE_VERSION 1u
#define SERIAL_RING_BYTES    SERIAL_BUFFER_BYTES
#define SERIAL_DONE_MAX      16
#define SERIAL_DONE_NONE     UINT32_MAX

struct serial_ring {
	uint32_t head; /* next byte to fill */
	uint32_t tail; /* next byte to take */
};

/* A call that carried an id and was done */
struct serial_done {
	uint64_t badge, id;
	uint32_t op;    /* SERIAL_READ_OP or _WRITE_OP */
	uint32_t count; /* bytes */
	uint32_t index; /* of its ring, after it */
	uint32_t reserved;
};

struct serial_state {
	uint32_t magic, version;
	struct serial_ring rx, tx;
	uint32_t done_last; /* the newest of done[], SERIAL_DONE_NONE at first */
	uint32_t line_set;  /* a client chose the format in line */
	struct serial_line line;
	struct serial_counters counters;
	struct serial_done done[SERIAL_DONE_MAX];
	uint8_t rx_bytes[SERIAL_RING_BYTES];
	uint8_t tx_bytes[SERIAL_RING_BYTES];
};

static_assert((SERIAL_RING_BYTES & (SERIAL_RING_BYTES - 1)) == 0, "indices run free");

#define SERIAL_STATE_BYTES ((uint32_t)sizeof(struct serial_state))

/* Makes the state usable. true: it was good and its bytes are kept; false: it is empty now. */
bool serial_state_attach(struct serial_state *state);

static inline uint32_t serial_ring_used(const struct serial_ring *ring)
{
	return ring->head - ring->tail;
}

static inline uint32_t serial_ring_free(const struct serial_ring *ring)
{
	return SERIAL_RING_BYTES - serial_ring_used(ring);
}

/* The bytes from an index on that lie in one piece, at most max */
static inline uint32_t serial_ring_piece(uint32_t index, uint32_t max)
{
	uint32_t room = SERIAL_RING_BYTES - index % SERIAL_RING_BYTES;

	return room < max ? room : max;
}

/* Moves an index behind what was done before it. */
static inline void serial_ring_move(uint32_t *index, uint32_t to)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*(volatile uint32_t *)index = to;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Was a call with this id done? Its count is then in *count. One of more than `len` bytes was another call: the client uses its numbers twice, or
 * this memory is damaged. */
bool serial_done_find(const struct serial_state *state, uint64_t badge, uint64_t id, uint32_t op, uint32_t len,
		      uint32_t *count);

/* Does a read or write: notes it (unless id is 0) and moves the ring's index, so that a death in
 * between leaves either both or none for the next instance. */
void serial_done_commit(struct serial_state *state, uint64_t badge, uint64_t id, uint32_t op, uint32_t count);
