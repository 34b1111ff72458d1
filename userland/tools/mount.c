/* SPDX-License-Identifier: BSD-2-Clause */
/* mount: shows what is mounted, and mounts. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/abi/startup.h"
#include "sys/lib/syscall.h"
#include "sys/posix/veridian.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "mount",
	.summary = TOOL_SUMMARY,
	.usage = "[-t TYPE] [-o OPTIONS] [-r] [SOURCE DIRECTORY]",
	.details =
		"Without arguments it lists the mounts. SOURCE is a disk or partition of /dev, or any word for types that need none.\n"
		"  -t TYPE      tmpfs, ext4, fat … ; ext4 unless it is said\n"
		"  -o OPTIONS   of the type, as size=4M,mode=755\n"
		"  -r           nothing can be changed in it\n",
	.options = "t:o:r",
};

static int list(handle_t vfs)
{
	static const char *const states[] = {"starting", "running", "restarting", "failed", "stopping"};
	static struct vfs_mount mounts[64];
	struct table table;
	uint32_t count = 0;
	status_t status = vfs_mounts(vfs, 0, mounts, 64, &count);

	if (status != OK)
		tool_fail("the mounts cannot be listed (status %d)", (int)status);
	table_begin(&table, "SOURCE POINT TYPE ACCESS STATE >PID >RST OPTIONS");
	for (uint32_t i = 0; i < count; i++) {
		const struct vfs_mount *m = &mounts[i];

		table_add(&table, "%s", m->source);
		table_add(&table, "%s", m->point);
		table_add(&table, "%s", m->type);
		table_add(&table, "%s", m->flags & VFS_MOUNT_FLAGS_READ_ONLY ? "ro" : "rw");
		table_add(&table, "%s", m->state < sizeof(states) / sizeof(states[0]) ? states[m->state] : "?");
		table_add(&table, "%" PRIu64, m->pid);
		table_add(&table, "%" PRIu32, m->restarts);
		table_add(&table, "%s", m->options);
	}
	return table_print(&table);
}

/* A duplicate: what is sent is gone. */
static handle_t handle_of(int fd, const char *path)
{
	handle_t out = HANDLE_NONE;

	if (fd < 0)
		tool_fail("%s: %s", path, strerror(errno));
	if (handle_dup(veridian_fd_handle(fd), (uint32_t)RIGHTS_SAME, &out) != OK)
		tool_fail("%s cannot be handed over", path);
	return out;
}

int main(int argc, char **argv)
{
	const char *type = "ext4", *options = "";
	uint32_t flags = 0, number;
	struct stat st;
	status_t status;

	tool_begin(&tool, argc, argv);
	for (int c; (c = tool_option(argc, argv)) != -1;) {
		if (c == 't')
			type = optarg;
		else if (c == 'o')
			options = optarg;
		else
			flags = VFS_MOUNT_FLAGS_READ_ONLY;
	}
	handle_t vfs = tool_handle(HND_VFS, "mounts");
	if (optind == argc)
		return list(vfs);
	if (argc - optind != 2)
		tool_usage("what, and where?");
	const char *source = argv[optind], *point = argv[optind + 1];
	int directory = open(point, O_SEARCH | O_DIRECTORY);
	handle_t at = handle_of(directory, point);
	if (stat(source, &st) == 0 && S_ISBLK(st.st_mode)) {
		int disk = open(source, flags ? O_RDONLY : O_RDWR);

		status = vfs_mount_disk(vfs, at, handle_of(disk, source), type, source, options, point, flags, &number);
	} else {
		status = vfs_mount(vfs, at, type, source, options, point, flags, &number);
	}
	if (status == ERR_NOT_FOUND)
		tool_fail("there is no file system of type %s", type);
	if (status == ERR_BAD_FORMAT)
		tool_fail("%s holds no %s", source, type);
	if (status != OK)
		tool_fail("%s cannot be mounted on %s: %s", source, point, strerror(veridian_errno(status)));
	return 0;
}
