/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of sys/lib/server.h. */
#include "sys/lib/server.h"

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

void server_init(struct server *server, handle_t endpoint, handle_t thread)
{
	*server = (struct server){.endpoint = endpoint, .thread = thread};
}

void server_destroy(struct server *server)
{
	if (server->notification != HANDLE_NONE) {
		(void)notification_bind(HANDLE_NONE, server->thread);
		ipc_close(server->notification);
	}
	*server = (struct server){0};
}

status_t server_add_protocol(struct server *server, const struct ipc_protocol *protocol, const void *ops, void *ctx)
{
	for (unsigned i = 0; i < server->protocol_count; i++)
		if (server->protocols[i].protocol->number == protocol->number)
			return ERR_EXISTS;
	if (server->protocol_count == SERVER_PROTOCOLS_MAX)
		return ERR_NO_MEMORY;
	server->protocols[server->protocol_count++] = (struct server_protocol){
		.protocol = protocol, .ops = ops, .ctx = ctx};
	return OK;
}

void server_set_other(struct server *server, server_call_fn fn, void *ctx)
{
	server->other_fn = fn;
	server->other_ctx = ctx;
}

void server_stop(struct server *server, status_t status)
{
	server->stopped = true;
	server->stop_status = status;
}

/* ---- signals --------------------------------------------------------------------------------- */

/* Most servers have no signals: the notification comes with the first. */
static status_t notification_ready(struct server *server)
{
	handle_t nt;
	status_t status;

	if (server->notification != HANDLE_NONE)
		return OK;
	status = notification_create(&nt);
	if (status != OK)
		return status;
	status = notification_bind(nt, server->thread);
	if (status != OK) {
		ipc_close(nt);
		return status;
	}
	server->notification = nt;
	return OK;
}

status_t server_add_signal(struct server *server, server_signal_fn fn, void *ctx, handle_t *notification,
			   uint64_t *bits)
{
	status_t status = notification_ready(server);

	if (status != OK)
		return status;
	for (unsigned i = 0; i < SERVER_SIGNALS_MAX; i++) {
		if (server->signals[i].fn)
			continue;
		server->signals[i] = (struct server_signal){.fn = fn, .ctx = ctx};
		*notification = server->notification;
		*bits = 1ull << i;
		return OK;
	}
	return ERR_NO_MEMORY;
}

status_t server_set_notification(struct server *server, handle_t notification)
{
	if (server->notification != HANDLE_NONE)
		return ERR_STATE;
	status_t status = notification_bind(notification, server->thread);
	if (status == OK)
		server->notification = notification;
	return status;
}

status_t server_add_signal_at(struct server *server, unsigned bit, server_signal_fn fn, void *ctx,
			      handle_t *notification)
{
	status_t status = bit < SERVER_SIGNALS_MAX ? notification_ready(server) : ERR_INVALID;

	if (status != OK)
		return status;
	if (server->signals[bit].fn)
		return ERR_EXISTS;
	server->signals[bit] = (struct server_signal){.fn = fn, .ctx = ctx};
	*notification = server->notification;
	return OK;
}

void server_remove_signal(struct server *server, uint64_t bits)
{
	for (unsigned i = 0; i < SERVER_SIGNALS_MAX; i++)
		if (bits >> i & 1)
			server->signals[i] = (struct server_signal){0};
}

status_t server_add_irq(struct server *server, handle_t irq, server_signal_fn fn, void *ctx, uint64_t *bits)
{
	handle_t nt;
	uint64_t bit;
	status_t status = server_add_signal(server, fn, ctx, &nt, &bit);

	if (status != OK)
		return status;
	server->signals[__builtin_ctzll(bit)].irq = irq;
	status = irq_bind(irq, nt, bit);
	if (status != OK) {
		server_remove_signal(server, bit);
		return status;
	}
	if (bits)
		*bits = bit;
	return OK;
}

