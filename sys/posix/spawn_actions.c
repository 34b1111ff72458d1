/* SPDX-License-Identifier: BSD-2-Clause */
/* Collects posix_spawn's file actions. These functions return errno values. */
#include "sys/posix/spawn_actions.h"

#include <errno.h>
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

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
	return action_add(*actions, (struct spawn_action){.kind = ACTION_DUP2, .fd = to, .from = fd});
}

int posix_spawn_file_actions_addclose(posix_spawn_file_actions_t *actions, int fd)
{
	return action_add(*actions, (struct spawn_action){.kind = ACTION_CLOSE, .fd = fd});
}

static int path_action_add(struct __posix_spawn_file_actions *actions, struct spawn_action action, const char *path)
{
	int error;

	action.path = strdup(path);
	if (!action.path)
		return ENOMEM;
	error = action_add(actions, action);
	if (error)
		free(action.path);
	return error;
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *restrict actions, int fd, const char *restrict path,
				     int flags, mode_t mode)
{
	return path_action_add(
		*actions, (struct spawn_action){.kind = ACTION_OPEN, .fd = fd, .flags = flags, .mode = mode}, path);
}

int posix_spawn_file_actions_addchdir(posix_spawn_file_actions_t *restrict actions, const char *restrict path)
{
	return path_action_add(*actions, (struct spawn_action){.kind = ACTION_CHDIR}, path);
}

int posix_spawn_file_actions_addfchdir(posix_spawn_file_actions_t *actions, int fd)
{
	return action_add(*actions, (struct spawn_action){.kind = ACTION_FCHDIR, .fd = fd});
}

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *restrict actions, const char *restrict path)
{
	return posix_spawn_file_actions_addchdir(actions, path);
}

int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int fd)
{
	return posix_spawn_file_actions_addfchdir(actions, fd);
}

bool actions_change_directory(const posix_spawn_file_actions_t *actions)
{
	for (size_t i = 0; actions && *actions && i < (*actions)->count; i++) {
		if ((*actions)->list[i].kind == ACTION_CHDIR || (*actions)->list[i].kind == ACTION_FCHDIR)
			return true;
	}
	return false;
}
