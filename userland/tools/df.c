/* SPDX-License-Identifier: BSD-2-Clause */
/* df: how full file systems are. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "df",
	.summary = TOOL_SUMMARY,
	.usage = "[FILE...]",
	.details = "Sizes in KiB: of the file systems that the files are in, or of all.\n",
	.options = "k",
};

static int add(struct table *table, const char *source, const char *path)
{
	struct statvfs st;

	if (statvfs(path, &st) != 0) {
		tool_error("%s: %s", path, strerror(errno));
		return TOOL_FAILED;
	}
	uint64_t unit = st.f_frsize, used = st.f_blocks - st.f_bfree;
	uint64_t known = used + st.f_bavail;
	table_add(table, "%s", source);
	table_add(table, "%" PRIu64, (uint64_t)st.f_blocks * unit / 1024);
	table_add(table, "%" PRIu64, used * unit / 1024);
	table_add(table, "%" PRIu64, (uint64_t)st.f_bavail * unit / 1024);
	if (known)
		table_add(table, "%" PRIu64 "%%", (used * 100 + known - 1) / known);
	else
		table_add(table, "-");
	table_add(table, "%s", path);
	return 0;
}

int main(int argc, char **argv)
{
	static struct vfs_mount mounts[64];
	struct table table;
	uint32_t count = 0;
	int status = 0;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		;
	table_begin(&table, "SOURCE >KIB >USED >AVAILABLE >USE PATH");
	for (int i = optind; i < argc; i++)
		status |= add(&table, "-", argv[i]);
	if (optind == argc) {
		status_t s = vfs_mounts(tool_handle(HND_VFS, "files"), 0, mounts, 64, &count);

		if (s != OK)
			tool_fail("the mounts cannot be listed (status %d)", (int)s);
		for (uint32_t i = 0; i < count; i++)
			status |= add(&table, mounts[i].source, mounts[i].point);
	}
	return status | table_print(&table);
}
