/* SPDX-License-Identifier: BSD-2-Clause */
/* ln: gives files further names. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/path.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "ln",
	.summary = TOOL_SUMMARY,
	.usage = "[-s] [-f] TARGET [NAME]",
	.details = "  -s   a symbolic link: TARGET is its text\n"
		   "  -f   in the place of what has the name\n",
	.options = "sf",
};

int main(int argc, char **argv)
{
	bool symbolic = false, force = false;
	struct text name = {0};

	tool_begin(&tool, argc, argv);
	for (int c; (c = tool_option(argc, argv)) != -1;)
		*(c == 's' ? &symbolic : &force) = true;
	if (argc - optind < 1 || argc - optind > 2)
		tool_usage("of what, and under which name?");
	const char *target = argv[optind], *to = argc - optind == 2 ? argv[optind + 1] : ".";
	if (path_is_directory(to)) {
		path_into(&name, to, target);
		to = text_get(&name);
	}
	if (force && unlink(to) != 0 && errno != ENOENT)
		tool_fail("%s: %s", to, strerror(errno));
	if ((symbolic ? symlink(target, to) : link(target, to)) != 0)
		tool_fail("%s: %s", to, strerror(errno));
	text_free(&name);
	return 0;
}
