/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls: what arrives is what was sent, in the right order, and nothing is lost or kept by mistake. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

/* ---- words, label, badge ---- */

static void check_words(handle_t client)
{
	static const uint32_t labels[] = {0, 1, 0x7ffffffe, 0x12345678, 0x40000000};
	uint64_t seed = 77;

	for (unsigned i = 0; i < 64; i++) {
		struct ipc_msg m = {.info = MSG_INFO(labels[i % ARRAY_SIZE(labels)], 0, 0)}, sent;

		for (unsigned w = 0; w < MSG_WORDS; w++)
			m.w[w] = i == 0 ? 0 : i == 1 ? ~0ull : random_next(&seed);
		sent = m;
		if (!CHECK_OK(ipc_call(client, &m, NULL, DEADLINE_NEVER)))
			return;
		CHECK_EQ(m.info, sent.info);
		for (unsigned w = 0; w < MSG_WORDS; w++)
			CHECK_EQ(m.w[w], sent.w[w]);
	}
}

static void test_words(void)
{
	handle_t ep = make_endpoint();
	struct thread t;

	REQUIRE(thread_spawn(&t, server_run, &ep, PRIO_DEFAULT));
	check_words(ep);
	server_stop(ep);
	thread_join(&t);
	shut(ep);
}

static void test_words_process(void)
{
	handle_t ep = make_endpoint();
	struct child_spec spec = {.run = server_child, .h = {ep}};
	struct child c;

	REQUIRE_OK(child_start(&c, &spec));
	check_words(ep);
	server_stop(ep);
	CHECK_EQ(child_wait(&c), 0);
	shut(ep);
}

/* The server's side of a priority pair: both above and below the client's. */
static void test_priorities(void)
{
	static const uint32_t prios[] = {20, PRIO_DEFAULT - 1, PRIO_DEFAULT, PRIO_DEFAULT + 1, PRIO_USER_MAX};

	thread_set_prio(HANDLE_NONE, PRIO_USER_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(prios); i++) {
		handle_t ep = make_endpoint();
		struct child_spec spec = {.run = server_child, .h = {ep}, .prio = prios[i]};
		struct child c;

		REQUIRE_OK(child_start(&c, &spec));
		thread_set_prio(HANDLE_NONE, PRIO_DEFAULT);
		check_words(ep);
		server_stop(ep);
		CHECK_EQ(child_wait(&c), 0);
		shut(ep);
		thread_set_prio(HANDLE_NONE, PRIO_USER_MAX);
	}
	thread_set_prio(HANDLE_NONE, PRIO_DEFAULT);
}

static void test_badge(void)
{
	handle_t ep = make_endpoint();
	static const uint64_t badges[] = {0, 1, 0x8000000000000000, ~0ull, 0x123456789abcdef0};

	for (unsigned i = 0; i < ARRAY_SIZE(badges); i++) {
		handle_t client = make_mint(ep, badges[i], RIGHT_EP_CALL | RIGHT_DUP | RIGHT_INFO);
		handle_t copy = make_dup(client, RIGHT_EP_CALL | RIGHT_INFO), out = HANDLE_NONE;
		struct caller c = {.ep = i & 1 ? copy : client, .m = {.info = 3}};
		struct handle_info info = {0};
		struct ipc_msg m = {0};

		CHECK_OK(handle_info(copy, &info));
		CHECK_EQ(info.badge, badges[i]);
		/* Who holds a badge cannot make itself another one. */
		CHECK_STATUS(endpoint_mint(client, 9, RIGHT_EP_CALL, &out), ERR_RIGHTS);
		REQUIRE(caller_start(&c, PRIO_DEFAULT));
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		CHECK_EQ(m.badge, badges[i]);
		CHECK_OK(ipc_reply(&m));
		CHECK_OK(caller_join(&c));
		shut(client);
		shut(copy);
	}
	shut(ep);
}

