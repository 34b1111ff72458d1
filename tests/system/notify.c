/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications: bits stick until somebody waits, each set of bits is seen once, binding to a thread. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static void test_sticky(void)
{
	handle_t nt = make_notification();
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i++) {
		CHECK_OK(notification_signal(nt, 1ull << i));
		CHECK_OK(notification_signal(nt, 1ull << i));
	}
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
	CHECK_EQ(bits, ~0ull);
	bits = 0x55;
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_EQ(bits, 0x55);
	CHECK_STATUS(notification_signal(nt, 0), ERR_INVALID);
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_STATUS(notification_wait(nt, 1, &bits), ERR_TIMED_OUT);
	/* Bits that are there are taken whatever the deadline says. */
	CHECK_OK(notification_signal(nt, 9));
	CHECK_OK(notification_wait(nt, 1, &bits));
	CHECK_EQ(bits, 9);
	shut(nt);
}

static unsigned waiters_ended(const struct waiter *w, unsigned count)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < count; i++)
		ended += w[i].done;
	return ended;
}

/* One signal wakes one of the waiters. */
static void test_waiters(void)
{
	handle_t nt = make_notification();
	struct waiter w[4];

	for (unsigned i = 0; i < ARRAY_SIZE(w); i++)
		REQUIRE(waiter_block(&w[i], nt, DEADLINE_NEVER, 20 + i));
	for (unsigned n = 1; n <= ARRAY_SIZE(w); n++) {
		CHECK_OK(notification_signal(nt, n));
		/* One wakes, whenever its hart comes to it, and then no other one does. */
		for (unsigned tries = 0; tries < 5000 && waiters_ended(w, ARRAY_SIZE(w)) < n; tries++)
			sleep_ns(2 * MS);
		sleep_ns(2 * MS);
		CHECK_EQ(waiters_ended(w, ARRAY_SIZE(w)), n);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(w); i++)
		CHECK_OK(waiter_join(&w[i]));
	CHECK_STATUS(notification_wait(nt, 0, NULL), ERR_WOULD_BLOCK);
	shut(nt);
}

