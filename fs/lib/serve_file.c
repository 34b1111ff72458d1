/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations on an open file: its bytes, its entries, its mode. */
#include <string.h>

#include "fs/lib/permission.h"
#include "sys/lib/syscall.h"

#include "fs/lib/internal.h"

#define OFFSET_MAX  ((uint64_t)INT64_MAX)
#define DAY_NS      (86400ll * 1000000000)
#define LIST_SELF   1u /* behind "." */
#define LIST_PARENT 2u /* behind ".." */

static __attribute__((noinline)) status_t accessed_now(struct fs *fs, struct node *node, status_t status)
{
	node->attr->accessed = fs_now(fs);
	(void)node_changed(fs, node, FS_CHANGED_ACCESSED);
	return status;
}

/* As Linux's relatime: good enough to see that something was read since it was written, at hardly any price. Returns status, for the end of
 * an operation. */
static inline status_t accessed(struct fs *fs, const struct open_file *file, status_t status)
{
	const struct fs_attr *attr = file->node->attr;

	/* Against the time that was last asked for: reads alone do not look at the clock, and a day is long. */
	if (attr->accessed > attr->modified && attr->accessed > attr->changed && fs->last_now - attr->accessed < DAY_NS)
		return status;
	if (view_read_only(fs, file->view))
		return status;
	return accessed_now(fs, file->node, status);
}

static status_t directory_or_device(const struct node *node)
{
	return node->attr->kind == FILE_KIND_DIRECTORY ? ERR_IS_DIRECTORY : ERR_INVALID;
}

static bool direct_good(const struct fs *fs, uint64_t from, size_t len)
{
	return !fs->ops->direct_unit || !((from | len) & (fs->ops->direct_unit - 1));
}

/* ---- read and write ----------------------------------------------------------------------------------- */

static status_t copied_back(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	change_begin(fs);
	status_t status = paging_copy_back(fs, node, from, len);
	change_end(fs);
	return status;
}

/* Times are those of the call, also when its bytes come later. */
static status_t read_fifo(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			  size_t len, uint64_t *count)
{
	fs->may_defer = false;
	status_t status = fifo_file_read(fs, rq, file, offset, len, count);

	if (status == IPC_DEFERRED || (status == OK && *count != 0))
		return accessed(fs, file, status);
	return status;
}

static status_t write_fifo(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			   size_t len, uint64_t *count, uint64_t *position)
{
	status_t status = fifo_file_write(fs, rq, file, offset, len, count, position);

	if (status == IPC_DEFERRED || (status == OK && *count != 0)) {
		change_begin(fs);
		file->node->attr->modified = file->node->attr->changed = fs_now(fs);
		(void)node_changed(fs, file->node, FS_CHANGED_TIMES); /* the bytes are there all the same */
		change_end(fs);
	}
	return status;
}

status_t serve_read(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count)
{
	struct fs *fs = ctx;
	struct fs_io io = {.rq = rq, .lease = FILE_READ_LEASE_DATA};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (!(file.state->mode & FILE_MODE_READ))
		return ERR_ACCESS;
	const struct fs_attr *attr = file.node->attr;
	bool at_position = offset == FILE_AT_POSITION;
	uint64_t from = at_position ? file.state->position : offset;

	if (attr->kind != FILE_KIND_REGULAR)
		return attr->kind == FILE_KIND_FIFO ? read_fifo(fs, rq, &file, offset, len, count)
						    : directory_or_device(file.node);
	if (from > OFFSET_MAX)
		return ERR_INVALID;
	io.direct = file.state->mode & FILE_MODE_DIRECT;
	if (io.direct && !direct_good(fs, from, len))
		return ERR_INVALID;
	if (from >= attr->size || len == 0) {
		if (!file.node->made || len == 0)
			return OK;
		status = made_read(fs, &file, rq->msg.badge, from, &io, len, count);
		if (status == OK && at_position)
			file.state->position = from + *count;
		return status;
	}
	if (len > attr->size - from)
		len = attr->size - from;
	if (__builtin_expect(file.node->paging.granted, 0)) {
		status = copied_back(fs, file.node, from, len);
		if (status != OK)
			return status;
	}
	status = fs->ops->read(fs, file.node, from, &io, len);
	if (status != OK)
		return status;
	*count = len;
	if (at_position)
		file.state->position = from + len;
	return accessed(fs, &file, OK);
}

