/* SPDX-License-Identifier: BSD-2-Clause */
/* bootfs: the archive from vfs. */
#include "fs/bootfs/bootfs.h"
#include "sys/lib/bootfs.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

int main(void)
{
	struct bootfs archive;
	struct bootfs_tree *tree = NULL;
	status_t status = bootfs_open(startup_handle(HND_BOOTFS), &archive);

	if (status == OK)
		tree = bootfs_tree_make(archive.data, archive.size, archive.vmo, &status);
	if (!tree)
		return FS_EXIT(status);
	return fs_main(&bootfs_ops, tree, true);
}
