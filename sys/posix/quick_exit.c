/* SPDX-License-Identifier: BSD-2-Clause */
/* quick_exit: an end without the destructors and streams of exit (C11 7.22.4.7). */
#include <stdlib.h>
#include <unistd.h>

#include "sys/lib/mutex.h"

#define FUNCTIONS_MAX 32 /* the least that C asks for */

static struct mutex quick_lock;
static void (*functions[FUNCTIONS_MAX])(void); /* quick_lock */
static unsigned function_count;

int at_quick_exit(void (*function)(void))
{
	int result = -1;

	mutex_lock(&quick_lock);
	if (function_count < FUNCTIONS_MAX) {
		functions[function_count++] = function;
		result = 0;
	}
	mutex_unlock(&quick_lock);
	return result;
}

/* Last come, first called; each once, also when two threads end the program at a time. */
static void (*function_take(void))(void)
{
	void (*function)(void) = NULL;

	mutex_lock(&quick_lock);
	if (function_count)
		function = functions[--function_count];
	mutex_unlock(&quick_lock);
	return function;
}

void quick_exit(int status)
{
	void (*function)(void);

	while ((function = function_take()))
		function();
	_exit(status);
}
