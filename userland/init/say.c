/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of init. */
#include "userland/init/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys/lib/log.h"

void say(unsigned level, const char *format, ...)
{
	char line[LOG_LINE_MAX] = "init: ";
	va_list args;
	va_start(args, format);
	vsnprintf(line + 6, sizeof(line) - 6, format, args);
	va_end(args);
	log_line(level, line);
}

const char *status_text(status_t status)
{
	static const char *const texts[] = {
		"no error",
		"invalid argument",
		"no such handle",
		"wrong type of handle",
		"a right is missing",
		"out of memory",
		"out of handles",
		"a limit of the quota is reached",
		"bad address",
		"the other side died",
		"nobody serves it any more",
		"cancelled",
		"no answer in time",
		"would block",
		"busy",
		"exists already",
		"not found",
		"not possible in this state",
		"out of range",
		"no such call",
		"not supported",
		"malformed message",
		"the device failed",
		"not allowed",
		"changed meanwhile",
		"not a program, or damaged",
		"it is in another file system",
		"the second is in another file system",
		"not a directory",
		"a directory",
		"the directory is not empty",
		"too many symbolic links",
		"the name is too long",
		"read-only file system",
		"no space left",
		"too big",
		"too many links",
		"not in the same file system",
		"not its owner",
		"it is a device",
		"it would deadlock",
		"it has no places",
		"nobody reads",
		"interrupted",
	};
	_Static_assert(sizeof(texts) / sizeof(texts[0]) == -ERR_LAST + 1, "one text for each error");
	return status <= 0 && status >= ERR_LAST ? texts[-status] : "unknown error";
}
