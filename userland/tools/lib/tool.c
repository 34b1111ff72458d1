/* SPDX-License-Identifier: BSD-2-Clause */
/* The common part of the tools. */
#include "userland/tools/lib/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/startup.h"

static const struct tool *tool;

void tool_begin(const struct tool *t, int argc, char **argv)
{
	tool = t;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") != 0)
			continue;
		printf("usage: %s%s%s\n%s\n%s", t->name, *t->usage ? " " : "", t->usage, t->summary, t->details);
		exit(tool_end(0));
	}
	opterr = 0;
}

int tool_option(int argc, char **argv)
{
	int letter = getopt(argc, argv, tool->options);
	if (letter != '?')
		return letter;
	const char *given = strchr(tool->options, optopt);
	if (given && given[1] == ':')
		tool_usage("-%c needs an argument", optopt);
	tool_usage("unknown option -%c", optopt);
}

static void message(const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", tool->name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void tool_error(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	message(format, args);
	va_end(args);
}

void tool_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	message(format, args);
	va_end(args);
	exit(TOOL_FAILED);
}

void tool_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	message(format, args);
	va_end(args);
	fprintf(stderr, "usage: %s%s%s\n", tool->name, *tool->usage ? " " : "", tool->usage);
	exit(TOOL_USAGE);
}

void tool_arguments(int argc, int allowed)
{
	if (argc - optind > allowed)
		tool_usage("too many arguments");
}

handle_t tool_handle(const char *name, const char *capability)
{
	handle_t handle = startup_handle(name);
	if (handle == HANDLE_NONE)
		tool_fail("not allowed: the service that started this needs the capability '%s'", capability);
	return handle;
}

int tool_end(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		tool_error("cannot write: %s", strerror(errno));
		return status ? status : TOOL_FAILED;
	}
	return status;
}

const char *status_text(status_t status)
{
	switch (status) {
	case ERR_NO_MEMORY: return "out of memory";
	case ERR_NO_HANDLES: return "out of handles";
	case ERR_PEER_DIED: return "the server died";
	case ERR_CLOSED: return "nobody serves it any more";
	case ERR_TIMED_OUT: return "no answer in time";
	case ERR_NOT_FOUND: return "not found";
	case ERR_STATE: return "not possible in its present state";
	case ERR_ACCESS:
	case ERR_RIGHTS: return "not allowed";
	case ERR_UNSUPPORTED: return "not supported";
	case ERR_BUSY: return "busy";
	case ERR_IO: return "the device failed";
	case ERR_PROTOCOL: return "malformed message";
	default: {
		static char text[24];
		snprintf(text, sizeof(text), "error %" PRId64, status);
		return text;
	}
	}
}

const char *size_text(uint64_t bytes, char out[SIZE_TEXT])
{
	static const char units[] = "KMGTPE";
	if (bytes < 1024) {
		snprintf(out, SIZE_TEXT, "%" PRIu64, bytes);
		return out;
	}
	unsigned unit = 0;
	uint64_t tenths = bytes * 10 / 1024; /* bytes are below 2^60 on any machine */
	while (tenths >= 10240) {
		tenths /= 1024;
		unit++;
	}
	if (tenths < 100)
		snprintf(out, SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
	else
		snprintf(out, SIZE_TEXT, "%" PRIu64 "%c", tenths / 10, units[unit]);
	return out;
}

const char *time_text(uint64_t ns, char out[TIME_TEXT])
{
	uint64_t ms = ns / 1000000, seconds = ms / 1000;
	if (seconds < 60)
		snprintf(out, TIME_TEXT, "%" PRIu64 ".%03" PRIu64 "s", seconds, ms % 1000);
	else if (seconds < 3600)
		snprintf(out, TIME_TEXT, "%" PRIu64 ":%02" PRIu64 ".%" PRIu64, seconds / 60, seconds % 60,
			 ms % 1000 / 100);
	else
		snprintf(out, TIME_TEXT, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600, seconds / 60 % 60,
			 seconds % 60);
	return out;
}

uint64_t number_argument(const char *text, uint64_t high, const char *what)
{
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno != 0 || value > high)
		tool_usage("'%s' is not %s", text, what);
	return value;
}
