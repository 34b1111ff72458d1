/* SPDX-License-Identifier: BSD-2-Clause */
/* memchr for programs without libc. */
#include <stdint.h>
#include <string.h>

void *memchr(const void *object, int value, size_t n)
{
	const unsigned char *p = object;

	for (; n; p++, n--) {
		if (*p == (unsigned char)value)
			return (void *)(uintptr_t)p;
	}
	return NULL;
}
