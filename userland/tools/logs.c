/* SPDX-License-Identifier: BSD-2-Clause */
/* logs: what the logger has gathered from services and the kernel. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/syscall.h"
#include "userland/logger/line.h"
#include "userland/tools/lib/log_lines.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "logs",
	.summary = TOOL_SUMMARY,
	.usage = "[-f] [-k] [-u SERVICE] [-l LEVEL] [-n N] [--since TIME]",
	.details =
		"  -f            go on with what comes (Ctrl-C ends); shows the last 10 lines first unless -n says other\n"
		"  -k            only what the kernel says itself\n"
		"  -u SERVICE    only of this service (or process, as it stands in brackets)\n"
		"  -l LEVEL      only error, warn (and error), info, or debug (everything)\n"
		"  -n N          the last N of these lines; 0: all\n"
		"  --since TIME  not older than that: 30s, 5m, 2h ago, or @SECONDS since the start (as -s)\n"
		"Older lines are in /var/log/system.log where that can be written; the kernel's own log is shown by dmesg.\n",
	.options = "fku:l:n:s:",
};

static enum logger_level parse_level(const char *text)
{
	for (unsigned i = LOGGER_LEVEL_ERROR; i <= LOGGER_LEVEL_DEBUG; i++) {
		if (strcmp(line_level_name((enum logger_level)i), text) == 0)
			return (enum logger_level)i;
	}
	tool_usage("'%s' is no level: error, warn, info, debug", text);
}

static uint64_t parse_since(const char *text)
{
	uint64_t ns = 0, back;
	char *end;

	clock_get(&ns);
	if (*text == '@')
		return number_argument(text + 1, 1000000000, "time") * 1000000000;
	back = strtoull(text, &end, 10);
	if (end == text || back > 1000000000 || (*end && (!strchr("smh", *end) || end[1])))
		tool_usage("'%s' is no time: 30s, 5m, 2h (ago), @SECONDS (since the start)", text);
	back *= 1000000000ull * (*end == 'h' ? 3600 : *end == 'm' ? 60 : 1);
	return back < ns ? ns - back : 0;
}

/* --since is -s. */
static void shorten(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--since") == 0)
			argv[i] = "-s";
		else if (strncmp(argv[i], "--since=", 8) == 0)
			memcpy(argv[i] += 6, "-s", 2);
	}
}

int main(int argc, char **argv)
{
	struct log_wish wish = {.level = LOGGER_LEVEL_DEBUG};
	bool counted = false;
	int letter;

	tool_begin(&tool, argc, argv);
	shorten(argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		switch (letter) {
		case 'f': wish.follow = true; break;
		case 'k': wish.kernel = true; break;
		case 'u': wish.source = optarg; break;
		case 'l': wish.level = parse_level(optarg); break;
		case 's': wish.since_ns = parse_since(optarg); break;
		default: wish.last = number_argument(optarg, 1000000, "count"); counted = true;
		}
	}
	tool_arguments(argc, 0);
	if (wish.follow && !counted)
		wish.last = 10;
	return tool_end(log_lines(&wish));
}
