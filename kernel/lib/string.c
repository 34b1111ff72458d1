/* SPDX-License-Identifier: BSD-2-Clause */
/* NUL-terminated strings. Only libfdt's and boot's: short texts, so plain loops. */
#include <string.h>

#include <stdint.h>

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (; max; max--, a++, b++) {
		if (*a != *b)
			return (uint8_t)*a - (uint8_t)*b;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = (char *)(uintptr_t)s;
		if (!*s)
			return found;
	}
}

char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
	size_t i = 0;

	for (; i < size && from[i]; i++)
		to[i] = from[i];
	for (; i < size; i++)
		to[i] = 0;
	return to;
}