/* What no call may carry */
static void test_malformed(void)
{
	handle_t ep = make_endpoint(), nt = make_notification();
	struct ipc_msg m;
	struct lease lease = {0};

	for (unsigned n = MSG_HANDLES_MAX + 1; n < 8; n++) {
		m = (struct ipc_msg){.info = MSG_INFO(1, n, 0), .handles = {nt}};
		CHECK_STATUS(ipc_call(ep, &m, NULL, 0), ERR_INVALID);
		m = (struct ipc_msg){.info = MSG_INFO(1, 0, n)};
		CHECK_STATUS(ipc_call(ep, &m, &lease, 0), ERR_INVALID);
	}
	m = (struct ipc_msg){.info = MSG_INFO(MSG_LABEL_KERNEL, 0, 0)};
	CHECK_STATUS(ipc_call(ep, &m, NULL, 0), ERR_INVALID);
	m = (struct ipc_msg){.info = MSG_INFO(MSG_LABEL_FAULT, 0, 0)};
	CHECK_STATUS(ipc_call(ep, &m, NULL, 0), ERR_INVALID);
	m = (struct ipc_msg){0};
	CHECK_STATUS(ipc_call(HANDLE_NONE, &m, NULL, 0), ERR_HANDLE);
	CHECK_STATUS(ipc_call(nt, &m, NULL, 0), ERR_TYPE);
	CHECK_OK(notification_signal(nt, 1)); /* never moved */
	/* Nothing of all this arrived. */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	shut(ep);
	shut(nt);
}

/* ---- handles ---- */

static uint64_t koid_of(handle_t h)
{
	struct handle_info info = {0};

	CHECK_OK(handle_info(h, &info));
	return info.koid;
}

static uint32_t refs_of(handle_t h)
{
	struct handle_info info = {0};

	CHECK_OK(handle_info(h, &info));
	return info.refs;
}

/* There and back, one to four of them, order, rights and badge kept */
static void check_handles(handle_t ep)
{
	for (unsigned n = 1; n <= MSG_HANDLES_MAX; n++) {
		struct ipc_msg m = {.info = MSG_INFO(n, n, 0)};
		handle_t keep[MSG_HANDLES_MAX];
		uint64_t koids[MSG_HANDLES_MAX];

		for (unsigned i = 0; i < n; i++) {
			keep[i] = make_notification();
			koids[i] = koid_of(keep[i]);
			m.handles[i] = make_dup(keep[i], RIGHT_MOVE | RIGHT_INFO | RIGHT_NT_SIGNAL);
		}
		struct ipc_msg sent = m;

		if (!CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER)))
			return;
		CHECK_EQ(MSG_HANDLES(m.info), n);
		for (unsigned i = 0; i < n; i++) {
			struct handle_info info = {0};

			/* Between threads of one process it may keep its place in their table. */
			if (m.handles[i] != sent.handles[i])
				CHECK_STATUS(notification_signal(sent.handles[i], 1), ERR_HANDLE);
			CHECK_OK(handle_info(m.handles[i], &info));
			CHECK_EQ(info.koid, koids[i]);
			CHECK_EQ(info.rights, RIGHT_MOVE | RIGHT_INFO | RIGHT_NT_SIGNAL);
			CHECK_EQ(info.refs, 2);
			shut(m.handles[i]);
			shut(keep[i]);
		}
	}
}

static void test_handles(void)
{
	handle_t ep = make_endpoint();
	struct child_spec spec = {.run = server_child, .h = {ep}};
	struct thread t;
	struct child c;

	REQUIRE(thread_spawn(&t, server_run, &ep, PRIO_DEFAULT));
	check_handles(ep);
	server_stop(ep);
	thread_join(&t);
	REQUIRE_OK(child_start(&c, &spec));
	check_handles(ep);
	server_stop(ep);
	CHECK_EQ(child_wait(&c), 0);
	shut(ep);
}

