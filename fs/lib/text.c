/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing text. Nothing is lost silently: an error stays with the text. */
#include "fs/lib/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 512u

/* Room for so many bytes more. */
static bool text_grow(struct fs_text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_ROOM;

	if (text->status != OK)
		return false;
	if (more <= text->room - text->len)
		return true;
	while (room - text->len < more && room < FS_TEXT_MAX)
		room *= 2;
	char *data = room - text->len < more ? NULL : realloc(text->data, room);
	if (!data) {
		text->status = ERR_NO_MEMORY;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void fs_text_free(struct fs_text *text)
{
	free(text->data);
	*text = (struct fs_text){0};
}

void fs_text_add(struct fs_text *text, const void *data, size_t len)
{
	if (!len || !text_grow(text, len))
		return;
	memcpy(text->data + text->len, data, len);
	text->len += len;
}

void fs_text_print(struct fs_text *text, const char *format, ...)
{
	size_t room = text->room - text->len;
	va_list args;

	/* A second time if it did not fit. */
	for (int tries = 0; tries < 2 && text->status == OK; tries++) {
		va_start(args, format);
		int len = vsnprintf(room ? text->data + text->len : NULL, room, format, args);
		va_end(args);
		if (len < 0) {
			text->status = ERR_INVALID;
		} else if ((size_t)len < room) {
			text->len += (size_t)len;
			return;
		} else if (text_grow(text, (size_t)len + 1)) {
			room = text->room - text->len;
		}
	}
}

void fs_text_pad(struct fs_text *text, size_t column)
{
	size_t at = 0;

	while (at < text->len && text->data[text->len - 1 - at] != '\n')
		at++;
	do
		fs_text_add(text, " ", 1);
	while (++at < column);
}

void fs_text_escape(struct fs_text *text, const char *string, const char *also)
{
	for (; *string; string++) {
		unsigned char c = (unsigned char)*string;

		if (c < ' ' || c == 0x7f || c == '\\' || strchr(also, c))
			fs_text_print(text, "\\%03o", c);
		else
			fs_text_add(text, string, 1);
	}
}
