/* SPDX-License-Identifier: BSD-2-Clause */
/* devfs: devmgr's devices as files. */
#include "fs/devfs/devfs.h"
#include "sys/abi/startup.h"
#include "sys/lib/startup.h"

int main(void)
{
	static struct devices devices;
	status_t status = devices_begin(&devices, startup_handle(HND_DEVMGR));

	if (status == OK)
		status = terminals_begin(&devices, startup_handle(HND_TTY));
	return status == OK ? fs_main(&devfs_ops, &devices, true) : FS_EXIT(status);
}
