/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory functions of lib/memory.c, with a check of what they are given. The compiler does not check such calls itself. */
#include "kernel/check/shadow.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *s, int byte, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	access_check((uint64_t)from, size, false);
	access_check((uint64_t)to, size, true);
	return raw_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	access_check((uint64_t)from, size, false);
	access_check((uint64_t)to, size, true);
	return raw_memmove(to, from, size);
}

void *memset(void *to, int byte, size_t size)
{
	access_check((uint64_t)to, size, true);
	return raw_memset(to, byte, size);
}

int memcmp(const void *a, const void *b, size_t size)
{
	access_check((uint64_t)a, size, false);
	access_check((uint64_t)b, size, false);
	return raw_memcmp(a, b, size);
}

void *memchr(const void *s, int byte, size_t size)
{
	void *found = raw_memchr(s, byte, size);

	/* It need not be that long behind what is found. */
	access_check((uint64_t)s, found ? (uint64_t)found - (uint64_t)s + 1 : size, false);
	return found;
}
