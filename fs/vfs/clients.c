/* SPDX-License-Identifier: BSD-2-Clause */
/* The protocol vfs. */
#include <string.h>

#include "fs/vfs/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

static struct view *caller(struct vfs *v, const struct ipc_request *rq)
{
	return view_of(v, rq->msg.badge);
}

static bool may_manage(struct vfs *v, const struct ipc_request *rq)
{
	const struct view *view = caller(v, rq);

	return view && view->manage;
}

static status_t serving(const struct mount *m)
{
	return m->state == VFS_STATE_FAILED || m->endpoint == HANDLE_NONE ? ERR_IO : OK;
}

/* ---- directories ------------------------------------------------------------------------------------------ */

static status_t root_of(struct vfs *v, struct view *view, handle_t *directory, uint32_t *number)
{
	struct mount *m = view->confined ? mount_find(v, view->root_mount) : v->root;
	status_t status = m ? serving(m) : ERR_NOT_FOUND;

	if (status != OK)
		return status;
	*number = m->number;
	if (!view->confined)
		return ticket_give(v, view, m, STATE_TICKET_ROOT, 0, 0, directory);
	return ticket_give(v, view, m, STATE_TICKET_INODE, view->root_inode, view->root_generation, directory);
}

static status_t on_directory(void *ctx, struct ipc_request *rq, uint32_t number, handle_t *directory, uint32_t *answer)
{
	struct vfs *v = ctx;
	struct view *view = caller(v, rq);
	struct mount *m;
	status_t status;

	if (!view)
		return ERR_HANDLE;
	if (number == VFS_ROOT)
		return root_of(v, view, directory, answer);
	m = mount_find(v, number);
	if (!m || m->state == VFS_STATE_STARTING || !view_reaches(v, view, m))
		return ERR_NOT_FOUND;
	status = serving(m);
	*answer = number;
	return status == OK ? ticket_give(v, view, m, STATE_TICKET_ROOT, 0, 0, directory) : status;
}

static status_t on_above(void *ctx, struct ipc_request *rq, uint32_t number, handle_t *directory, uint32_t *answer)
{
	struct vfs *v = ctx;
	struct view *view = caller(v, rq);
	struct mount *m = mount_find(v, number);
	status_t status;

	if (!view)
		return ERR_HANDLE;
	if (!m || !m->parent || m->above_count == 0 || !view_reaches(v, view, m) ||
	    (view->confined && m->number == view->root_mount))
		return ERR_NOT_FOUND;
	status = serving(m->parent);
	if (status != OK)
		return status;
	*answer = m->parent->number;
	return ticket_give(v, view, m->parent, STATE_TICKET_ABOVE, m->above[0].number, 0, directory);
}

/* Who calls before its process serves waits there. */
static status_t on_pipes(void *ctx, struct ipc_request *rq, handle_t *pipes)
{
	struct vfs *v = ctx;
	struct view *view = caller(v, rq);
	struct mount *m;
	status_t status = view ? job_pipes(v, &m) : ERR_HANDLE;

	if (status == OK)
		status = serving(m);
	return status == OK ? ticket_give(v, view, m, STATE_TICKET_ROOT, 0, 0, pipes) : status;
}

/* ---- views ------------------------------------------------------------------------------------------------ */

static status_t identity_tell(const struct view *view, struct ipc_request *rq, unsigned lease, size_t room,
			      struct vfs_identity *who, uint32_t *written)
{
	*who = (struct vfs_identity){
		.user = view->who.user, .group = view->who.group, .group_count = view->who.group_count};
	if (view->who.flags & STATE_VIEW_READ_ONLY)
		who->view |= VFS_VIEW_READ_ONLY;
	if (view->manage)
		who->view |= VFS_VIEW_MANAGE;
	if (view->confined)
		who->view |= VFS_VIEW_CONFINED;
	*written = view->who.group_count < room ? view->who.group_count : (uint32_t)room;
	_Static_assert(sizeof(struct vfs_group) == sizeof(view->who.groups[0]), "an array of numbers");
	return *written ? ipc_lease_write(rq, lease, 0, view->who.groups, *written * sizeof(struct vfs_group)) : OK;
}

