/* SPDX-License-Identifier: BSD-2-Clause */
/* Text as it arrives, and as it may be shown: anything in, lines of harmless UTF-8 out. */
#pragma once

#include <stddef.h>

#include "protocols/logger.h"

/* Takes the next line off *text: at most LOGGER_LINE_MAX bytes in `out`, not terminated. What is no UTF-8, controls and what changes the direction of writing become \xHH or
 * \u{HEX}; tabs become blanks. A longer line ends at a whole character and goes on with the next call; the newline belongs to the line that it ends.
 * Returns the bytes written. */
size_t line_take(const char **text, size_t *len, char out[LOGGER_LINE_MAX]);

#define LINE_SHOWN_MAX (LOGGER_LINE_MAX + 96)
/* "[    1.234567] warn  source[12]: text", without a newline, not terminated; bytes written. */
size_t line_show(const struct logger_entry *entry, const char *text, char out[LINE_SHOWN_MAX]);
const char *line_level_name(enum logger_level level);
