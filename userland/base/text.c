/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing strings. */
#include "userland/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 64u

static bool text_reserve(struct text *text, size_t more)
{
	if (text->failed)
		return false;
	if (more < text->size - text->len && text->bytes)
		return true;
	size_t need = text->len + more + 1;
	if (need < more || need > (size_t)-1 / 2) {
		text->failed = true;
		return false;
	}
	size_t size = text->size ? text->size : FIRST_BYTES;
	while (size < need)
		size *= 2;
	char *bytes = realloc(text->bytes, size);
	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->size = size;
	text->bytes[text->len] = '\0';
	return true;
}

void text_splice(struct text *text, size_t at, size_t remove, const char *bytes, size_t len)
{
	if (!text_reserve(text, len))
		return;
	memmove(text->bytes + at + len, text->bytes + at + remove, text->len - at - remove + 1);
	if (len != 0)
		memcpy(text->bytes + at, bytes, len);
	text->len += len - remove;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
	text_splice(text, text->len, 0, bytes, len);
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
	text_add(text, &c, 1);
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		text->failed = true;
	else if (text_reserve(text, (size_t)len)) {
		vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void text_cut(struct text *text, size_t len)
{
	if (len < text->len) {
		text->len = len;
		text->bytes[len] = '\0';
	}
}

const char *text_get(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}

char *text_take(struct text *text)
{
	char *bytes = text_reserve(text, 0) ? text->bytes : NULL;
	if (!bytes)
		free(text->bytes);
	*text = (struct text){0};
	return bytes;
}

void text_free(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}
