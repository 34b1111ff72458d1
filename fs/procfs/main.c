/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of procfs. */
#include <unistd.h>

#include "fs/procfs/procfs.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

/* Without it /proc/device-tree is empty, and cpuinfo short. */
static void tree_open(struct procfs *procfs)
{
	struct vmo_info info;
	handle_t vmo = startup_handle(HND_FDT);
	void *blob;
	status_t status = vmo_info(vmo, &info);

	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, info.size, MAP_READ, &blob);
	if (status == OK)
		status = tree_make(blob, info.size, &procfs->tree);
	if (status != OK)
		log_line(LOG_WARN, "procfs: there is no device tree that can be read");
}

int main(void)
{
	static struct procfs procfs;
	struct handle_info info;

	procfs.examiner = startup_handle(FS_HND_EXAMINER);
	procfs.inspect = startup_handle("res.inspect");
	procfs.examine = startup_handle("res.examine");
	procfs.ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	status_t status = handle_info(procfs.examiner, &info);
	if (status != OK)
		return FS_EXIT(status);
	procfs.vfs_koid = info.koid;
	tree_open(&procfs);
	return fs_main(&procfs_ops, &procfs, true);
}
