/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests between clients' rings and the device. */
#include "sys/driver/block_port.h"

#include <string.h>

#include "sys/lib/syscall.h"

/* Requests taken from one client before the next one's turn */
#define BATCH       32
#define ROUNDS      64
/* A device that has finished nothing for so long, with requests to work on, is out of order. */
#define WATCHDOG_NS 15000000000ull
#define IO_NONE     UINT16_MAX

enum { REQUESTS, ANSWERS };

static const struct session_shape shape = {
	.rings = 2,
	.ring =
		{
			[REQUESTS] = {sizeof(struct block_request), RING_CONSUMER},
			[ANSWERS] = {sizeof(struct block_answer), RING_PRODUCER},
		},
};

#define for_each_bit(i, mask) \
	for (uint64_t bits_ = (mask), i; bits_ && (i = (uint64_t)__builtin_ctzll(bits_), true); bits_ &= bits_ - 1)

/* ---- requests with the device ---------------------------------------------------------------- */

static struct block_io *io_take(struct block_port *port)
{
	if (port->io_free == IO_NONE)
		return NULL;
	struct block_io *io = &port->ios[port->io_free];
	port->io_free = io->next;
	return io;
}

static void io_give(struct block_port *port, struct block_io *io)
{
	io->next = port->io_free;
	port->io_free = io->index;
}

/* The watchdog runs while there is work, and is set once for many requests. */
static void watch(struct block_port *port)
{
	uint64_t now;

	if (port->watched || clock_get(&now) != OK)
		return;
	port->watched = true;
	port->finished_seen = port->finished;
	device_timer(port->dev, now + WATCHDOG_NS);
}

void block_port_timer(struct block_port *port)
{
	port->watched = false;
	if (!port->with_device)
		return;
	if (port->finished == port->finished_seen) {
		device_fail(port->dev, "the device has stopped answering");
		return;
	}
	watch(port);
}

void block_io_start(struct block_port *port, struct block_io *io)
{
	io->busy = true;
	port->with_device++;
	status_t status = port->hw->submit(port->hw_context, io);
	if (status == OK) {
		port->submitted = true;
		watch(port);
	} else {
		block_port_done(port, io->index, status);
	}
}

void block_io_kick(struct block_port *port)
{
	if (port->submitted)
		port->hw->kick(port->hw_context);
	port->submitted = false;
}

