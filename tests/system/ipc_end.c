/* SPDX-License-Identifier: BSD-2-Clause */
/* Every wait has a way out: deadlines, cancellation and the death of a peer in every state of a call. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define CALL_NEVER_TAKEN                  \
	{                                 \
		.info = MSG_INFO(1, 0, 0) \
	}

/* ---- deadlines ---- */

static void test_deadline_queued(void)
{
	handle_t ep = make_endpoint();
	struct ipc_msg m = CALL_NEVER_TAKEN;
	uint64_t due = now() + 3 * MS;

	CHECK_STATUS(ipc_call(ep, &m, NULL, due), ERR_TIMED_OUT);
	CHECK(now() >= due);
	/* A deadline that has passed */
	CHECK_STATUS(ipc_call(ep, &m, NULL, 1), ERR_TIMED_OUT);
	/* It is not in the queue any more. */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	shut(ep);
}

static void test_deadline_taken(void)
{
	handle_t ep = make_endpoint(), reply = HANDLE_NONE;
	char lent[8] = "lent";
	struct lease lease = {(uint64_t)lent, sizeof(lent) | (uint64_t)LEASE_READ << LEASE_ACCESS_SHIFT};
	char buffer[8];
	struct ipc_msg m = {0};

	for (unsigned deferred = 0; deferred < 2; deferred++) {
		struct caller c = {
			.ep = ep,
			.m = {.info = MSG_INFO(1, 0, 1)},
			.leases = &lease,
			.deadline = now() + 30 * MS,
		};

		REQUIRE(caller_start(&c, PRIO_DEFAULT));
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		if (deferred)
			CHECK_OK(ipc_save_caller(&reply));
		CHECK_STATUS(caller_join(&c), ERR_TIMED_OUT);
		/* The lender took its memory back with the call's end. */
		CHECK(lease_read(deferred ? reply : HANDLE_NONE, 0, 0, buffer, sizeof(buffer)) != OK);
		/* The server cannot know. Its answer goes nowhere: of a call that it saved it is told so. */
		m.info = 0;
		if (deferred)
			CHECK_STATUS(ipc_reply_to(reply, &m), ERR_PEER_DIED);
		else
			CHECK_OK(ipc_reply(&m));
	}
	shut(ep);
}

static void test_deadline_recv(void)
{
	handle_t ep = make_endpoint();
	struct ipc_msg m = {0};
	uint64_t due = now() + 2 * MS;

	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 1, &m), ERR_TIMED_OUT);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, due, &m), ERR_TIMED_OUT);
	CHECK(now() >= due);
	shut(ep);
}

/* In time: the deadline does nothing, then and later. */
static void test_deadline_met(void)
{
	handle_t ep = make_endpoint();
	struct thread t;

	REQUIRE(thread_spawn(&t, server_run, &ep, PRIO_DEFAULT));
	for (unsigned i = 0; i < 50; i++) {
		struct ipc_msg m = {.info = 1, .w = {i}};

		CHECK_OK(ipc_call(ep, &m, NULL, now() + 10 * SECOND));
		CHECK_EQ(m.w[0], i);
	}
	sleep_ns(2 * MS);
	server_stop(ep);
	thread_join(&t);
	shut(ep);
}

