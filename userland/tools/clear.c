/* SPDX-License-Identifier: BSD-2-Clause */
/* clear: empties the screen. */
#include <stdio.h>

#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "clear",
	.summary = TOOL_SUMMARY,
	.usage = "",
	.details = "",
	.options = "",
};

int main(int argc, char **argv)
{
	tool_begin(&tool, argc, argv);
	/* ECMA-48: cursor to the upper left corner, erase all, erase what was scrolled away (xterm). */
	fputs("\033[H\033[2J\033[3J", stdout);
	return tool_end(0);
}
