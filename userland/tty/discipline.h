/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line discipline: what a terminal does with bytes between its device and programs (POSIX.1, chapter 11). Pure: it moves bytes between its own
 * two queues and says what signals are due; who reads, writes and waits is terminal.c's.
 *
 *   device → discipline_receive → input queue  → discipline_take   → readers
 *   device ← discipline_output  ← output queue ← discipline_write  ← writers
 *                                       ↖ echo
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/tty.h"

#define DISCIPLINE_OUTPUT_MAX 4096u
#define DISCIPLINE_ECHO_ROOM  256u /* of it: writers leave that to echo */

/* What discipline_receive has seen */
enum {
	DISCIPLINE_INTR = 1 << 0, /* SIGINT is due to the foreground group */
	DISCIPLINE_QUIT = 1 << 1,
	DISCIPLINE_SUSP = 1 << 2,
	DISCIPLINE_FLUSHED = 1 << 3, /* both queues were thrown away: what the device still holds is to go, too */
};

/* Indices run free. The fields are the discipline's own. */
struct discipline {
	struct tty_attributes t;
	uint32_t head;  /* next byte of input */
	uint32_t lined; /* canonical: behind the last finished line; what follows can be edited */
	uint32_t tail;  /* next byte for readers */
	uint32_t out_head, out_tail;
	uint32_t column;                   /* of output, from 0 */
	uint32_t start_column;             /* in which the line that is being edited begins */
	uint8_t urgent;                    /* START or STOP for the other side, before all output; 0: none */
	bool literal;                      /* the next byte is taken as it is (LNEXT) */
	bool stopped;                      /* by STOP */
	bool held;                         /* by discipline_hold */
	bool throttled;                    /* the other side was told to stop (IXOFF) */
	uint64_t ends[TTY_INPUT_MAX / 64]; /* bytes that end a line */
	uint64_t eofs[TTY_INPUT_MAX / 64]; /* of them: those that are no bytes but the end of the file */
	uint8_t input[TTY_INPUT_MAX];
	uint8_t output[DISCIPLINE_OUTPUT_MAX];
};

void discipline_init(struct discipline *d);
/* Settings of a new terminal. */
void discipline_defaults(struct tty_attributes *t);
/* Input that is there changes its form when ICANON does: what was being edited can be read, or is a line. */
void discipline_set(struct discipline *d, const struct tty_attributes *t);

/* ---- the device's side */

/* How many bytes may be received now without any being lost to a queue that somebody could still read. */
uint32_t discipline_room(const struct discipline *d);
/* One byte from the device: DISCIPLINE_* events. */
uint32_t discipline_receive(struct discipline *d, uint8_t byte);
/* A break, or a byte with an error in it. */
uint32_t discipline_receive_break(struct discipline *d);
uint32_t discipline_receive_error(struct discipline *d, uint8_t byte);
/* Bytes to send, none while output is stopped; returns how many. */
size_t discipline_output(struct discipline *d, uint8_t *bytes, size_t max);
/* How many there are. */
uint32_t discipline_output_ready(const struct discipline *d);

/* ---- the programs' side */

/* Bytes that a read can have at once: canonical, of finished lines. The end of the file counts as one. */
uint32_t discipline_readable(const struct discipline *d);
/* Takes up to `max` bytes, in canonical mode of one line. 0 bytes: the end of the file. Only while there is something readable. */
size_t discipline_take(struct discipline *d, uint8_t *bytes, size_t max);
/* Takes bytes of a program into the output queue as far as there is room; returns how many. */
size_t discipline_write(struct discipline *d, const uint8_t *bytes, size_t len);
/* Is there room for at least one byte of a writer? */
bool discipline_writable(const struct discipline *d);
/* Bytes in the output queue, also while it is stopped. */
uint32_t discipline_output_queued(const struct discipline *d);
void discipline_flush_input(struct discipline *d);
void discipline_flush_output(struct discipline *d);
/* tcflow: stop output, go on (also after STOP); have the other side stop, or go on. */
void discipline_hold(struct discipline *d, bool hold);
void discipline_tell(struct discipline *d, bool stop);

/* ---- between the files of the discipline */

bool discipline_local(const struct discipline *d, uint32_t flag);
/* UTF-8: a byte that belongs to the character before it. */
bool discipline_continues(const struct discipline *d, uint8_t byte);
bool discipline_is_control(uint8_t byte);
/* echo.c: a byte as it is shown; as it is (but for OPOST). */
void echo_byte(struct discipline *d, uint8_t byte);
void echo_plain(struct discipline *d, uint8_t byte);
/* Moves back over a tab; width: columns between it and the tab before it, or (from_start) the line's beginning. */
void echo_erase_tab(struct discipline *d, uint32_t width, bool from_start);
/* edit.c: the keys that change a line. */
void edit_erase(struct discipline *d);
void edit_erase_word(struct discipline *d);
void edit_kill(struct discipline *d);
void edit_reprint(struct discipline *d);
