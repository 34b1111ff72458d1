/* SPDX-License-Identifier: BSD-2-Clause */
/* A string that grows. After a failed allocation it stays as it was and `failed` is set, so that a
 * chain of appends needs one check at its end. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* NUL-terminated once anything was added; text_get never gives NULL */
	size_t len;
	size_t size;
	bool failed;
};

void text_add(struct text *text, const char *bytes, size_t len);
void text_add_string(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
__attribute__((format(printf, 2, 3))) void text_format(struct text *text, const char *format, ...);
/* Replaces `remove` bytes at `at` by the given ones. */
void text_splice(struct text *text, size_t at, size_t remove, const char *bytes, size_t len);
void text_cut(struct text *text, size_t len);
const char *text_get(const struct text *text);
/* Hands the heap block to the caller (free()); NULL if an append had failed. Empties the text. */
char *text_take(struct text *text);
void text_free(struct text *text);
