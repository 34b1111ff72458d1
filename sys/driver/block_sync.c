/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that read, write, flush and clear: first come, first served, through a buffer of the driver's. */
#include <string.h>

#include "sys/driver/block_port.h"
#include "sys/lib/syscall.h"

static bool has_data(const struct block_sync *c)
{
	return c->op == BLOCK_OP_READ || c->op == BLOCK_OP_WRITE;
}

static void reply(const struct block_sync *c, status_t status)
{
	switch (c->op) {
	case BLOCK_OP_READ: (void)block_read_reply(c->reply, status); break;
	case BLOCK_OP_WRITE: (void)block_write_reply(c->reply, status); break;
	case BLOCK_OP_FLUSH: (void)block_flush_reply(c->reply, status); break;
	default: (void)block_clear_reply(c->reply, status); break;
	}
}

static void finish(struct block_port *port, unsigned number, status_t status)
{
	reply(&port->active[number], status);
	port->active[number] = (struct block_sync){0};
}

/* The next piece goes to the device. */
static void piece_start(struct block_port *port, unsigned number)
{
	struct block_sync *c = &port->active[number];
	struct dma *bounce = &port->bounce[number];
	struct block_io *io = &port->ios[number];
	uint64_t most = port->info.max_discard_blocks;

	if (has_data(c)) {
		most = bounce->size / port->info.block_size;
		if (most > port->info.max_blocks)
			most = port->info.max_blocks;
	}
	c->piece = (uint32_t)(c->left < most ? c->left : most);
	if (c->op == BLOCK_OP_WRITE) {
		size_t size = (size_t)c->piece * port->info.block_size;
		status_t status = lease_read(c->reply, BLOCK_WRITE_LEASE_DATA, c->moved, bounce->cpu, size);

		if (status != OK) {
			finish(port, number, status);
			return;
		}
		dma_to_device(bounce, 0, size);
	}
	io->block = c->block;
	io->bus = bounce->bus;
	io->count = c->piece;
	io->op = c->op;
	io->owner = (uint8_t)(BLOCK_IO_SYNC + number);
	block_io_start(port, io);
}

void block_sync_done(struct block_port *port, unsigned number, status_t status)
{
	struct block_sync *c = &port->active[number];
	size_t size = (size_t)c->piece * port->info.block_size;

	if (status == OK && c->op == BLOCK_OP_READ) {
		dma_from_device(&port->bounce[number], 0, size);
		status = lease_write(c->reply, BLOCK_READ_LEASE_DATA, c->moved, port->bounce[number].cpu, size);
	}
	c->moved += size;
	c->block += c->piece;
	c->left -= c->piece;
	if (status != OK || !c->left)
		finish(port, number, status);
	else
		piece_start(port, number);
}

void block_sync_start(struct block_port *port)
{
	for (unsigned i = 0; i < BLOCK_SYNC_ACTIVE; i++) {
		/* One that fails at once leaves its place to the next. */
		while (port->waiting_count && port->active[i].reply == HANDLE_NONE) {
			port->active[i] = port->waiting[0];
			port->waiting_count--;
			memmove(port->waiting, port->waiting + 1, port->waiting_count * sizeof(port->waiting[0]));
			piece_start(port, i);
		}
	}
}

static status_t call_check(const struct block_port *port, const struct block_window *w, enum block_op op,
			   uint64_t block, uint64_t count)
{
	if (op != BLOCK_OP_READ && op != BLOCK_OP_FLUSH && w->read_only)
		return ERR_ACCESS;
	if ((op == BLOCK_OP_DISCARD && !(port->info.features & BLOCK_FEATURE_DISCARD)) ||
	    (op == BLOCK_OP_WRITE_ZEROES && !(port->info.features & BLOCK_FEATURE_WRITE_ZEROES)))
		return ERR_UNSUPPORTED;
	return block > w->blocks || count > w->blocks - block ? ERR_RANGE : OK;
}

status_t block_sync_call(struct block_port *port, struct ipc_request *rq, enum block_op op, uint64_t block,
			 uint64_t count)
{
	struct block_window w;
	struct block_sync call = {.op = (uint8_t)op, .left = count};
	status_t status = block_window_find(port, rq->msg.badge, &w);

	if (status == OK)
		status = call_check(port, &w, op, block, count);
	if (status != OK)
		return status;
	bool nothing = op == BLOCK_OP_FLUSH ? !(port->info.features & BLOCK_FEATURE_CACHE) : !count;
	if (nothing)
		return OK;
	if (port->waiting_count == BLOCK_SYNC_MAX)
		return ERR_BUSY;
	status = ipc_request_save(rq, &call.reply);
	if (status != OK)
		return status;
	call.block = op == BLOCK_OP_FLUSH ? 0 : w.base + block;
	port->waiting[port->waiting_count++] = call;
	block_port_serve(port);
	return IPC_DEFERRED;
}
