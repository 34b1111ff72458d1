/* SPDX-License-Identifier: BSD-2-Clause */
/* false: fails. */
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "false",
	.summary = TOOL_SUMMARY,
	.usage = "",
	.details = "",
	.options = "",
};

int main(int argc, char **argv)
{
	tool_begin(&tool, argc, argv);
	return 1;
}
