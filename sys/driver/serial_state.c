/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking over a serial line's memory from the last instance, and noting which calls are done. */
#include "sys/driver/serial_state.h"

#include <string.h>

static uint32_t *op_index(struct serial_state *state, uint32_t op)
{
	return op == SERIAL_READ_OP ? &state->rx.tail : &state->tx.head;
}

/* The last call was noted and its index perhaps not moved any more: do that now. */
static void finish_last(struct serial_state *state)
{
	const struct serial_done *done = &state->done[state->done_last % SERIAL_DONE_MAX];
	uint32_t *index = op_index(state, done->op);
	const struct serial_ring *ring = done->op == SERIAL_READ_OP ? &state->rx : &state->tx;
	uint32_t limit = done->op == SERIAL_READ_OP ? serial_ring_used(ring) : serial_ring_free(ring);

	if (done->count && done->index - *index == done->count && done->count <= limit)
		serial_ring_move(index, done->index);
}

static bool state_good(const struct serial_state *state)
{
	return state->magic == SERIAL_STATE_MAGIC && state->version == SERIAL_STATE_VERSION &&
	       serial_ring_used(&state->rx) <= SERIAL_RING_BYTES && serial_ring_used(&state->tx) <= SERIAL_RING_BYTES &&
	       (state->done_last == SERIAL_DONE_NONE || state->done_last < SERIAL_DONE_MAX) &&
	       state->line.parity <= SERIAL_PARITY_EVEN;
}

bool serial_state_attach(struct serial_state *state)
{
	if (state_good(state)) {
		if (state->done_last != SERIAL_DONE_NONE)
			finish_last(state);
		return true;
	}
	memset(state, 0, sizeof(*state));
	state->version = SERIAL_STATE_VERSION;
	state->done_last = SERIAL_DONE_NONE;
	serial_ring_move(&state->magic, SERIAL_STATE_MAGIC);
	return false;
}

bool serial_done_find(const struct serial_state *state, uint64_t badge, uint64_t id, uint32_t op, uint32_t len,
		      uint32_t *count)
{
	if (!id)
		return false;
	for (uint32_t i = 0; i < SERIAL_DONE_MAX; i++) {
		const struct serial_done *done = &state->done[i];

		if (done->id == id && done->badge == badge && done->op == op && done->count <= len) {
			*count = done->count;
			return true;
		}
	}
	return false;
}

void serial_done_commit(struct serial_state *state, uint64_t badge, uint64_t id, uint32_t op, uint32_t count)
{
	uint32_t *index = op_index(state, op);
	uint32_t after = *index + count;

	if (id) {
		/* NONE + 1 is 0, too. */
		uint32_t slot = (state->done_last + 1) % SERIAL_DONE_MAX;

		state->done[slot].id = 0;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		state->done[slot] = (struct serial_done){badge, id, op, count, after, 0};
		serial_ring_move(&state->done_last, slot);
	}
	serial_ring_move(index, after);
}