/* The sender's own mistake: nothing is sent, everything is kept, whichever of the four is wrong. */
static void test_handles_kept(void)
{
	handle_t ep = make_endpoint(), good[4], bad_right;

	for (unsigned i = 0; i < 4; i++)
		good[i] = make_notification();
	bad_right = make_dup(good[0], RIGHT_NT_SIGNAL | RIGHT_INFO);
	for (unsigned bad = 0; bad < 4; bad++) {
		for (unsigned kind = 0; kind < 4; kind++) {
			struct ipc_msg m = {.info = MSG_INFO(1, 4, 0)};
			static const status_t want[] = {ERR_HANDLE, ERR_HANDLE, ERR_RIGHTS, 0};
			status_t status;

			for (unsigned i = 0; i < 4; i++)
				m.handles[i] = good[i];
			m.handles[bad] = kind == 0   ? HANDLE_NONE
					 : kind == 1 ? 0x123456789abc0000
					 : kind == 2 ? bad_right
						     : good[(bad + 1) % 4]; /* twice in one message */
			status = ipc_call(ep, &m, NULL, DEADLINE_NEVER);
			if (kind < 3)
				CHECK_STATUS(status, want[kind]);
			else
				CHECK(status == ERR_INVALID || status == ERR_HANDLE);
			for (unsigned i = 0; i < 4; i++)
				CHECK_OK(notification_signal(good[i], 1));
			CHECK_OK(notification_signal(bad_right, 1));
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(refs_of(good[i]), i == 0 ? 2 : 1);
		shut(good[i]);
	}
	shut(bad_right);
	shut(ep);
}

/* The last reference to an object travels and is dropped with the message: the object goes, nothing leaks. */
static void test_handles_dropped(void)
{
	uint64_t before = 0;

	for (unsigned round = 0; round < 40; round++) {
		handle_t ep;
		struct caller c = {.m = {.info = MSG_INFO(1, 2, 0)}};

		if (round == 8)
			before = test_quota_used();
		c.ep = ep = make_endpoint();
		c.m.handles[0] = make_notification();
		c.m.handles[1] = make_vmo(PAGE_SIZE);
		if (round & 1)
			c.deadline = now() + MS;
		REQUIRE(caller_start(&c, PRIO_DEFAULT));
		if (!(round & 1)) {
			CHECK(thread_await_blocked(c.thread.handle));
			shut(ep);
			CHECK_STATUS(caller_join(&c), ERR_CLOSED);
		} else {
			CHECK_STATUS(caller_join(&c), ERR_TIMED_OUT);
			shut(ep);
		}
		/* Whether a call that nobody took gives them back or not: they are either whole or gone. */
		for (unsigned i = 0; i < 2; i++) {
			status_t status = handle_close(c.m.handles[i]);

			CHECK(status == OK || status == ERR_HANDLE);
		}
	}
	CHECK_EQ(test_quota_used(), before);
}

/* An answer with a handle that is wrong is not sent; the caller waits on and gets the next one. */
static void test_reply_handles_bad(void)
{
	handle_t ep = make_endpoint(), nt = make_notification();
	struct caller c = {.ep = ep, .m = {.info = 1}};
	struct ipc_msg m = {0}, answer;
	status_t status;

	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	answer = (struct ipc_msg){.info = MSG_INFO(0, 2, 0), .handles = {nt, 0x5550000}};
	status = ipc_reply(&answer);
	CHECK_STATUS(status, ERR_HANDLE);
	CHECK_OK(notification_signal(nt, 1));
	answer = (struct ipc_msg){.info = MSG_INFO(6, 1, 0), .handles = {nt}};
	CHECK_OK(ipc_reply(&answer));
	CHECK_OK(caller_join(&c));
	CHECK_EQ(MSG_LABEL(c.m.info), 6);
	CHECK_OK(notification_wait(c.m.handles[0], 0, NULL));
	shut(c.m.handles[0]);
	shut(ep);
}

/* The receiver's table has no room: one of the two learns it, nobody hangs, nothing is lost from the accounts. */
static void full_server(const struct child_args *args)
{
	struct quota_info info = {0};
	handle_t h;
	struct ipc_msg m = {0};
	status_t status;

	CHECK_OK(quota_info(HANDLE_NONE, &info));
	while (handle_dup(args->h[1], (uint32_t)RIGHTS_SAME, &h) == OK)
		;
	CHECK_OK(notification_signal(args->h[1], 1));
	/* Both the call with handles and the one without, which shows that the server lives. */
	for (unsigned i = 0; i < 2; i++) {
		status = ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m);
		if (status == RECV_CALL) {
			bool last = MSG_LABEL(m.info) == 2;

			m.info = MSG_INFO(MSG_LABEL(m.info), 0, 0);
			CHECK_OK(ipc_reply(&m));
			if (last)
				return;
		} else {
			CHECK_STATUS(status, ERR_NO_HANDLES);
		}
	}
}

static void test_receiver_full(void)
{
	struct quota_limits limits = {.mem_bytes = 2 * MIB, .handles = 40, .threads = 2, .processes = 1};
	handle_t ep = make_endpoint(), ready = make_notification();
	struct child_spec spec = {.run = full_server, .h = {ep, ready}, .quota = make_quota(&limits)};
	struct ipc_msg m = {.info = MSG_INFO(1, 4, 0)};
	struct child c;
	status_t status;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
	for (unsigned i = 0; i < 4; i++)
		m.handles[i] = make_notification();
	status = ipc_call(ep, &m, NULL, now() + 5 * SECOND);
	CHECK(status == OK || status == ERR_NO_HANDLES || status == ERR_PEER_DIED);
	for (unsigned i = 0; i < 4; i++) {
		status = handle_close(m.handles[i]);
		CHECK(status == OK || status == ERR_HANDLE);
	}
	m = (struct ipc_msg){.info = MSG_INFO(2, 0, 0)};
	CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
	child_wait(&c);
	shut(spec.quota);
	shut(ready);
	shut(ep);
}