/* Deadlines and answers meet: each call ends in exactly one of the two ways, and the server never stumbles. */
static void slow_server(void *arg)
{
	handle_t ep = *(handle_t *)arg;
	struct ipc_msg m = {0};
	uint64_t seed = 5;
	status_t status = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

	while (status == RECV_CALL) {
		if (MSG_LABEL(m.info) == SERVER_STOP) {
			CHECK_OK(ipc_reply(&m));
			return;
		}
		for (uint64_t n = random_next(&seed) % 400; n > 0; n--)
			syscall_null();
		status = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(status, RECV_CALL);
}

static void test_deadline_race(void)
{
	handle_t ep = make_endpoint();
	struct thread t;
	uint64_t seed = 9;
	unsigned late = 0;

	REQUIRE(thread_spawn(&t, slow_server, &ep, PRIO_DEFAULT));
	for (unsigned i = 0; i < 400; i++) {
		struct ipc_msg m = {.info = 1, .w = {i, ~(uint64_t)i}};
		status_t status = ipc_call(ep, &m, NULL, now() + random_next(&seed) % 200000);

		late += status == ERR_TIMED_OUT;
		CHECK(status == OK || status == ERR_TIMED_OUT);
		CHECK_EQ(m.w[0], i);
		CHECK_EQ(m.w[1], ~(uint64_t)i);
	}
	server_stop(ep);
	thread_join(&t);
	shut(ep);
	print("ipc_end: %u of 400 calls were late", late);
}

/* ---- cancellation ---- */

static void test_cancel_call(void)
{
	handle_t ep = make_endpoint();
	struct caller c = {.ep = ep, .m = CALL_NEVER_TAKEN};
	struct ipc_msg m = {0};

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(thread_cancel(c.thread.handle));
	CHECK_STATUS(caller_join(&c), ERR_CANCELLED);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);

	c = (struct caller){.ep = ep, .m = CALL_NEVER_TAKEN};
	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(thread_cancel(c.thread.handle));
	CHECK_STATUS(caller_join(&c), ERR_CANCELLED);
	CHECK_OK(ipc_reply(&m));
	shut(ep);
}

static void test_cancel_waits(void)
{
	handle_t ep = make_endpoint(), nt = make_notification();
	struct receiver r = {0};
	struct waiter w;
	struct sleeper s;
	volatile uint32_t word = 0;

	REQUIRE(receiver_block(&r, ep, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(thread_cancel(r.thread.handle));
	CHECK_STATUS(receiver_join(&r), ERR_CANCELLED);
	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(thread_cancel(w.thread.handle));
	CHECK_STATUS(waiter_join(&w), ERR_CANCELLED);
	REQUIRE(sleeper_block(&s, &word, 0, DEADLINE_NEVER));
	CHECK_OK(thread_cancel(s.thread.handle));
	CHECK_STATUS(sleeper_join(&s), ERR_CANCELLED);
	/* The objects still work. */
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(notification_wait(nt, 0, NULL));
	shut(ep);
	shut(nt);
}

static void wait_twice(void *arg)
{
	handle_t nt = *(handle_t *)arg;

	while (notification_wait(nt, 0, NULL) == ERR_WOULD_BLOCK)
		thread_yield(); /* not a blocking wait: the cancellation stays pending */
	CHECK_STATUS(notification_wait(nt, DEADLINE_NEVER, NULL), ERR_CANCELLED);
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL));
}

/* Cancelled while it does not wait: the next blocking wait is the one that ends. */
static void test_cancel_next(void)
{
	handle_t nt = make_notification();
	struct thread t;

	REQUIRE(thread_make(&t, wait_twice, &nt, PRIO_DEFAULT));
	CHECK_OK(thread_start(t.handle));
	CHECK_OK(thread_cancel(t.handle));
	CHECK_OK(notification_signal(nt, 1));
	CHECK(thread_await_state(t.handle, THREAD_BLOCKED_NOTIFICATION, THREAD_BLOCKED_NOTIFICATION));
	CHECK_OK(notification_signal(nt, 1));
	thread_join(&t);
	shut(nt);
}

/* ---- the server's end ---- */

static void take_and_die(const struct child_args *args)
{
	struct ipc_msg m = {0};
	handle_t reply = HANDLE_NONE;

	CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	switch (args->w[0]) {
	case 0: child_exit(0);
	case 1: thread_exit(NULL);
	case 2: peek(16); break; /* a fault */
	case 3: CHECK_OK(ipc_save_caller(&reply)); child_exit(0);
	case 4: /* asks for the next without answering */
		CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
		CHECK_OK(notification_wait(args->h[1], DEADLINE_NEVER, NULL));
		break;
	case 5: /* throws the reply handle away */
		CHECK_OK(ipc_save_caller(&reply));
		CHECK_OK(handle_close(reply));
		CHECK_OK(notification_wait(args->h[1], DEADLINE_NEVER, NULL));
		break;
	case 6: /* lives on with the call unanswered until it is killed */
		for (;;)
			sleep_ns(SECOND);
	case 7: /* spins with it */
		for (;;)
			;
	default: break;
	}
}

