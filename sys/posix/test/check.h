/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases and checks of the layer's tests: a line for each case, one more for each first failure. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned passed, failed;
static bool good; /* of the present case */

static bool check(bool condition, int line, const char *what)
{
	if (!condition)
		printf("line %d: %s (errno %d)\n", line, what, errno);
	good = good && condition;
	return condition;
}
#define CHECK(condition) check((condition), __LINE__, #condition)
/* -1 and that errno */
#define CHECK_FAILS(call, error) \
	check((errno = 0, (long)(call)) == -1 && errno == (error), __LINE__, #call " is " #error)

static void run(const char *name, void (*test)(void))
{
	good = true;
	test();
	if (good) {
		passed++;
		printf("PASS %s\n", name);
	} else {
		failed++;
		printf("FAIL %s\n", name);
	}
}
