/* SPDX-License-Identifier: BSD-2-Clause */
/* Who this process is: the user and groups of its view. Without a view it is user 0, as far as anybody asks. */
#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include "protocols/vfs.h"
#include "sys/lib/mutex.h"
#include "sys/posix/errno_map.h"
#include "sys/posix/resolve.h"

static struct mutex identity_lock;
static bool known;                   /* identity_lock; a view's never changes */
static struct vfs_identity identity; /* identity_lock until it is known */
static struct vfs_group groups[VFS_GROUPS_MAX];
static uint32_t group_count;

/* Asks once; a vfs that cannot be reached is asked again the next time. */
static void identity_need(void)
{
	status_t status = OK;

	mutex_lock(&identity_lock);
	if (!known && resolve_vfs != HANDLE_NONE)
		CALL_AGAIN(status, vfs_identity(resolve_vfs, groups, VFS_GROUPS_MAX, &identity, &group_count));
	known = status == OK;
	mutex_unlock(&identity_lock);
}

uid_t getuid(void)
{
	identity_need();
	return identity.user;
}

uid_t geteuid(void)
{
	return getuid();
}

gid_t getgid(void)
{
	identity_need();
	return identity.group;
}

gid_t getegid(void)
{
	return getgid();
}

int getgroups(int count, gid_t list[])
{
	identity_need();
	if (count < 0 || (count != 0 && (uint32_t)count < group_count))
		return (int)posix_result(-EINVAL);
	for (uint32_t i = 0; count != 0 && i < group_count; i++)
		list[i] = groups[i].id;
	return (int)group_count;
}

/* What a process may do hangs on its view, which these cannot change: to become who one is works, all else does not. */
static int become(uint32_t now, uint32_t wanted)
{
	return now == wanted ? 0 : (int)posix_result(-EPERM);
}

static int become_both(uint32_t now, uint32_t real, uint32_t effective)
{
	if ((real != now && real != (uint32_t)-1) || (effective != now && effective != (uint32_t)-1))
		return (int)posix_result(-EPERM);
	return 0;
}

int setuid(uid_t user)
{
	return become(getuid(), user);
}

int seteuid(uid_t user)
{
	return become(getuid(), user);
}

int setgid(gid_t group)
{
	return become(getgid(), group);
}

int setegid(gid_t group)
{
	return become(getgid(), group);
}

int setreuid(uid_t real, uid_t effective)
{
	return become_both(getuid(), real, effective);
}

int setregid(gid_t real, gid_t effective)
{
	return become_both(getgid(), real, effective);
}
