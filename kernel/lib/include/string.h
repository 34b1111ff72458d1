/* SPDX-License-Identifier: BSD-2-Clause */
/* Freestanding memory and string functions: what the compiler, libfdt and the kernel call. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *s, int byte, size_t size);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strncpy(char *restrict to, const char *restrict from, size_t size);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* -ffreestanding makes these plain functions; small constant sizes are worth inlining. */
#ifndef STRING_NO_BUILTINS
#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memset(to, byte, size) __builtin_memset(to, byte, size)
#define memcmp(a, b, size)     __builtin_memcmp(a, b, size)
#endif