uint32_t block_port_busy(const struct block_port *port)
{
	return port->with_device;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void session_end(struct block_port *port, unsigned number)
{
	struct block_session *s = &port->sessions[number];
	handle_t reply = s->reply;

	session_port_close(&s->port);
	*s = (struct block_session){0};
	port->session_mask &= ~(1ull << number);
	port->dirty_mask &= ~(1ull << number);
	if (reply != HANDLE_NONE)
		(void)block_detach_reply(reply, OK);
}

/* The device has its memory until the last request has ended. */
static void session_close(struct block_port *port, unsigned number)
{
	struct block_session *s = &port->sessions[number];

	s->closing = true;
	if (!s->inflight)
		session_end(port, number);
}

static void answer(struct block_port *port, unsigned number, uint64_t id, status_t result)
{
	struct block_session *s = &port->sessions[number];
	const struct block_answer a = {.id = id, .result = (int32_t)result};

	if (!s->port.live || s->closing)
		return;
	/* There is room: no request is taken without. */
	if (ring_put(&s->port.rings[ANSWERS], &a) != OK)
		session_port_break(&s->port);
	else
		port->dirty_mask |= 1ull << number;
}

static status_t request_check(const struct block_port *port, const struct block_session *s,
			      const struct block_request *rq)
{
	const struct block_info *info = &port->info;
	bool data = rq->op == BLOCK_OP_READ || rq->op == BLOCK_OP_WRITE;
	bool clear = rq->op == BLOCK_OP_DISCARD || rq->op == BLOCK_OP_WRITE_ZEROES;

	if (rq->op == BLOCK_OP_FLUSH)
		return OK;
	if (!data && !clear)
		return ERR_INVALID;
	if (rq->op != BLOCK_OP_READ && s->read_only)
		return ERR_ACCESS;
	if ((rq->op == BLOCK_OP_DISCARD && !(info->features & BLOCK_FEATURE_DISCARD)) ||
	    (rq->op == BLOCK_OP_WRITE_ZEROES && !(info->features & BLOCK_FEATURE_WRITE_ZEROES)))
		return ERR_UNSUPPORTED;
	if (!rq->count || rq->count > (data ? info->max_blocks : info->max_discard_blocks))
		return ERR_INVALID;
	if (rq->block > s->blocks || rq->count > s->blocks - rq->block)
		return ERR_RANGE;
	if (data && rq->offset % 512)
		return ERR_INVALID;
	if (data && !session_port_holds(&s->port, rq->offset, (uint64_t)rq->count * info->block_size))
		return ERR_RANGE;
	return OK;
}

static void request_run(struct block_port *port, unsigned number, const struct block_request *rq)
{
	struct block_session *s = &port->sessions[number];
	status_t status = request_check(port, s, rq);

	/* Without a cache there is nothing to flush. */
	if (status != OK || (rq->op == BLOCK_OP_FLUSH && !(port->info.features & BLOCK_FEATURE_CACHE))) {
		answer(port, number, rq->id, status);
		return;
	}
	struct block_io *io = io_take(port);
	bool flush = rq->op == BLOCK_OP_FLUSH;
	io->block = flush ? 0 : s->base + rq->block;
	io->bus = s->port.data.bus + rq->offset;
	io->count = flush ? 0 : rq->count;
	io->op = (uint8_t)rq->op;
	io->owner = (uint8_t)number;
	io->id = rq->id;
	s->inflight++;
	block_io_start(port, io);
}

/* Is there room in the answer ring for one request more? */
static bool answer_room(struct block_session *s)
{
	struct ring *answers = &s->port.rings[ANSWERS];

	if (ring_used(answers) + s->inflight < s->port.depth)
		return true;
	if (ring_look(answers) != OK) {
		session_port_break(&s->port);
		return false;
	}
	return ring_used(answers) + s->inflight < s->port.depth;
}

/* Takes requests; true: there may be more. When false, the client will ring if it queues some, or an end of a request
 * comes first. */
static bool session_pump(struct block_port *port, unsigned number)
{
	struct block_session *s = &port->sessions[number];
	struct ring *requests = &s->port.rings[REQUESTS];
	struct block_request rq;
	unsigned taken = 0;

	while (taken < BATCH && port->io_free != IO_NONE && answer_room(s)) {
		status_t status = ring_take(requests, &rq);

		if (status == ERR_WOULD_BLOCK)
			break;
		if (status != OK) {
			session_port_break(&s->port);
			return false;
		}
		request_run(port, number, &rq);
		taken++;
		if (!s->port.live)
			return false;
	}
	if (!s->port.live)
		return false;
	if (taken && ring_release(requests))
		session_port_signal(&s->port);
	if (taken == BATCH)
		return true;
	if (port->io_free == IO_NONE)
		return false;
	if (!answer_room(s))
		/* With requests under way their ends bring it here again; else the client has to make room. */
		return s->port.live && !s->inflight && !ring_wait_begin(&s->port.rings[ANSWERS]);
	return !ring_wait_begin(requests);
}

/* Everybody in turn until nothing is left to take or to take it with. */
static void pump(struct block_port *port)
{
	bool more = true;

	for (unsigned round = 0; more; round++) {
		uint64_t mask = port->session_mask;

		if (round == ROUNDS) {
			/* Clients that are faster than this loop: interrupts' turn, then it goes on. */
			(void)notification_signal(port->doorbell, port->doorbell_bits);
			return;
		}

		more = false;
		port->turn = (port->turn + 1) % BLOCK_SESSIONS_MAX;
		/* rotated, so that another one is first each time */
		mask = port->turn ? mask >> port->turn | mask << (BLOCK_SESSIONS_MAX - port->turn) : mask;
		for_each_bit(i, mask)
		{
			unsigned number = (unsigned)(i + port->turn) % BLOCK_SESSIONS_MAX;
			struct block_session *s = &port->sessions[number];

			if (!s->closing && session_port_ready(&s->port))
				more |= session_pump(port, number);
		}
	}
}

static void answers_show(struct block_port *port)
{
	for_each_bit(number, port->dirty_mask)
	{
		struct block_session *s = &port->sessions[number];

		if (s->port.live && ring_publish(&s->port.rings[ANSWERS]))
			session_port_signal(&s->port);
	}
	port->dirty_mask = 0;
}

void block_port_serve(struct block_port *port)
{
	/* What is done is told first: the client works on it while the device works on the next. */
	answers_show(port);
	block_sync_start(port);
	pump(port);
	block_io_kick(port);
	answers_show(port);
}

void block_port_done(struct block_port *port, uint16_t index, status_t status)
{
	struct block_io *io = &port->ios[index];

	if (!io->busy)
		return;
	io->busy = false;
	port->with_device--;
	port->finished++;
	if (io->owner >= BLOCK_IO_SYNC) {
		block_sync_done(port, io->owner - BLOCK_IO_SYNC, status);
		return;
	}
	struct block_session *s = &port->sessions[io->owner];
	unsigned owner = io->owner;
	uint64_t id = io->id;
	io_give(port, io);
	s->inflight--;
	answer(port, owner, id, status);
	if (s->closing && !s->inflight)
		session_end(port, owner);
}

static void doorbell(struct device *dev)
{
	block_port_serve(device_context(dev));
}

/* ---- attaching ------------------------------------------------------------------------------- */

static bool window_apply(struct block_port *port, struct block_session *s)
{
	struct block_window window;

	if (block_window_find(port, s->port.badge, &window) != OK)
		return false;
	s->base = window.base;
	s->blocks = window.blocks;
	s->read_only = window.read_only;
	return true;
}

static struct block_session *session_find(struct block_port *port, uint64_t badge, unsigned *number)
{
	for_each_bit(i, port->session_mask)
	{
		if (port->sessions[i].port.badge == badge && !port->sessions[i].closing) {
			*number = (unsigned)i;
			return &port->sessions[i];
		}
	}
	return NULL;
}

/* A client that ended without detaching leaves its memory with the device. */
static void sessions_sweep(struct block_port *port)
{
	for_each_bit(i, port->session_mask)
	{
		if (!port->sessions[i].closing && session_port_abandoned(&port->sessions[i].port))
			session_close(port, (unsigned)i);
	}
}

static status_t op_attach(void *ctx, struct ipc_request *rq, handle_t memory, handle_t data, handle_t notification,
			  uint64_t bits, uint32_t depth, handle_t *out_doorbell, uint64_t *out_bits)
{
	struct block_port *port = ctx;
	const struct session_offer offer = {rq->msg.badge, bits, depth, memory, data, notification};
	struct block_window window;
	unsigned number;
	status_t status = block_window_find(port, rq->msg.badge, &window);

	if (status != OK)
		return status;
	sessions_sweep(port);
	if (session_find(port, rq->msg.badge, &number))
		session_close(port, number);
	if (!~port->session_mask)
		return ERR_BUSY;
	status = handle_dup(port->doorbell, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE, out_doorbell);
	if (status != OK)
		return status;
	*out_bits = port->doorbell_bits;
	number = (unsigned)__builtin_ctzll(~port->session_mask);
	struct block_session *s = &port->sessions[number];
	*s = (struct block_session){.base = window.base, .blocks = window.blocks, .read_only = window.read_only};
	status = session_port_open(&s->port, port->dev, &shape, number, &offer);
	if (status != OK) {
		(void)handle_close(*out_doorbell);
		*out_doorbell = HANDLE_NONE;
		/* The request's handles are gone: the dispatch finds none to close. */
		return status;
	}
	port->session_mask |= 1ull << number;
	return OK;
}

static status_t op_detach(void *ctx, struct ipc_request *rq)
{
	struct block_port *port = ctx;
	unsigned number;

	for_each_bit(i, port->session_mask)
	{
		if (port->sessions[i].port.badge == rq->msg.badge && port->sessions[i].reply != HANDLE_NONE)
			return ERR_BUSY;
	}
	struct block_session *s = session_find(port, rq->msg.badge, &number);
	if (!s)
		return OK;
	if (s->inflight) {
		status_t status = ipc_request_save(rq, &s->reply);

		if (status != OK)
			return status;
		s->closing = true;
		return IPC_DEFERRED;
	}
	session_end(port, number);
	return OK;
}

/* ---- the other calls ------------------------------------------------------------------------- */

static status_t op_info(void *ctx, struct ipc_request *rq, size_t info_count, uint32_t *count)
{
	struct block_port *port = ctx;
	struct block_info info = port->info;
	struct block_window window;
	status_t status = block_window_find(port, rq->msg.badge, &window);

	if (status != OK || !info_count)
		return status;
	info.blocks = window.blocks;
	if (window.read_only)
		info.features |= BLOCK_FEATURE_READ_ONLY;
	*count = 1;
	return ipc_lease_write(rq, BLOCK_INFO_LEASE_INFO, 0, &info, sizeof(info));
}

static status_t op_read(void *ctx, struct ipc_request *rq, uint64_t block, size_t len)
{
	const struct block_port *port = ctx;

	return len % port->info.block_size
		       ? ERR_INVALID
		       : block_sync_call(ctx, rq, BLOCK_OP_READ, block, len / port->info.block_size);
}

static status_t op_write(void *ctx, struct ipc_request *rq, uint64_t block, size_t len)
{
	const struct block_port *port = ctx;

	return len % port->info.block_size
		       ? ERR_INVALID
		       : block_sync_call(ctx, rq, BLOCK_OP_WRITE, block, len / port->info.block_size);
}

static status_t op_flush(void *ctx, struct ipc_request *rq)
{
	return block_sync_call(ctx, rq, BLOCK_OP_FLUSH, 0, 0);
}

static status_t op_clear(void *ctx, struct ipc_request *rq, uint64_t block, uint64_t count, enum block_op op)
{
	return op != BLOCK_OP_DISCARD && op != BLOCK_OP_WRITE_ZEROES ? ERR_INVALID
								     : block_sync_call(ctx, rq, op, block, count);
}

status_t block_window_find(const struct block_port *port, uint64_t badge, struct block_window *out)
{
	struct block_state_window window;
	bool read_only = port->info.features & BLOCK_FEATURE_READ_ONLY;

	*out = (struct block_window){0, port->info.blocks, read_only};
	if (!(badge & BLOCK_BADGE))
		return OK;
	/* The medium may be another one than when the window was made. */
	if (!block_state_get(port->state, badge & ~BLOCK_BADGE, &window) || window.base > port->info.blocks ||
	    window.blocks > port->info.blocks - window.base)
		return ERR_ACCESS;
	*out = (struct block_window){window.base, window.blocks, read_only || window.read_only};
	return OK;
}

static status_t op_window(void *ctx, struct ipc_request *rq, uint64_t block, uint64_t count, bool read_only,
			  handle_t *device)
{
	struct block_port *port = ctx;
	struct block_window own;
	uint32_t number;
	status_t status = block_window_find(port, rq->msg.badge, &own);

	if (status != OK)
		return status;
	if (block > own.blocks || count > own.blocks - block)
		return ERR_RANGE;
	if (!block_state_add(port->state, own.base + block, count, read_only || own.read_only, &number))
		return ERR_BUSY;
	return device_mint(port->dev, BLOCK_BADGE | number, device);
}

const struct block_ops block_port_ops = {
	.info = op_info,
	.read = op_read,
	.write = op_write,
	.flush = op_flush,
	.clear = op_clear,
	.window = op_window,
	.attach = op_attach,
	.detach = op_detach,
};

/* ---- start ---- */

static void sessions_restore(struct block_port *port)
{
	for (unsigned i = 0; i < BLOCK_SESSIONS_MAX; i++) {
		struct block_session *s = &port->sessions[i];

		if (session_port_reopen(&s->port, port->dev, &shape, i) != OK)
			continue;
		port->session_mask |= 1ull << i;
		if (!window_apply(port, s))
			session_end(port, i);
	}
}

bool block_port_serial_known(struct device *dev, char serial[32])
{
	return device_state(dev) && block_state_serial_get(device_state(dev), serial);
}

status_t block_port_init(struct block_port *port, struct device *dev, const struct block_hw *hw, void *hw_context,
			 const struct block_info *info)
{
	status_t status;

	if (driver_manifest.state_bytes != BLOCK_STATE_BYTES || !device_state(dev))
		return ERR_NO_MEMORY;
	if (info->depth < 2 || !info->max_blocks || info->block_size < 512 || info->block_size > 4096 ||
	    info->block_size & (info->block_size - 1))
		return ERR_UNSUPPORTED;
	*port = (struct block_port){
		.dev = dev,
		.hw = hw,
		.hw_context = hw_context,
		.info = *info,
		.state = device_state(dev),
		.io_free = IO_NONE,
	};
	if (port->info.depth > BLOCK_IOS_MAX)
		port->info.depth = BLOCK_IOS_MAX;
	if (!port->info.max_discard_blocks)
		port->info.features &= ~(uint32_t)(BLOCK_FEATURE_DISCARD | BLOCK_FEATURE_WRITE_ZEROES);
	block_state_serial_set(port->state, port->info.serial);
	for (uint32_t i = 0; i < port->info.depth; i++)
		port->ios[i].index = (uint16_t)i;
	status = block_sync_init(port);
	/* Those with the lowest numbers are kept for calls, so that deep queues do not starve them. */
	for (uint32_t i = port->info.depth; i-- > port->piece_most;)
		io_give(port, &port->ios[i]);
	if (status == OK)
		status = device_doorbell(dev, doorbell, &port->doorbell, &port->doorbell_bits);
	if (status == OK) {
		device_set_context(dev, port);
		sessions_restore(port);
	}
	return status;
}
