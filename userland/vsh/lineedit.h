/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line editor: keys in, an edited line and terminal output out. It does no input or output itself, so a test is the
 * terminal as well as any other. The keys are listed in docs/shell.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "userland/base/text.h"
#include "userland/vsh/history.h"
#include "userland/vsh/keys.h"
#include "userland/vsh/lineview.h"
#include "userland/vsh/names.h"

#define LINEEDIT_LINE_MAX 65536u /* bytes; more are refused with a bell */

/* What could stand at the end of the word under the cursor. */
struct completions {
	struct names texts; /* whole words, as they are to be inserted, sorted */
	size_t start;       /* of the word in the line; it ends at the cursor */
	size_t shown_from;  /* bytes of each that lists leave out (a directory's path) */
	const char *suffix; /* inserted after the only one: " ", or "/" */
};

struct lineedit_ops {
	/* Terminal output. */
	void (*write)(void *context, const char *bytes, size_t len);
	/* Fills *out, which is empty; may be NULL. */
	void (*complete)(void *context, const char *line, size_t cursor, struct completions *out);
};

enum lineedit_result {
	LINEEDIT_MORE,   /* the line is still being edited */
	LINEEDIT_DONE,   /* Enter: lineedit_line has it */
	LINEEDIT_CANCEL, /* Ctrl-C */
	LINEEDIT_EOF,    /* Ctrl-D on an empty line */
};

#define LINEEDIT_PASTE_ON  "\033[?2004h"
#define LINEEDIT_PASTE_OFF "\033[?2004l"

struct lineedit {
	const struct lineedit_ops *ops;
	void *context;
	struct history *history;
	struct lineview view;
	struct key_decoder decoder;
	const char *prompt;
	struct text line;
	size_t cursor;      /* byte in the line */
	struct text killed; /* what Ctrl-Y brings back */
	bool last_killed;   /* the last key erased text: the next one adds to it */
	bool last_tab;      /* Tab again lists what is possible */
	bool bracketed; /* the terminal was told to mark what is pasted (LINEEDIT_PASTE_ON); it is told to stop at the end */
	bool pasting;
	bool quote_next;   /* Ctrl-V */
	size_t at_history; /* entry shown; history->count: the line being written */
	struct text draft; /* that line, while an entry is shown */
	bool searching;    /* Ctrl-R */
	struct text pattern;
	struct text search_prompt;
	size_t found; /* entry; history->count: none yet */
};

void lineedit_init(struct lineedit *edit, const struct lineedit_ops *ops, void *context, struct history *history,
		   unsigned columns);
/* Shows the prompt of a new line. `prompt` must live until the line is done. With ask_width the terminal is asked for its
 * width; the answer arrives as a key, at any time. */
void lineedit_start(struct lineedit *edit, const char *prompt, bool ask_width);
/* One byte from the terminal. After anything but LINEEDIT_MORE the cursor stands on a fresh row and lineedit_start is due. */
enum lineedit_result lineedit_feed(struct lineedit *edit, unsigned char byte);
const char *lineedit_line(const struct lineedit *edit);
/* Text from elsewhere is to be shown (a finished job): takes prompt and line off the screen; lineedit_resume brings them
 * back below. */
void lineedit_suspend(struct lineedit *edit);
void lineedit_resume(struct lineedit *edit);
void lineedit_free(struct lineedit *edit);