static void test_server_dies(void)
{
	for (uint64_t way = 0; way < 8; way++) {
		handle_t ep = make_endpoint(), go = make_notification();
		struct child_spec spec = {.run = take_and_die, .h = {ep, go}, .w = {way}};
		struct caller c = {.ep = ep, .m = CALL_NEVER_TAKEN};
		struct child child;

		REQUIRE_OK(child_start(&child, &spec));
		REQUIRE(caller_start(&c, PRIO_DEFAULT));
		if (way >= 6) {
			CHECK(thread_await_state(c.thread.handle, THREAD_BLOCKED_REPLY, THREAD_BLOCKED_REPLY));
			CHECK_OK(process_kill(child.process, 0));
		}
		if (caller_join(&c) != ERR_PEER_DIED) {
			print("way %lu", way);
			CHECK_STATUS(c.status, ERR_PEER_DIED);
		}
		CHECK_OK(notification_signal(go, 1));
		child_wait(&child);
		shut(ep);
		shut(go);
	}
}

/* The endpoint outlives its server: calls not yet taken wait for the next one. */
static void test_server_replaced(void)
{
	handle_t ep = make_endpoint(), go = make_notification();
	struct child_spec first = {.run = take_and_die, .h = {ep, go}, .w = {0}};
	struct child_spec second = {.run = server_child, .h = {ep}};
	struct caller c[3];
	struct child child;
	unsigned died = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = (struct caller){.ep = ep, .m = {.info = 1, .w = {i}}};
		REQUIRE(caller_block(&c[i], PRIO_DEFAULT));
	}
	REQUIRE_OK(child_start(&child, &first));
	child_wait(&child);
	REQUIRE_OK(child_start(&child, &second));
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		status_t status = caller_join(&c[i]);

		died += status == ERR_PEER_DIED;
		CHECK(status == OK || status == ERR_PEER_DIED);
	}
	CHECK_EQ(died, 1);
	server_stop(ep);
	CHECK_EQ(child_wait(&child), 0);
	shut(ep);
	shut(go);
}

/* Nobody can ever receive again. */
static void test_closed(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct caller c = {.ep = client, .m = CALL_NEVER_TAKEN};
	struct ipc_msg m = CALL_NEVER_TAKEN;

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	shut(ep);
	CHECK_STATUS(caller_join(&c), ERR_CLOSED);
	CHECK_STATUS(ipc_call(client, &m, NULL, DEADLINE_NEVER), ERR_CLOSED);
	CHECK_STATUS(ipc_call(client, &m, NULL, now() + SECOND), ERR_CLOSED);
	shut(client);
}

static void holds_receive(const struct child_args *args)
{
	CHECK_OK(notification_wait(args->h[1], DEADLINE_NEVER, NULL));
}

/* The last receive right was a process's, and that dies. */
static void test_closed_process(void)
{
	handle_t ep = make_endpoint(), go = make_notification();
	handle_t client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct child_spec spec = {.run = holds_receive, .h = {ep, go}};
	struct caller c = {.ep = client, .m = CALL_NEVER_TAKEN};
	struct child child;

	REQUIRE_OK(child_start(&child, &spec));
	shut(ep);
	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	CHECK_STATUS(caller_join(&c), ERR_CLOSED);
	shut(client);
	shut(go);
}

/* The right to receive travels in a message to the endpoint itself, which nobody will ever take: a knot that must not
 * keep its caller waiting for ever once everything else is closed. The caller has a deadline in case it does. */
