/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hostile driver does when its clock is "set" to one of these. With rtc.get it tells the
 * result of the last attack: 0, or the number of things it could do that it must not be able to. */
#pragma once

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
};
