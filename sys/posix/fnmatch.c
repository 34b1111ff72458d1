/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fnmatch (POSIX.1-2017 2.13), in the place of the C library's, which knows neither character classes nor characters of more than one
 * byte. An asterisk that does not fit is tried one character further on; only the last one ever needs that, as what stands between
 * two asterisks is best matched as early as can be. So time grows with the product of both lengths at most.
 */
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#ifndef FNM_CASEFOLD
#define FNM_CASEFOLD 0x10
#endif

#define CLASS_NAME_MAX 16

/* The next character; a byte that is none stands for itself, above all characters. Returns its length, 0 at the end. */
static size_t character(const char *at, wint_t *out)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t len;

	if (*at == '\0')
		return 0;
	len = mbrtowc(&wide, at, strlen(at), &state);
	if (len == (size_t)-1 || len == (size_t)-2) {
		*out = 0x40000000u + (unsigned char)*at;
		return 1;
	}
	*out = (wint_t)wide;
	return len;
}

static wint_t folded(wint_t c, int flags)
{
	return flags & FNM_CASEFOLD ? (wint_t)towlower(c) : c;
}

/* One end of a range, or a character by itself: [.x.], \x or x. */
static const char *element(const char *at, int flags, wint_t *out)
{
	size_t len;

	if (at[0] == '[' && (at[1] == '.' || at[1] == '=')) {
		char kind = at[1];

		len = character(at + 2, out);
		if (len && at[2 + len] == kind && at[3 + len] == ']')
			return at + 4 + len;
		return NULL;
	}
	if (*at == '\\' && !(flags & FNM_NOESCAPE) && at[1])
		at++;
	len = character(at, out);
	return len ? at + len : NULL;
}

/* The class that [:name:] at `at` names; NULL if it is none. */
static const char *class_match(const char *at, wint_t c, int flags, bool *matched)
{
	const char *end = strstr(at + 2, ":]");
	char name[CLASS_NAME_MAX];
	wctype_t class;
	size_t len;

	if (!end || (len = (size_t)(end - at) - 2) >= sizeof(name))
		return NULL;
	memcpy(name, at + 2, len);
	name[len] = '\0';
	class = wctype(name);
	if (!class)
		return NULL;
	*matched |= iswctype(c, class) || ((flags & FNM_CASEFOLD) && (iswctype((wint_t)towlower(c), class) ||
								      iswctype((wint_t)towupper(c), class)));
	return end + 2;
}

/* `at` is behind the [. Behind the ], or NULL for a bracket that is not closed: it stands for itself. */
static const char *bracket_match(const char *at, wint_t c, int flags, bool *out)
{
	bool inverted = *at == '!' || *at == '^', matched = false;
	const char *start = at += inverted;

	while (*at && (*at != ']' || at == start)) {
		wint_t low, high;

		if ((flags & FNM_PATHNAME) && *at == '/')
			return NULL;
		if (at[0] == '[' && at[1] == ':') {
			at = class_match(at, c, flags, &matched);
			if (!at)
				return NULL;
			continue;
		}
		at = element(at, flags, &low);
		if (!at)
			return NULL;
		high = low;
		if (at[0] == '-' && at[1] && at[1] != ']') {
			at = element(at + 1, flags, &high);
			if (!at)
				return NULL;
		}
		matched |= (c >= low && c <= high) ||
			   (folded(c, flags) >= folded(low, flags) && folded(c, flags) <= folded(high, flags));
	}
	if (*at != ']')
		return NULL;
	*out = matched != inverted;
	return at + 1;
}

/* Matches one element of the pattern, which is no asterisk; NULL if it does not fit. */
static const char *one_match(const char *pattern, wint_t c, int flags)
{
	wint_t wanted;
	size_t len;

	if (*pattern == '?')
		return (flags & FNM_PATHNAME) && c == '/' ? NULL : pattern + 1;
	if (*pattern == '[') {
		bool matched;
		const char *end = bracket_match(pattern + 1, c, flags, &matched);

		if (end)
			return matched && !((flags & FNM_PATHNAME) && c == '/') ? end : NULL;
	}
	if (*pattern == '\\' && !(flags & FNM_NOESCAPE) && pattern[1])
		pattern++;
	len = character(pattern, &wanted);
	return len && folded(wanted, flags) == folded(c, flags) ? pattern + len : NULL;
}

int fnmatch(const char *pattern, const char *text, int flags)
{
	const char *retry = NULL, *retry_text = NULL, *start = text;

	for (;;) {
		/* A dot in front is matched by a dot only. */
		bool hidden = (flags & FNM_PERIOD) && *text == '.' &&
			      (text == start || ((flags & FNM_PATHNAME) && text[-1] == '/'));
		const char *next;
		size_t len;
		wint_t c;

		if (*pattern == '*' && !hidden) {
			while (*pattern == '*')
				pattern++;
			retry = pattern;
			retry_text = text;
			continue;
		}
		len = character(text, &c);
		if (len == 0 && *pattern == '\0')
			return 0;
		next = NULL;
		if (len && *pattern && !(hidden && (*pattern == '?' || *pattern == '[' || *pattern == '*')))
			next = one_match(pattern, c, flags);
		if (next) {
			pattern = next;
			text += len;
			continue;
		}
		if (!retry)
			return FNM_NOMATCH;
		len = character(retry_text, &c);
		if (len == 0 || ((flags & FNM_PATHNAME) && c == '/'))
			return FNM_NOMATCH;
		pattern = retry;
		text = retry_text += len;
	}
}