/* ---- order ---- */

static void test_queue_order(void)
{
	static const uint32_t prios[] = {10, 30, 20, 30, 10, 40, 20};
	static const unsigned want[] = {5, 1, 3, 2, 6, 0, 4}; /* higher first, then in order of arrival */
	handle_t ep = make_endpoint();
	struct caller c[ARRAY_SIZE(prios)];

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = (struct caller){.ep = ep, .m = {.info = 1, .w = {i}}};
		REQUIRE(caller_block(&c[i], prios[i]));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		struct ipc_msg m = {0};

		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
		CHECK_EQ(m.w[0], want[i]);
		CHECK_OK(ipc_reply(&m));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		CHECK_OK(caller_join(&c[i]));
	shut(ep);
}

/* A waiting caller's priority changes: so does its place. */
static void test_queue_reorder(void)
{
	handle_t ep = make_endpoint();
	struct caller c[3];
	struct ipc_msg m = {0};
	static const unsigned want[] = {2, 0, 1};

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = (struct caller){.ep = ep, .m = {.info = 1, .w = {i}}};
		REQUIRE(caller_block(&c[i], 30 - i));
	}
	thread_set_prio(c[2].thread.handle, 50);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
		CHECK_EQ(m.w[0], want[i]);
		CHECK_OK(ipc_reply(&m));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		CHECK_OK(caller_join(&c[i]));
	shut(ep);
}

/* ---- deferred answers ---- */

