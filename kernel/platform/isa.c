/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction set names (RISC-V unprivileged specification, "ISA Extension Naming Conventions").
 * Pure.
 */
#include "kernel/platform/isa.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What is left is a version, "2" or "2p1", or nothing. */
static bool is_version(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && is_digit(s[i]))
		i++;
	if (i && i < len && lower(s[i]) == 'p' && i + 1 < len && is_digit(s[i + 1]))
		for (i++; i < len && is_digit(s[i]);)
			i++;
	return i == len;
}

static bool name_is(const char *text, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(text[i]) != name[i])
			return false;
	return is_version(text + n, len - n);
}

static void extension_found(struct isa *isa, const char *name, size_t len)
{
	if (name_is(name, len, "f"))
		isa->f = true;
	else if (name_is(name, len, "d"))
		isa->f = isa->d = true;
	else if (name_is(name, len, "g"))
		isa->f = isa->d = true;
	else if (name_is(name, len, "sstc"))
		isa->sstc = true;
	else if (name_is(name, len, "svadu"))
		isa->svadu = true;
	else if (name_is(name, len, "zicboz"))
		isa->zicboz = true;
}

/* End of the token at s: multi-letter names run to '_', single letters take their version along. */
static const char *token_end(const char *s, const char *end)
{
	char first = lower(*s), second = s + 1 < end ? lower(s[1]) : '_';
	bool long_name = first == 'z' || first == 'x' || first == 's';

	/* Old QEMU lists the modes "su" among the single letters. */
	if (first == 's' && (second == '_' || (second == 'u' && (s + 2 == end || s[2] == '_' || lower(s[2]) == 'h'))))
		long_name = false;
	if (long_name) {
		while (s < end && *s != '_')
			s++;
		return s;
	}
	s++;
	while (s < end && is_digit(*s))
		s++;
	if (s + 1 < end && lower(*s) == 'p' && is_digit(s[1]) && is_digit(s[-1]))
		for (s++; s < end && is_digit(*s);)
			s++;
	return s;
}

void isa_parse_string(struct isa *isa, const char *text, size_t len)
{
	const char *s = text, *end = text + strnlen(text, len);

	if (end - s < 4 || lower(s[0]) != 'r' || lower(s[1]) != 'v')
		return;
	for (s += 2; s < end && is_digit(*s);) /* "64" */
		s++;
	while (s < end) {
		const char *stop = token_end(s, end);

		if (*s != '_')
			extension_found(isa, s, (size_t)(stop - s));
		s = stop;
	}
}

void isa_parse_list(struct isa *isa, const char *names, size_t len)
{
	while (len) {
		size_t n = strnlen(names, len);

		extension_found(isa, names, n);
		n += n < len;
		names += n;
		len -= n;
	}
}
