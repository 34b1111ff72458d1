/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows prompt and edited line on a terminal, over as many rows as they need, and keeps track of the cursor. Knows
 * nothing of the terminal but its width: all moves are relative to the prompt's row. */
#pragma once

#include <stddef.h>

#include "userland/base/text.h"

#define LINEVIEW_COLUMNS_MIN 4u
#define LINEVIEW_COLUMNS_MAX 1000u

struct place {
	unsigned row, column; /* from 0, relative to where the prompt starts */
};

struct lineview {
	unsigned columns;
	struct place cursor; /* of the terminal now */
	struct place end;    /* where the shown text ends */
	const char *prompt;
	const char *line;
	struct text out; /* what is to be sent to the terminal */
};

/* Starts at the left edge of a fresh row. */
void lineview_start(struct lineview *view);
/* Shows prompt and line anew from byte `from` of the line on (what is before is unchanged on the screen); the cursor
 * goes to byte `cursor`. */
void lineview_paint(struct lineview *view, const char *line, size_t from, size_t cursor);
/* The same with the prompt; `prompt` must live until the next call. */
void lineview_paint_all(struct lineview *view, const char *prompt, const char *line, size_t cursor);
void lineview_move(struct lineview *view, size_t cursor);
/* Below the text, at the left edge: what comes next stands free. */
void lineview_leave(struct lineview *view);
/* Takes prompt and text off the screen; the cursor is where the prompt was. */
void lineview_clear(struct lineview *view);
/* Columns that a text of `len` bytes takes, without wrapping. */
unsigned lineview_width(const char *text, size_t len);
