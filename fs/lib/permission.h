/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may do what with a file, as POSIX says. Pure. User 0 may do everything but execute what nobody may. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/lib/fs.h"
#include "fs/lib/state.h"
#include "sys/abi/status.h"

enum { MAY_EXECUTE = 1, MAY_WRITE = 2, MAY_READ = 4 };

enum {
	PERMISSION_SET_USER = 04000,
	PERMISSION_SET_GROUP = 02000,
	PERMISSION_STICKY = 01000,
};

bool permission_in_group(const struct state_view *view, uint32_t group);
/* All of `want` (MAY_*)? */
bool permission_may(const struct state_view *view, const struct fs_attr *attr, unsigned want);
static inline bool permission_owns(const struct state_view *view, const struct fs_attr *attr)
{
	return view->user == 0 || view->user == attr->user;
}
/* To take a name out of a directory that it may write: one with the sticky bit keeps others' files. */
bool permission_may_unname(const struct state_view *view, const struct fs_attr *dir, const struct fs_attr *file);
/* User, group and permissions of what the view makes in a directory. */
void permission_new(const struct state_view *view, const struct fs_attr *dir, struct fs_new *what);
/* Applies what set_attributes asks for, or says why not (and has changed nothing). *what: FS_CHANGED_*. */
status_t permission_set(const struct state_view *view, struct fs_attr *attr, const struct file_new_attributes *values,
			int64_t now, uint32_t *what);
/* Takes off what permission_written speaks of. True: there was something. */
bool permission_drop_power(struct fs_attr *attr);
/* Somebody else's writing takes the power of set-user-id and set-group-id off a file. True: it had any. */
static inline bool permission_written(const struct state_view *view, struct fs_attr *attr)
{
	return view->user != 0 && attr->permissions & (PERMISSION_SET_USER | PERMISSION_SET_GROUP) &&
	       permission_drop_power(attr);
}