static status_t write_at(struct fs *fs, const struct open_file *file, uint64_t from, const struct fs_io *io, size_t len,
			 uint64_t *count)
{
	struct fs_attr *attr = file->node->attr;
	uint64_t old_size = attr->size;
	uint32_t what = FS_CHANGED_TIMES;
	size_t done = 0;
	status_t status, second;

	if (from >= fs->ops->size_max)
		return ERR_TOO_BIG;
	if (len > fs->ops->size_max - from)
		len = fs->ops->size_max - from;
	status = fs->ops->write(fs, file->node, from, io, len, &done);
	if (__builtin_expect(file->node->paging.place, 0)) {
		paging_resized(fs, file->node, old_size);
		paging_update(fs, file->node, from, done);
	}
	if (done == 0)
		return status == OK ? ERR_IO : status;
	if (permission_written(file->view, attr))
		what |= FS_CHANGED_OWNER;
	attr->modified = attr->changed = fs_now(fs);
	second = node_changed(fs, file->node, what);
	*count = done;
	return second;
}

status_t serve_write(void *ctx, struct ipc_request *rq, uint64_t offset, size_t len, uint64_t *count,
		     uint64_t *position)
{
	struct fs *fs = ctx;
	const struct fs_io io = {.rq = rq, .lease = FILE_WRITE_LEASE_DATA};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (!(file.state->mode & FILE_MODE_WRITE))
		return ERR_ACCESS;
	bool at_position = offset == FILE_AT_POSITION;
	uint64_t from = offset;

	if (at_position)
		from = file.state->mode & FILE_MODE_APPEND ? file.node->attr->size : file.state->position;
	if (file.node->attr->kind != FILE_KIND_REGULAR)
		return file.node->attr->kind == FILE_KIND_FIFO ? write_fifo(fs, rq, &file, offset, len, count, position)
							       : directory_or_device(file.node);
	if (from > OFFSET_MAX)
		return at_position ? ERR_TOO_BIG : ERR_INVALID;
	if (file.state->mode & FILE_MODE_DIRECT && !direct_good(fs, from, len))
		return ERR_INVALID;
	if (len != 0) {
		change_begin(fs);
		status = write_at(fs, &file, from, &io, len, count);
		change_end(fs);
		if (status == OK && (file.state->mode & FILE_MODE_SYNC) && fs->ops->sync)
			status = fs->ops->sync(fs, file.node, false);
		if (status != OK)
			return status;
	}
	*position = at_position ? from + *count : file.state->position;
	file.state->position = *position;
	return OK;
}

status_t serve_seek(void *ctx, struct ipc_request *rq, int64_t offset, enum file_whence whence, uint64_t *position)
{
	struct fs *fs = ctx;
	struct open_file file;
	uint64_t base = 0, place;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	const struct fs_attr *attr = file.node->attr;

	if (attr->kind == FILE_KIND_FIFO)
		return ERR_STREAM;
	if (whence == FILE_WHENCE_DATA || whence == FILE_WHENCE_HOLE) {
		if (offset < 0 || (uint64_t)offset >= attr->size)
			return ERR_RANGE;
		place = (uint64_t)offset;
		if (fs->ops->seek && attr->kind == FILE_KIND_REGULAR)
			status = fs->ops->seek(fs, file.node, whence == FILE_WHENCE_HOLE, &place);
		else if (whence == FILE_WHENCE_HOLE)
			place = attr->size;
		if (status != OK)
			return status;
		if (place > attr->size)
			place = attr->size; /* there is a hole at the end of everything */
	} else {
		if (whence == FILE_WHENCE_CURRENT)
			base = file.state->position;
		else if (whence == FILE_WHENCE_END)
			base = attr->size;
		place = base + (uint64_t)offset;
		/* Unsigned sums show both errors: below zero and above the top are beyond OFFSET_MAX. */
		if (place > OFFSET_MAX || (offset > 0 && place < base))
			return ERR_INVALID;
	}
	file.state->position = place;
	*position = place;
	return OK;
}

