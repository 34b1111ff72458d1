/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for the kernel log, without a C library. */

#include "tests/system/lib/test.h"

#include <stdarg.h>

struct sink {
	char *buffer;
	size_t size, length;
};

static void put(struct sink *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length++] = c;
}

static void put_number(struct sink *out, uint64_t value, unsigned base, unsigned width, char fill)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (unsigned i = n; i < width; i++)
		put(out, fill);
	while (n)
		put(out, digits[--n]);
}

static void format_list(struct sink *out, const char *format, va_list list)
{
	for (; *format; format++) {
		unsigned width = 0;
		bool wide = false;
		char fill = ' ';
		int64_t number;

		if (*format != '%') {
			put(out, *format);
			continue;
		}
		format++;
		if (*format == '0')
			fill = '0';
		while (*format >= '0' && *format <= '9')
			width = width * 10 + (unsigned)(*format++ - '0');
		while (*format == 'l') {
			wide = true;
			format++;
		}
		switch (*format) {
		case 's':
			for (const char *s = va_arg(list, const char *); *s; s++)
				put(out, *s);
			break;
		case 'c': put(out, (char)va_arg(list, int)); break;
		case 'd':
			number = wide ? va_arg(list, long) : va_arg(list, int);
			if (number < 0)
				put(out, '-');
			put_number(out, number < 0 ? -(uint64_t)number : (uint64_t)number, 10, width, fill);
			break;
		case 'u':
		case 'x':
			put_number(out, wide ? va_arg(list, unsigned long) : va_arg(list, unsigned),
				   *format == 'x' ? 16 : 10, width, fill);
			break;
		case '%': put(out, '%'); break;
		default: return; /* the end of the format, or a conversion that does not exist */
		}
	}
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
	struct sink out = {buffer, size, 0};
	va_list list;

	va_start(list, format);
	format_list(&out, format, list);
	va_end(list);
	buffer[out.length] = 0;
	return out.length;
}

void print(const char *format, ...)
{
	char line[LOG_LINE_MAX];
	struct sink out = {line, sizeof(line), 0};
	va_list list;

	va_start(list, format);
	format_list(&out, format, list);
	va_end(list);
	log_write(LOG_INFO, line, out.length);
}
