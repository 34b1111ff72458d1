/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations that make, move and remove names. */
#include <string.h>

#include "fs/lib/permission.h"
#include "fs/lib/walk.h"
#include "sys/lib/syscall.h"

/* The place of a name: walked to, and its directory may be changed. With `must`, something is to be there. */
static status_t name_walk(struct fs *fs, const struct open_file *from, struct walk *w, const char *path, bool must)
{
	status_t status;

	if (*path == '\0')
		return ERR_NOT_FOUND;
	status = walk_path(fs, w, from->view, from->node, path, WALK_NAME | (must ? 0 : WALK_MISSING));
	if (status != OK)
		return status;
	if (w->last == WALK_LAST_NAME && w->dir->attr->links == 0)
		return ERR_NOT_FOUND;
	return OK;
}

static status_t name_may_change(const struct fs *fs, const struct state_view *view, const struct walk *w)
{
	if (view_read_only(fs, view))
		return ERR_READ_ONLY;
	return permission_may(view, w->dir->attr, MAY_WRITE | MAY_EXECUTE) ? OK : ERR_ACCESS;
}

static void name_known(struct fs *fs, const struct node *dir, const char *name, size_t len, uint64_t inode)
{
	if (fs->names.entries)
		name_cache_set(&fs->names, dir->inode, name, len, inode);
}

/* After an error nobody knows what the disk says. */
static void name_doubtful(struct fs *fs, const struct node *dir, const char *name, size_t len)
{
	if (fs->names.entries)
		name_cache_forget(&fs->names, dir->inode, name, len);
}

static void begin(struct fs *fs)
{
	if (fs->ops->begin)
		fs->ops->begin(fs);
}

static void end(struct fs *fs)
{
	if (fs->ops->end)
		fs->ops->end(fs);
	nodes_trim(fs);
}

/* ---- new names -------------------------------------------------------------------------------------- */

