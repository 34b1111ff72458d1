/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to standard error with the program's name, and what errno says: err, warn and their families. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/posix/program_name.h"

/* A message comes in one piece even if other threads write: the stream is ours until it is whole. */
static void message(const char *error, const char *format, va_list arguments)
{
	flockfile(stderr);
	fprintf(stderr, "%s: ", program_name());
	if (format)
		vfprintf(stderr, format, arguments);
	if (error)
		fprintf(stderr, "%s%s", format ? ": " : "", error);
	fputc('\n', stderr);
	funlockfile(stderr);
}

void vwarn(const char *format, va_list arguments)
{
	message(strerror(errno), format, arguments);
}

void vwarnx(const char *format, va_list arguments)
{
	message(NULL, format, arguments);
}

void warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarn(format, arguments);
	va_end(arguments);
}

void warnx(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarnx(format, arguments);
	va_end(arguments);
}

void verr(int status, const char *format, va_list arguments)
{
	vwarn(format, arguments);
	exit(status);
}

void verrx(int status, const char *format, va_list arguments)
{
	vwarnx(format, arguments);
	exit(status);
}

void err(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	verr(status, format, arguments);
}

void errx(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	verrx(status, format, arguments);
}