static void signals_handle(struct server *server, uint64_t bits)
{
	/* Signals in use have low bits; counting zeroes is a long function where the machine has no instruction for it. */
	for (unsigned i = 0; bits != 0; i++, bits >>= 1) {
		if (!(bits & 1))
			continue;
		/* A copy: the callback may remove itself, or others whose bit is set too. */
		struct server_signal signal = server->signals[i];

		if (!signal.fn)
			continue;
		signal.fn(signal.ctx);
		if (signal.irq == HANDLE_NONE)
			continue;
		/* One interrupt is acknowledged for free by the receive that follows. An error
		 * would mean that the irq was closed or revoked: nothing is left to acknowledge. */
		if (server->ack == HANDLE_NONE)
			server->ack = signal.irq;
		else
			(void)irq_ack(signal.irq);
	}
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void timer_fired(void *ctx)
{
	struct server_timer *timer = ctx;
	uint64_t now;

	/* The bit may be left over from before the timer was set anew. */
	if (clock_get(&now) != OK || now < timer->deadline)
		return;
	timer->deadline = DEADLINE_NEVER;
	timer->fn(timer->ctx);
}

status_t server_timer_init(struct server_timer *timer, struct server *server, server_signal_fn fn, void *ctx)
{
	handle_t nt;
	status_t status;

	*timer = (struct server_timer){.server = server, .fn = fn, .ctx = ctx, .deadline = DEADLINE_NEVER};
	status = server_add_signal(server, timer_fired, timer, &nt, &timer->bits);
	if (status != OK)
		return status;
	status = timer_object_create(nt, timer->bits, &timer->timer);
	if (status != OK) {
		server_remove_signal(server, timer->bits);
		*timer = (struct server_timer){0};
	}
	return status;
}

status_t server_timer_set(struct server_timer *timer, uint64_t deadline)
{
	timer->deadline = deadline;
	return timer_set(timer->timer, deadline, 0);
}

void server_timer_destroy(struct server_timer *timer)
{
	if (timer->server) {
		ipc_close(timer->timer);
		server_remove_signal(timer->server, timer->bits);
	}
	*timer = (struct server_timer){0};
}

/* ---- calls ----------------------------------------------------------------------------------- */

static status_t call_dispatch(struct server *server, struct ipc_request *rq)
{
	uint32_t label = MSG_LABEL(rq->msg.info);

	for (unsigned i = 0; i < server->protocol_count; i++) {
		const struct server_protocol *p = &server->protocols[i];

		if (p->protocol->number == IPC_LABEL_PROTOCOL(label))
			return p->protocol->dispatch(p->ops, p->ctx, rq);
	}
	if (server->other_fn) {
		status_t status = server->other_fn(server->other_ctx, rq);

		/* It may have left bits of the request, which the kernel would not let pass. */
		rq->msg.info &= MSG_INFO(~MSG_LABEL_KERNEL, 7, 0);
		return status;
	}
	return ipc_request_finish(rq, ERR_NO_SYSCALL, 0);
}

static status_t send_once(const struct ipc_request *rq)
{
	return rq->reply != HANDLE_NONE ? ipc_reply_to(rq->reply, &rq->msg) : ipc_reply(&rq->msg);
}

void server_answer(struct ipc_request *rq)
{
	unsigned handles = MSG_HANDLES(rq->msg.info);

	status_t status = send_once(rq);

	if (status == OK || status == ERR_PEER_DIED)
		return;
	/* A handler gave out a handle that cannot travel; its caller must not wait for ever. */
	ipc_drop(rq->msg.handles, handles, OK);
	rq->msg = (struct ipc_msg){.info = MSG_INFO(-ERR_PROTOCOL, 0, 0)};
	if (send_once(rq) != OK && rq->reply != HANDLE_NONE)
		ipc_close(rq->reply); /* nobody waits any more */
}

/* ipc_reply_recv failed: was it the answer that could not be sent? Only its handles can be the reason (those that a handler gave out and that cannot
 * travel); what else these statuses may mean, the next receive says again. Then the caller, if there still is one, must not wait for ever. */
static bool answer_refused(struct ipc_request *rq, unsigned handles, status_t status)
{
	if (handles == 0 ||
	    (status != ERR_HANDLE && status != ERR_TYPE && status != ERR_RIGHTS && status != ERR_INVALID))
		return false;
	ipc_drop(rq->msg.handles, handles, OK);
	rq->msg = (struct ipc_msg){.info = MSG_INFO(-ERR_PROTOCOL, 0, 0)};
	(void)ipc_reply(&rq->msg);
	return true;
}

status_t server_run_until(struct server *server, uint64_t deadline)
{
	struct ipc_request rq = {0};
	bool answer = false; /* rq.msg is to be sent to the present caller */

	while (!server->stopped) {
		status_t event;

		/* The usual case in one system call */
		if (answer && rq.reply == HANDLE_NONE && deadline == DEADLINE_NEVER) {
			unsigned handles = MSG_HANDLES(rq.msg.info);

			event = ipc_reply_recv(server->endpoint, &rq.msg);
			if (__builtin_expect(event < 0, 0) && answer_refused(&rq, handles, event)) {
				answer = false;
				continue;
			}
		} else {
			handle_t ack = server->ack;

			if (answer)
				server_answer(&rq);
			server->ack = HANDLE_NONE;
			event = ipc_recv(server->endpoint, ack, deadline, &rq.msg);
		}
		answer = false;
		rq.reply = HANDLE_NONE;
		if (event == RECV_CALL)
			answer = call_dispatch(server, &rq) != IPC_DEFERRED;
		else if (event == RECV_SIGNAL)
			signals_handle(server, rq.msg.w[0]);
		else
			return event;
	}
	if (answer)
		server_answer(&rq);
	if (server->ack != HANDLE_NONE) {
		(void)irq_ack(server->ack);
		server->ack = HANDLE_NONE;
	}
	server->stopped = false; /* it may be run again */
	return server->stop_status;
}

status_t server_run(struct server *server)
{
	return server_run_until(server, DEADLINE_NEVER);
}
