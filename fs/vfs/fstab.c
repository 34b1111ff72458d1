/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of /etc/fstab. */
#include "fs/vfs/fstab.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

enum field { FIELD_OK, FIELD_NONE, FIELD_LONG, FIELD_ESCAPE, FIELD_NUL };

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

static enum field field_read(struct cursor *c, char *out, size_t size)
{
	size_t len = 0;

	while (c->at < c->end && blank(*c->at))
		c->at++;
	if (c->at == c->end || *c->at == '#')
		return FIELD_NONE;
	while (c->at < c->end && !blank(*c->at)) {
		unsigned char ch = (unsigned char)*c->at++;

		if (ch == '\\') {
			if (c->end - c->at < 3 || c->at[0] > '3' || !octal(c->at[0]) || !octal(c->at[1]) ||
			    !octal(c->at[2]))
				return FIELD_ESCAPE;
			ch = (unsigned char)((c->at[0] - '0') << 6 | (c->at[1] - '0') << 3 | (c->at[2] - '0'));
			c->at += 3;
		}
		if (ch == '\0')
			return FIELD_NUL;
		if (len + 1 >= size)
			return FIELD_LONG;
		out[len++] = (char)ch;
	}
	out[len] = '\0';
	return FIELD_OK;
}

/* "rw,defaults,size=1M" without the word that says nothing */
static void options_trim(char *options)
{
	char *to = options;

	for (const char *from = options; *from;) {
		size_t len = strcspn(from, ",");

		if (len != 0 && !(len == 8 && memcmp(from, "defaults", 8) == 0)) {
			if (to != options)
				*to++ = ',';
			memmove(to, from, len);
			to += len;
		}
		from += len + (from[len] == ',');
	}
	*to = '\0';
}

static bool type_valid(const char *type)
{
	if (!*type)
		return false;
	for (; *type; type++) {
		if (!(*type >= 'a' && *type <= 'z') && !(*type >= '0' && *type <= '9') && *type != '_')
			return false;
	}
	return true;
}

/* NULL: good, or (line->number 0) empty. */
static const char *line_read(struct cursor c, struct fstab_line *line)
{
	char number[16];
	struct {
		char *out;
		size_t size;
		const char *missing;
	} fields[] = {
		{line->source, sizeof(line->source), NULL},
		{line->point, sizeof(line->point), "the mount point is missing"},
		{line->type, sizeof(line->type), "the type is missing"},
		{line->options, sizeof(line->options), ""},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		switch (field_read(&c, fields[i].out, fields[i].size)) {
		case FIELD_OK: break;
		case FIELD_LONG: return "a field is too long";
		case FIELD_ESCAPE: return "a backslash needs three octal digits up to 377 behind it";
		case FIELD_NUL: return "a NUL character";
		case FIELD_NONE:
			if (i == 0)
				line->number = 0;
			if (i == 3)
				line->options[0] = '\0';
			else
				return fields[i].missing;
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		if (field_read(&c, number, sizeof(number)) == FIELD_NONE)
			break;
		if (number[strspn(number, "0123456789")])
			return "only two numbers may follow the options";
	}
	if (field_read(&c, number, sizeof(number)) != FIELD_NONE)
		return "too many fields";
	if (line->point[0] != '/')
		return "the mount point has to begin with a slash";
	if (!type_valid(line->type))
		return "the type has to be made of a-z, 0-9 and _";
	options_trim(line->options);
	return NULL;
}

void fstab_read(const char *text, size_t len, fstab_line_fn fn, fstab_mistake_fn mistake, void *ctx)
{
	static struct fstab_line line; /* a stack need not have room for it */
	const char *end = text + len;
	unsigned number = 0, good = 0;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		struct cursor c = {text, stop ? stop : end};

		line = (struct fstab_line){.number = ++number};
		const char *message = line_read(c, &line);

		text = stop ? stop + 1 : end;
		if (message)
			mistake(ctx, number, message);
		if (message || line.number == 0)
			continue;
		if (good++ == FSTAB_LINES_MAX) {
			mistake(ctx, number, "too many lines; this and those that follow are left out");
			return;
		}
		if (!fn(ctx, &line))
			return;
	}
}
