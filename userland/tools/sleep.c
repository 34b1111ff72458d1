/* SPDX-License-Identifier: BSD-2-Clause */
/* sleep: waits. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <time.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "sleep",
	.summary = TOOL_SUMMARY,
	.usage = "TIME...",
	.details = "TIME: seconds, with a fraction if wanted (0.5), or with a letter s, m, h, d. Several are added.\n",
	.options = "",
};

#define SECONDS_MAX 1000000000ull /* some 30 years */

/* Nanoseconds. */
static uint64_t parse_time(const char *text)
{
	const char *at = text;
	uint64_t seconds = 0, ns = 0, unit = 1, digit = 100000000;
	while (isdigit((unsigned char)*at) && seconds <= SECONDS_MAX)
		seconds = seconds * 10 + (uint64_t)(*at++ - '0');
	if (*at == '.') {
		for (at++; isdigit((unsigned char)*at); at++, digit /= 10)
			ns += digit * (uint64_t)(*at - '0');
	}
	bool empty = at == text || (at == text + 1 && *text == '.');
	if (*at) {
		unit = *at == 's' ? 1 : *at == 'm' ? 60 : *at == 'h' ? 3600 : *at == 'd' ? 86400 : 0;
		at++;
	}
	if (empty || unit == 0 || *at || seconds > SECONDS_MAX / unit)
		tool_usage("'%s' is not a time", text);
	return (seconds * 1000000000 + ns) * unit;
}

int main(int argc, char **argv)
{
	extern int optind;
	uint64_t total = 0;
	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		;
	if (optind == argc)
		tool_usage("how long?");
	for (int i = optind; i < argc; i++) {
		uint64_t ns = parse_time(argv[i]);
		total = total + ns < total ? UINT64_MAX : total + ns;
	}
	struct timespec left = {.tv_sec = (time_t)(total / 1000000000), .tv_nsec = (long)(total % 1000000000)};
	while (nanosleep(&left, &left) != 0) {
		if (errno != EINTR)
			tool_fail("cannot wait");
	}
	return 0;
}