static void test_deadline(void)
{
	handle_t nt = make_notification();
	struct waiter early, late;
	uint64_t due = now() + 5 * MS, bits = 0;

	REQUIRE(waiter_block(&late, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	REQUIRE(waiter_block(&early, nt, now() + 5 * MS, PRIO_DEFAULT));
	CHECK_STATUS(waiter_join(&early), ERR_TIMED_OUT);
	CHECK(now() >= due);
	CHECK_EQ(late.done, 0);
	/* The one that gave up takes nothing away from the other. */
	CHECK_OK(notification_signal(nt, 2));
	CHECK_OK(waiter_join(&late));
	CHECK_EQ(late.bits, 2);
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	shut(nt);
}

/* A killed waiter eats no signal. */
static void test_killed(void)
{
	handle_t nt = make_notification();
	struct waiter w;
	uint64_t bits = 0;

	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(thread_kill(w.thread.handle));
	CHECK_OK(notification_signal(nt, 4));
	CHECK(thread_await_state(w.thread.handle, THREAD_ENDED, THREAD_ENDED));
	thread_discard(&w.thread);
	CHECK_OK(notification_wait(nt, 0, &bits));
	CHECK_EQ(bits, 4);
	shut(nt);
}

static void test_bind(void)
{
	handle_t a = make_notification(), b = make_notification(), self = test_handle(HND_THREAD);
	handle_t weak = make_dup(a, RIGHT_NT_SIGNAL);
	struct receiver r = {0};
	struct ipc_msg m = {0};
	status_t status;

	CHECK_STATUS(notification_bind(weak, self), ERR_RIGHTS);
	CHECK_OK(notification_signal(a, 1));
	CHECK_OK(notification_bind(a, self)); /* what was there already counts */
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_SIGNAL);
	CHECK_EQ(m.w[0], 1);
	/* Another one replaces it or is refused; never both. */
	status = notification_bind(b, self);
	CHECK(status == OK || status == ERR_BUSY || status == ERR_STATE || status == ERR_EXISTS);
	CHECK_OK(notification_bind(HANDLE_NONE, self));
	CHECK_OK(notification_bind(HANDLE_NONE, self));
	CHECK_OK(notification_signal(a, 1));
	CHECK_OK(notification_signal(b, 1));
	CHECK_STATUS(ipc_recv(HANDLE_NONE, HANDLE_NONE, 0, &m), ERR_STATE); /* nothing to wait for */
	CHECK_OK(notification_wait(a, 0, NULL));
	CHECK_OK(notification_wait(b, 0, NULL));

	/* Bound while the thread is receiving already */
	handle_t ep = make_endpoint();

	REQUIRE(receiver_block(&r, ep, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(notification_signal(a, 32));
	CHECK_OK(notification_bind(a, r.thread.handle));
	if (!r.done) {
		sleep_ns(MS);
		CHECK_OK(notification_signal(a, 64));
	}
	CHECK_STATUS(receiver_join(&r), RECV_SIGNAL);
	CHECK(r.m.w[0] & 32);
	/* Its thread ended: the notification is free again. */
	CHECK_OK(notification_bind(a, self));
	CHECK_OK(notification_bind(HANDLE_NONE, self));
	shut(ep);
	shut(weak);
	shut(a);
	shut(b);
}

/* The last handle of a bound notification is closed: the thread only waits for calls then. */
static void test_bind_closed(void)
{
	handle_t nt = make_notification(), ep = make_endpoint(), self = test_handle(HND_THREAD);
	struct ipc_msg m = {0};

	CHECK_OK(notification_bind(nt, self));
	shut(nt);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, now() + MS, &m), ERR_TIMED_OUT);
	CHECK_OK(notification_bind(HANDLE_NONE, self));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	shut(ep);
}

/* Every bit that is sent is seen: senders on all harts against one waiter, counting by toggling acknowledgement. */
struct sender {
	struct thread thread;
	handle_t to, back;
	unsigned bit;
	unsigned rounds;
};

static void run_sender(void *arg)
{
	struct sender *s = arg;

	for (unsigned i = 0; i < 300; i++) {
		CHECK_OK(notification_signal(s->to, 1ull << s->bit));
		if (!CHECK_OK(notification_wait(s->back, now() + 20 * SECOND, NULL)))
			return;
		s->rounds++;
	}
}

static void test_no_loss(void)
{
	handle_t nt = make_notification();
	struct sender s[6];
	unsigned total = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(s); i++) {
		s[i] = (struct sender){.to = nt, .back = make_notification(), .bit = i * 7};
		REQUIRE(thread_spawn(&s[i].thread, run_sender, &s[i], PRIO_DEFAULT - i % 2));
	}
	while (total < ARRAY_SIZE(s) * 300) {
		uint64_t bits = 0;

		if (!CHECK_OK(notification_wait(nt, now() + 20 * SECOND, &bits)))
			break;
		for (unsigned i = 0; i < ARRAY_SIZE(s); i++) {
			if (bits >> s[i].bit & 1) {
				total++;
				CHECK_OK(notification_signal(s[i].back, 1));
			}
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(s); i++) {
		thread_join(&s[i].thread);
		CHECK_EQ(s[i].rounds, 300);
		shut(s[i].back);
	}
	shut(nt);
}

static void ping(const struct child_args *args)
{
	for (unsigned i = 0; i < 500; i++) {
		CHECK_OK(notification_wait(args->h[0], DEADLINE_NEVER, NULL));
		CHECK_OK(notification_signal(args->h[1], 1));
	}
}

static void test_processes(void)
{
	handle_t there = make_notification(), back = make_notification();
	struct child_spec spec = {.run = ping, .h = {there, back}};
	struct child c;

	REQUIRE_OK(child_start(&c, &spec));
	for (unsigned i = 0; i < 500; i++) {
		CHECK_OK(notification_signal(there, 1));
		CHECK_OK(notification_wait(back, DEADLINE_NEVER, NULL));
	}
	CHECK_EQ(child_wait(&c), 0);
	shut(there);
	shut(back);
}

/* Ends by itself, after it has closed what it was told to. */
static void holder(const struct child_args *args)
{
	if (args->w[0])
		shut(args->h[1]);
	CHECK_OK(notification_wait(args->h[0], DEADLINE_NEVER, NULL));
}

/* A minted handle tells of its holder's end, and of nothing else. */
static void test_mint(void)
{
	handle_t go = make_notification(), nt = make_notification(), minted = HANDLE_NONE, endpoint = make_endpoint(),
		 mute = make_dup(nt, RIGHT_DUP | RIGHT_NT_WAIT), single = make_dup(nt, RIGHT_NT_SIGNAL), other;
	uint64_t bits = 0;

	CHECK_OK(notification_mint(nt, 6, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE, &minted));
	for (uint64_t closes = 0; closes < 2; closes++) {
		struct child_spec spec = {.run = holder, .h = {go, minted}, .w = {closes}};
		struct child c;

		REQUIRE_OK(child_start(&c, &spec));
		CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
		CHECK_OK(notification_signal(go, 1));
		CHECK_EQ(child_wait(&c), 0);
		if (closes) {
			CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
		} else {
			CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits));
			CHECK_EQ(bits, 6);
		}
	}
	/* By hand it signals like any other; to close it signals nothing. */
	CHECK_OK(notification_signal(minted, 8));
	CHECK_OK(notification_wait(nt, 0, &bits));
	CHECK_EQ(bits, 8);
	shut(minted);
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_STATUS(notification_mint(mute, 1, RIGHTS_SAME, &other), ERR_RIGHTS);
	CHECK_STATUS(notification_mint(single, 1, RIGHTS_SAME, &other), ERR_RIGHTS);
	CHECK_STATUS(notification_mint(nt, 1, RIGHTS_ALL, &other), ERR_RIGHTS);
	shut(go);
	shut(nt);
	shut(mute);
	shut(single);
	shut(endpoint);
}

