/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FIFOs that have names. What is in one is this process's memory: the next instance knows who has it open, and that there was something. A mark
 * says that, in the place of an open file's position, of one of those that have it open. Above the mark stands how many writers had come when it was opened.
 */
#include "fs/lib/internal.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define MARK_NONE  UINT32_MAX
#define MARK       1u /* in the position */
#define CAME_SHIFT 32

static unsigned ends_of(uint32_t mode)
{
	return (mode & FILE_MODE_READ ? FIFO_READER : 0u) | (mode & FILE_MODE_WRITE ? FIFO_WRITER : 0u);
}

static struct fifo_call call_of(struct ipc_request *rq, const struct open_file *file)
{
	return (struct fifo_call){.rq = rq,
				  .badge = rq->msg.badge,
				  .user = file->view->user,
				  .wait = !(file->state->mode & FILE_MODE_NONBLOCK)};
}

/* ---- the mark ------------------------------------------------------------------------------------------- */

static void mark_set(struct fs *fs, struct fifo *fifo, uint32_t place)
{
	fifo->mark = place;
	fs->state->files[place].position |= MARK;
}

static void mark_clear(struct fs *fs, struct fifo *fifo)
{
	if (fifo->mark != MARK_NONE)
		fs->state->files[fifo->mark].position &= ~(uint64_t)MARK;
	fifo->mark = MARK_NONE;
}

/* After bytes may have moved, by a call through the open file of that place. */
static void mark_update(struct fs *fs, struct fifo *fifo, uint32_t place)
{
	if (fifo->used == 0 && !fifo->lost)
		mark_clear(fs, fifo);
	else if (fifo->mark == MARK_NONE)
		mark_set(fs, fifo, place);
}

/* The open file that bears it is closed: another takes it over. */
static void mark_move(struct fs *fs, const struct node *node, uint32_t from)
{
	struct fifo *fifo = node->fifo;

	fifo->mark = MARK_NONE;
	for (uint32_t i = 0; i < fs->open_top && fifo->mark == MARK_NONE; i++) {
		if (i != from && fs->open[i].badge != 0 && fs->open[i].node == node)
			mark_set(fs, fifo, i);
	}
}

/* ---- open and close --------------------------------------------------------------------------------------- */

static status_t fifo_of(struct fs *fs, struct node *node, uint32_t user)
{
	status_t status = node->fifo ? OK : fifo_new(&fs->fifos, user, &node->fifo);

	if (status == OK && node->fifo->readers == 0 && node->fifo->writers == 0)
		node->fifo->mark = MARK_NONE;
	return status;
}

static void fifo_put(struct fs *fs, struct node *node)
{
	if (node->fifo->readers != 0 || node->fifo->writers != 0)
		return;
	fifo_free(&fs->fifos, node->fifo);
	node->fifo = NULL;
}

/* Who waited to open it and is gone is no peer: their handles are closed when this comes back. So may others be that were closed meanwhile, the
 * caller's own among them: the node stays for that long. */
static status_t peers_look(struct fs *fs, const struct ipc_request *rq, const struct open_file *from, struct node *node)
{
	if (!node->fifo)
		return OK;
	fifo_forget_dead(&fs->fifos, node->fifo);
	node->opens++;
	open_files_closed(fs);
	node->opens--;
	if (fs->open[from->index].badge == rq->msg.badge)
		return OK;
	node_settle(fs, node);
	return ERR_HANDLE;
}

status_t fifo_open(struct fs *fs, struct ipc_request *rq, const struct open_file *from, struct node *node,
		   uint32_t mode, handle_t *file)
{
	struct fifo_call call = {.rq = rq, .user = from->view->user, .wait = !(mode & FILE_MODE_NONBLOCK)};
	unsigned ends = ends_of(mode);
	struct handle_info info;
	handle_t fresh;
	status_t status;

	if (ends == 0)
		return open_file_make(fs, node, mode, from->state->view, file);
	status = peers_look(fs, rq, from, node);
	if (status != OK)
		return status;
	if (ends == FIFO_WRITER && !call.wait && (!node->fifo || node->fifo->readers == 0))
		return ERR_DEVICE; /* POSIX: ENXIO */
	status = fifo_of(fs, node, call.user);
	if (status != OK)
		return status;
	status = open_file_make(fs, node, mode, from->state->view, &fresh);
	if (status != OK) {
		fifo_put(fs, node);
		return status;
	}
	uint32_t came = node->fifo->came;

	fifo_join(&fs->fifos, node->fifo, ends);
	status = handle_info(fresh, &info);
	if (status != OK) {
		ipc_close(fresh); /* and leaves, like others */
		return status;
	}
	call.badge = info.badge;
	fs->state->files[open_file_place(info.badge)].position = (uint64_t)came << CAME_SHIFT;
	if (fifo_has_peer(node->fifo, ends) || (ends == FIFO_READER && !call.wait)) {
		*file = fresh;
		return OK;
	}
	return fifo_wait_peer(&fs->fifos, node->fifo, &call, ends, fresh);
}

