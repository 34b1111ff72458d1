/* SPDX-License-Identifier: BSD-2-Clause */
/* Collects posix_spawn's file actions and attributes. These functions return errno values. */
#include "sys/posix/spawn_actions.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "sys/posix/file.h"

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
	*actions = calloc(1, sizeof(**actions));
	return *actions ? 0 : ENOMEM;
}

int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions)
{
	for (size_t i = 0; i < (*actions)->count; i++)
		free((*actions)->list[i].path);
	free((*actions)->list);
	free(*actions);
	*actions = NULL;
	return 0;
}

static int action_add(struct __posix_spawn_file_actions *actions, struct spawn_action action)
{
	if (action.fd < 0 || action.fd >= FD_COUNT || action.from < 0 || action.from >= FD_COUNT)
		return EBADF;
	if (actions->count == actions->room) {
		size_t room = actions->room ? 2 * actions->room : 4;
		struct spawn_action *list = reallocarray(actions->list, room, sizeof(*list));

		if (!list)
			return ENOMEM;
		actions->list = list;
		actions->room = room;
	}
	actions->list[actions->count++] = action;
	return 0;
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd, const char *restrict path,
				     int flags, mode_t mode)
{
	struct spawn_action action = {
		.kind = ACTION_OPEN, .fd = fd, .flags = flags, .mode = mode, .path = strdup(path)};
	int error;

	if (!action.path)
		return ENOMEM;
	error = action_add(*actions, action);
	if (error)
		free(action.path);
	return error;
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
	return action_add(*actions, (struct spawn_action){.kind = ACTION_DUP2, .fd = to, .from = fd});
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
	return action_add(*actions, (struct spawn_action){.kind = ACTION_CLOSE, .fd = fd});
}

int posix_spawnattr_init(posix_spawnattr_t *attr)
{
	*attr = calloc(1, sizeof(**attr));
	return *attr ? 0 : ENOMEM;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attr)
{
	free(*attr);
	*attr = NULL;
	return 0;
}

int posix_spawnattr_getflags(const posix_spawnattr_t *restrict attr, short *restrict flags)
{
	*flags = (*attr)->flags;
	return 0;
}

/* Flags that ask for something there is not are refused here, not ignored later. */
int posix_spawnattr_setflags(posix_spawnattr_t *attr, short flags)
{
	if (flags & ~POSIX_SPAWN_RESETIDS)
		return flags & ~0x3f ? EINVAL : ENOSYS;
	(*attr)->flags = flags;
	return 0;
}
