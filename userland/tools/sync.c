/* SPDX-License-Identifier: BSD-2-Clause */
/* sync: brings everything that was written onto the media. */
#include <string.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {.name = "sync", .summary = TOOL_SUMMARY, .usage = "", .details = "", .options = ""};

int main(int argc, char **argv)
{
	tool_begin(&tool, argc, argv);
	(void)tool_option(argc, argv);
	tool_arguments(argc, 0);
	/* sync() itself cannot say what went wrong. */
	status_t status = vfs_sync(tool_handle(HND_VFS, "files"));
	if (status != OK)
		tool_fail("not everything could be written (status %d)", (int)status);
	return 0;
}
