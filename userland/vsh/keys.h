/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from a terminal into keys: UTF-8 and the escape sequences of VT100-like terminals (ECMA-48). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters and control characters (Ctrl-A is 1) are themselves; the others lie beyond Unicode. */
enum {
	KEY_CTRL_A = 1,
	KEY_BACKSPACE = 0x7f,
	KEY_FIRST = 0x110000,
	KEY_UP = KEY_FIRST,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_WORD_LEFT,   /* Ctrl-Left, Alt-B */
	KEY_WORD_RIGHT,  /* Ctrl-Right, Alt-F */
	KEY_WORD_ERASE,  /* Alt-Backspace */
	KEY_WORD_DELETE, /* Alt-D */
	KEY_PASTE_START, /* bracketed paste: what follows is text, not keys */
	KEY_PASTE_END,
	KEY_REPORT,  /* answer to a cursor position request: see key_decoder */
	KEY_UNKNOWN, /* a sequence that means nothing here */
};
#define KEY_CTRL(letter) ((letter) - '@')
#define KEY_ESCAPE       0x1b

#define KEY_PARAMETERS_MAX 4

struct key_decoder {
	unsigned char state;
	unsigned char utf8[4];
	unsigned char utf8_have, utf8_need;
	unsigned parameters[KEY_PARAMETERS_MAX];
	unsigned parameter_count;
	unsigned report_row, report_column; /* of the last KEY_REPORT */
};

/* Takes one byte; true if *key is a key now. Bytes that are no UTF-8 become U+FFFD. */
bool key_decode(struct key_decoder *decoder, unsigned char byte, uint32_t *key);
/* Inside of a sequence that is not complete. */
bool key_pending(const struct key_decoder *decoder);