/* A handle to those ends; after an error they are closed like others. */
static status_t end_open(struct fs *fs, struct node *node, uint32_t mode, uint32_t view, handle_t *out)
{
	status_t status = open_file_make(fs, node, mode, view, out);

	if (status == OK)
		fifo_join(&fs->fifos, node->fifo, ends_of(mode));
	return status;
}

static status_t pipe_node(struct fs *fs, const struct state_view *view, struct node **out)
{
	const struct fs_new what = {.kind = FILE_KIND_FIFO,
				    .permissions = 0600,
				    .user = view->user,
				    .group = view->group,
				    .now = fs_now(fs)};
	uint64_t inode;
	status_t status = fs->ops->unnamed(fs, &what, &inode);

	return status == OK ? node_get(fs, inode, out) : status;
}

status_t serve_pipe(void *ctx, struct ipc_request *rq, uint32_t mode, handle_t *reader, handle_t *writer)
{
	struct fs *fs = ctx;
	struct open_file from;
	struct node *node;
	status_t status = open_file_of(fs, rq->msg.badge, &from);

	if (status != OK)
		return status;
	if (!fs->ops->unnamed)
		return ERR_UNSUPPORTED;
	if (mode & ~(uint32_t)FILE_MODE_NONBLOCK)
		return ERR_INVALID;
	status = pipe_node(fs, from.view, &node);
	if (status != OK)
		return status;
	status = fifo_of(fs, node, from.view->user);
	if (status == OK)
		status = end_open(fs, node, mode | FILE_MODE_READ, from.state->view, reader);
	if (status == OK)
		status = end_open(fs, node, mode | FILE_MODE_WRITE, from.state->view, writer);
	/* One end that is open already closes with its handle, and takes the node with it. */
	if (status != OK && node->opens == 0) {
		if (node->fifo)
			fifo_put(fs, node);
		node_settle(fs, node);
	}
	return status;
}

void fifo_closed(struct fs *fs, const struct state_file *file, uint32_t place, struct node *node)
{
	unsigned ends = ends_of(file->mode);
	struct fifo *fifo = node->fifo;

	if (!fifo || ends == 0)
		return;
	fifo_leave(&fs->fifos, fifo, ends, file->badge);
	if (fifo->mark == place)
		mark_move(fs, node, place);
	if (fifo->used == 0 && !fifo->lost)
		mark_clear(fs, fifo);
	fifo_put(fs, node);
}

status_t fifo_restore(struct fs *fs, struct state_file *file, uint32_t place, struct node *node, uint32_t user)
{
	unsigned ends = ends_of(file->mode);
	status_t status;

	if (ends == 0)
		return OK;
	status = fifo_of(fs, node, user);
	if (status != OK)
		return status;
	/* How many came before is not known: whoever has it open has seen one. */
	fifo_join(&fs->fifos, node->fifo, ends);
	node->fifo->came++;
	bool marked = file->position & MARK;

	file->position = 0;
	if (marked && node->fifo->mark == MARK_NONE) {
		node->fifo->lost = true;
		mark_set(fs, node->fifo, place);
	}
	return OK;
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

status_t fifo_file_read(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			size_t len, uint64_t *count)
{
	const struct fifo_call call = call_of(rq, file);
	struct fifo *fifo = file->node->fifo;
	status_t status;

	if (offset != FILE_AT_POSITION)
		return ERR_STREAM;
	if (!fifo)
		return ERR_IO;
	if (fifo->lost) {
		fifo->lost = false;
		mark_update(fs, fifo, file->index);
		return ERR_IO;
	}
	status = fifo_read(&fs->fifos, fifo, &call, len, count);
	if (status == OK)
		mark_update(fs, fifo, file->index);
	return status;
}

status_t fifo_file_write(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint64_t offset,
			 size_t len, uint64_t *count, uint64_t *position)
{
	const struct fifo_call call = call_of(rq, file);
	struct fifo *fifo = file->node->fifo;
	status_t status;

	if (offset != FILE_AT_POSITION)
		return ERR_STREAM;
	if (!fifo)
		return ERR_IO;
	status = fifo_write(&fs->fifos, fifo, &call, len, count);
	if (status == OK || status == IPC_DEFERRED)
		mark_update(fs, fifo, file->index);
	*position = FILE_AT_POSITION;
	return status;
}

status_t fifo_file_watch(struct fs *fs, struct ipc_request *rq, const struct open_file *file, uint32_t wanted,
			 handle_t notification, uint64_t bits, uint32_t *now)
{
	const struct fifo_call call = call_of(rq, file);
	struct fifo *fifo = file->node->fifo;
	unsigned ends = ends_of(file->state->mode);

	if (!fifo || ends == 0)
		return ERR_ACCESS;
	return fifo_watch(&fs->fifos, fifo, &call, ends, (uint32_t)(file->state->position >> CAME_SHIFT), wanted,
			  notification, bits, now);
}
