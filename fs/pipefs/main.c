/* SPDX-License-Identifier: BSD-2-Clause */
/* pipefs: its table from vfs. */
#include "fs/pipefs/pipefs.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

int main(void)
{
	static struct pipes pipes;
	handle_t vmo = startup_handle(FS_HND_STORE);
	struct vmo_info info;
	void *table;
	status_t status = vmo_info(vmo, &info);

	if (status == OK && info.size < FS_PIPES_STORE_BYTES)
		status = ERR_BAD_FORMAT;
	if (status == OK)
		status = vmo_map(HANDLE_NONE, vmo, 0, NULL, FS_PIPES_STORE_BYTES, MAP_READ | MAP_WRITE, &table);
	if (status == OK)
		status = pipes_open(&pipes, table);
	if (status != OK)
		return FS_EXIT(status);
	return fs_main(&pipefs_ops, &pipes, false);
}