static status_t on_identity(void *ctx, struct ipc_request *rq, size_t room, struct vfs_identity *who, uint32_t *written)
{
	const struct view *view = caller(ctx, rq);

	return view ? identity_tell(view, rq, VFS_IDENTITY_LEASE_GROUPS, room, who, written) : ERR_HANDLE;
}

static bool same_groups(const struct state_view *a, const struct state_view *b)
{
	return a->group_count == b->group_count &&
	       memcmp(a->groups, b->groups, a->group_count * sizeof(a->groups[0])) == 0;
}

static status_t on_narrow(void *ctx, struct ipc_request *rq, uint32_t user, uint32_t group, size_t groups_count,
			  uint32_t keep, handle_t *handle)
{
	struct vfs *v = ctx;
	const struct view *from = caller(v, rq);
	struct view like, *view;
	status_t status = OK;

	if (!from)
		return ERR_HANDLE;
	if ((keep & VFS_VIEW_CONFINED) || ((keep & VFS_VIEW_MANAGE) && !from->manage))
		return ERR_INVALID;
	like = *from;
	like.who.user = user;
	like.who.group = group;
	like.who.group_count = (uint32_t)groups_count;
	memset(like.who.groups, 0, sizeof(like.who.groups));
	if (groups_count)
		status = ipc_lease_read(rq, VFS_NARROW_LEASE_GROUPS, 0, like.who.groups,
					groups_count * sizeof(struct vfs_group));
	if (status != OK)
		return status;
	if (from->who.user != 0 &&
	    (user != from->who.user || group != from->who.group || !same_groups(&like.who, &from->who)))
		return ERR_NOT_OWNER;
	if (keep & VFS_VIEW_READ_ONLY)
		like.who.flags |= STATE_VIEW_READ_ONLY;
	like.manage = keep & VFS_VIEW_MANAGE;
	return view_make(v, &like, &view, handle);
}

static status_t on_confine(void *ctx, struct ipc_request *rq, handle_t root, bool read_only, handle_t *handle)
{
	struct vfs *v = ctx;
	const struct view *from = caller(v, rq);
	struct place place;
	struct view like, *view;
	status_t status = from ? place_of_handle(v, root, &place) : ERR_HANDLE;

	if (status != OK)
		return status == ERR_NOT_DIRECTORY ? ERR_INVALID : status;
	like = *from;
	like.manage = false;
	like.confined = true;
	like.root_mount = place.mount->number;
	like.root_inode = place.inode;
	like.root_generation = place.generation;
	if (read_only)
		like.who.flags |= STATE_VIEW_READ_ONLY;
	like.root_handle = HANDLE_NONE;
	status = view_make(v, &like, &view, handle);
	if (status == OK)
		view->root_handle = root; /* ours from now on: the directory stays while the view is there */
	return status;
}

/* ---- mounts ----------------------------------------------------------------------------------------------- */

static void describe(const struct mount *m, const struct view *view, struct vfs_mount *out)
{
	memset(out, 0, sizeof(*out));
	out->number = m->number;
	out->parent = m->parent ? m->parent->number : 0;
	out->pid = m->pid;
	out->restarts = m->starts ? m->starts - 1 : 0;
	out->flags = m->flags;
	out->state = m->state;
	strlcpy(out->type, m->type, sizeof(out->type));
	strlcpy(out->source, m->source, sizeof(out->source));
	strlcpy(out->options, m->options, sizeof(out->options));
	if (!view->confined)
		strlcpy(out->point, m->point, sizeof(out->point));
}

static status_t mounts_tell(struct vfs *v, const struct view *view, struct ipc_request *rq, unsigned lease,
			    uint32_t first, size_t room, uint32_t *count)
{
	static struct vfs_mount entry;

	for (const struct mount *m = v->mounts; m && *count < room; m = m->next) {
		if (m->number < first || (!view_reaches(v, view, m) && m->number != view->root_mount))
			continue;
		describe(m, view, &entry);
		status_t status = ipc_lease_write(rq, lease, *count * sizeof(entry), &entry, sizeof(entry));
		if (status != OK)
			return status;
		(*count)++;
	}
	return OK;
}

