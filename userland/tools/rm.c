/* SPDX-License-Identifier: BSD-2-Clause */
/* rm: removes names of files. */
#include <string.h>
#include <unistd.h>

#include "userland/tools/lib/path.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "rm",
	.summary = TOOL_SUMMARY,
	.usage = "[-f] [-r] FILE...",
	.details = "  -f   what is not there is no mistake\n"
		   "  -r   directories with everything in them\n",
	.options = "frR",
};

/* "/", "." and ".." are never meant. */
static bool unwise(const char *path)
{
	size_t end = strlen(path);

	while (end && path[end - 1] == '/')
		end--;
	if (!end)
		return *path == '/';
	return (path[end - 1] == '.' && (end == 1 || path[end - 2] == '/')) ||
	       (end >= 2 && path[end - 1] == '.' && path[end - 2] == '.' && (end == 2 || path[end - 3] == '/'));
}

int main(int argc, char **argv)
{
	bool force = false, recursive = false;
	int status = 0;

	tool_begin(&tool, argc, argv);
	for (int c; (c = tool_option(argc, argv)) != -1;)
		*(c == 'f' ? &force : &recursive) = true;
	if (optind == argc && !force)
		tool_usage("which file?");
	for (int i = optind; i < argc; i++) {
		if (unwise(argv[i])) {
			tool_error("%s is not removed", argv[i]);
			status = TOOL_FAILED;
		} else {
			status |= remove_tree(argv[i], recursive, force);
		}
	}
	return status;
}
