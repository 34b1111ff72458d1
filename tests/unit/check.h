/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks of a host test: all are counted, the first failures are printed, check_end gives main's status. */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned checks_done, checks_failed;

__attribute__((unused)) static int check_that(int good, const char *file, int line, const char *what)
{
	checks_done++;
	if (!good) {
		checks_failed++;
		printf("%s:%d: FAILED: %s\n", file, line, what);
	}
	return good;
}

__attribute__((unused)) static int check_strings(const char *got, const char *want, const char *file, int line)
{
	int good = got && want ? strcmp(got, want) == 0 : got == want;
	checks_done++;
	if (!good) {
		checks_failed++;
		printf("%s:%d: FAILED:\n  got    \"%s\"\n  wanted \"%s\"\n", file, line, got ? got : "(null)",
		       want ? want : "(null)");
	}
	return good;
}

__attribute__((unused)) static int check_numbers(intmax_t got, intmax_t want, const char *file, int line,
						 const char *what)
{
	checks_done++;
	if (got != want) {
		checks_failed++;
		printf("%s:%d: FAILED: %s is %" PRIdMAX ", wanted %" PRIdMAX "\n", file, line, what, got, want);
	}
	return got == want;
}

#define CHECK(condition)     check_that(!!(condition), __FILE__, __LINE__, #condition)
#define CHECK_STR(got, want) check_strings((got), (want), __FILE__, __LINE__)
#define CHECK_INT(got, want) check_numbers((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, #got)

__attribute__((unused)) static int check_end(void)
{
	printf("%u checks, %u failed\n", checks_done, checks_failed);
	return checks_failed != 0 || checks_done == 0;
}
