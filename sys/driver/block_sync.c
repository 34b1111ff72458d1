/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that read, write, flush and clear: in pieces through buffers of the driver's, each caller's in turn. */
#include <string.h>

#include "sys/driver/block_port.h"
#include "sys/lib/syscall.h"

/* The device begins with a piece of that size while the next one is copied. */
#define KICK_BYTES 65536u

_Static_assert(BLOCK_SYNC_MAX == 64, "a bit for each call");

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

static uint64_t bit_of(const struct block_port *port, const struct block_sync *c)
{
	return 1ull << (c - port->calls);
}

static void finish(struct block_port *port, struct block_sync *c)
{
	reply(c, c->status);
	port->calls_open &= ~bit_of(port, c);
}

/* What is under way comes to its end first. */
static void fail(struct block_port *port, struct block_sync *c, status_t status)
{
	if (c->status == OK)
		c->status = status;
	port->calls_more &= ~bit_of(port, c);
}

/* The next piece of a call goes to the device. */
static void piece_start(struct block_port *port, unsigned number, unsigned call)
{
	struct block_piece *p = &port->pieces[number];
	struct block_sync *c = &port->calls[call];
	struct block_io *io = &port->ios[number];
	uint64_t most = port->info.max_discard_blocks;

	if (has_data(c)) {
		most = p->bounce.size / port->info.block_size;
		if (most > port->info.max_blocks)
			most = port->info.max_blocks;
	}
	p->call = (uint8_t)call;
	p->at = c->moved;
	p->count = (uint32_t)(c->left < most ? c->left : most);
	size_t size = has_data(c) ? (size_t)p->count * port->info.block_size : 0;
	if (c->op == BLOCK_OP_WRITE) {
		status_t status = lease_read(c->reply, BLOCK_WRITE_LEASE_DATA, p->at, p->bounce.cpu, size);

		if (status != OK) {
			fail(port, c, status);
			if (!c->under_way)
				finish(port, c);
			return;
		}
		dma_to_device(&p->bounce, 0, size);
	}
	io->block = c->block;
	io->bus = p->bounce.bus;
	io->count = p->count;
	io->op = c->op;
	io->owner = (uint8_t)(BLOCK_IO_SYNC + number);
	c->block += p->count;
	c->left -= p->count;
	c->moved += size;
	if (!c->left)
		port->calls_more &= ~bit_of(port, c);
	c->under_way++;
	p->busy = true;
	block_io_start(port, io);
	if (size >= KICK_BYTES)
		block_io_kick(port);
}

void block_sync_done(struct block_port *port, unsigned number, status_t status)
{
	struct block_piece *p = &port->pieces[number];
	struct block_sync *c = &port->calls[p->call];
	size_t size = (size_t)p->count * port->info.block_size;

	p->busy = false;
	if (status == OK && c->op == BLOCK_OP_READ && c->status == OK) {
		dma_from_device(&p->bounce, 0, size);
		status = lease_write(c->reply, BLOCK_READ_LEASE_DATA, p->at, p->bounce.cpu, size);
	}
	if (status != OK)
		fail(port, c, status);
	c->under_way--;
	if (!(port->calls_more & bit_of(port, c)) && !c->under_way)
		finish(port, c);
}

/* The one behind that which had the last turn; of calls_more, which is not empty. */
static unsigned call_next(struct block_port *port)
{
	uint64_t behind = port->calls_more & ~0ull << port->call_turn;
	unsigned number = (unsigned)__builtin_ctzll(behind ? behind : port->calls_more);

	port->call_turn = (number + 1) % BLOCK_SYNC_MAX;
	return number;
}

static status_t piece_add(struct block_port *port)
{
	status_t status = device_dma_alloc(port->dev, BLOCK_SYNC_BYTES, &port->pieces[port->piece_count].bounce);

	if (status == OK)
		port->piece_count++;
	else
		port->piece_most = port->piece_count; /* fewer will do */
	return status;
}

status_t block_sync_init(struct block_port *port)
{
	port->piece_most = port->info.depth / 2 < BLOCK_SYNC_ACTIVE ? port->info.depth / 2 : BLOCK_SYNC_ACTIVE;
	return piece_add(port);
}

void block_sync_start(struct block_port *port)
{
	for (unsigned i = 0; port->calls_more && i < port->piece_most; i++) {
		if (i == port->piece_count && piece_add(port) != OK)
			return;
		/* One that fails at once leaves its place to the next. */
		while (port->calls_more && !port->pieces[i].busy)
			piece_start(port, i, call_next(port));
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
	if (port->calls_open == ~0ull)
		return ERR_BUSY;
	status = ipc_request_save(rq, &call.reply);
	if (status != OK)
		return status;
	call.block = op == BLOCK_OP_FLUSH ? 0 : w.base + block;

	unsigned number = (unsigned)__builtin_ctzll(~port->calls_open);
	port->calls[number] = call;
	port->calls_open |= 1ull << number;
	port->calls_more |= 1ull << number;
	block_port_serve(port);
	return IPC_DEFERRED;
}
