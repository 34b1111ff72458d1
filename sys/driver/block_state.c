/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of windows in memory that outlives drivers. */
#include "sys/driver/block_state.h"

#include <stdatomic.h>
#include <string.h>

#define CHECK_SEED 0x9e3779b97f4a7c15ull

/* Never 0; a wild store anywhere in the words changes it. */
static uint64_t check_of(const uint64_t *words, unsigned count, uint64_t salt)
{
	uint64_t sum = CHECK_SEED ^ salt;

	for (unsigned i = 0; i < count; i++) {
		sum ^= words[i];
		sum *= 0xff51afd7ed558ccdull; /* odd: nothing is lost */
		sum ^= sum >> 32;
	}
	return sum ? sum : 1;
}

static uint64_t window_check(const struct block_state_window *w, uint64_t number)
{
	const uint64_t words[] = {w->base, w->blocks, w->read_only};

	return check_of(words, 3, number + 1);
}

bool block_state_add(struct block_state *state, uint64_t base, uint64_t blocks, bool read_only, uint32_t *number)
{
	for (uint32_t i = 0; i < BLOCK_WINDOWS_MAX; i++) {
		struct block_state_window *w = &state->windows[i];

		if (w->check || w->base || w->blocks || w->read_only)
			continue;
		w->base = base;
		w->blocks = blocks;
		w->read_only = read_only;
		/* The driver may die between any two stores, but sees its own in order. */
		atomic_signal_fence(memory_order_seq_cst);
		*(volatile uint64_t *)&w->check = window_check(w, i);
		*number = i;
		return true;
	}
	return false;
}

bool block_state_get(const struct block_state *state, uint64_t number, struct block_state_window *out)
{
	if (number >= BLOCK_WINDOWS_MAX)
		return false;
	*out = state->windows[number];
	return out->check && out->check == window_check(out, number);
}

void block_state_serial_set(struct block_state *state, const char serial[32])
{
	memcpy(state->serial, serial, sizeof(state->serial));
	atomic_signal_fence(memory_order_seq_cst);
	*(volatile uint64_t *)&state->serial_check = check_of(state->serial, 4, 0);
}

bool block_state_serial_get(const struct block_state *state, char serial[32])
{
	if (!state->serial_check || state->serial_check != check_of(state->serial, 4, 0))
		return false;
	memcpy(serial, state->serial, sizeof(state->serial));
	return memchr(serial, 0, sizeof(state->serial)) != NULL;
}
