/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion of commands, paths and variables for the line editor. */
#pragma once

#include "userland/vsh/lineedit.h"
#include "userland/vsh/shell.h"

/* Fills *out, which is empty, for the word that ends at the cursor. */
void complete_word(const struct shell *shell, const char *line, size_t cursor, struct completions *out);
