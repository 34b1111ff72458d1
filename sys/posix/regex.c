/* SPDX-License-Identifier: BSD-2-Clause */
/* regcomp: the C library's, which writes where it must not when a bracket expression has no end; such patterns do not get to it. */
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

int __real_regcomp(regex_t *restrict regex, const char *restrict pattern, int flags);
int __wrap_regcomp(regex_t *restrict regex, const char *restrict pattern, int flags);

/* Behind a bracket expression (POSIX.1-2017, XBD 9.3.5) that begins there; NULL: it has no end. */
static const char *bracket_end(const char *at)
{
	at++;
	if (*at == '^')
		at++;
	if (*at == ']')
		at++;
	while (*at != ']') {
		if (*at == '\0')
			return NULL;
		if (*at == '[' && at[1] != '\0' && strchr(".:=", at[1])) {
			const char end[] = {at[1], ']', '\0'};

			at = strstr(at + 2, end);
			if (!at)
				return NULL;
			at++;
		}
		at++;
	}
	return at + 1;
}

static bool brackets_end(const char *at)
{
	while (at && *at != '\0') {
		if (*at == '[')
			at = bracket_end(at);
		else
			at += *at == '\\' && at[1] != '\0' ? 2 : 1;
	}
	return at != NULL;
}

int __wrap_regcomp(regex_t *restrict regex, const char *restrict pattern, int flags)
{
	return brackets_end(pattern) ? __real_regcomp(regex, pattern, flags) : REG_EBRACK;
}