static void test_deferred(void)
{
	enum { N = 6 };
	handle_t ep = make_endpoint(), reply[N];
	struct caller c[N];
	uint64_t who[N];
	struct ipc_msg m = {0};

	for (unsigned i = 0; i < N; i++) {
		c[i] = (struct caller){.ep = ep, .m = {.info = 1, .w = {i}}};
		REQUIRE(caller_block(&c[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < N; i++) {
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
		who[i] = m.w[0];
		reply[i] = HANDLE_NONE;
		CHECK_OK(ipc_save_caller(&reply[i]));
	}
	CHECK_STATUS(ipc_save_caller(&reply[0]), ERR_STATE); /* saved already: no current caller */
	for (unsigned i = N; i-- > 0;) {
		m = (struct ipc_msg){.info = 9, .w = {who[i], who[i] * 3}};
		CHECK_EQ(c[who[i]].done, 0);
		CHECK_OK(ipc_reply_to(reply[i], &m));
		CHECK_STATUS(ipc_reply_to(reply[i], &m), ERR_HANDLE); /* one shot */
		CHECK_OK(caller_join(&c[who[i]]));
		CHECK_EQ(c[who[i]].m.w[0], who[i]);
		CHECK_EQ(c[who[i]].m.w[1], who[i] * 3);
	}
	shut(ep);
}

static void answer_child(const struct child_args *args)
{
	struct ipc_msg m = {0}, answer = {.info = 4, .w = {44}};

	/* The reply handle arrives in a message. */
	CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(MSG_HANDLES(m.info), 1);
	CHECK_OK(ipc_reply_to(m.handles[0], &answer));
	answer = (struct ipc_msg){0};
	CHECK_OK(ipc_reply(&answer));
}

/* Somebody else may answer. */
static void test_deferred_moved(void)
{
	handle_t ep = make_endpoint(), other = make_endpoint(), reply = HANDLE_NONE;
	struct child_spec spec = {.run = answer_child, .h = {other}};
	struct caller c = {.ep = ep, .m = {.info = 1}};
	struct ipc_msg m = {0};
	struct child child;

	REQUIRE_OK(child_start(&child, &spec));
	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(ipc_save_caller(&reply));
	m = (struct ipc_msg){.info = MSG_INFO(1, 1, 0), .handles = {reply}};
	CHECK_OK(ipc_call(other, &m, NULL, DEADLINE_NEVER));
	CHECK_OK(caller_join(&c));
	CHECK_EQ(c.m.w[0], 44);
	CHECK_EQ(child_wait(&child), 0);
	shut(ep);
	shut(other);
}

/* Two handles to one call would be two answers. */
static void test_deferred_unique(void)
{
	handle_t ep = make_endpoint(), reply = HANDLE_NONE, copy = HANDLE_NONE;
	struct caller c = {.ep = ep, .m = {.info = 1}};
	struct ipc_msg m = {0};
	status_t status;

	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(ipc_save_caller(&reply));
	status = handle_dup(reply, (uint32_t)RIGHTS_SAME, &copy);
	m = (struct ipc_msg){.info = 2};
	CHECK_OK(ipc_reply_to(reply, &m));
	if (status == OK) { /* then the copy must be worth nothing now */
		m = (struct ipc_msg){.info = 3};
		ipc_reply_to(copy, &m);
		handle_close(copy);
	} else {
		CHECK_STATUS(status, ERR_RIGHTS);
	}
	CHECK_OK(caller_join(&c));
	CHECK_EQ(MSG_LABEL(c.m.info), 2);
	shut(ep);
}

/* ---- nesting and many threads ---- */

struct stage {
	struct thread thread;
	handle_t in, out;
};

/* Adds one and passes it on. */
static void run_stage(void *arg)
{
	struct stage *s = arg;
	struct ipc_msg m = {0};
	status_t status = ipc_recv(s->in, HANDLE_NONE, DEADLINE_NEVER, &m);

	while (status == RECV_CALL) {
		bool stop = MSG_LABEL(m.info) == SERVER_STOP;

		m.w[0]++;
		if (s->out != HANDLE_NONE)
			CHECK_OK(ipc_call(s->out, &m, NULL, DEADLINE_NEVER));
		m.w[1]++;
		if (stop) {
			CHECK_OK(ipc_reply(&m));
			return;
		}
		status = ipc_reply_recv(s->in, &m);
	}
	CHECK_STATUS(status, RECV_CALL);
}

static void test_nested(void)
{
	enum { DEPTH = 12 };
	struct stage s[DEPTH];
	handle_t ep[DEPTH];
	struct ipc_msg m;

	for (unsigned i = 0; i < DEPTH; i++)
		ep[i] = make_endpoint();
	for (unsigned i = 0; i < DEPTH; i++) {
		s[i] = (struct stage){.in = ep[i], .out = i + 1 < DEPTH ? ep[i + 1] : HANDLE_NONE};
		REQUIRE(thread_spawn(&s[i].thread, run_stage, &s[i], PRIO_DEFAULT - i % 3));
	}
	for (unsigned i = 0; i < 50; i++) {
		m = (struct ipc_msg){.info = 1, .w = {i, 1000}};
		CHECK_OK(ipc_call(ep[0], &m, NULL, DEADLINE_NEVER));
		CHECK_EQ(m.w[0], i + DEPTH);
		CHECK_EQ(m.w[1], 1000 + DEPTH);
	}
	server_stop(ep[0]);
	for (unsigned i = 0; i < DEPTH; i++) {
		thread_join(&s[i].thread);
		shut(ep[i]);
	}
}

struct client {
	struct thread thread;
	handle_t ep;
	uint64_t id;
};

static void run_client(void *arg)
{
	struct client *c = arg;

	for (uint64_t i = 0; i < 300; i++) {
		struct ipc_msg m = {.info = 2, .w = {c->id, i, c->id ^ i}};

		if (!CHECK_OK(ipc_call(c->ep, &m, NULL, DEADLINE_NEVER)) || !CHECK_EQ(m.w[0], c->id) ||
		    !CHECK_EQ(m.w[1], i) || !CHECK_EQ(m.w[2], (c->id ^ i)))
			return;
	}
}

/* Every call is answered once, with its own answer, whoever of several servers takes it. */
static void test_many(void)
{
	enum { SERVERS = 4, CLIENTS = 12 };
	handle_t ep = make_endpoint();
	struct child_spec spec = {.run = server_child, .h = {ep}};
	struct thread servers[SERVERS];
	static struct client clients[CLIENTS];
	struct child other;

	for (unsigned i = 0; i < SERVERS; i++)
		REQUIRE(thread_spawn(&servers[i], server_run, &ep, PRIO_DEFAULT + i));
	REQUIRE_OK(child_start(&other, &spec));
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){.ep = ep, .id = i * 7919 + 1};
		REQUIRE(thread_spawn(&clients[i].thread, run_client, &clients[i], PRIO_DEFAULT - 2 + i % 5));
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		thread_join(&clients[i].thread);
	for (unsigned i = 0; i < SERVERS + 1; i++)
		server_stop(ep);
	for (unsigned i = 0; i < SERVERS; i++)
		thread_join(&servers[i]);
	CHECK_EQ(child_wait(&other), 0);
	shut(ep);
}

/* ---- signals in a receive ---- */

static void test_signals(void)
{
	handle_t ep = make_endpoint(), nt = make_notification(), self = test_handle(HND_THREAD);
	struct caller c = {.ep = ep, .m = {.info = 5, .w = {50}}};
	struct ipc_msg m = {0};

	CHECK_OK(notification_bind(nt, self));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, now() + MS, &m), ERR_TIMED_OUT);
	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(notification_signal(nt, 6));
	CHECK_OK(notification_signal(nt, 1));
	/* Signals first, all bits at once, then the call */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_SIGNAL);
	CHECK_EQ(m.w[0], 7);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(m.w[0], 50);
	/* While a call is served signals may come; the answer goes out with the next wait. */
	CHECK_OK(notification_signal(nt, 8));
	CHECK_STATUS(ipc_reply_recv(ep, &m), RECV_SIGNAL);
	CHECK_EQ(m.w[0], 8);
	CHECK_OK(caller_join(&c));
	CHECK_EQ(c.m.w[0], 50);

	/* Without an endpoint only the signal counts. */
	c = (struct caller){.ep = ep, .m = {.info = 5}};
	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, now() + MS, &m), ERR_TIMED_OUT);
	CHECK_OK(notification_signal(nt, 16));
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_SIGNAL);
	CHECK_EQ(m.w[0], 16);

	CHECK_OK(notification_bind(HANDLE_NONE, self));
	CHECK_OK(notification_signal(nt, 32));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(ipc_reply(&m));
	CHECK_OK(caller_join(&c));
	shut(nt);
	shut(ep);
}

