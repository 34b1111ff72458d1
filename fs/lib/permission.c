/* SPDX-License-Identifier: BSD-2-Clause */
/* Permissions, ownership and the special bits. */
#include "fs/lib/permission.h"

bool permission_in_group(const struct state_view *view, uint32_t group)
{
	if (view->group == group)
		return true;
	for (uint32_t i = 0; i < view->group_count; i++) {
		if (view->groups[i] == group)
			return true;
	}
	return false;
}

bool permission_may(const struct state_view *view, const struct fs_attr *attr, unsigned want)
{
	uint32_t bits = attr->permissions;

	if (view->user == 0)
		return !(want & MAY_EXECUTE) || attr->kind == FILE_KIND_DIRECTORY || (bits & 0111);
	if (view->user == attr->user)
		bits >>= 6;
	else if (permission_in_group(view, attr->group))
		bits >>= 3;
	return (bits & want) == want;
}

bool permission_may_unname(const struct state_view *view, const struct fs_attr *dir, const struct fs_attr *file)
{
	return !(dir->permissions & PERMISSION_STICKY) || view->user == 0 || view->user == file->user ||
	       view->user == dir->user;
}

void permission_new(const struct state_view *view, const struct fs_attr *dir, struct fs_new *what)
{
	what->user = view->user;
	what->group = view->group;
	what->permissions &= what->kind == FILE_KIND_DIRECTORY ? 01777 : 07777;
	if (what->kind == FILE_KIND_SYMLINK)
		what->permissions = 0777;
	if (!(dir->permissions & PERMISSION_SET_GROUP))
		return;
	what->group = dir->group;
	if (what->kind == FILE_KIND_DIRECTORY)
		what->permissions |= PERMISSION_SET_GROUP;
	else if ((what->permissions & 02010) == 02010 && view->user != 0 && !permission_in_group(view, what->group))
		what->permissions &= ~(uint32_t)PERMISSION_SET_GROUP;
}

/* set-user-id, and set-group-id where it stands for running (not for mandatory locks). */
bool permission_drop_power(struct fs_attr *attr)
{
	uint32_t bits = attr->permissions & PERMISSION_SET_USER;

	if (attr->kind != FILE_KIND_REGULAR)
		return false;
	if ((attr->permissions & 02010) == 02010)
		bits |= PERMISSION_SET_GROUP;
	attr->permissions &= ~bits;
	return bits != 0;
}

static status_t times_allowed(const struct state_view *view, const struct fs_attr *attr, uint32_t change)
{
	const uint32_t now = FILE_CHANGE_ACCESSED_NOW | FILE_CHANGE_MODIFIED_NOW;
	uint32_t times = change & (now | FILE_CHANGE_ACCESSED | FILE_CHANGE_MODIFIED);

	if (times == 0 || permission_owns(view, attr))
		return OK;
	if (times != now)
		return ERR_NOT_OWNER;
	return permission_may(view, attr, MAY_WRITE) ? OK : ERR_ACCESS;
}

static status_t owner_allowed(const struct state_view *view, const struct fs_attr *attr,
			      const struct file_new_attributes *values)
{
	if (view->user == 0)
		return OK;
	if ((values->change & FILE_CHANGE_USER) && (values->user != attr->user || view->user != attr->user))
		return ERR_NOT_OWNER;
	if ((values->change & FILE_CHANGE_GROUP) &&
	    (view->user != attr->user || (values->group != attr->group && !permission_in_group(view, values->group))))
		return ERR_NOT_OWNER;
	return OK;
}

status_t permission_set(const struct state_view *view, struct fs_attr *attr, const struct file_new_attributes *values,
			int64_t now, uint32_t *what)
{
	uint32_t change = values->change;
	status_t status = OK;

	if ((change & FILE_CHANGE_PERMISSIONS) && !permission_owns(view, attr))
		status = ERR_NOT_OWNER;
	if (status == OK)
		status = owner_allowed(view, attr, values);
	if (status == OK)
		status = times_allowed(view, attr, change);
	if (status != OK)
		return status;
	*what = FS_CHANGED_TIMES;
	if (change & (FILE_CHANGE_USER | FILE_CHANGE_GROUP)) {
		(void)permission_drop_power(attr);
		*what |= FS_CHANGED_OWNER;
	}
	if (change & FILE_CHANGE_USER)
		attr->user = values->user;
	if (change & FILE_CHANGE_GROUP)
		attr->group = values->group;
	if (change & FILE_CHANGE_PERMISSIONS) {
		uint32_t bits = values->permissions & 07777;

		if (view->user != 0 && attr->kind != FILE_KIND_DIRECTORY && !permission_in_group(view, attr->group))
			bits &= ~(uint32_t)PERMISSION_SET_GROUP;
		attr->permissions = bits;
		*what |= FS_CHANGED_OWNER;
	}
	if (change & FILE_CHANGE_ACCESSED)
		attr->accessed = values->accessed;
	if (change & FILE_CHANGE_MODIFIED)
		attr->modified = values->modified;
	if (change & FILE_CHANGE_ACCESSED_NOW)
		attr->accessed = now;
	if (change & FILE_CHANGE_MODIFIED_NOW)
		attr->modified = now;
	attr->changed = now;
	return OK;
}