static status_t make(struct fs *fs, struct ipc_request *rq, const char *path, struct fs_new *what)
{
	struct open_file from;
	struct walk w;
	uint64_t inode;
	status_t status = open_file_of(fs, rq->msg.badge, &from);

	if (status == OK)
		status = name_walk(fs, &from, &w, path, false);
	if (status != OK)
		return status;
	if (w.node)
		return ERR_EXISTS;
	if (w.slash && what->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_FOUND;
	status = name_may_change(fs, from.view, &w);
	if (status != OK)
		return status;
	what->now = fs_now(fs);
	permission_new(from.view, w.dir->attr, what);
	status = fs->ops->create(fs, w.dir, w.name, w.len, what, &inode);
	if (status != OK) {
		name_doubtful(fs, w.dir, w.name, w.len);
		return status;
	}
	name_known(fs, w.dir, w.name, w.len, inode);
	return directory_changed(fs, w.dir, what->now);
}

status_t serve_make(void *ctx, struct ipc_request *rq, const char *path, enum file_kind kind, uint32_t permissions)
{
	struct fs_new what = {.kind = kind, .permissions = permissions};

	/* Regular files too: as mknod does. Devices are devfs's alone to make. */
	if (kind == FILE_KIND_CHARACTER || kind == FILE_KIND_BLOCK)
		return ERR_NOT_OWNER;
	if (kind == FILE_KIND_SYMLINK)
		return ERR_INVALID;
	begin(ctx);
	status_t status = make(ctx, rq, path, &what);
	end(ctx);
	return status;
}

status_t serve_make_symlink(void *ctx, struct ipc_request *rq, const char *path, const char *target)
{
	struct fs_new what = {.kind = FILE_KIND_SYMLINK, .target = target, .target_len = strlen(target)};

	if (what.target_len == 0)
		return ERR_NOT_FOUND;
	begin(ctx);
	status_t status = make(ctx, rq, path, &what);
	end(ctx);
	return status;
}

/* ---- the other directory ------------------------------------------------------------------------------ */

/* The handle goes in any case. */
static status_t other_directory(struct fs *fs, handle_t handle, struct open_file *out)
{
	struct handle_info info;
	status_t status = handle_info(handle, &info);

	if (status != OK)
		return status;
	if (info.type != OBJ_ENDPOINT || info.koid != fs->endpoint_koid || info.badge == 0)
		return ERR_CROSS_DEVICE;
	if (!(info.rights & RIGHT_EP_CALL))
		return ERR_RIGHTS;
	return open_file_of(fs, info.badge, out);
}

static status_t elsewhere_to(status_t status)
{
	return status == ERR_ELSEWHERE ? ERR_ELSEWHERE_TO : status;
}

/* ---- link ------------------------------------------------------------------------------------------- */

static status_t link_to(struct fs *fs, const struct open_file *to_dir, const char *to, struct node *node)
{
	struct walk w;
	int64_t now = fs_now(fs);
	status_t status = name_walk(fs, to_dir, &w, to, false);

	if (status != OK)
		return elsewhere_to(status);
	if (w.node)
		return ERR_EXISTS;
	if (w.slash)
		return ERR_NOT_FOUND;
	status = name_may_change(fs, to_dir->view, &w);
	if (status != OK)
		return status;
	if (node->attr->kind == FILE_KIND_DIRECTORY)
		return ERR_NOT_OWNER;
	if (!fs->ops->link)
		return ERR_NOT_OWNER; /* as Linux says it */
	if (node->attr->links == 0)
		return ERR_NOT_FOUND;
	if (node->attr->links >= fs->ops->links_max)
		return ERR_TOO_MANY_LINKS;
	status = fs->ops->link(fs, w.dir, w.name, w.len, node);
	if (status != OK) {
		name_doubtful(fs, w.dir, w.name, w.len);
		return status;
	}
	name_known(fs, w.dir, w.name, w.len, node->inode);
	node->attr->changed = now;
	status = node_changed(fs, node, FS_CHANGED_TIMES);
	return status == OK ? directory_changed(fs, w.dir, now) : status;
}

status_t serve_link(void *ctx, struct ipc_request *rq, const char *path, handle_t directory, const char *to,
		    bool follow)
{
	struct fs *fs = ctx;
	struct open_file from, to_dir;
	struct walk w;
	status_t status = open_file_of(fs, rq->msg.badge, &from);

	if (status == OK && *path == '\0')
		w.node = from.node;
	else if (status == OK)
		status = walk_path(fs, &w, from.view, from.node, path, follow ? WALK_FOLLOW : 0);
	if (status == OK)
		status = other_directory(fs, directory, &to_dir);
	if (status == OK) {
		begin(fs);
		status = link_to(fs, &to_dir, to, w.node);
		end(fs);
	}
	if (status == OK)
		(void)handle_close(directory);
	return status;
}

/* ---- remove ----------------------------------------------------------------------------------------- */

static status_t remove_allowed(struct fs *fs, const struct state_view *view, const struct walk *w, bool directory)
{
	const struct node *node = w->node;
	status_t status = name_may_change(fs, view, w);

	if (status != OK)
		return status;
	if (!permission_may_unname(view, w->dir->attr, node->attr))
		return ERR_NOT_OWNER;
	if (directory && node->attr->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	if (!directory && node->attr->kind == FILE_KIND_DIRECTORY)
		return ERR_IS_DIRECTORY;
	if (!directory && w->slash)
		return ERR_NOT_DIRECTORY;
	return node->covers != 0 || node == fs->root ? ERR_BUSY : OK;
}

static status_t remove_name(struct fs *fs, const struct open_file *from, const char *path, bool directory)
{
	int64_t now = fs_now(fs);
	struct walk w;
	status_t status = name_walk(fs, from, &w, path, true);

	if (status != OK)
		return status;
	switch (w.last) {
	case WALK_LAST_NAME: break;
	case WALK_LAST_NONE: return ERR_BUSY;
	case WALK_LAST_DOT: return directory ? ERR_INVALID : ERR_IS_DIRECTORY;
	case WALK_LAST_DOTDOT: return directory ? ERR_NOT_EMPTY : ERR_IS_DIRECTORY;
	}
	status = remove_allowed(fs, from->view, &w, directory);
	if (status != OK)
		return status;
	status = fs->ops->unlink(fs, w.dir, w.name, w.len, w.node);
	if (status != OK) {
		name_doubtful(fs, w.dir, w.name, w.len);
		return status;
	}
	name_known(fs, w.dir, w.name, w.len, 0);
	w.node->attr->changed = now;
	status = node_changed(fs, w.node, FS_CHANGED_TIMES);
	node_settle(fs, w.node);
	status_t second = directory_changed(fs, w.dir, now);
	return status == OK ? second : status;
}

status_t serve_remove(void *ctx, struct ipc_request *rq, const char *path, bool directory)
{
	struct fs *fs = ctx;
	struct open_file from;
	status_t status = open_file_of(fs, rq->msg.badge, &from);

	if (status != OK)
		return status;
	begin(fs);
	status = remove_name(fs, &from, path, directory);
	end(fs);
	return status;
}

/* ---- rename ----------------------------------------------------------------------------------------- */

static status_t rename_last(const struct walk *w)
{
	if (w->last == WALK_LAST_NAME)
		return OK;
	return w->last == WALK_LAST_NONE ? ERR_BUSY : ERR_INVALID;
}

static status_t replace_allowed(const struct state_view *view, const struct walk *w, const struct node *node)
{
	const struct node *old = w->node;
	bool directory = node->attr->kind == FILE_KIND_DIRECTORY;

	if (!permission_may_unname(view, w->dir->attr, old->attr))
		return ERR_NOT_OWNER;
	if (directory && old->attr->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	if (!directory && old->attr->kind == FILE_KIND_DIRECTORY)
		return ERR_IS_DIRECTORY;
	return old->covers ? ERR_BUSY : OK;
}

static status_t rename_allowed(struct fs *fs, const struct open_file *from, const struct walk *a,
			       const struct open_file *to, const struct walk *b)
{
	struct node *node = a->node;
	bool directory = node->attr->kind == FILE_KIND_DIRECTORY, inside;
	status_t status = name_may_change(fs, from->view, a);

	if (status == OK)
		status = name_may_change(fs, to->view, b);
	if (status != OK)
		return status;
	if (!permission_may_unname(from->view, a->dir->attr, node->attr))
		return ERR_NOT_OWNER;
	if (!directory && (a->slash || b->slash))
		return ERR_NOT_DIRECTORY;
	if (node->covers || node == fs->root)
		return ERR_BUSY;
	if (directory) {
		status = node_below(fs, b->dir, node, &inside);
		if (status == OK && inside)
			status = ERR_INVALID;
		/* Its `..` changes. */
		if (status == OK && a->dir != b->dir && !permission_may(from->view, node->attr, MAY_WRITE))
			status = ERR_ACCESS;
	}
	if (status == OK && b->node) {
		/* A directory that the moved one is in is not empty. */
		status = node_below(fs, a->dir, b->node, &inside);
		if (status == OK && inside && b->node->attr->kind == FILE_KIND_DIRECTORY)
			status = ERR_NOT_EMPTY;
	}
	return status == OK && b->node ? replace_allowed(to->view, b, node) : status;
}

static status_t rename_done(struct fs *fs, const struct walk *a, const struct walk *b, int64_t now)
{
	status_t status, second;

	name_known(fs, a->dir, a->name, a->len, 0);
	name_known(fs, b->dir, b->name, b->len, a->node->inode);
	a->node->attr->changed = now;
	status = node_changed(fs, a->node, FS_CHANGED_TIMES);
	if (b->node) {
		b->node->attr->changed = now;
		second = node_changed(fs, b->node, FS_CHANGED_TIMES);
		status = status == OK ? second : status;
		node_settle(fs, b->node);
	}
	second = directory_changed(fs, a->dir, now);
	status = status == OK ? second : status;
	second = a->dir == b->dir ? OK : directory_changed(fs, b->dir, now);
	return status == OK ? second : status;
}

static status_t rename_name(struct fs *fs, const struct open_file *from, const char *path, const struct open_file *to,
			    const char *to_path, bool exclusive)
{
	struct walk a, b;
	status_t status = name_walk(fs, from, &a, path, true);

	if (status == OK)
		status = rename_last(&a);
	if (status == OK) {
		status = elsewhere_to(name_walk(fs, to, &b, to_path, false));
		if (status == OK)
			status = rename_last(&b);
	}
	if (status != OK)
		return status;
	if (exclusive && b.node)
		return ERR_EXISTS;
	/* A name that is not there yet can only end in a slash if a directory gets it. */
	if (a.node == b.node)
		return a.slash || b.slash ? (a.node->attr->kind == FILE_KIND_DIRECTORY ? OK : ERR_NOT_DIRECTORY) : OK;
	status = rename_allowed(fs, from, &a, to, &b);
	if (status != OK)
		return status;
	status = fs->ops->rename(fs, a.dir, a.name, a.len, a.node, b.dir, b.name, b.len, b.node);
	if (status != OK) {
		name_doubtful(fs, a.dir, a.name, a.len);
		name_doubtful(fs, b.dir, b.name, b.len);
		return status;
	}
	return rename_done(fs, &a, &b, fs_now(fs));
}

status_t serve_rename(void *ctx, struct ipc_request *rq, const char *path, handle_t directory, const char *to,
		      bool exclusive)
{
	struct fs *fs = ctx;
	struct open_file from, to_dir;
	status_t status = open_file_of(fs, rq->msg.badge, &from);

	if (status == OK)
		status = other_directory(fs, directory, &to_dir);
	if (status == OK) {
		begin(fs);
		status = rename_name(fs, &from, path, &to_dir, to, exclusive);
		end(fs);
	}
	if (status == OK)
		(void)handle_close(directory);
	return status;
}