static uint64_t log_end(handle_t inspect)
{
	static _Alignas(8) unsigned char records[4096];
	uint64_t bytes = 1, position = 0;

	while (bytes != 0 && log_read(inspect, position, records, sizeof(records), &bytes, &position) == OK)
		;
	return position;
}

/* Records of the kernel log: told once, at once if they are there already, to the last who asked. */
static void test_log(void)
{
	handle_t inspect = HANDLE_NONE, nt = make_notification(), other = make_notification(),
		 mute = make_dup(nt, RIGHT_NT_WAIT);
	uint64_t bits = 0, end;

	CHECK_OK(resource_create(test_handle(HND_RES_SYSTEM), SYSTEM_INSPECT, 1, &inspect));
	CHECK_STATUS(log_watch(HANDLE_NONE, 0, nt, 1), ERR_HANDLE);
	CHECK_STATUS(log_watch(inspect, 0, nt, 0), ERR_INVALID);
	CHECK_STATUS(log_watch(inspect, 0, mute, 1), ERR_RIGHTS);
	CHECK_STATUS(log_watch(inspect, 0, inspect, 1), ERR_TYPE);
	CHECK_OK(log_watch(inspect, 0, nt, 2));
	CHECK_OK(notification_wait(nt, 0, &bits));
	CHECK_EQ(bits, 2);
	end = log_end(inspect);
	CHECK_OK(log_watch(inspect, end, nt, 4));
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_OK(log_write(LOG_DEBUG, "watched", 7));
	CHECK_OK(notification_wait(nt, 0, &bits));
	CHECK_EQ(bits, 4);
	CHECK_OK(log_write(LOG_DEBUG, "no more", 7)); /* once */
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	end = log_end(inspect);
	CHECK_OK(log_watch(inspect, end, nt, 1));
	CHECK_OK(log_watch(inspect, end, other, 1));
	CHECK_OK(log_write(LOG_DEBUG, "the other", 9));
	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_OK(notification_wait(other, 0, &bits));
	/* One that nobody can wait for any more */
	CHECK_OK(log_watch(inspect, log_end(inspect), other, 1));
	shut(other);
	CHECK_OK(log_write(LOG_DEBUG, "nobody", 6));
	shut(nt);
	shut(mute);
	shut(inspect);
}

TEST_CASES("notify", {"sticky", test_sticky}, {"waiters", test_waiters}, {"deadline", test_deadline},
	   {"killed", test_killed}, {"bind", test_bind}, {"bind_closed", test_bind_closed}, {"no_loss", test_no_loss},
	   {"processes", test_processes}, {"mint", test_mint}, {"log", test_log});
