/* SPDX-License-Identifier: BSD-2-Clause */
/* echo and printf. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "userland/base/utf8.h"
#include "userland/vsh/shell.h"

int builtin_echo(struct shell *shell, int argc, char **argv)
{
	int first = 1;
	bool newline = true;
	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		newline = false;
		first = 2;
	}
	for (int i = first; i < argc; i++) {
		if (i > first)
			text_add_char(&shell->out, ' ');
		text_add_string(&shell->out, argv[i]);
	}
	if (newline)
		text_add_char(&shell->out, '\n');
	return 0;
}

/* ---- printf --------------------------------------------------------------------------------- */

#define WIDTH_MAX 100000 /* more is a mistake, and memory for nothing */

struct printer {
	struct shell *shell;
	char **args;
	int left;
	int status;
	bool used; /* an argument was taken in this pass of the format */
	bool stop; /* \c */
};

static const char *next(struct printer *p)
{
	if (p->left == 0)
		return NULL;
	p->left--;
	p->used = true;
	return *p->args++;
}

static unsigned octal(const char **at, unsigned digits)
{
	unsigned value = 0;
	while (digits-- != 0 && **at >= '0' && **at <= '7')
		value = value * 8 + (unsigned)(*(*at)++ - '0');
	return value & 0xff;
}

/* The escape behind a backslash. `argument`: of %b, where octal numbers begin with 0 and \c ends all output. */
static void escape(struct printer *p, const char **at, bool argument, struct text *out)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	char c = **at;
	const char *found = c ? strchr(letters, c) : NULL;
	if (found) {
		text_add_char(out, values[found - letters]);
		(*at)++;
	} else if (c >= '0' && c <= '7') {
		if (argument && c == '0')
			(*at)++;
		text_add_char(out, (char)octal(at, 3));
	} else if (argument && c == 'c') {
		(*at)++;
		p->stop = true;
	} else {
		text_add_char(out, '\\');
	}
}

static void complain(struct printer *p, const char *text, const char *why)
{
	shell_error(p->shell, "printf: '%s' %s", text, why);
	p->status = 1;
}

/* 'c is the number of the character c. */
static bool quoted_character(const char *text, long long *value)
{
	uint32_t c;
	if (text[0] != '\'' && text[0] != '"')
		return false;
	unsigned n = utf8_decode(text + 1, strlen(text + 1), &c);
	*value = n ? (long long)c : (long long)(unsigned char)text[1];
	return true;
}

static long long number(struct printer *p, const char *text, bool is_signed)
{
	char *end;
	long long value;
	if (!text)
		return 0;
	if (quoted_character(text, &value))
		return value;
	errno = 0;
	value = is_signed || *text == '-' ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
	if (end == text)
		complain(p, text, "is not a number");
	else if (*end)
		complain(p, text, "is not a number to its end");
	else if (errno == ERANGE)
		complain(p, text, "is too large");
	return value;
}

static double real(struct printer *p, const char *text)
{
	char *end;
	long long value;
	if (!text)
		return 0;
	if (quoted_character(text, &value))
		return (double)value;
	double result = strtod(text, &end);
	if (end == text || *end)
		complain(p, text, "is not a number");
	return result;
}

static void print_escaped(struct printer *p, const char *spec, int width, int precision, const char *text)
{
	struct text out = {0};
	while (*text && !p->stop) {
		char c = *text++;
		if (c == '\\')
			escape(p, &text, true, &out);
		else
			text_add_char(&out, c);
	}
	/* What has NUL bytes in it cannot be padded by a format. */
	if (width == 0 && precision < 0)
		text_add(&p->shell->out, text_get(&out), out.len);
	else
		text_format(&p->shell->out, spec, width, precision, text_get(&out));
	p->shell->out.failed |= out.failed;
	text_free(&out);
}

/* A number behind % or '.', or the argument that * stands for. */
static int read_size(struct printer *p, const char **at)
{
	long long value = 0;
	if (**at == '*') {
		(*at)++;
		value = number(p, next(p), true);
	} else {
		while (isdigit((unsigned char)**at) && value <= WIDTH_MAX)
			value = value * 10 + (*(*at)++ - '0');
		while (isdigit((unsigned char)**at))
			(*at)++;
	}
	if (value > WIDTH_MAX || value < -WIDTH_MAX) {
		complain(p, *at, "follows a number that is too large");
		value = 0;
	}
	return (int)value;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* One conversion; *at stands behind the %. False: malformed, said. */
static bool convert(struct printer *p, const char **at)
{
	char spec[24] = "%", *end = spec + 1;
	const char *start = *at;
	size_t flags = strspn(*at, "-+ #0");
	if (flags > 8)
		flags = 8;
	memcpy(end, *at, flags);
	end += flags;
	*at += flags + strspn(*at + flags, "-+ #0");
	int width = read_size(p, at), precision = -1;
	if (**at == '.') {
		(*at)++;
		precision = read_size(p, at);
	}
	char kind = **at;
	if (kind == '\0' || !strchr("diouxXeEfFgGaAcsb", kind)) {
		shell_error(p->shell, "printf: %%%.*s is no conversion", (int)(*at - start) + (kind != '\0'), start);
		p->status = 1;
		return false;
	}
	(*at)++;
	end = stpcpy(end, "*.*");
	struct text *out = &p->shell->out;
	if (strchr("diouxX", kind)) {
		long long value = number(p, next(p), kind == 'd' || kind == 'i');
		stpcpy(stpcpy(end, "ll"), (char[]){kind, '\0'});
		text_format(out, spec, width, precision, value);
		return true;
	}
	if (strchr("eEfFgGaA", kind)) {
		stpcpy(end, (char[]){kind, '\0'});
		text_format(out, spec, width, precision, real(p, next(p)));
		return true;
	}
	const char *text = next(p);
	char one[2] = {text ? text[0] : '\0', '\0'};
	stpcpy(end, "s");
	if (kind == 'b')
		print_escaped(p, spec, width, precision, text ? text : "");
	else
		text_format(out, spec, width, precision, kind == 'c' ? one : text ? text : "");
	return true;
}

int builtin_printf(struct shell *shell, int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (argc <= first)
		return builtin_usage(shell, "printf");
	struct printer p = {.shell = shell, .args = argv + first + 1, .left = argc - first - 1};
	do {
		p.used = false;
		for (const char *at = argv[first]; *at && !p.stop;) {
			char c = *at++;
			if (c == '\\') {
				escape(&p, &at, false, &shell->out);
			} else if (c != '%') {
				text_add_char(&shell->out, c);
			} else if (*at == '%') {
				text_add_char(&shell->out, *at++);
			} else if (!convert(&p, &at)) {
				return 1;
			}
		}
	} while (p.left != 0 && p.used && !p.stop && !shell->out.failed);
	return p.status;
}
