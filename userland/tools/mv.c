/* SPDX-License-Identifier: BSD-2-Clause */
/* mv: renames files, or copies them to another file system and removes them here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/path.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "mv",
	.summary = TOOL_SUMMARY,
	.usage = "FROM... TO",
	.details = "If TO is a directory the files go into it.\n",
	.options = "f",
};

static int move(const char *from, const char *to)
{
	if (rename(from, to) == 0)
		return 0;
	if (errno != EXDEV) {
		tool_error("%s to %s: %s", from, to, strerror(errno));
		return TOOL_FAILED;
	}
	/* Nothing is removed before all of it is there. */
	int status = copy_tree(from, to, true, true);
	return status ? status : remove_tree(from, true, false);
}

int main(int argc, char **argv)
{
	int status = 0;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		; /* -f: it never asks */
	if (argc - optind < 2)
		tool_usage("from where to where?");
	const char *to = argv[argc - 1];
	bool into = path_is_directory(to);
	if (argc - optind > 2 && !into)
		tool_fail("%s is no directory", to);
	for (int i = optind; i < argc - 1; i++) {
		struct text target = {0};

		if (into)
			path_into(&target, to, argv[i]);
		status |= move(argv[i], into ? text_get(&target) : to);
		text_free(&target);
	}
	return status;
}
