/* SPDX-License-Identifier: BSD-2-Clause */
/* Options separated by commas. */
#include "fs/lib/options.h"

#include <string.h>

bool option_next(const char **at, struct option *out)
{
	const char *text = *at;

	while (*text == ',')
		text++;
	if (*text == '\0')
		return false;
	size_t len = strcspn(text, ",");
	const char *equals = memchr(text, '=', len);

	out->name = text;
	out->name_len = equals ? (size_t)(equals - text) : len;
	out->value = equals ? equals + 1 : NULL;
	out->value_len = equals ? len - out->name_len - 1 : 0;
	*at = text + len;
	return true;
}

bool option_is(const struct option *option, const char *name)
{
	return strlen(name) == option->name_len && memcmp(option->name, name, option->name_len) == 0;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

/* The unit behind the digits: its factor, 0 if there is none like it. */
static uint64_t unit_of(const char *text, size_t len)
{
	if (len == 0)
		return 1;
	if (len != 1)
		return 0;
	switch (*text) {
	case 'k':
	case 'K': return 1ull << 10;
	case 'm':
	case 'M': return 1ull << 20;
	case 'g':
	case 'G': return 1ull << 30;
	default: return 0;
	}
}

status_t option_number(const struct option *option, unsigned base, uint64_t whole, uint64_t *out)
{
	const char *text = option->value;
	size_t len = option->value_len, at = 0;
	uint64_t number = 0, unit;

	if (!text)
		return ERR_INVALID;
	if (base == 10 && len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	for (; at < len && digit_of(text[at]) < base; at++) {
		if (__builtin_mul_overflow(number, (uint64_t)base, &number) ||
		    __builtin_add_overflow(number, digit_of(text[at]), &number))
			return ERR_INVALID;
	}
	if (at == 0)
		return ERR_INVALID;
	if (whole != 0 && at + 1 == len && text[at] == '%') {
		if (number > 100)
			return ERR_INVALID;
		*out = whole / 100 * number;
		return OK;
	}
	unit = unit_of(text + at, len - at);
	if (unit == 0 || __builtin_mul_overflow(number, unit, &number))
		return ERR_INVALID;
	*out = number;
	return OK;
}
