/* SPDX-License-Identifier: BSD-2-Clause */
/* Start of a file system, and vfs's commands. */
#include "fs/lib/serve.h"

#include "fs/lib/clock.h"
#include "fs/lib/later.h"
#include "sys/lib/syscall.h"

const struct file_ops fs_file_ops = {
	.open = serve_open,
	.attributes = serve_attributes,
	.set_attributes = serve_set_attributes,
	.access = serve_access,
	.make = serve_make,
	.make_symlink = serve_make_symlink,
	.read_link = serve_read_link,
	.remove = serve_remove,
	.rename = serve_rename,
	.link = serve_link,
	.walk = serve_walk,
	.device = serve_device,
	.read = serve_read,
	.write = serve_write,
	.seek = serve_seek,
	.truncate = serve_truncate,
	.allocate = serve_allocate,
	.sync = serve_sync,
	.list = serve_list,
	.volume = serve_volume,
	.mode = serve_mode,
	.lock = serve_lock,
	.lock_find = serve_lock_find,
	.unlock_owner = serve_unlock_owner,
	.memory = serve_memory,
	.watch = serve_watch,
	.pipe = serve_pipe,
};

int64_t fs_time(const struct fs *fs, uint64_t monotonic_ns)
{
	return (int64_t)monotonic_ns + __atomic_load_n(&fs->state->clock_offset, __ATOMIC_RELAXED);
}

int64_t fs_now(struct fs *fs)
{
	fs->last_now = fs_time(fs, clock_monotonic());
	return fs->last_now;
}

static void idle_due(void *ctx)
{
	struct fs *fs = ctx;

	if (!fs->timer_set)
		return;
	fs->timer_set = false;
	fs->ops->idle(fs);
}

void fs_later(struct fs *fs, uint64_t ns)
{
	if (!fs->timer_set)
		fs->timer_set = server_timer_set(&fs->timer, clock_monotonic() + ns) == OK;
}

/* ---- vfs's commands: through the handle without a badge, which nobody else has ---------------------------- */

static status_t commanded(const struct ipc_request *rq)
{
	return rq->msg.badge == 0 ? OK : ERR_ACCESS;
}

static status_t on_ready(void *ctx, struct ipc_request *rq, uint64_t *root, bool *read_only)
{
	const struct fs *fs = ctx;

	*root = fs->ops->root;
	*read_only = fs->read_only;
	return commanded(rq);
}

static status_t on_cover(void *ctx, struct ipc_request *rq, uint64_t directory, uint32_t mount, size_t room,
			 uint32_t *count)
{
	static struct fs_control_inode above[FS_CONTROL_DEPTH_MAX];
	status_t status = commanded(rq);

	if (status == OK)
		status = cover_set(ctx, directory, mount, above, room, count);
	if (status == OK)
		status = ipc_lease_write(rq, FS_CONTROL_COVER_LEASE_ABOVE, 0, above, *count * sizeof(above[0]));
	return status;
}

static status_t on_uncover(void *ctx, struct ipc_request *rq, uint32_t mount)
{
	status_t status = commanded(rq);

	if (status == OK)
		cover_clear(ctx, mount);
	return status;
}

/* vfs's word, or procfs's. */
static status_t on_path(void *ctx, struct ipc_request *rq, uint64_t number, size_t room, uint32_t *length)
{
	static char path[FILE_PATH_MAX];
	struct fs *fs = ctx;
	size_t len = 0;
	status_t status = rq->msg.badge == STATE_BADGE_NAMER ? OK : commanded(rq);

	if (status == OK)
		status = path_of_open_file(fs, number, path, sizeof(path), &len);
	nodes_trim(fs);
	if (status != OK)
		return status;
	if (len > room)
		return ERR_NAME_TOO_LONG;
	*length = (uint32_t)len;
	return len ? ipc_lease_write(rq, FS_CONTROL_PATH_LEASE_PATH, 0, path, len) : OK;
}

