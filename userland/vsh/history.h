/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines of the past, oldest first, bounded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HISTORY_LINES 1000u

struct history {
	char *lines[HISTORY_LINES]; /* ring: entry n of history_get is at (first + n) % HISTORY_LINES */
	size_t first, count;
	size_t dropped; /* that made room: entry 0 has number dropped + 1 */
};

/* Blank lines and repetitions of the last one are not kept. Without memory the line is not kept
 * either. True: it was. */
bool history_add(struct history *history, const char *line);
/* n from 0 (oldest) to count - 1. */
const char *history_get(const struct history *history, size_t n);
/* The newest entry before number `before` that contains the text; history->count if there is none. */
size_t history_search(const struct history *history, size_t before, const char *text);
void history_clear(struct history *history);