/* The notification is the handler's when it returns OK. */
status_t serve_watch(void *ctx, struct ipc_request *rq, uint32_t wanted, handle_t notification, uint64_t bits,
		     uint32_t *now)
{
	struct open_file file;
	status_t status = open_file_of(ctx, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (file.node->attr->kind == FILE_KIND_FIFO)
		return fifo_file_watch(ctx, rq, &file, wanted, notification, bits, now);
	if (!(file.state->mode & (FILE_MODE_READ | FILE_MODE_WRITE)))
		return ERR_ACCESS;
	(void)handle_close(notification);
	*now = wanted & (FILE_READY_READ | FILE_READY_WRITE);
	return OK;
}

/* ---- length --------------------------------------------------------------------------------------------- */

status_t file_truncate_to(struct fs *fs, const struct state_view *view, struct node *node, uint64_t size)
{
	struct fs_attr *attr = node->attr;
	uint64_t old_size = attr->size;
	uint32_t what = FS_CHANGED_TIMES;
	status_t status = OK;

	if (attr->kind != FILE_KIND_REGULAR)
		return directory_or_device(node);
	if (size > fs->ops->size_max)
		return ERR_TOO_BIG;
	if (size != old_size)
		status = fs->ops->truncate(fs, node, size);
	paging_resized(fs, node, old_size);
	if (status != OK)
		return status;
	if (permission_written(view, attr))
		what |= FS_CHANGED_OWNER;
	attr->modified = attr->changed = fs_now(fs);
	return node_changed(fs, node, what);
}

status_t serve_truncate(void *ctx, struct ipc_request *rq, uint64_t size)
{
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (size > OFFSET_MAX)
		return ERR_INVALID;
	if (!(file.state->mode & FILE_MODE_WRITE))
		return ERR_ACCESS;
	change_begin(fs);
	status = file_truncate_to(fs, file.view, file.node, size);
	change_end(fs);
	return status;
}

static status_t allocate(struct fs *fs, const struct open_file *file, uint64_t offset, uint64_t length, bool keep_size,
			 bool punch)
{
	struct fs_attr *attr = file->node->attr;
	uint64_t old = attr->size;
	status_t status = paging_copy_back(fs, file->node, offset, length);

	if (status == OK)
		status = fs->ops->allocate(fs, file->node, offset, length, punch);
	if (status == OK && !keep_size && !punch && offset + length > old)
		status = fs->ops->truncate(fs, file->node, offset + length);
	paging_resized(fs, file->node, old);
	if (punch)
		paging_punched(fs, file->node, offset, length);
	if (status != OK)
		return status;
	attr->changed = fs_now(fs);
	if (punch || attr->size != old)
		attr->modified = attr->changed;
	return node_changed(fs, file->node, FS_CHANGED_TIMES);
}

status_t serve_allocate(void *ctx, struct ipc_request *rq, uint64_t offset, uint64_t length, bool keep_size, bool punch)
{
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (!(file.state->mode & FILE_MODE_WRITE))
		return ERR_ACCESS;
	if (file.node->attr->kind == FILE_KIND_FIFO)
		return ERR_STREAM;
	if (file.node->attr->kind != FILE_KIND_REGULAR)
		return directory_or_device(file.node);
	if (length == 0 || offset > OFFSET_MAX || (punch && !keep_size))
		return ERR_INVALID;
	if (length > OFFSET_MAX - offset || offset + length > fs->ops->size_max)
		return ERR_TOO_BIG;
	if (!fs->ops->allocate)
		return ERR_UNSUPPORTED;
	change_begin(fs);
	status = allocate(fs, &file, offset, length, keep_size, punch);
	change_end(fs);
	return status;
}

/* ---- medium --------------------------------------------------------------------------------------------- */

status_t serve_sync(void *ctx, struct ipc_request *rq, bool data_only)
{
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status == OK && file.node->attr->kind == FILE_KIND_FIFO)
		return ERR_INVALID;
	if (status == OK && file.node->paging.granted)
		status = copied_back(fs, file.node, 0, FILE_AT_POSITION);
	if (status == OK && fs->ops->sync && !fs->read_only)
		status = fs->ops->sync(fs, file.node, data_only);
	return status;
}

status_t serve_volume(void *ctx, struct ipc_request *rq, size_t room, uint32_t *count)
{
	struct fs *fs = ctx;
	struct file_volume volume = {.block_size = fs->ops->block_size,
				     .name_max = FILE_NAME_MAX,
				     .mount = fs->state->mount,
				     .links_max = fs->ops->links_max};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK || room == 0)
		return status;
	volume.read_only = view_read_only(fs, file.view);
	strncpy(volume.type, fs->ops->type, sizeof(volume.type) - 1);
	fs->ops->volume(fs, &volume);
	*count = 1;
	return ipc_lease_write(rq, FILE_VOLUME_LEASE_VOLUME, 0, &volume, sizeof(volume));
}

status_t serve_mode(void *ctx, struct ipc_request *rq, bool set, uint32_t mode, uint32_t *now)
{
	const uint32_t settable = FILE_MODE_APPEND | FILE_MODE_SYNC | FILE_MODE_DIRECT | FILE_MODE_NONBLOCK;
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (set)
		file.state->mode = (file.state->mode & ~settable) | (mode & settable);
	*now = file.state->mode;
	return OK;
}

