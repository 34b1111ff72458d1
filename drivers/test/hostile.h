/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hostile driver does when its clock is "set" to one of these. With rtc.get it tells the
 * result of the last attack: 0, or the number of things it could do that it must not be able to. */
#pragma once

#define HOSTILE_DMA_BYTES (1u << 20) /* of its manifest */

enum {
	HOSTILE_FAULT = 1,     /* writes to address 8 */
	HOSTILE_EXIT = 2,      /* exits */
	HOSTILE_SPIN = 3,      /* never comes back */
	HOSTILE_SILENT = 4,    /* takes the call and never answers; goes on serving */
	HOSTILE_KILL_SELF = 5, /* ends its process as an outsider would */
	HOSTILE_HANDLES = 6,   /* counts handles that it should not have, and what it can make of those it has */
	HOSTILE_GUESS = 7,     /* guesses handle values */
	HOSTILE_MEMORY = 8,    /* reads around its registers: the page behind them faults */
	HOSTILE_FLOOD = 9,     /* sends nonsense to devmgr */
	HOSTILE_SCRIBBLE = 10, /* overwrites its own stack, then returns */

	/* Not attacks, but what a driver does: they count what does not go as it must. */
	HOSTILE_DMA_ALLOC = 11,   /* takes all memory for its device that it may have */
	HOSTILE_DMA_BEYOND = 12,  /* nothing more is to be had, in no size */
	HOSTILE_DMA_QUIET = 13,   /* says that its device was reset */
	HOSTILE_DMA_RELEASE = 14, /* takes and gives back; keeps a handle to it, which must be dead then */
	HOSTILE_KEEP = 15,        /* leaves an attachment */
	HOSTILE_KEPT = 16,        /* finds it, as it was */
	HOSTILE_FORGET = 17,      /* lets it go */
	HOSTILE_DMA_PIN = 18,     /* pins what cannot be pinned */
};
