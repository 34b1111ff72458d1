/* SPDX-License-Identifier: BSD-2-Clause */
/* echo: prints its arguments. */
#include <stdio.h>
#include <string.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "echo",
	.summary = TOOL_SUMMARY,
	.usage = "[-n] [WORD...]",
	.details = "  -n   no end of line\n",
	.options = "",
};

int main(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "-n") == 0 ? 2 : 1;
	/* "echo --help" alone is a question; among other words it is a word. */
	tool_begin(&tool, argc == 2 ? argc : 1, argv);
	for (int i = first; i < argc; i++)
		printf("%s%s", i > first ? " " : "", argv[i]);
	if (first == 1)
		putchar('\n');
	return tool_end(0);
}