static status_t on_mounts(void *ctx, struct ipc_request *rq, uint32_t first, size_t room, uint32_t *count)
{
	struct vfs *v = ctx;
	const struct view *view = caller(v, rq);

	return view ? mounts_tell(v, view, rq, VFS_MOUNTS_LEASE_MOUNTS, first, room, count) : ERR_HANDLE;
}

static bool type_valid(const char *type)
{
	size_t len = strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len != 0 && type[len] == '\0';
}

/* Both operations' answers are the same on the wire. */
static status_t on_mount_disk(void *ctx, struct ipc_request *rq, handle_t point, handle_t disk, const char *type,
			      const char *source, const char *options, const char *name, uint32_t flags,
			      uint32_t *number)
{
	struct vfs *v = ctx;
	struct place place;
	handle_t reply;
	status_t status = may_manage(v, rq) ? place_of_handle(v, point, &place) : ERR_ACCESS;

	(void)number; /* in the answer that comes later */
	if (status != OK)
		return status;
	if (!type_valid(type))
		return ERR_NOT_FOUND;
	/* Who stands on a mount's root has been led there: what is under it cannot be seen. */
	if (place.inode == place.mount->root)
		return ERR_BUSY;
	for (const struct mount *m = v->mounts; m; m = m->next) {
		if (m->parent == place.mount && m->cover_inode == place.inode)
			return ERR_BUSY;
	}
	const struct mount_wish wish = {
		.parent = place.mount,
		.inode = place.inode,
		.type = type,
		.source = source,
		.options = options,
		.point = name,
		.flags = flags,
		.point_handle = point,
		.disk = disk,
	};
	status = ipc_request_save(rq, &reply);
	if (status != OK)
		return status;
	status = job_mount(v, &wish, reply);
	if (status != OK) {
		(void)vfs_mount_reply(reply, status, 0);
		ipc_close(point);
		ipc_close(disk);
	}
	return IPC_DEFERRED;
}

static status_t on_mount(void *ctx, struct ipc_request *rq, handle_t point, const char *type, const char *source,
			 const char *options, const char *name, uint32_t flags, uint32_t *number)
{
	return on_mount_disk(ctx, rq, point, HANDLE_NONE, type, source, options, name, flags, number);
}

static status_t on_unmount(void *ctx, struct ipc_request *rq, uint32_t number, bool force)
{
	struct vfs *v = ctx;
	struct mount *m = mount_find(v, number);
	handle_t reply;
	status_t status;

	if (!may_manage(v, rq))
		return ERR_ACCESS;
	if (!m)
		return ERR_NOT_FOUND;
	if (!m->parent || m->children || m->state == VFS_STATE_STARTING || m->state == VFS_STATE_STOPPING)
		return ERR_BUSY;
	for (unsigned i = 0; i < VIEWS_MAX; i++) {
		if (v->views[i] && v->views[i]->confined && v->views[i]->root_mount == number && !force)
			return ERR_BUSY;
	}
	status = ipc_request_save(rq, &reply);
	if (status != OK)
		return status;
	status = job_unmount(v, m, force, reply);
	if (status != OK)
		(void)vfs_unmount_reply(reply, status);
	return IPC_DEFERRED;
}

