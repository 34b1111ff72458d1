/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's formatter against the C library's: the same text and the same length for every
 * case.
 */
#include "tests/unit/check.h"

#include <limits.h>
#include <stdlib.h>

#include "kernel/lib/format.h"

#define SAME(...)                                                                    \
	do {                                                                         \
		char got[512], want[512];                                            \
		size_t got_len = format_text(got, sizeof(got), __VA_ARGS__);         \
		size_t want_len = (size_t)snprintf(want, sizeof(want), __VA_ARGS__); \
		CHECK_STR(got, want);                                                \
		CHECK_INT(got_len, want_len);                                        \
	} while (0)

/* What the C library's format warnings would refuse is passed through a variable. */
static void check_odd(const char *want, const char *fmt, int arg)
{
	char got[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	size_t len = format_text(got, sizeof(got), fmt, arg);
#pragma GCC diagnostic pop
	CHECK_STR(got, want);
	CHECK_INT(len, strlen(want));
}

#pragma GCC diagnostic ignored "-Wformat" /* flags without effect are cases too */
#pragma GCC diagnostic ignored "-Wformat-truncation"

static void test_numbers(void)
{
	static const long values[] = {0, 1, -1, 7, 10, -10, 99, 12345, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		long v = values[i];
		int n = (int)v;

		SAME("%d|%i|%u|%x|%X", n, n, (unsigned)n, (unsigned)n, (unsigned)n);
		SAME("%ld|%lu|%lx|%lX", v, (unsigned long)v, (unsigned long)v, (unsigned long)v);
		SAME("%lld|%llu|%llx", (long long)v, (unsigned long long)v, (unsigned long long)v);
		SAME("%zd|%zu|%jd|%td", (ssize_t)v, (size_t)v, (intmax_t)v, (ptrdiff_t)v);
		SAME("%hd|%hhd|%hu|%hhu|%hhx", n, n, (unsigned)n, (unsigned)n, (unsigned)n);
		SAME("%5d|%-5d|%05d|%+d|% d|%+05d|%-+5d|", n, n, n, n, n, n, n);
		SAME("%30ld|%-30ld|%030ld|%.0ld|%.25ld|%30.25ld|%-30.25ld|%030.5ld|", v, v, v, v, v, v, v, v);
		SAME("%#lx|%#18lx|%-#18lx|%#018lx|%#X|%#.12lx", v, v, v, v, (unsigned)n, v);
	}
	for (int width = -8; width <= 8; width++)
		for (int precision = -2; precision <= 6; precision++)
			SAME("[%*.*d|%*.*x|%0*d]", width, precision, 42, width, precision, 42, width, -42);
}

static void test_text(void)
{
	const char unterminated[4] = {'a', 'b', 'c', 'd'};

	SAME("plain");
	SAME("%s", "");
	SAME("%s|%5s|%-5s|%.2s|%5.1s|%-5.1s|%.0s|", "abc", "abc", "abc", "abc", "abc", "abc", "abc");
	SAME("%2s|%.9s|", "abc", "abc");
	SAME("%.*s|%.*s|%.*s|", 4, unterminated, 0, unterminated, -1, "negative: all");
	SAME("%*s|%*s|", 6, "ab", -6, "ab");
	SAME("%c%3c%-3c|", 'x', 'y', 'z');
	SAME("100%%");
	SAME("%p|%20p", (void *)0x1234abcd, (void *)(uintptr_t)-1);
	check_odd("(null)", "%s", 0);
}

/* Every length of buffer: cut, terminated, nothing written beyond. */
static void test_truncation(void)
{
	for (size_t size = 0; size < 20; size++) {
		char got[24], want[24];

		memset(got, '#', sizeof(got));
		memset(want, '#', sizeof(want));
		CHECK_INT(format_text(got, size, "%s-%05d", "abcdef", 42),
			  snprintf(want, size, "%s-%05d", "abcdef", 42));
		CHECK(!memcmp(got, want, sizeof(got)));
	}
	CHECK_INT(format_text(NULL, 0, "%d", 12345), 5);
}

/* Mistakes in a format show up instead of reading arguments that are not there. */
static void test_unknown(void)
{
	check_odd("%q and %d", "%q and %d", 1);
	check_odd("1 %f", "%d %f", 1);
	check_odd("%", "%", 1);
	check_odd("a%-5", "a%-5", 1);
	check_odd("%n", "%n", 1);
}

int main(void)
{
	test_numbers();
	test_text();
	test_truncation();
	test_unknown();
	return check_end();
}