static void test_closed_knot(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct caller c = {
		.ep = client,
		.m = {.info = MSG_INFO(1, 1, 0), .handles = {ep}},
		.deadline = now() + 50 * MS,
	};
	status_t status;

	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	status = caller_join(&c);
	CHECK(status == ERR_CLOSED || status == ERR_TIMED_OUT);
	handle_close(c.m.handles[0]);
	shut(client);
}

/* ---- the client's end ---- */

static void call_once(const struct child_args *args)
{
	struct ipc_msg m = {.info = MSG_INFO(1, 1, 0), .handles = {args->h[1]}};

	ipc_call(args->h[0], &m, NULL, DEADLINE_NEVER);
	child_exit(3);
}

static void test_client_dies(void)
{
	handle_t ep = make_endpoint(), nt = make_notification(), reply = HANDLE_NONE;
	struct child_spec spec = {.run = call_once, .h = {ep, nt}};
	struct handle_info info = {0};
	struct ipc_msg m = {0};
	struct child child;

	/* In the queue: its call and what it carried are gone. */
	REQUIRE_OK(child_start(&child, &spec));
	CHECK(thread_await_blocked(child.thread));
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	CHECK_OK(handle_info(nt, &info));
	CHECK_EQ(info.refs, 1);
	/* Being served */
	REQUIRE_OK(child_start(&child, &spec));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	shut(m.handles[0]);
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	CHECK(lease_read(HANDLE_NONE, 0, 0, &info, 1) != OK);
	m.info = 0;
	CHECK_OK(ipc_reply(&m));
	/* With a saved reply, answered with a handle that has nowhere to go. */
	REQUIRE_OK(child_start(&child, &spec));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(ipc_save_caller(&reply));
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	m = (struct ipc_msg){.info = MSG_INFO(0, 1, 0), .handles = {m.handles[0]}};
	CHECK_STATUS(ipc_reply_to(reply, &m), ERR_PEER_DIED);
	handle_close(m.handles[0]); /* kept or gone with the message */
	CHECK_OK(handle_info(nt, &info));
	CHECK_EQ(info.refs, 1);
	shut(ep);
	shut(nt);
}

