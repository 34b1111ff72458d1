/* SPDX-License-Identifier: BSD-2-Clause */
/* Command history. */
#include "userland/vsh/history.h"

#include <stdlib.h>
#include <string.h>

const char *history_get(const struct history *history, size_t n)
{
	return history->lines[(history->first + n) % HISTORY_LINES];
}

bool history_add(struct history *history, const char *line)
{
	if (line[strspn(line, " \t\r\n")] == '\0')
		return false;
	if (history->count != 0 && strcmp(history_get(history, history->count - 1), line) == 0)
		return false;
	char *copy = strdup(line);
	if (!copy)
		return false;
	if (history->count == HISTORY_LINES) {
		free(history->lines[history->first]);
		history->first = (history->first + 1) % HISTORY_LINES;
		history->count--;
		history->dropped++;
	}
	history->lines[(history->first + history->count++) % HISTORY_LINES] = copy;
	return true;
}

size_t history_search(const struct history *history, size_t before, const char *text)
{
	for (size_t n = before; n-- > 0;) {
		if (strstr(history_get(history, n), text))
			return n;
	}
	return history->count;
}

void history_clear(struct history *history)
{
	while (history->count != 0)
		free(history->lines[(history->first + --history->count) % HISTORY_LINES]);
	history->first = 0;
	history->dropped = 0;
}
