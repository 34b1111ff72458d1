/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues and waiting callers of a serial line. */
#include "sys/driver/serial_port.h"

#include <string.h>

#include "sys/lib/syscall.h"

/* A device says when its FIFO is empty, not when its shift register is: then look again this often. */
#define IDLE_POLL_NS 1000000ull
/* Longest that the end of the system waits for queued output */
#define FINISH_NS    500000000ull

/* ---- waiting callers ---------------------------------------------------------------------------- */

static void waiters_remove(struct serial_waiters *w, uint32_t index)
{
	w->count--;
	memmove(&w->list[index], &w->list[index + 1], (w->count - index) * sizeof(w->list[0]));
}

/* Forgets callers that died or gave up meanwhile: nobody tells the server about them. */
static void waiters_sweep(struct serial_waiters *w)
{
	for (uint32_t i = 0; i < w->count;) {
		uint64_t len;
		uint32_t access;
		status_t status = lease_info(w->list[i].reply, 0, &len, &access);

		/* A caller who is there may have lent nothing (drain). */
		if (status == OK || status == ERR_RANGE || status == ERR_INVALID || status == ERR_NOT_FOUND) {
			i++;
			continue;
		}
		(void)handle_close(w->list[i].reply);
		waiters_remove(w, i);
	}
}

static status_t waiters_add(struct serial_waiters *w, struct ipc_request *rq, struct serial_waiter waiter)
{
	if (w->count == SERIAL_WAITERS_MAX)
		waiters_sweep(w);
	if (w->count == SERIAL_WAITERS_MAX)
		return ERR_BUSY;
	waiter.badge = rq->msg.badge;
	status_t status = ipc_request_save(rq, &waiter.reply);
	if (status != OK)
		return status;
	w->list[w->count++] = waiter;
	return IPC_DEFERRED;
}

/* ---- moving bytes ---------------------------------------------------------------------------------- */

/* Received bytes to a reader. reply: HANDLE_NONE for the present caller. */
static status_t give(struct serial_port *port, handle_t reply, uint64_t badge, uint64_t id, uint32_t len,
		     uint32_t *count)
{
	struct serial_state *state = port->state;
	uint32_t total = serial_ring_used(&state->rx);
	uint32_t from = state->rx.tail;

	if (total > len)
		total = len;
	for (uint32_t done = 0; done < total;) {
		uint32_t piece = serial_ring_piece(from + done, total - done);
		status_t status = lease_write(reply, SERIAL_READ_LEASE_DATA, done,
					      &state->rx_bytes[(from + done) % SERIAL_RING_BYTES], piece);
		if (status != OK)
			return status;
		done += piece;
	}
	serial_done_commit(state, badge, id, SERIAL_READ_OP, total);
	*count = total;
	return OK;
}

/* A writer's bytes into the queue */
static status_t take(struct serial_port *port, handle_t reply, uint64_t badge, uint64_t id, uint32_t len,
		     uint32_t *count)
{
	struct serial_state *state = port->state;
	uint32_t total = serial_ring_free(&state->tx);
	uint32_t to = state->tx.head;

	if (total > len)
		total = len;
	for (uint32_t done = 0; done < total;) {
		uint32_t piece = serial_ring_piece(to + done, total - done);
		status_t status = lease_read(reply, SERIAL_WRITE_LEASE_DATA, done,
					     &state->tx_bytes[(to + done) % SERIAL_RING_BYTES], piece);
		if (status != OK)
			return status;
		done += piece;
	}
	serial_done_commit(state, badge, id, SERIAL_WRITE_OP, total);
	*count = total;
	return OK;
}

static void serve_readers(struct serial_port *port)
{
	while (port->readers.count && serial_ring_used(&port->state->rx)) {
		struct serial_waiter reader = port->readers.list[0];
		uint32_t count = 0;

		waiters_remove(&port->readers, 0);
		/* A reader that is gone fails here, and the bytes are the next one's. */
		status_t status = give(port, reader.reply, reader.badge, reader.id, reader.len, &count);
		(void)serial_read_reply(reader.reply, status, count);
	}
}

static void serve_writers(struct serial_port *port)
{
	bool taken = false;

	while (port->writers.count && serial_ring_free(&port->state->tx)) {
		struct serial_waiter writer = port->writers.list[0];
		uint32_t count = 0;

		waiters_remove(&port->writers, 0);
		status_t status = take(port, writer.reply, writer.badge, writer.id, writer.len, &count);
		(void)serial_write_reply(writer.reply, status, count);
		taken = true;
	}
	if (taken)
		port->hw->send(port->hw_context);
}