status_t serve_memory(void *ctx, struct ipc_request *rq, uint64_t offset, uint64_t length, bool shared,
		      handle_t *memory, uint64_t *start, uint64_t *size)
{
	struct fs *fs = ctx;
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	uint32_t mode = file.state->mode;

	if (!(mode & (FILE_MODE_READ | FILE_MODE_EXECUTE)))
		return ERR_ACCESS;
	if (file.node->attr->kind != FILE_KIND_REGULAR)
		return ERR_DEVICE;
	if (offset % PAGE_SIZE != 0 || length == 0 || offset > OFFSET_MAX || length > OFFSET_MAX - offset)
		return ERR_INVALID;
	/* A copy of this moment, where it costs nothing; and a program, so that nobody changes it while it runs. */
	status = ERR_UNSUPPORTED;
	if (fs->ops->memory && (!shared || !fs->ops->write)) {
		if (file.node->paging.granted)
			status = copied_back(fs, file.node, 0, FILE_AT_POSITION);
		status = fs->ops->memory(fs, file.node, offset, length, mode & FILE_MODE_EXECUTE, memory, start, size);
	} else if (!(mode & FILE_MODE_EXECUTE)) {
		*start = offset;
		*size = length;
		status = paging_memory(fs, &file, offset + length, memory);
	}
	return status == OK ? accessed(fs, &file, OK) : status;
}

/* ---- list ----------------------------------------------------------------------------------------------- */

struct fs_list {
	uint8_t *buffer;
	size_t used, room;
};

static bool emit(struct fs_list *list, const char *name, size_t len, uint64_t inode, enum file_kind kind, uint64_t next)
{
	size_t size = (sizeof(struct file_entry) + len + 1 + 7) & ~(size_t)7;

	if (len == 0 || len > FILE_NAME_MAX || size > list->room - list->used)
		return false;
	uint8_t *at = list->buffer + list->used;
	const struct file_entry entry = {
		.inode = inode,
		.next = next,
		.size = (uint16_t)size,
		.kind = (uint8_t)kind,
		.name_length = (uint8_t)len,
	};

	memcpy(at, &entry, sizeof(entry));
	memcpy(at + sizeof(entry), name, len);
	memset(at + sizeof(entry) + len, 0, size - sizeof(entry) - len);
	list->used += size;
	return true;
}

/* "." and "..": ours, in every directory. */
static status_t list_own(struct fs *fs, const struct open_file *file, uint64_t *from, struct fs_list *list)
{
	struct node *dir = file->node;
	uint64_t above = dir->inode;

	if (*from == 0) {
		if (!emit(list, ".", 1, dir->inode, FILE_KIND_DIRECTORY, LIST_SELF))
			return OK;
		*from = LIST_SELF;
	}
	if (*from == LIST_SELF) {
		if (dir != fs->root && dir->inode != file->view->root) {
			status_t status = fs->ops->parent(fs, dir, &above);

			if (status != OK)
				return status;
		}
		if (!emit(list, "..", 2, above, FILE_KIND_DIRECTORY, LIST_PARENT))
			return OK;
		*from = LIST_PARENT;
	}
	return OK;
}

status_t serve_list(void *ctx, struct ipc_request *rq, uint64_t next, size_t room, uint32_t *length)
{
	struct fs *fs = ctx;
	struct fs_list list = {.buffer = fs->list_buffer,
			       .room = room < sizeof(fs->list_buffer) ? room : sizeof(fs->list_buffer)};
	struct open_file file;
	status_t status = open_file_of(fs, rq->msg.badge, &file);

	if (status != OK)
		return status;
	if (file.node->attr->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	if (!(file.state->mode & FILE_MODE_READ))
		return ERR_ACCESS;
	if (file.node->attr->links != 0) {
		status = list_own(fs, &file, &next, &list);
		if (status == OK && next >= LIST_PARENT)
			status = fs->ops->list(fs, file.node, next < FS_LIST_FIRST ? 0 : next, &list, emit);
		if (status == OK && list.used == 0 && list.room < sizeof(struct file_entry) + FILE_NAME_MAX + 1)
			status =
				ERR_INVALID; /* no room for an entry, or is it the end? Who lends so little is not told */
	}
	if (status != OK || list.used == 0)
		return status;
	(void)accessed(fs, &file, OK);
	*length = (uint32_t)list.used;
	return ipc_lease_write(rq, FILE_LIST_LEASE_ENTRIES, 0, list.buffer, list.used);
}
