/* SPDX-License-Identifier: BSD-2-Clause */
/* What all tools do in the same way: --help, options, messages, exit statuses (0 done, 1 failed, 2 called wrongly). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

#define TOOL_FAILED 1
#define TOOL_USAGE  2

struct tool {
	const char *name;
	const char *summary; /* one line: TOOL_SUMMARY, from the list of tools in meson.build */
	const char *usage;   /* what follows the name */
	const char *details; /* lines about options and output; may be "" */
	const char *options; /* letters, as getopt takes them */
};

/* To be called first. Sees to --help. */
void tool_begin(const struct tool *tool, int argc, char **argv);
/* The next option's letter, -1 when there are no more; a mistake ends the program. */
int tool_option(int argc, char **argv);
/* A message on standard error, "NAME: …". */
__attribute__((format(printf, 1, 2))) void tool_error(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void tool_fail(const char *format, ...);
/* Called wrongly: says why and how it is called. */
__attribute__((format(printf, 1, 2), noreturn)) void tool_usage(const char *format, ...);
/* Ends the program if there are more arguments than that. */
void tool_arguments(int argc, int allowed);
/* A handle that the program was started with; ends the program if it was not: `capability` is what the service needs. */
handle_t tool_handle(const char *name, const char *capability);
/* The exit status, after everything was written. */
int tool_end(int status);

/* For messages. */
const char *status_text(status_t status);

#define SIZE_TEXT 16
#define TIME_TEXT 24
/* "512", "12K", "3.4M": at most 5 characters. */
const char *size_text(uint64_t bytes, char out[SIZE_TEXT]);
/* CPU and other times: "0.012s", "1:02.3", "2:01:14". */
const char *time_text(uint64_t ns, char out[TIME_TEXT]);
/* A decimal number up to `high`, or the program ends: `what` names it. */
uint64_t number_argument(const char *text, uint64_t high, const char *what);