static status_t sync_all(struct fs *fs)
{
	change_begin(fs);
	status_t status = paging_copy_back_all(fs);
	change_end(fs);
	status_t second = fs->ops->sync_all && !fs->read_only ? fs->ops->sync_all(fs) : OK;
	return status == OK ? second : status;
}

static status_t on_sync(void *ctx, struct ipc_request *rq)
{
	status_t status = commanded(rq);

	return status == OK ? sync_all(ctx) : status;
}

static status_t on_stop(void *ctx, struct ipc_request *rq, bool force)
{
	struct fs *fs = ctx;
	status_t status = commanded(rq);

	if (status != OK)
		return status;
	later_finish(fs);
	open_files_closed(fs);
	if (!force && (fs->open_count != 0 || covers_any(fs)))
		return ERR_BUSY;
	status = sync_all(fs);
	if (status != OK && !force)
		return status;
	if (fs->ops->stop) {
		nodes_end(fs);
		status_t last = fs->ops->stop(fs);

		status = status == OK ? last : status;
	}
	server_stop(&fs->server, status);
	return status == OK ? OK : ERR_CLOSED; /* not what a caller could take for a mount that goes on */
}

static const struct fs_control_ops control_ops = {
	.ready = on_ready,
	.cover = on_cover,
	.uncover = on_uncover,
	.sync = on_sync,
	.stop = on_stop,
	.path = on_path,
};

/* ---- start ---------------------------------------------------------------------------------------------- */

status_t fs_state_check(const struct state *state)
{
	return state->magic == STATE_MAGIC && state->version == STATE_VERSION && state->mount != 0 ? OK
												   : ERR_BAD_FORMAT;
}

static status_t serve_prepare(struct fs *fs, const struct fs_start *start)
{
	struct handle_info info;
	bool defers = fs->ops->flags & FS_DEFERS;
	status_t status = handle_info(fs->endpoint, &info);

	fs->endpoint_koid = info.koid;
	server_init(&fs->server, fs->endpoint, start->thread);
	if (status == OK)
		status = server_add_protocol(&fs->server, defers ? later_protocol() : &file_protocol, &fs_file_ops, fs);
	if (status == OK)
		status = server_add_protocol(&fs->server, &fs_control_protocol, &control_ops, fs);
	if (status == OK && defers)
		status = later_prepare(fs, start->notification);
	if (status == OK)
		status = server_add_signal(&fs->server, open_files_closed, fs, &fs->closed, &fs->closed_bits);
	server_set_other(&fs->server, paging_call, fs);
	if (status == OK)
		status = server_timer_init(&fs->copy_back, &fs->server, paging_copy_back_due, fs);
	if (status == OK && fs->ops->idle)
		status = server_timer_init(&fs->timer, &fs->server, idle_due, fs);
	return status;
}

status_t fs_start(struct fs *fs, const struct fs_start *start)
{
	status_t status = fs_state_check(start->state);

	if (status != OK)
		return status;
	fs->ops = start->ops;
	fs->data = start->data;
	fs->state = start->state;
	fs->endpoint = start->endpoint;
	fs->read_only = start->read_only || start->state->read_only;
	fs->ring.newer = fs->ring.older = &fs->ring;
	/* Without memory for it look-ups are slower, nothing else. */
	if (!(fs->ops->flags & FS_NO_NAME_CACHE))
		(void)name_cache_init(&fs->names);
	paging_prepare(fs);
	status = serve_prepare(fs, start);
	if (status == OK)
		status = node_get(fs, fs->ops->root, &fs->root);
	if (status == OK && fs->root->attr->kind != FILE_KIND_DIRECTORY)
		status = ERR_BAD_FORMAT;
	if (status == OK)
		status = open_files_restore(fs);
	if (status != OK)
		return status;
	locks_restore(fs);
	covers_restore(fs);
	if (fs->ops->restored)
		fs->ops->restored(fs);
	paging_restored(fs);
	/* From the earlier instance's end on: what was closed meanwhile waits there. */
	return endpoint_watch(fs->endpoint, fs->closed, fs->closed_bits);
}