static void run_signaller(void *arg)
{
	handle_t nt = *(handle_t *)arg;

	for (unsigned i = 0; i < 200; i++)
		CHECK_OK(notification_signal(nt, 1ull << (i % 40)));
	CHECK_OK(notification_signal(nt, 1ull << 63));
}

/* Calls and signals mixed from two sides: none is lost. */
static void test_signals_mixed(void)
{
	handle_t ep = make_endpoint(), nt = make_notification(), self = test_handle(HND_THREAD);
	struct thread signaller;
	struct client client = {.ep = ep, .id = 3};
	uint64_t seen = 0;
	unsigned calls = 0;
	struct ipc_msg m = {0};
	bool answer = false;

	CHECK_OK(notification_bind(nt, self));
	REQUIRE(thread_spawn(&signaller, run_signaller, &nt, PRIO_DEFAULT));
	REQUIRE(thread_spawn(&client.thread, run_client, &client, PRIO_DEFAULT));
	while (calls < 300 || !(seen >> 63)) {
		status_t status = answer ? ipc_reply_recv(ep, &m) : ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

		answer = status == RECV_CALL;
		if (status == RECV_SIGNAL)
			seen |= m.w[0];
		else if (!CHECK_STATUS(status, RECV_CALL))
			break;
		calls += answer;
	}
	if (answer)
		CHECK_OK(ipc_reply(&m));
	CHECK_EQ(calls, 300);
	CHECK_EQ(seen, (1ull << 40) - 1 + (1ull << 63));
	thread_join(&signaller);
	thread_join(&client.thread);
	CHECK_OK(notification_bind(HANDLE_NONE, self));
	shut(nt);
	shut(ep);
}

TEST_CASES("ipc", {"words", test_words}, {"words_process", test_words_process}, {"priorities", test_priorities},
	   {"badge", test_badge}, {"malformed", test_malformed}, {"handles", test_handles},
	   {"handles_kept", test_handles_kept}, {"handles_dropped", test_handles_dropped},
	   {"reply_handles_bad", test_reply_handles_bad}, {"receiver_full", test_receiver_full},
	   {"queue_order", test_queue_order}, {"queue_reorder", test_queue_reorder}, {"deferred", test_deferred},
	   {"deferred_moved", test_deferred_moved}, {"deferred_unique", test_deferred_unique}, {"nested", test_nested},
	   {"many", test_many}, {"signals", test_signals}, {"signals_mixed", test_signals_mixed});
