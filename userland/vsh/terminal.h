/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the shell's lines come from: a terminal with editing, or any file. */
#pragma once

#include "userland/vsh/lineedit.h"
#include "userland/vsh/shell.h"

enum line_result {
	LINE_OK,
	LINE_CANCELLED, /* Ctrl-C */
	LINE_END,       /* end of the input */
	LINE_FAILED,    /* reading failed: errno */
};

struct terminal {
	struct shell *shell;
	struct lineedit edit;
	bool editing; /* standard input and output are a terminal */
	bool asked;   /* for the terminal's width */
	bool told;    /* init, that there is a prompt */
};

void terminal_init(struct terminal *terminal, struct shell *shell);
/* The next line without its end, appended to *line. The prompt is shown on a terminal only. */
enum line_result terminal_read(struct terminal *terminal, const char *prompt, struct text *line);
void terminal_free(struct terminal *terminal);
