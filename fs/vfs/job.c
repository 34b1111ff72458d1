/* SPDX-License-Identifier: BSD-2-Clause */
/* What takes several questions: to mount, to unmount, to sync, to stop. The callers' answers come at the end. */
#include <stdlib.h>

#include "fs/vfs/vfs.h"
#include "sys/abi/system.h"
#include "sys/lib/ipc_stub.h"

/* ---- mount ------------------------------------------------------------------------------------------------ */

static void mount_finish(struct vfs *v, struct mount *m, status_t status)
{
	handle_t reply = m->job_reply;
	uint32_t number = m->number;
	bool root = !m->parent && !m->hidden;

	m->job_reply = HANDLE_NONE;
	ipc_close(m->job_point);
	m->job_point = HANDLE_NONE;
	if (status == OK) {
		m->state = VFS_STATE_RUNNING;
		if (root)
			v->root = m;
	} else {
		if (m->reason != OK)
			status = m->reason;
		mount_log(m, LOG_ERROR, "cannot be mounted (status %d)", (int)status);
		if (m->hidden)
			v->pipes = NULL;
		mount_drop(v, m);
	}
	if (reply != HANDLE_NONE)
		(void)vfs_mount_reply(reply, status, number);
	if (root)
		boot_rooted(v);
}

static void covered(struct vfs *v, struct ask *ask)
{
	struct mount *m = ask->subject;

	if (ask->status == OK) {
		m->above = ask->above;
		m->above_count = ask->above_count;
		ask->above = NULL;
	}
	if (!m->gone)
		mount_finish(v, m, ask->status);
	ask_free(v, ask);
	mount_put(v, m);
}

static void came_up(struct vfs *v, struct ask *ask)
{
	struct mount *m = ask->mount;
	status_t status = ask->status;

	if (m->gone) {
		ask_free(v, ask);
		return;
	}
	if (status == OK) {
		m->served = true;
		m->root = ask->root;
		if (ask->read_only)
			m->flags |= VFS_MOUNT_FLAGS_READ_ONLY;
	}
	if (status == OK && m->parent) {
		struct ask *cover = ask_new(v, ASK_COVER, m->parent, covered);

		if (cover) {
			cover->subject = m;
			cover->inode = m->cover_inode;
			cover->number = m->number;
			mount_get(m);
			ask_submit(v, cover);
		}
		status = cover ? IPC_DEFERRED : ERR_NO_MEMORY;
	}
	if (status != IPC_DEFERRED)
		mount_finish(v, m, status);
	ask_free(v, ask);
}

status_t job_mount(struct vfs *v, const struct mount_wish *wish, handle_t reply)
{
	struct mount *m;
	status_t status = mount_make(v, wish, &m);

	if (status != OK)
		return status;
	struct ask *ask = ask_new(v, ASK_READY, m, came_up);

	if (!ask) {
		mount_drop(v, m);
		return ERR_NO_MEMORY;
	}
	m->job_reply = reply;
	ask_submit(v, ask);
	return OK;
}

status_t job_pipes(struct vfs *v, struct mount **out)
{
	const struct mount_wish wish = {
		.type = "pipefs", .source = "none", .options = "", .point = "pipe", .hidden = true};
	status_t status = OK;

	if (!v->pipes) {
		status = job_mount(v, &wish, HANDLE_NONE);
		for (struct mount *m = v->mounts; m && status == OK; m = m->next) {
			if (m->hidden)
				v->pipes = m;
		}
		/* Its handles are given out from now on: a death is no failed mount any more. */
		if (status == OK) {
			v->pipes->served = true;
			v->pipes->state = VFS_STATE_RUNNING;
		}
	}
	*out = v->pipes;
	return status;
}

/* ---- unmount ---------------------------------------------------------------------------------------------- */

static void uncovered(struct vfs *v, struct ask *ask)
{
	struct mount *m = ask->subject;
	handle_t reply = ask->reply;

	/* If the one above has not heard of it, its directory stays closed until it is mounted again; all else is as it should be. */
	if (ask->status != OK)
		mount_log(m, LOG_WARN, "its mount point is not free again (status %d)", (int)ask->status);
	if (!m->gone)
		mount_drop(v, m);
	(void)vfs_unmount_reply(reply, ask->inode ? ERR_IO : OK);
	ask_free(v, ask);
	mount_put(v, m);
}

