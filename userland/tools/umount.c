/* SPDX-License-Identifier: BSD-2-Clause */
/* umount: takes a mount away. */
#include <string.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "sys/posix/veridian.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "umount",
	.summary = TOOL_SUMMARY,
	.usage = "[-f] DIRECTORY",
	.details = "DIRECTORY is the mount point as `mount` shows it, or the source.\n"
		   "  -f   although files are open: they are lost\n",
	.options = "f",
};

int main(int argc, char **argv)
{
	static struct vfs_mount mounts[64];
	const struct vfs_mount *found = NULL;
	uint32_t count = 0;
	bool force = false;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		force = true;
	if (argc - optind != 1)
		tool_usage("which one?");
	handle_t vfs = tool_handle(HND_VFS, "mounts");
	status_t status = vfs_mounts(vfs, 0, mounts, 64, &count);
	if (status != OK)
		tool_fail("the mounts cannot be listed (status %d)", (int)status);
	/* Of several at one place the last is what is seen. */
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(mounts[i].point, argv[optind]) == 0 || strcmp(mounts[i].source, argv[optind]) == 0)
			found = &mounts[i];
	}
	if (!found)
		tool_fail("%s is not mounted", argv[optind]);
	status = vfs_unmount(vfs, found->number, force);
	if (status == ERR_BUSY)
		tool_fail("%s is in use (-f does it all the same)", argv[optind]);
	if (status != OK)
		tool_fail("%s: %s", argv[optind], strerror(veridian_errno(status)));
	return 0;
}
