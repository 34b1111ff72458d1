/* SPDX-License-Identifier: BSD-2-Clause */
/* Watched badges: a server hears, once and only then, when the last handle that it gave out is gone, however that came about. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define BITS        4
#define CALL_RIGHTS (RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE)

static handle_t ep, nt;

static void begin(void)
{
	ep = make_endpoint();
	nt = make_notification();
	CHECK_OK(endpoint_watch(ep, nt, BITS));
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
}

static void end(void)
{
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
	shut(ep);
	shut(nt);
}

static void expect_none(void)
{
	CHECK_STATUS(notification_wait(nt, 0, NULL), ERR_WOULD_BLOCK);
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
}

static void expect(uint64_t badge)
{
	uint64_t bits = 0, got = 0;

	/* The end of a process takes its time. */
	CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits));
	CHECK_EQ(bits, BITS);
	CHECK_OK(endpoint_gone(ep, 0, &got));
	CHECK_EQ(got, badge);
}

static void test_close(void)
{
	begin();
	handle_t a = make_mint(ep, 7, CALL_RIGHTS), b = make_mint(ep, 8, CALL_RIGHTS);
	handle_t copy = make_dup(a, RIGHTS_SAME), copy_of_copy = make_dup(copy, RIGHT_EP_CALL);

	expect_none();
	shut(a);
	expect_none();
	shut(copy);
	expect_none();
	shut(copy_of_copy);
	expect(7);
	shut(b);
	expect(8);
	end();
}

/* In every order, so that each shape of the tree comes up in which one is the last. */
static void test_orders(void)
{
	begin();
	for (unsigned order = 0; order < 24; order++) {
		handle_t h[4] = {make_mint(ep, 100 + order, CALL_RIGHTS)};
		unsigned left[4] = {0, 1, 2, 3}, rest = order;

		/* 0 has the children 1 and 2; 3 is a child of 1 */
		h[1] = make_dup(h[0], RIGHTS_SAME);
		h[2] = make_dup(h[0], RIGHTS_SAME);
		h[3] = make_dup(h[1], RIGHTS_SAME);
		for (unsigned n = 4; n; n--) {
			unsigned pick = rest % n;

			rest /= n;
			shut(h[left[pick]]);
			for (unsigned i = pick; i + 1 < n; i++)
				left[i] = left[i + 1];
			if (n > 1)
				expect_none();
		}
		expect(100 + order);
	}
	end();
}

static void hold(const struct child_args *args)
{
	handle_t copy = make_dup(args->h[0], RIGHTS_SAME);

	(void)copy;
	CHECK_OK(notification_signal(args->h[1], 1));
	(void)notification_wait(args->h[2], DEADLINE_NEVER, NULL);
	child_exit(0); /* not reached: it is killed */
}

static void test_process(void)
{
	handle_t ready = make_notification(), never = make_notification();
	struct child child;

	begin();
	handle_t a = make_mint(ep, 9, CALL_RIGHTS);
	struct child_spec spec = {.run = hold, .h = {a, ready, never}};
	REQUIRE_OK(child_start(&child, &spec));
	CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
	shut(a);
	expect_none();
	CHECK_OK(process_kill(child.process, 0));
	expect(9);
	(void)child_kill(&child);
	end();
	shut(ready);
	shut(never);
}

/* Moved to and fro by a server's answers; a copy that travels counts while it does. */
static void test_message(void)
{
	handle_t echo = make_endpoint();
	struct thread server;
	struct ipc_msg m = {0};

	begin();
	REQUIRE(thread_spawn(&server, server_run, &echo, 0));
	for (unsigned i = 0; i < 3; i++) {
		m = (struct ipc_msg){.info = MSG_INFO(5, 1, 0), .handles = {make_mint(ep, 20 + i, CALL_RIGHTS)}};
		CHECK_OK(ipc_call(echo, &m, NULL, DEADLINE_NEVER));
	}
	server_stop(echo);
	thread_join(&server);
	/* The server thread is of this process: what it took is in this table. */
	expect_none();
	shut(ep);
	shut(nt);
	shut(echo);
}

static void test_revoke(void)
{
	begin();
	handle_t server = make_dup(ep, RIGHTS_SAME);
	handle_t a = make_mint(server, 1, CALL_RIGHTS), b = make_mint(server, 2, CALL_RIGHTS);
	uint64_t got = 0, seen = 0;

	(void)make_dup(a, RIGHTS_SAME);
	(void)b;
	CHECK_OK(handle_revoke(server));
	CHECK_OK(notification_wait(nt, 0, NULL));
	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(endpoint_gone(ep, 0, &got));
		seen |= 1ull << got;
	}
	CHECK_EQ(seen, 6);
	shut(server);
	end();
}

/* What was minted before the watch is not watched; a new watch takes over what nobody asked for yet. */
static void test_begin(void)
{
	handle_t other = make_notification();

	ep = make_endpoint();
	nt = make_notification();
	handle_t early = make_mint(ep, 1, CALL_RIGHTS);
	CHECK_OK(endpoint_watch(ep, nt, BITS));
	handle_t late = make_mint(ep, 2, CALL_RIGHTS);
	shut(early);
	expect_none();
	shut(late);
	CHECK_OK(notification_wait(nt, 0, NULL));
	CHECK_OK(endpoint_watch(ep, other, 8));
	uint64_t bits = 0, badge = 0;
	CHECK_OK(notification_wait(other, 0, &bits));
	CHECK_EQ(bits, 8);
	CHECK_OK(endpoint_gone(ep, 0, &badge));
	CHECK_EQ(badge, 2);
	end();
	shut(other);
}

