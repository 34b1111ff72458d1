/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test bus and its children do when their clock is "set" to one of these. A child hands everything on to its bus; rtc.get tells
 * the bus's result: of the last forgery, how many things were accepted that must not be. */
#pragma once

/* Where QEMU's virt has a bus with nothing on it */
#define BUS_WINDOW      0x4000000ull
#define BUS_WINDOW_SIZE 0x2000000ull

#define CHILD_DMA_BYTES 0x40000u

enum {
	BUS_USUAL = 0,   /* children a@0, b@1 and c@2, which nobody drives */
	BUS_WITHOUT = 1, /* b@1 is not there */
	BUS_CHANGED = 2, /* a@0 has another property, b@1 another register */
	BUS_MOVED = 3,   /* d@1 is where b@1 was */
	BUS_MODES = 4,   /* to "set" one of these says what the next instance reports */

	BUS_DIE = 10,    /* faults */
	BUS_FORGE = 11,  /* reports what it may not */
	BUS_MANY = 12,   /* reports 1000 more */
	CHILD_SPIN = 20, /* the child itself: never comes back */
	CHILD_DMA = 22,  /* takes memory for its device */
	CHILD_EXIT = 23, /* exits */
	BUS_ENDED =
		14, /* rtc.get then tells how many children's drivers have ended; in the upper half: for the last time */
	CHILD_WAIT = 21, /* waits for what never comes */

	BUS_BADGE = 13, /* rtc.get then tells the badge of the call */
};
