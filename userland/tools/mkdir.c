/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdir: makes directories. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/tools/lib/path.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "mkdir",
	.summary = TOOL_SUMMARY,
	.usage = "[-p] [-m MODE] DIRECTORY...",
	.details = "  -p        also the directories above; one that is there is no mistake\n"
		   "  -m MODE   permissions, in octal\n",
	.options = "pm:",
};

static int make(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return 0;
	tool_error("%s: %s", path, strerror(errno));
	return TOOL_FAILED;
}

static int make_all(char *path, mode_t mode)
{
	for (char *at = path + strspn(path, "/"); *at;) {
		at += strcspn(at, "/");
		char slash = *at;
		*at = '\0';
		if (mkdir(path, slash ? 0777 : mode) != 0 && (errno != EEXIST || !path_is_directory(path))) {
			tool_error("%s: %s", path, strerror(errno == EEXIST ? ENOTDIR : errno));
			return TOOL_FAILED;
		}
		*at = slash;
		at += strspn(at, "/");
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool above = false;
	mode_t mode = 0777;
	char *end;
	int status = 0;

	tool_begin(&tool, argc, argv);
	for (int c; (c = tool_option(argc, argv)) != -1;) {
		if (c == 'p') {
			above = true;
			continue;
		}
		mode = (mode_t)strtoul(optarg, &end, 8);
		if (!*optarg || *end || mode > 07777)
			tool_usage("%s is no mode", optarg);
	}
	if (optind == argc)
		tool_usage("which directory?");
	for (int i = optind; i < argc; i++)
		status |= above ? make_all(argv[i], mode) : make(argv[i], mode);
	return status;
}
