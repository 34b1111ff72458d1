/* SPDX-License-Identifier: BSD-2-Clause */
/* How much each speaker may say: bursts are fine, floods are not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_BURST   1000u         /* lines at once, after some quiet */
#define FLOOD_LINE_NS 20000000ull   /* one line more for each of these: 50 a second */
#define FLOOD_TELL_NS 1000000000ull /* while it goes on, what was dropped is told at most so often */

struct flood {
	uint64_t paid_until; /* all lines so far are paid for at this time */
	uint64_t dropped;    /* lines since that was told last */
	uint64_t first_ns;   /* when the first of them was */
};

/* May a line pass that came at `now`? If not it is counted. */
bool flood_pass(struct flood *flood, uint64_t now);
/* The number of lines that were dropped, when that is to be told; else 0. */
uint64_t flood_take_dropped(struct flood *flood, uint64_t now);