static void uncover(struct vfs *v, struct mount *m, handle_t reply, bool broken)
{
	struct ask *ask = ask_new(v, ASK_UNCOVER, m->parent, uncovered);

	if (!ask) {
		mount_drop(v, m);
		(void)vfs_unmount_reply(reply, ERR_NO_MEMORY);
		return;
	}
	ask->subject = m;
	ask->number = m->number;
	ask->reply = reply;
	ask->inode = broken; /* not everything may be on the medium */
	mount_get(m);
	ask_submit(v, ask);
}

static void stopped(struct vfs *v, struct ask *ask)
{
	struct mount *m = ask->mount;
	handle_t reply = ask->reply;
	status_t status = ask->status;

	if (m->gone) {
		(void)vfs_unmount_reply(reply, OK);
	} else if (status == OK || status == ERR_PEER_DIED || status == ERR_CLOSED) {
		views_forget(v, m);
		uncover(v, m, reply, status != OK);
	} else {
		m->state = VFS_STATE_RUNNING;
		(void)vfs_unmount_reply(reply, status);
	}
	ask_free(v, ask);
}

status_t job_unmount(struct vfs *v, struct mount *m, bool force, handle_t reply)
{
	struct ask *ask;

	if (m->state == VFS_STATE_FAILED) {
		uncover(v, m, reply, false);
		return OK;
	}
	ask = ask_new(v, ASK_STOP, m, stopped);
	if (!ask)
		return ERR_NO_MEMORY;
	m->state = VFS_STATE_STOPPING;
	ask->force = force;
	ask->reply = reply;
	ask_submit(v, ask);
	return OK;
}

/* ---- sync and stop ---------------------------------------------------------------------------------------- */

struct gather {
	unsigned waiting;
	status_t status; /* the first error */
	handle_t reply;
	status_t (*answer)(handle_t reply, status_t status);
};

static void gather_put(struct gather *gather)
{
	if (--gather->waiting != 0)
		return;
	(void)gather->answer(gather->reply, gather->status);
	free(gather);
}

static void gathered(struct vfs *v, struct ask *ask)
{
	/* One that has failed for good has nothing that could be written. */
	if (ask->gather->status == OK && ask->status != ERR_CLOSED)
		ask->gather->status = ask->status;
	gather_put(ask->gather);
	ask_free(v, ask);
}

static struct gather *gather_new(handle_t reply, status_t (*answer)(handle_t, status_t))
{
	struct gather *gather = calloc(1, sizeof(*gather));

	if (gather)
		*gather = (struct gather){.waiting = 1, .reply = reply, .answer = answer};
	return gather;
}

static void gather_ask(struct vfs *v, struct gather *gather, enum ask_kind kind, struct mount *m)
{
	struct ask *ask = ask_new(v, kind, m, gathered);

	if (!ask) {
		gather->status = ERR_NO_MEMORY;
		return;
	}
	ask->gather = gather;
	ask->force = true;
	gather->waiting++;
	ask_submit(v, ask);
}

static bool answers(const struct mount *m)
{
	return m->state == VFS_STATE_RUNNING || m->state == VFS_STATE_BACKOFF;
}

status_t job_sync(struct vfs *v, const struct view *view, handle_t reply)
{
	struct gather *gather = gather_new(reply, vfs_sync_reply);

	if (!gather)
		return ERR_NO_MEMORY;
	for (struct mount *m = v->mounts; m; m = m->next) {
		if (answers(m) && (view_reaches(v, view, m) || m->number == view->root_mount))
			gather_ask(v, gather, ASK_SYNC, m);
	}
	gather_put(gather);
	return OK;
}

/* Mounts inside of others have greater numbers. */
static struct mount *last_below(struct vfs *v, uint32_t number)
{
	struct mount *last = NULL;

	for (struct mount *m = v->mounts; m && m->number < number; m = m->next) {
		if (answers(m))
			last = m;
	}
	return last;
}

status_t job_stop(struct vfs *v, handle_t reply)
{
	struct gather *gather = gather_new(reply, vfs_stop_reply);
	struct mount *m;

	if (!gather)
		return ERR_NO_MEMORY;
	v->stopping = true;
	for (uint32_t below = UINT32_MAX; (m = last_below(v, below)) != NULL; below = m->number)
		gather_ask(v, gather, ASK_STOP, m);
	gather_put(gather);
	return OK;
}