static bool all_sent(const struct serial_port *port)
{
	return !serial_ring_used(&port->state->tx) && port->hw->idle(port->hw_context);
}

static status_t line_apply(struct serial_port *port, const struct serial_line *line)
{
	status_t status = port->hw->line_set(port->hw_context, line);

	if (status == OK) {
		port->state->line = *line;
		serial_ring_move(&port->state->line_set, 1);
	}
	return status;
}

static void serve_drainers(struct serial_port *port)
{
	uint64_t now;

	while (port->drainers.count && all_sent(port)) {
		struct serial_waiter drainer = port->drainers.list[0];

		waiters_remove(&port->drainers, 0);
		if (drainer.set_line)
			(void)serial_line_set_reply(drainer.reply, line_apply(port, &drainer.line));
		else
			(void)serial_drain_reply(drainer.reply, OK);
	}
	if (port->drainers.count && !serial_ring_used(&port->state->tx) && clock_get(&now) == OK)
		device_timer(port->dev, now + IDLE_POLL_NS);
}

void serial_port_serve(struct serial_port *port)
{
	serve_readers(port);
	serve_writers(port);
	serve_drainers(port);
}

/* ---- the driver's side ------------------------------------------------------------------------------- */

status_t serial_port_init(struct serial_port *port, struct device *dev, const struct serial_hw *hw, void *hw_context)
{
	if (driver_manifest.state_bytes != SERIAL_STATE_BYTES || !device_state(dev))
		return ERR_NO_MEMORY;
	*port = (struct serial_port){
		.dev = dev,
		.state = device_state(dev),
		.hw = hw,
		.hw_context = hw_context,
	};
	(void)serial_state_attach(port->state);
	return OK;
}

bool serial_port_line_chosen(const struct serial_port *port, struct serial_line *line)
{
	*line = port->state->line;
	return port->state->line_set == 1;
}

void serial_port_received(struct serial_port *port, uint8_t byte)
{
	struct serial_state *state = port->state;

	state->counters.received++;
	if (!serial_ring_free(&state->rx)) {
		state->counters.dropped++;
		return;
	}
	state->rx_bytes[state->rx.head % SERIAL_RING_BYTES] = byte;
	serial_ring_move(&state->rx.head, state->rx.head + 1);
}

void serial_port_error(struct serial_port *port, uint32_t errors)
{
	struct serial_counters *counters = &port->state->counters;

	counters->overruns += !!(errors & SERIAL_ERROR_OVERRUN);
	counters->parity_errors += !!(errors & SERIAL_ERROR_PARITY);
	counters->framing_errors += !!(errors & SERIAL_ERROR_FRAMING);
	counters->breaks += !!(errors & SERIAL_ERROR_BREAK);
}

bool serial_port_peek(const struct serial_port *port, uint8_t *byte)
{
	const struct serial_state *state = port->state;

	if (!serial_ring_used(&state->tx))
		return false;
	*byte = state->tx_bytes[state->tx.tail % SERIAL_RING_BYTES];
	return true;
}

void serial_port_sent(struct serial_port *port)
{
	port->state->counters.sent++;
	serial_ring_move(&port->state->tx.tail, port->state->tx.tail + 1);
}

uint32_t serial_port_peek_many(const struct serial_port *port, uint8_t *bytes, uint32_t max)
{
	const struct serial_state *state = port->state;
	uint32_t count = serial_ring_used(&state->tx) < max ? serial_ring_used(&state->tx) : max;

	for (uint32_t done = 0; done < count;) {
		uint32_t piece = serial_ring_piece(state->tx.tail + done, count - done);

		memcpy(bytes + done, &state->tx_bytes[(state->tx.tail + done) % SERIAL_RING_BYTES], piece);
		done += piece;
	}
	return count;
}

void serial_port_sent_many(struct serial_port *port, uint32_t count)
{
	port->state->counters.sent += count;
	serial_ring_move(&port->state->tx.tail, port->state->tx.tail + count);
}

void serial_port_interrupted(struct serial_port *port)
{
	port->state->counters.interrupts++;
}

void serial_port_timer(struct serial_port *port)
{
	port->hw->send(port->hw_context);
	serial_port_serve(port);
}

void serial_port_finish(struct serial_port *port)
{
	uint64_t now, end;

	if (clock_get(&now) != OK)
		return;
	for (end = now + FINISH_NS; !all_sent(port) && now < end;) {
		port->hw->send(port->hw_context);
		(void)thread_yield();
		if (clock_get(&now) != OK)
			return;
	}
}

/* ---- the protocol ---------------------------------------------------------------------------------------- */