static void test_errors(void)
{
	begin();
	handle_t client = make_mint(ep, 3, CALL_RIGHTS), weak = make_dup(nt, RIGHT_NT_WAIT);
	struct handle_info info = {0};

	CHECK_STATUS(endpoint_watch(client, nt, 1), ERR_RIGHTS);
	CHECK_STATUS(endpoint_gone(client, 0, NULL), ERR_RIGHTS);
	CHECK_STATUS(endpoint_watch(ep, weak, 1), ERR_RIGHTS);
	CHECK_STATUS(endpoint_watch(ep, ep, 1), ERR_TYPE);
	CHECK_STATUS(endpoint_watch(nt, nt, 1), ERR_TYPE);
	CHECK_STATUS(endpoint_watch(ep, nt, 0), ERR_INVALID);
	CHECK_STATUS(endpoint_gone(nt, 0, NULL), ERR_TYPE);
	/* Nobody sees the mark, nobody forges it. */
	CHECK_OK(handle_info(client, &info));
	CHECK_EQ(info.rights, CALL_RIGHTS);
	CHECK_STATUS(handle_dup(nt, 1u << 31, NULL), ERR_RIGHTS);
	shut(weak);
	shut(client);
	expect(3);
	end();
}

/* Looked at, a badge stays until it is dropped: a server that ends in between leaves it to the next. */
static void test_look(void)
{
	uint64_t badge = 0;

	begin();
	CHECK_STATUS(endpoint_gone(ep, GONE_DROP | GONE_KEEP, &badge), ERR_WOULD_BLOCK);
	for (uint64_t i = 1; i <= 3; i++)
		shut(make_mint(ep, i, CALL_RIGHTS));
	CHECK_OK(endpoint_gone(ep, GONE_KEEP, &badge));
	CHECK_EQ(badge, 1);
	CHECK_OK(endpoint_gone(ep, GONE_KEEP, &badge));
	CHECK_EQ(badge, 1);
	CHECK_OK(endpoint_gone(ep, GONE_DROP | GONE_KEEP, &badge));
	CHECK_EQ(badge, 2);
	CHECK_OK(endpoint_gone(ep, GONE_DROP, &badge));
	CHECK_EQ(badge, 3);
	CHECK_STATUS(endpoint_gone(ep, 8, &badge), ERR_INVALID);
	CHECK_OK(notification_wait(nt, 0, NULL));
	end();
}

/* Who asks for it is told which is the last, so that nobody has to ask again. */
static void test_last(void)
{
	uint64_t badge = 0;

	begin();
	CHECK_STATUS(endpoint_gone(ep, GONE_TELL, &badge), ERR_WOULD_BLOCK);
	for (uint64_t i = 1; i <= 3; i++)
		shut(make_mint(ep, i, CALL_RIGHTS));
	CHECK_OK(endpoint_gone(ep, GONE_TELL | GONE_KEEP, &badge));
	CHECK_EQ(badge, 1);
	CHECK_OK(endpoint_gone(ep, GONE_TELL | GONE_DROP, &badge));
	CHECK_EQ(badge, 2);
	CHECK_STATUS(endpoint_gone(ep, GONE_TELL | GONE_KEEP, &badge), GONE_LAST);
	CHECK_EQ(badge, 3);
	shut(make_mint(ep, 4, CALL_RIGHTS));
	CHECK_STATUS(endpoint_gone(ep, GONE_TELL | GONE_KEEP | GONE_DROP, &badge), GONE_LAST);
	CHECK_EQ(badge, 4);
	CHECK_STATUS(endpoint_gone(ep, GONE_TELL | GONE_DROP, &badge), ERR_WOULD_BLOCK);
	CHECK_OK(notification_wait(nt, 0, NULL));
	end();
}

/* Many at once, unasked for until the endpoint goes: nothing is left of them, and the server's quota paid. */
static void test_many(void)
{
	enum { COUNT = 500 };
	struct test_account before = test_account();

	begin();
	for (unsigned round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < COUNT; i++)
			shut(make_mint(ep, 1000 + i, CALL_RIGHTS));
		CHECK_OK(notification_wait(nt, 0, NULL));
		for (uint64_t i = 0; i < COUNT && !round; i++) {
			uint64_t badge = 0;

			CHECK_OK(endpoint_gone(ep, 0, &badge));
			CHECK_EQ(badge, 1000 + i);
		}
	}
	shut(ep);
	shut(nt);
	CHECK_ACCOUNT(&before);
}

TEST_CASES("gone", {"close", test_close}, {"orders", test_orders}, {"process", test_process}, {"message", test_message},
	   {"revoke", test_revoke}, {"begin", test_begin}, {"look", test_look}, {"last", test_last},
	   {"errors", test_errors}, {"many", test_many});
