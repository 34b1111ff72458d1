/* SPDX-License-Identifier: BSD-2-Clause */
/* rmdir: removes empty directories. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "rmdir", .summary = TOOL_SUMMARY, .usage = "DIRECTORY...", .details = "", .options = ""};

int main(int argc, char **argv)
{
	int status = 0;

	tool_begin(&tool, argc, argv);
	(void)tool_option(argc, argv);
	if (optind == argc)
		tool_usage("which directory?");
	for (int i = optind; i < argc; i++) {
		if (rmdir(argv[i]) == 0)
			continue;
		tool_error("%s: %s", argv[i], strerror(errno));
		status = TOOL_FAILED;
	}
	return status;
}