/* Only one thread of the client dies. */
static void test_client_thread_dies(void)
{
	handle_t ep = make_endpoint();
	struct caller c = {.ep = ep, .m = CALL_NEVER_TAKEN};
	struct ipc_msg m = {0};

	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	CHECK_OK(thread_kill(c.thread.handle));
	CHECK(thread_await_state(c.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	thread_discard(&c.thread);

	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(thread_kill(c.thread.handle));
	CHECK(thread_await_state(c.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_OK(ipc_reply(&m));
	thread_discard(&c.thread);
	shut(ep);
}

/* A chain of calls whose middle dies: the one in front learns it, the one behind is left with nobody to answer. */
static void middle(const struct child_args *args)
{
	struct ipc_msg m = {0};

	CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	ipc_call(args->h[1], &m, NULL, DEADLINE_NEVER);
}

static void test_chain(void)
{
	handle_t front = make_endpoint(), back = make_endpoint();
	struct child_spec spec = {.run = middle, .h = {front, back}};
	struct caller c = {.ep = front, .m = CALL_NEVER_TAKEN};
	struct ipc_msg m = {0};
	struct child child;

	REQUIRE_OK(child_start(&child, &spec));
	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(back, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	CHECK_STATUS(caller_join(&c), ERR_PEER_DIED);
	CHECK_OK(ipc_reply(&m));
	shut(front);
	shut(back);
}

/* Two threads that call each other: only a deadline ends that, and it does. */
static void test_deadlock(void)
{
	handle_t a = make_endpoint(), b = make_endpoint();
	struct caller first = {.ep = a, .m = CALL_NEVER_TAKEN};
	struct ipc_msg m = {0};

	REQUIRE(caller_start(&first, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(a, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	m.info = 1;
	CHECK_STATUS(ipc_call(b, &m, NULL, now() + 20 * MS), ERR_TIMED_OUT);
	CHECK_OK(ipc_reply(&m));
	CHECK_OK(caller_join(&first));
	m.info = 1;
	/* A call to oneself */
	CHECK_STATUS(ipc_call(a, &m, NULL, now() + MS), ERR_TIMED_OUT);
	shut(a);
	shut(b);
}

/* Answering when there is nobody to answer harms nobody. */
static void test_no_caller(void)
{
	handle_t ep = make_endpoint(), reply = HANDLE_NONE;
	struct ipc_msg m = {0};
	char c;

	ipc_reply(&m);
	CHECK_STATUS(ipc_save_caller(&reply), ERR_STATE);
	CHECK_STATUS(ipc_reply_to(HANDLE_NONE, &m), ERR_HANDLE);
	CHECK(lease_read(HANDLE_NONE, 0, 0, &c, 1) != OK);
	CHECK(lease_write(HANDLE_NONE, 0, 0, &c, 1) != OK);
	CHECK(lease_info(HANDLE_NONE, 0, NULL, NULL) != OK);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	shut(ep);
}

/* Callers, servers and the endpoint's handles come and go at random; at the end everybody has ended. */
static void storm_client(void *arg)
{
	handle_t ep = *(handle_t *)arg;
	uint64_t seed = now() | 1;

	for (unsigned i = 0; i < 100; i++) {
		struct ipc_msg m = {.info = 1, .w = {i}};
		status_t status = ipc_call(ep, &m, NULL, now() + random_next(&seed) % (2 * MS));

		CHECK(status == OK || status == ERR_TIMED_OUT || status == ERR_PEER_DIED);
	}
}

static void storm_server(const struct child_args *args)
{
	struct ipc_msg m = {0};
	uint64_t seed = args->w[0];
	handle_t reply = HANDLE_NONE;

	for (;;) {
		if (ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m) != RECV_CALL)
			child_exit(1);
		switch (random_next(&seed) % 4) {
		case 0: ipc_reply(&m); break;
		case 1:
			if (ipc_save_caller(&reply) == OK)
				ipc_reply_to(reply, &m);
			break;
		case 2: break;
		case 3:
			if (ipc_save_caller(&reply) == OK)
				handle_close(reply);
			break;
		}
	}
}

static void test_storm(void)
{
	handle_t ep = make_endpoint();
	struct thread clients[4];
	uint64_t before = 0;

	for (unsigned round = 0; round < 6; round++) {
		struct child servers[3];

		if (round == 3)
			before = test_quota_used();
		for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
			REQUIRE(thread_spawn(&clients[i], storm_client, &ep, PRIO_DEFAULT));
		for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
			struct child_spec spec = {.run = storm_server, .h = {ep}, .w = {round * 9 + i + 1}};

			REQUIRE_OK(child_start(&servers[i], &spec));
		}
		for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
			sleep_ns(3 * MS);
			CHECK_EQ(child_kill(&servers[i]), EXIT_KILLED);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
			thread_join(&clients[i]);
	}
	CHECK_EQ(test_quota_used(), before);
	shut(ep);
}

TEST_CASES("ipc_end", {"deadline_queued", test_deadline_queued}, {"deadline_taken", test_deadline_taken},
	   {"deadline_recv", test_deadline_recv}, {"deadline_met", test_deadline_met},
	   {"deadline_race", test_deadline_race}, {"cancel_call", test_cancel_call},
	   {"cancel_waits", test_cancel_waits}, {"cancel_next", test_cancel_next}, {"server_dies", test_server_dies},
	   {"server_replaced", test_server_replaced}, {"closed", test_closed}, {"closed_process", test_closed_process},
	   {"closed_knot", test_closed_knot}, {"client_dies", test_client_dies},
	   {"client_thread_dies", test_client_thread_dies}, {"chain", test_chain}, {"deadlock", test_deadlock},
	   {"no_caller", test_no_caller}, {"storm", test_storm});
