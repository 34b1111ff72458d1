/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks init to end the system, and waits for it. */
#include "userland/tools/lib/end_system.h"

#include <unistd.h>

#include "sys/abi/startup.h"

#define WAIT_SECONDS 30 /* init gives services 10 s; what is told after that is no longer true */

int end_system(const struct tool *tool, enum init_end end, int argc, char **argv)
{
	tool_begin(tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		;
	tool_arguments(argc, 0);
	status_t status = init_shutdown(tool_handle(HND_INIT, "power"), end);
	if (status == ERR_ACCESS)
		tool_fail("not allowed: the service that started this needs the capability 'power'");
	if (status == ERR_STATE)
		tool_fail("the system is ending already");
	if (status != OK)
		tool_fail("init does not do it: %s", status_text(status));
	/* A prompt in between would be confusing. */
	sleep(WAIT_SECONDS);
	tool_fail("the system still runs: see dmesg");
}
