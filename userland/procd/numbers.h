/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals by number, as picolibc's <signal.h> has them: host tests have another <signal.h>. signals.c's user (main.c) asserts that they are the same. */
#pragma once

enum {
	NR_HUP = 1,
	NR_INT = 2,
	NR_QUIT = 3,
	NR_ILL = 4,
	NR_TRAP = 5,
	NR_ABRT = 6,
	NR_EMT = 7,
	NR_FPE = 8,
	NR_KILL = 9,
	NR_BUS = 10,
	NR_SEGV = 11,
	NR_SYS = 12,
	NR_PIPE = 13,
	NR_ALRM = 14,
	NR_TERM = 15,
	NR_URG = 16,
	NR_STOP = 17,
	NR_TSTP = 18,
	NR_CONT = 19,
	NR_CHLD = 20,
	NR_TTIN = 21,
	NR_TTOU = 22,
	NR_IO = 23,
	NR_XCPU = 24,
	NR_XFSZ = 25,
	NR_WINCH = 28,
	NR_USR1 = 30,
	NR_USR2 = 31,
};

/* Those that can be caught, ignored and blocked. */
#define SIGNALS_SETTABLE (~(1ull | 1ull << NR_KILL | 1ull << NR_STOP))
