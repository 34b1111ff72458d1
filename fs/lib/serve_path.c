/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations by path that make and remove no names, but for open, which may make a file. */
#include <string.h>

#include "fs/lib/permission.h"
#include "fs/lib/walk.h"
#include "sys/lib/syscall.h"

#define MODE_RETAINED                                                                                                  \
	(FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_APPEND | FILE_MODE_DIRECTORY | FILE_MODE_PATH | FILE_MODE_SYNC | \
	 FILE_MODE_EXECUTE | FILE_MODE_DIRECT | FILE_MODE_NONBLOCK)

void attributes_fill(const struct fs *fs, const struct node *node, struct file_attributes *out)
{
	const struct fs_attr *attr = node->attr;

	*out = (struct file_attributes){
		.inode = node->inode,
		.size = attr->size,
		.blocks = attr->blocks,
		.accessed = attr->accessed,
		.modified = attr->modified,
		.changed = attr->changed,
		.mount = fs->state->mount,
		.permissions = attr->permissions,
		.links = attr->links,
		.user = attr->user,
		.group = attr->group,
		.block_size = fs->ops->block_size,
		.device = attr->device,
		.kind = attr->kind,
	};
}

/* The handle's own file for an empty path, else what the path names. */
static status_t find(struct fs *fs, struct ipc_request *rq, const char *path, bool follow, struct walk *w,
		     struct open_file *file)
{
	status_t status = open_file_of(fs, rq->msg.badge, file);

	if (status != OK)
		return status;
	if (*path == '\0') {
		w->node = file->node;
		return OK;
	}
	return walk_path(fs, w, file->view, file->node, path, follow ? WALK_FOLLOW : 0);
}

/* ---- open ------------------------------------------------------------------------------------------- */

static status_t open_check_mode(uint32_t mode)
{
	if ((mode & FILE_MODE_EXCLUSIVE) && !(mode & FILE_MODE_CREATE))
		return ERR_INVALID;
	/* A place needs no permission, so nothing else may come with it. */
	if ((mode & FILE_MODE_PATH) && (mode & ~(uint32_t)(FILE_MODE_PATH | FILE_MODE_DIRECTORY | FILE_MODE_NO_FOLLOW)))
		return ERR_INVALID;
	if ((mode & FILE_MODE_CREATE) && (mode & FILE_MODE_DIRECTORY))
		return ERR_INVALID;
	return OK;
}

