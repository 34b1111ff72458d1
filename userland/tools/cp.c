/* SPDX-License-Identifier: BSD-2-Clause */
/* cp: copies files. */
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/path.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "cp",
	.summary = TOOL_SUMMARY,
	.usage = "[-r] [-p] FROM... TO",
	.details = "If TO is a directory the copies go into it.\n"
		   "  -r   directories with everything in them; symbolic links as such\n"
		   "  -p   with owner, permissions and times\n",
	.options = "rRp",
};

int main(int argc, char **argv)
{
	bool recursive = false, keep = false;
	int status = 0;

	tool_begin(&tool, argc, argv);
	for (int c; (c = tool_option(argc, argv)) != -1;)
		*(c == 'p' ? &keep : &recursive) = true;
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
		const char *end = into ? text_get(&target) : to;
		size_t len = strlen(argv[i]);
		if (recursive && strncmp(argv[i], end, len) == 0 && end[len] == '/') {
			tool_error("%s cannot be copied into itself", argv[i]);
			status = TOOL_FAILED;
		} else {
			status |= copy_tree(argv[i], end, recursive, keep);
		}
		text_free(&target);
	}
	return status;
}
