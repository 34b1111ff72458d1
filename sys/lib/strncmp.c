/* SPDX-License-Identifier: BSD-2-Clause */
/* strncmp for programs without libc. */
#include <string.h>

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; a++, b++, n--) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}