static status_t op_read(void *ctx, struct ipc_request *rq, uint64_t id, uint32_t mode, size_t len, uint32_t *count)
{
	struct serial_port *port = ctx;

	if (!len || serial_done_find(port->state, rq->msg.badge, id, SERIAL_READ_OP, (uint32_t)len, count))
		return OK;
	if (!port->readers.count && serial_ring_used(&port->state->rx))
		return give(port, HANDLE_NONE, rq->msg.badge, id, (uint32_t)len, count);
	if (mode & SERIAL_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	return waiters_add(&port->readers, rq, (struct serial_waiter){.id = id, .len = (uint32_t)len});
}

static status_t op_write(void *ctx, struct ipc_request *rq, uint64_t id, uint32_t mode, size_t len, uint32_t *count)
{
	struct serial_port *port = ctx;

	if (!len || serial_done_find(port->state, rq->msg.badge, id, SERIAL_WRITE_OP, (uint32_t)len, count))
		return OK;
	if (!port->writers.count && serial_ring_free(&port->state->tx)) {
		status_t status = take(port, HANDLE_NONE, rq->msg.badge, id, (uint32_t)len, count);

		port->hw->send(port->hw_context);
		return status;
	}
	if (mode & SERIAL_MODE_NONBLOCK)
		return ERR_WOULD_BLOCK;
	return waiters_add(&port->writers, rq, (struct serial_waiter){.id = id, .len = (uint32_t)len});
}

static status_t op_drain(void *ctx, struct ipc_request *rq)
{
	struct serial_port *port = ctx;

	if (!port->drainers.count && all_sent(port))
		return OK;
	status_t status = waiters_add(&port->drainers, rq, (struct serial_waiter){0});
	serve_drainers(port);
	return status;
}

static status_t op_discard(void *ctx, struct ipc_request *rq, uint32_t queue)
{
	struct serial_port *port = ctx;
	struct serial_state *state = port->state;

	(void)rq;
	if (queue & SERIAL_QUEUE_INPUT)
		serial_ring_move(&state->rx.tail, state->rx.head);
	if (queue & SERIAL_QUEUE_OUTPUT)
		serial_ring_move(&state->tx.tail, state->tx.head);
	serial_port_serve(port);
	return OK;
}

static status_t op_line_get(void *ctx, struct ipc_request *rq, struct serial_line *line)
{
	struct serial_port *port = ctx;

	(void)rq;
	if (!serial_port_line_chosen(port, line)) {
		memset(line, 0, sizeof(*line));
		port->hw->line_get(port->hw_context, line);
	}
	return OK;
}

static status_t op_line_set(void *ctx, struct ipc_request *rq, const struct serial_line *line)
{
	struct serial_port *port = ctx;

	if (!line->baud || line->data_bits < 5 || line->data_bits > 8 || line->stop_bits < 1 || line->stop_bits > 2)
		return ERR_INVALID;
	if (!port->drainers.count && all_sent(port))
		return line_apply(port, line);
	status_t status = waiters_add(&port->drainers, rq, (struct serial_waiter){.set_line = true, .line = *line});
	serve_drainers(port);
	return status;
}

static status_t op_counters_get(void *ctx, struct ipc_request *rq, struct serial_counters *counters)
{
	struct serial_port *port = ctx;

	(void)rq;
	*counters = port->state->counters;
	counters->waiting = port->readers.count + port->writers.count + port->drainers.count;
	return OK;
}

const struct serial_ops serial_port_ops = {
	.read = op_read,
	.write = op_write,
	.drain = op_drain,
	.discard = op_discard,
	.line_get = op_line_get,
	.line_set = op_line_set,
	.counters_get = op_counters_get,
};

bool serial_line_parse(const char *options, struct serial_line *line)
{
	uint64_t baud = 0;
	const char *at = options;

	*line = (struct serial_line){.data_bits = 8, .stop_bits = 1};
	for (; *at >= '0' && *at <= '9'; at++) {
		baud = baud * 10 + (uint64_t)(*at - '0');
		if (baud > UINT32_MAX)
			return false;
	}
	line->baud = (uint32_t)baud;
	if (!baud)
		return false;
	if (*at == 'n' || *at == 'o' || *at == 'e') {
		line->parity = *at == 'n' ? SERIAL_PARITY_NONE : *at == 'o' ? SERIAL_PARITY_ODD : SERIAL_PARITY_EVEN;
		at++;
		if (*at >= '5' && *at <= '8')
			line->data_bits = (uint8_t)(*at++ - '0');
	}
	/* What may follow is flow control ("r"), which no caller needs. */
	return *at == 0 || *at == 'r';
}
