/* SPDX-License-Identifier: BSD-2-Clause */
/* The formatter behind klog and panic. Pure: tested on the host against the C library's. */
#include "kernel/lib/format.h"

#include <stdbool.h>
#include <stdint.h>

#define DIGITS_MAX 20 /* of 2^64 in decimal */

struct output {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width;
	int precision; /* -1: none given */
	int length;    /* of the argument in bytes */
	char kind;
};

static void put(struct output *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_padding(struct output *out, char c, int count)
{
	for (; count > 0; count--)
		put(out, c);
}

static void put_string(struct output *out, const struct spec *spec, const char *s)
{
	int len = 0;

	if (!s)
		s = "(null)";
	while ((spec->precision < 0 || len < spec->precision) && s[len])
		len++;
	if (!spec->left)
		put_padding(out, ' ', spec->width - len);
	for (int i = 0; i < len; i++)
		put(out, s[i]);
	if (spec->left)
		put_padding(out, ' ', spec->width - len);
}

static void put_number(struct output *out, const struct spec *spec, uint64_t value, bool negative)
{
	char digits[DIGITS_MAX];
	const char *prefix = "";
	unsigned base = spec->kind == 'd' || spec->kind == 'u' ? 10 : 16;
	const char *alphabet = spec->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	int count = 0, prefix_len = 0, zeros;

	if (negative)
		prefix = "-";
	else if (spec->kind == 'd' && spec->plus)
		prefix = "+";
	else if (spec->kind == 'd' && spec->space)
		prefix = " ";
	else if (spec->kind == 'p' || (base == 16 && spec->alternate && value))
		prefix = spec->kind == 'X' ? "0X" : "0x";
	while (prefix[prefix_len])
		prefix_len++;

	for (; value; value /= base)
		digits[count++] = alphabet[value % base];
	zeros = (spec->precision < 0 ? 1 : spec->precision) - count;
	if (zeros < 0)
		zeros = 0;
	if (spec->zero && !spec->left && spec->precision < 0 && zeros < spec->width - prefix_len - count)
		zeros = spec->width - prefix_len - count;

	if (!spec->left)
		put_padding(out, ' ', spec->width - prefix_len - zeros - count);
	for (int i = 0; i < prefix_len; i++)
		put(out, prefix[i]);
	put_padding(out, '0', zeros);
	for (int i = count; i > 0; i--)
		put(out, digits[i - 1]);
	if (spec->left)
		put_padding(out, ' ', spec->width - prefix_len - zeros - count);
}

/* Cut to the length the conversion names: %hhu of 257 is 1. */
static int64_t narrow_signed(int64_t v, int length)
{
	return length == 1 ? (int8_t)v : length == 2 ? (int16_t)v : length == 4 ? (int32_t)v : v;
}
static uint64_t narrow_unsigned(uint64_t v, int length)
{
	return length == 1 ? (uint8_t)v : length == 2 ? (uint16_t)v : length == 4 ? (uint32_t)v : v;
}

static int parse_number(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		if (n < 10000)
			n = n * 10 + (**fmt - '0');
	return n;
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else if (*fmt == '+')
			spec->plus = true;
		else if (*fmt == ' ')
			spec->space = true;
		else if (*fmt == '#')
			spec->alternate = true;
		else
			return fmt;
	}
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	spec->length = sizeof(int);
	for (;; fmt++) {
		if (*fmt == 'h')
			spec->length = spec->length == sizeof(short) ? 1 : (int)sizeof(short);
		else if (*fmt == 'l' || *fmt == 'z' || *fmt == 'j' || *fmt == 't')
			spec->length = sizeof(int64_t);
		else
			return fmt;
	}
}

size_t format_text_va(char *buf, size_t size, const char *fmt, va_list args)
{
	struct output out = {.buf = buf, .size = size};

	for (; *fmt; fmt++) {
		struct spec spec = {.precision = -1};
		const char *start = fmt;

		if (*fmt != '%') {
			put(&out, *fmt);
			continue;
		}
		fmt = parse_flags(fmt + 1, &spec);
		if (*fmt == '*') {
			spec.width = va_arg(args, int);
			if (spec.width < 0) {
				spec.left = true;
				spec.width = -spec.width;
			}
			fmt++;
		} else {
			spec.width = parse_number(&fmt);
		}
		if (*fmt == '.') {
			fmt++;
			if (*fmt == '*') {
				spec.precision = va_arg(args, int); /* negative: as if not given */
				fmt++;
			} else {
				spec.precision = parse_number(&fmt);
			}
		}
		fmt = parse_length(fmt, &spec);
		spec.kind = *fmt;
		switch (spec.kind) {
		case 'd':
		case 'i': {
			int64_t v = spec.length == 8 ? va_arg(args, int64_t) : va_arg(args, int);

			v = narrow_signed(v, spec.length);
			spec.kind = 'd';
			put_number(&out, &spec, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0);
			break;
		}
		case 'u':
		case 'x':
		case 'X': {
			uint64_t v = spec.length == 8 ? va_arg(args, uint64_t) : va_arg(args, unsigned);

			put_number(&out, &spec, narrow_unsigned(v, spec.length), false);
			break;
		}
		case 'p': put_number(&out, &spec, (uintptr_t)va_arg(args, void *), false); break;
		case 'c': {
			char text[2] = {(char)va_arg(args, int), 0};

			put_padding(&out, ' ', spec.left ? 0 : spec.width - 1);
			put(&out, text[0]);
			put_padding(&out, ' ', spec.left ? spec.width - 1 : 0);
			break;
		}
		case 's': put_string(&out, &spec, va_arg(args, const char *)); break;
		case '%': put(&out, '%'); break;
		default: /* unknown, so are the places of further arguments */
			for (fmt = start; *fmt; fmt++)
				put(&out, *fmt);
			goto end;
		}
	}
end:
	if (size)
		buf[out.len < size ? out.len : size - 1] = 0;
	return out.len;
}

size_t format_text(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = format_text_va(buf, size, fmt, args);
	va_end(args);
	return len;
}
