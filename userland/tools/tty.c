/* SPDX-License-Identifier: BSD-2-Clause */
/* tty: the name of the terminal at standard input. */
#include <stdio.h>
#include <unistd.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "tty",
	.summary = TOOL_SUMMARY,
	.usage = "[-s]",
	.details = "-s: print nothing; exit status 0: a terminal, 1: none.\n",
	.options = "s",
};

int main(int argc, char **argv)
{
	bool silent = false;
	const char *name;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		silent = true;
	tool_arguments(argc, 0);
	name = ttyname(STDIN_FILENO);
	if (!silent)
		puts(name ? name : "not a tty");
	return tool_end(name ? 0 : TOOL_FAILED);
}
