/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk's driver leaves to its next instance: the windows that were handed out. An entry is good only with its
 * check word, which is written
 * last: whatever a driver did to this memory before it died, a window's handle reaches what it was made for or nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_WINDOWS_MAX 64
#define BLOCK_BADGE       (1ull << 63) /* of a window's handle, with its number; clear in devmgr's own badges */

struct block_state_window {
	uint64_t base, blocks;
	uint64_t read_only;
	uint64_t check; /* 0: never used */
};

struct block_state {
	struct block_state_window windows[BLOCK_WINDOWS_MAX];
	uint64_t serial[4];
	uint64_t serial_check;
};
#define BLOCK_STATE_BYTES sizeof(struct block_state)

/* A free entry becomes the window. false: there is none. An entry that is neither good nor unused stays lost: its
 * handle may be out there. */
bool block_state_add(struct block_state *state, uint64_t base, uint64_t blocks, bool read_only, uint32_t *number);
bool block_state_get(const struct block_state *state, uint64_t number, struct block_state_window *out);

void block_state_serial_set(struct block_state *state, const char serial[32]);
bool block_state_serial_get(const struct block_state *state, char serial[32]);
