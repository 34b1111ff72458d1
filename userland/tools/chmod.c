/* SPDX-License-Identifier: BSD-2-Clause */
/* chmod: changes permissions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {.name = "chmod",
				 .summary = TOOL_SUMMARY,
				 .usage = "MODE FILE...",
				 .details = "MODE is octal: 644\n",
				 .options = ""};

int main(int argc, char **argv)
{
	char *end;
	int status = 0;

	tool_begin(&tool, argc, argv);
	(void)tool_option(argc, argv);
	if (argc - optind < 2)
		tool_usage("which permissions, of which file?");
	unsigned long mode = strtoul(argv[optind], &end, 8);
	if (!*argv[optind] || *end || mode > 07777)
		tool_usage("%s is no mode", argv[optind]);
	for (int i = optind + 1; i < argc; i++) {
		if (chmod(argv[i], (mode_t)mode) == 0)
			continue;
		tool_error("%s: %s", argv[i], strerror(errno));
		status = TOOL_FAILED;
	}
	return status;
}
