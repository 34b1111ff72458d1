/* SPDX-License-Identifier: BSD-2-Clause */
/* Pattern matching, by characters of UTF-8; bytes that are none count as characters. */
#include "userland/vsh/pattern.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "userland/base/utf8.h"

static uint32_t take_char(const char **text)
{
	uint32_t c;
	unsigned n = utf8_decode(*text, strnlen(*text, UTF8_BYTES_MAX), &c);
	if (n == 0) {
		c = 0x110000u + (unsigned char)**text; /* no character has this number */
		n = 1;
	}
	*text += n;
	return c;
}

static bool in_class(uint32_t c, const char *name, size_t len)
{
	static const struct {
		const char *name;
		int (*test)(int);
	} classes[] = {
		{"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum}, {"upper", isupper},
		{"lower", islower}, {"space", isspace}, {"blank", isblank}, {"punct", ispunct},
		{"print", isprint}, {"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit},
	};
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0)
			return c < 0x80 && classes[i].test((int)c);
	}
	return false;
}

/* *pattern stands behind '['. Moves it behind the ']' and tells whether c is in the set; false with *pattern
 * unmoved if there is no closing ']': then '[' stands for itself. */
static bool match_set(const char **pattern, uint32_t c, bool *closed)
{
	const char *p = *pattern;
	bool negated = *p == '!' || *p == '^';
	bool found = false, first = true;

	p += negated;
	for (; *p != ']' || first; first = false) {
		if (*p == '\0') {
			*closed = false;
			return false;
		}
		const char *class_end = p[0] == '[' && p[1] == ':' ? strstr(p + 2, ":]") : NULL;
		if (class_end) {
			found |= in_class(c, p + 2, (size_t)(class_end - p - 2));
			p = class_end + 2;
			continue;
		}
		p += *p == '\\' && p[1] != '\0';
		uint32_t low = take_char(&p), high = low;
		if (p[0] == '-' && p[1] != ']' && p[1] != '\0') {
			p++;
			p += *p == '\\' && p[1] != '\0';
			high = take_char(&p);
		}
		found |= c >= low && c <= high;
	}
	*pattern = p + 1;
	*closed = true;
	return found != negated;
}

/* One element of the pattern that is not '*' against one character. */
static bool match_one(const char **pattern, const char **text)
{
	bool closed;
	if (**text == '\0')
		return false;
	const char *p = *pattern;
	uint32_t c = take_char(text);
	if (*p == '?') {
		(*pattern)++;
		return true;
	}
	if (*p == '[') {
		p++;
		bool matches = match_set(&p, c, &closed);
		if (closed) {
			*pattern = p;
			return matches;
		}
		p = *pattern;
	}
	p += *p == '\\' && p[1] != '\0';
	bool same = take_char(&p) == c;
	*pattern = p;
	return same;
}

/* On a mismatch only the last '*' needs to be tried again, one character further: linear memory, quadratic time. */
bool pattern_match(const char *pattern, const char *text)
{
	const char *star = NULL, *star_text = NULL;
	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			star_text = text;
			continue;
		}
		if (*pattern == '\0' && *text == '\0')
			return true;
		if (*pattern != '\0' && match_one(&pattern, &text))
			continue;
		if (!star || *star_text == '\0')
			return false;
		take_char(&star_text);
		pattern = star;
		text = star_text;
	}
}

bool pattern_is_magic(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1] != '\0')
			pattern++;
		else if (*pattern == '*' || *pattern == '?' || (*pattern == '[' && strchr(pattern, ']')))
			return true;
	}
	return false;
}

void pattern_unescape(char *pattern)
{
	char *out = pattern;
	for (; *pattern; pattern++) {
		if (*pattern == '\\' && pattern[1] != '\0')
			pattern++;
		*out++ = *pattern;
	}
	*out = '\0';
}
