/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads that make one blocking call each, and a server that echoes. */

#include "tests/system/lib/peer.h"

static void run_caller(void *arg)
{
	struct caller *c = arg;

	c->status = ipc_call(c->ep, &c->m, c->leases, c->deadline ? c->deadline : DEADLINE_NEVER);
	c->done = 1;
}

bool caller_start(struct caller *c, uint32_t prio)
{
	c->done = 0;
	c->status = 1;
	return thread_spawn(&c->thread, run_caller, c, prio);
}

bool caller_block(struct caller *c, uint32_t prio)
{
	return caller_start(c, prio) && CHECK(thread_await_blocked(c->thread.handle));
}

status_t caller_join(struct caller *c)
{
	thread_join(&c->thread);
	return c->status;
}

static void run_waiter(void *arg)
{
	struct waiter *w = arg;

	w->status = notification_wait(w->nt, w->deadline, &w->bits);
	w->done = 1;
}

bool waiter_block(struct waiter *w, handle_t nt, uint64_t deadline, uint32_t prio)
{
	*w = (struct waiter){.nt = nt, .deadline = deadline, .status = 1};
	/* With a deadline it may be over before anybody looks. */
	return thread_spawn(&w->thread, run_waiter, w, prio) &&
	       CHECK(thread_await_state(w->thread.handle, THREAD_BLOCKED_NOTIFICATION,
					deadline == DEADLINE_NEVER ? THREAD_BLOCKED_NOTIFICATION : THREAD_ENDED));
}

status_t waiter_join(struct waiter *w)
{
	thread_join(&w->thread);
	return w->status;
}

static void run_receiver(void *arg)
{
	struct receiver *r = arg;
	struct ipc_msg answer;

	r->status = ipc_recv(r->ep, HANDLE_NONE, r->deadline, &r->m);
	if (r->status == RECV_CALL && !r->keep) {
		answer = r->m;
		answer.info = MSG_INFO(MSG_LABEL(r->m.info), 0, 0);
		CHECK_OK(ipc_reply(&answer));
	}
	r->done = 1;
}

bool receiver_block(struct receiver *r, handle_t ep, uint64_t deadline, uint32_t prio)
{
	r->ep = ep;
	r->deadline = deadline;
	r->status = -100;
	r->done = 0;
	return thread_spawn(&r->thread, run_receiver, r, prio) &&
	       CHECK(thread_await_state(r->thread.handle, THREAD_BLOCKED_RECV,
					deadline == DEADLINE_NEVER ? THREAD_BLOCKED_RECV : THREAD_ENDED));
}

status_t receiver_join(struct receiver *r)
{
	thread_join(&r->thread);
	return r->status;
}

static void run_sleeper(void *arg)
{
	struct sleeper *s = arg;

	s->status = futex_wait(s->word, s->expected, s->deadline);
	s->done = 1;
}

bool sleeper_block(struct sleeper *s, volatile uint32_t *word, uint32_t expected, uint64_t deadline)
{
	*s = (struct sleeper){.word = word, .expected = expected, .deadline = deadline, .status = 1};
	return thread_spawn(&s->thread, run_sleeper, s, PRIO_DEFAULT) &&
	       CHECK(thread_await_state(s->thread.handle, THREAD_BLOCKED_FUTEX,
					deadline == DEADLINE_NEVER ? THREAD_BLOCKED_FUTEX : THREAD_ENDED));
}

status_t sleeper_join(struct sleeper *s)
{
	thread_join(&s->thread);
	return s->status;
}

void server_run(void *endpoint)
{
	handle_t ep = *(handle_t *)endpoint;
	struct ipc_msg m;
	status_t status = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

	while (status == RECV_CALL) {
		bool stop = MSG_LABEL(m.info) == SERVER_STOP;

		m.info = MSG_INFO(MSG_LABEL(m.info), MSG_HANDLES(m.info), 0);
		if (stop) {
			CHECK_OK(ipc_reply(&m));
			return;
		}
		status = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(status, RECV_CALL);
}

void server_child(const struct child_args *args)
{
	handle_t ep = args->h[0];

	server_run(&ep);
}

void server_stop(handle_t ep)
{
	struct ipc_msg m = {.info = MSG_INFO(SERVER_STOP, 0, 0)};

	CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
}