static status_t on_restart(void *ctx, struct ipc_request *rq, uint32_t number)
{
	struct vfs *v = ctx;
	struct mount *m = mount_find(v, number);

	if (!may_manage(v, rq))
		return ERR_ACCESS;
	return m ? instance_restart(v, m) : ERR_NOT_FOUND;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static status_t on_sync(void *ctx, struct ipc_request *rq)
{
	struct vfs *v = ctx;
	const struct view *view = caller(v, rq);
	handle_t reply;
	status_t status = view ? ipc_request_save(rq, &reply) : ERR_HANDLE;

	if (status != OK)
		return status;
	status = job_sync(v, view, reply);
	if (status != OK)
		(void)vfs_sync_reply(reply, status);
	return IPC_DEFERRED;
}

static status_t on_clock(void *ctx, struct ipc_request *rq, bool set, int64_t offset, int64_t *now)
{
	struct vfs *v = ctx;

	if (set && !may_manage(v, rq))
		return ERR_ACCESS;
	if (set) {
		v->clock_offset = offset;
		for (struct mount *m = v->mounts; m; m = m->next)
			__atomic_store_n(&m->shared->clock_offset, offset, __ATOMIC_RELAXED);
	}
	*now = v->clock_offset;
	return OK;
}

static status_t on_stop(void *ctx, struct ipc_request *rq)
{
	struct vfs *v = ctx;
	handle_t reply;
	status_t status = rq->msg.badge == 0 ? ipc_request_save(rq, &reply) : ERR_ACCESS;

	if (status != OK)
		return status;
	status = job_stop(v, reply);
	if (status != OK)
		(void)vfs_stop_reply(reply, status);
	return IPC_DEFERRED;
}

/* ---- who others are: for procfs ---------------------------------------------------------------------------- */

static status_t examined(struct vfs *v, const struct ipc_request *rq, uint64_t badge, const struct view **view)
{
	if (rq->msg.badge != VFS_BADGE_EXAMINER)
		return ERR_ACCESS;
	*view = badge ? view_of(v, badge) : NULL;
	return *view ? OK : ERR_NOT_FOUND;
}

static status_t on_view_identity(void *ctx, struct ipc_request *rq, uint64_t number, size_t room,
				 struct vfs_identity *who, uint32_t *written)
{
	const struct view *view;
	status_t status = examined(ctx, rq, number, &view);

	return status == OK ? identity_tell(view, rq, VFS_VIEW_IDENTITY_LEASE_GROUPS, room, who, written) : status;
}

static status_t on_view_mounts(void *ctx, struct ipc_request *rq, uint64_t number, uint32_t first, size_t room,
			       uint32_t *count)
{
	const struct view *view;
	status_t status = examined(ctx, rq, number, &view);

	return status == OK ? mounts_tell(ctx, view, rq, VFS_VIEW_MOUNTS_LEASE_MOUNTS, first, room, count) : status;
}

static status_t on_open_file(void *ctx, struct ipc_request *rq, uint64_t endpoint, uint64_t number, size_t room,
			     uint32_t *count, uint64_t *inode)
{
	static struct vfs_mount entry;
	struct vfs *v = ctx;
	const struct mount *m;
	status_t status;

	if (rq->msg.badge != VFS_BADGE_EXAMINER)
		return ERR_ACCESS;
	m = mount_by_endpoint(v, endpoint);
	status = m ? mount_open_inode(m, number, inode) : ERR_NOT_FOUND;
	if (status != OK || room == 0)
		return status;
	describe(m, &v->system, &entry);
	*count = 1;
	return ipc_lease_write(rq, VFS_OPEN_FILE_LEASE_MOUNTS, 0, &entry, sizeof(entry));
}

static status_t on_namer(void *ctx, struct ipc_request *rq, uint32_t number, handle_t *namer)
{
	const struct mount *m = mount_find(ctx, number);

	if (rq->msg.badge != VFS_BADGE_EXAMINER)
		return ERR_ACCESS;
	if (!m)
		return ERR_NOT_FOUND;
	if (serving(m) != OK)
		return ERR_IO;
	return endpoint_mint(m->endpoint, STATE_BADGE_NAMER, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE, namer);
}

const struct vfs_ops client_ops = {
	.directory = on_directory,
	.above = on_above,
	.identity = on_identity,
	.narrow = on_narrow,
	.confine = on_confine,
	.mounts = on_mounts,
	.mount = on_mount,
	.mount_disk = on_mount_disk,
	.unmount = on_unmount,
	.sync = on_sync,
	.clock = on_clock,
	.stop = on_stop,
	.restart = on_restart,
	.view_identity = on_view_identity,
	.view_mounts = on_view_mounts,
	.open_file = on_open_file,
	.namer = on_namer,
	.pipes = on_pipes,
};