/* May the view open what is there so? */
static status_t open_allowed(struct fs *fs, const struct state_view *view, const struct node *node, uint32_t mode)
{
	const struct fs_attr *attr = node->attr;
	unsigned want = 0;

	if ((mode & FILE_MODE_DIRECTORY) && attr->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	if (mode & FILE_MODE_PATH)
		return OK;
	if (attr->kind == FILE_KIND_SYMLINK)
		return ERR_LOOP;
	if (attr->kind == FILE_KIND_DIRECTORY && (mode & (FILE_MODE_WRITE | FILE_MODE_CREATE | FILE_MODE_TRUNCATE)))
		return ERR_IS_DIRECTORY;
	if (attr->kind == FILE_KIND_DIRECTORY && (mode & FILE_MODE_EXECUTE))
		return ERR_ACCESS;
	if (mode & FILE_MODE_READ)
		want |= MAY_READ;
	if (mode & (FILE_MODE_WRITE | FILE_MODE_TRUNCATE))
		want |= MAY_WRITE;
	if (mode & FILE_MODE_EXECUTE)
		want |= MAY_EXECUTE;
	if (!permission_may(view, attr, want))
		return ERR_ACCESS;
	if (attr->kind != FILE_KIND_REGULAR && attr->kind != FILE_KIND_DIRECTORY && attr->kind != FILE_KIND_FIFO)
		return ERR_DEVICE;
	if (attr->kind == FILE_KIND_FIFO && (mode & FILE_MODE_EXECUTE))
		return ERR_ACCESS;
	if ((mode & (FILE_MODE_WRITE | FILE_MODE_TRUNCATE)) && view_read_only(fs, view))
		return ERR_READ_ONLY;
	return OK;
}

static status_t open_create(struct fs *fs, const struct state_view *view, struct walk *w, uint32_t permissions)
{
	struct fs_new what = {.kind = FILE_KIND_REGULAR, .permissions = permissions, .now = fs_now(fs)};
	uint64_t inode;
	status_t status;

	if (w->slash)
		return ERR_IS_DIRECTORY;
	if (view_read_only(fs, view))
		return ERR_READ_ONLY;
	if (w->dir->attr->links == 0)
		return ERR_NOT_FOUND;
	if (!permission_may(view, w->dir->attr, MAY_WRITE | MAY_EXECUTE))
		return ERR_ACCESS;
	permission_new(view, w->dir->attr, &what);
	status = fs->ops->create(fs, w->dir, w->name, w->len, &what, &inode);
	if (status == OK)
		status = directory_changed(fs, w->dir, what.now);
	if (status != OK)
		return status;
	if (fs->names.entries)
		name_cache_set(&fs->names, w->dir->inode, w->name, w->len, inode);
	return node_get(fs, inode, &w->node);
}

static status_t open_node(struct fs *fs, const struct open_file *from, struct walk *w, const char *path, uint32_t mode,
			  uint32_t permissions)
{
	const struct state_view *view = from->view;
	unsigned flags = 0;
	status_t status;

	if (*path == '\0') {
		if (mode & FILE_MODE_EXCLUSIVE)
			return ERR_EXISTS;
		w->node = from->node;
	} else {
		if (!(mode & (FILE_MODE_NO_FOLLOW | FILE_MODE_EXCLUSIVE)))
			flags |= WALK_FOLLOW;
		if (mode & FILE_MODE_CREATE)
			flags |= WALK_MISSING;
		if (mode & FILE_MODE_EXCLUSIVE)
			flags |= WALK_NAME;
		status = walk_path(fs, w, view, from->node, path, flags);
		if (status != OK)
			return status;
		if (w->node && (mode & FILE_MODE_EXCLUSIVE))
			return ERR_EXISTS;
		if (!w->node) /* what was made just now may be opened in any way, whatever its permissions */
			return open_create(fs, view, w, permissions);
	}
	status = open_allowed(fs, view, w->node, mode);
	if (status == OK && (mode & FILE_MODE_TRUNCATE) && w->node->attr->kind == FILE_KIND_REGULAR)
		status = file_truncate_to(fs, view, w->node, 0);
	return status;
}

status_t serve_open(void *ctx, struct ipc_request *rq, const char *path, uint32_t mode, uint32_t permissions,
		    handle_t *file, enum file_kind *kind)
{
	struct fs *fs = ctx;
	struct open_file from;
	struct walk w;
	status_t status = open_file_of(fs, rq->msg.badge, &from);
	bool changes = mode & (FILE_MODE_CREATE | FILE_MODE_TRUNCATE);

	if (status == OK)
		status = open_check_mode(mode);
	if (status != OK)
		return status;
	if (changes && fs->ops->begin)
		fs->ops->begin(fs);
	status = open_node(fs, &from, &w, path, mode, permissions);
	if (changes && fs->ops->end)
		fs->ops->end(fs);
	if (status == OK) {
		*kind = (enum file_kind)w.node->attr->kind;
		if (*path)
			w.node->opened_in = w.dir->inode;
		if (*kind == FILE_KIND_FIFO)
			status = fifo_open(fs, rq, &from, w.node, mode & MODE_RETAINED, file);
		else
			status = open_file_make(fs, w.node, mode & MODE_RETAINED, from.state->view, file);
	}
	nodes_trim(fs);
	return status;
}

/* ---- what is known of a file ------------------------------------------------------------------------ */

status_t serve_attributes(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t room,
			  uint32_t *count)
{
	struct fs *fs = ctx;
	struct file_attributes attributes;
	struct open_file file;
	struct walk w;
	status_t status = find(fs, rq, path, follow, &w, &file);

	if (status == OK && room != 0) {
		attributes_fill(fs, w.node, &attributes);
		*count = 1;
		status = ipc_lease_write(rq, FILE_ATTRIBUTES_LEASE_ATTRIBUTES, 0, &attributes, sizeof(attributes));
	}
	nodes_trim(fs);
	return status;
}

static bool values_valid(const struct file_new_attributes *values)
{
	const uint32_t all = FILE_CHANGE_PERMISSIONS | FILE_CHANGE_USER | FILE_CHANGE_GROUP | FILE_CHANGE_ACCESSED |
			     FILE_CHANGE_MODIFIED | FILE_CHANGE_ACCESSED_NOW | FILE_CHANGE_MODIFIED_NOW;

	return !(values->change & ~all);
}

status_t serve_set_attributes(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t given)
{
	struct fs *fs = ctx;
	struct file_new_attributes values;
	struct open_file file;
	struct walk w;
	uint32_t what;
	status_t status;

	if (given != 1)
		return ERR_INVALID;
	status = ipc_lease_read(rq, FILE_SET_ATTRIBUTES_LEASE_VALUES, 0, &values, sizeof(values));
	if (status == OK && !values_valid(&values))
		status = ERR_PROTOCOL;
	if (status == OK)
		status = find(fs, rq, path, follow, &w, &file);
	if (status == OK && view_read_only(fs, file.view))
		status = ERR_READ_ONLY;
	if (status == OK && values.change != 0) {
		if (fs->ops->begin)
			fs->ops->begin(fs);
		status = permission_set(file.view, w.node->attr, &values, fs_now(fs), &what);
		if (status == OK)
			status = node_changed(fs, w.node, what);
		if (fs->ops->end)
			fs->ops->end(fs);
	}
	nodes_trim(fs);
	return status;
}

status_t serve_access(void *ctx, struct ipc_request *rq, const char *path, uint32_t want)
{
	struct fs *fs = ctx;
	struct open_file file;
	struct walk w;
	unsigned may = 0;
	status_t status = find(fs, rq, path, !(want & FILE_WANT_NO_FOLLOW), &w, &file);

	if (want & FILE_WANT_EXECUTE)
		may |= MAY_EXECUTE;
	if (want & FILE_WANT_WRITE)
		may |= MAY_WRITE;
	if (want & FILE_WANT_READ)
		may |= MAY_READ;
	if (status == OK && !permission_may(file.view, w.node->attr, may))
		status = ERR_ACCESS;
	if (status == OK && (may & MAY_WRITE) && view_read_only(fs, file.view) &&
	    (w.node->attr->kind == FILE_KIND_REGULAR || w.node->attr->kind == FILE_KIND_DIRECTORY))
		status = ERR_READ_ONLY;
	nodes_trim(fs);
	return status;
}

status_t serve_read_link(void *ctx, struct ipc_request *rq, const char *path, size_t room, uint32_t *length)
{
	struct fs *fs = ctx;
	struct open_file file;
	struct walk w;
	size_t len;
	status_t status = find(fs, rq, path, false, &w, &file);

	if (status == OK && w.node->attr->kind != FILE_KIND_SYMLINK)
		status = ERR_INVALID;
	if (status == OK)
		status = fs->ops->read_link(fs, w.node, w.buffer[0], FILE_PATH_MAX, &len);
	if (status == OK) {
		*length = (uint32_t)(len < room ? len : room);
		status = ipc_lease_write(rq, FILE_READ_LINK_LEASE_TARGET, 0, w.buffer[0], *length);
	}
	nodes_trim(fs);
	return status;
}

status_t serve_walk(void *ctx, struct ipc_request *rq, const char *path, bool follow, size_t room,
		    uint32_t *target_length, enum file_step *step, bool *plain, uint32_t *consumed, uint32_t *mount)
{
	struct fs *fs = ctx;
	struct open_file file;
	struct walk w;
	size_t len = strlen(path), left, text = 0;
	status_t status = find(fs, rq, path, follow, &w, &file);

	nodes_trim(fs);
	if (status == OK) {
		*step = FILE_STEP_HERE;
		*consumed = (uint32_t)len;
		*plain = *path == '\0' || (w.plain && w.node->attr->kind == FILE_KIND_DIRECTORY);
		return OK;
	}
	if (status != ERR_ELSEWHERE)
		return status;
	left = strlen(w.rest);
	if (left > w.tail) {
		text = left - w.tail;
		left = w.tail;
	}
	if (text > room)
		return ERR_NAME_TOO_LONG;
	*step = w.step;
	*plain = w.plain;
	*consumed = (uint32_t)(len - left);
	*mount = w.mount;
	*target_length = (uint32_t)text;
	return text ? ipc_lease_write(rq, FILE_WALK_LEASE_TARGET, 0, w.rest, text) : OK;
}

status_t serve_device(void *ctx, struct ipc_request *rq, const char *path, uint32_t mode, handle_t *device,
		      uint32_t *class_number)
{
	struct fs *fs = ctx;
	struct open_file file;
	struct walk w;
	status_t status = find(fs, rq, path, !(mode & FILE_MODE_NO_FOLLOW), &w, &file);

	if (status == OK && !fs->ops->device)
		status = ERR_UNSUPPORTED;
	if (status == OK) {
		status = open_allowed(fs, file.view, w.node, mode & ~(uint32_t)FILE_MODE_PATH);
		/* ERR_DEVICE is what it says of all that is meant here. */
		status = status == OK ? ERR_UNSUPPORTED : status == ERR_DEVICE ? OK : status;
	}
	if (status == OK)
		status = fs->ops->device(fs, w.node, mode, file.view->user, file.view->group, device, class_number);
	nodes_trim(fs);
	return status;
}
