/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver `line` does with its providers when it is told so by echo.words: a says what, b and c are arguments;
 * the answer is a status in a and a value in b. */
#pragma once

enum {
	LINE_OUTPUT = 1, /* line b, value c */
	LINE_INPUT = 2,
	LINE_GET = 3,
	LINE_SET = 4,
	LINE_IRQS = 5,      /* times that interrupt b came */
	LINE_CLOCK_ON = 10, /* c: on or off */
	LINE_CLOCK_RATE = 11,
	LINE_CLOCK_SET = 12,   /* c: Hz */
	LINE_RESET_HOLD = 20,  /* c: assert or release */
	LINE_RESET_PULSE = 21, /* c: ns */
	LINE_SUPPLY = 30,
};

/* Lines, by number for b */
enum {
	LINE_FREE = 0,
	LINE_LOW = 1,   /* active low */
	LINE_LEVEL = 2, /* whose interrupt comes while it is high; the driver sets it low then */
	LINE_COUNT
};
