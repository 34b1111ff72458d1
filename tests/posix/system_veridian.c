/* SPDX-License-Identifier: BSD-2-Clause */
/* Veridian: the first process of a test starts a vfs, and then this program again. */
#include "tests/posix/system.h"

/* What is the C library's own is behind other names. */
#include "sys/posix/private_names.h"

#include "protocols/vfs.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/resolve.h"
#include "sys/posix/test/files_up.h"

#define PROGRAM "/system/test/posix-facts"

bool system_prepare(int argc, char **argv, int *status)
{
	(void)argc;
	if (files_given())
		return false;
	argv[0] = PROGRAM;
	*status = files_run(PROGRAM + sizeof("/system/") - 1, argv);
	return true;
}

/* A user is a view here: one that is narrower than this process's own takes its place. */
int system_become(uid_t user, gid_t group, const gid_t *groups, size_t count)
{
	struct vfs_group list[VFS_GROUPS_MAX];
	handle_t view;
	status_t status;

	if (count > VFS_GROUPS_MAX)
		return (int)posix_result(-EINVAL);
	for (size_t i = 0; i < count; i++)
		list[i].id = groups[i];
	status = vfs_narrow(resolve_vfs, user, group, list, count, 0, &view);
	if (status == OK)
		resolve_use(view);
	return (int)posix_result(neg_errno(status));
}
