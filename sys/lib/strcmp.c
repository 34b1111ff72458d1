/* SPDX-License-Identifier: BSD-2-Clause */
/* strcmp for programs without libc. */
#include <string.h>

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
