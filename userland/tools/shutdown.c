/* SPDX-License-Identifier: BSD-2-Clause */
/* shutdown: ends the system in order and switches the machine off. */
#include "userland/tools/lib/end_system.h"

static const struct tool tool = {
	.name = "shutdown",
	.summary = TOOL_SUMMARY,
	.usage = "",
	.details = "Services are stopped in the reverse of the order in which they depend on each other.\n",
	.options = "",
};

int main(int argc, char **argv)
{
	return end_system(&tool, INIT_END_POWER_OFF, argc, argv);
}
