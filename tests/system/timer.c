/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers and deadlines: never early, in order, cancelled when told, many at once. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static void test_once(void)
{
	handle_t nt = make_notification(), timer = make_timer(nt, 4);
	uint64_t bits = 0;

	for (unsigned i = 0; i < 5; i++) {
		uint64_t due = now() + i * MS;

		CHECK_OK(timer_set(timer, due, 0));
		CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
		CHECK(now() >= due);
		CHECK_EQ(bits, 4);
		CHECK_STATUS(notification_wait(nt, now() + 2 * MS, NULL), ERR_TIMED_OUT);
	}
	/* In the past: at once */
	CHECK_OK(timer_set(timer, 1, 0));
	CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits));
	CHECK_OK(timer_set(timer, 0, 0));
	CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits));
	shut(timer);
	shut(nt);
}

static void test_cancel(void)
{
	handle_t nt = make_notification(), timer = make_timer(nt, 1);

	CHECK_OK(timer_set(timer, now() + 20 * MS, 0));
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	CHECK_STATUS(notification_wait(nt, now() + 40 * MS, NULL), ERR_TIMED_OUT);
	/* Moved: only the last setting counts. */
	uint64_t due = now() + 30 * MS;

	CHECK_OK(timer_set(timer, now() + 10 * MS, 0));
	CHECK_OK(timer_set(timer, due, 0));
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL));
	CHECK(now() >= due);
	/* Closed while it runs */
	CHECK_OK(timer_set(timer, now() + 10 * MS, 0));
	shut(timer);
	CHECK_STATUS(notification_wait(nt, now() + 30 * MS, NULL), ERR_TIMED_OUT);
	/* Its notification is closed while it runs: it fires into nothing. */
	timer = make_timer(nt, 1);
	CHECK_OK(timer_set(timer, now() + MS, 0));
	shut(nt);
	sleep_ns(5 * MS);
	CHECK_OK(timer_set(timer, now() + MS, MS));
	sleep_ns(5 * MS);
	shut(timer);
}

static void test_periodic(void)
{
	handle_t nt = make_notification(), timer = make_timer(nt, 1);
	uint64_t first = now() + 2 * MS;

	CHECK_OK(timer_set(timer, first, 3 * MS));
	for (unsigned i = 0; i < 10; i++) {
		CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL));
		CHECK(now() >= first + i * 3 * MS);
	}
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	notification_wait(nt, 0, NULL);
	CHECK_STATUS(notification_wait(nt, now() + 10 * MS, NULL), ERR_TIMED_OUT);
	/* Nobody listens for many periods: one bit, no flood, the system lives. */
	CHECK_OK(timer_set(timer, 1, MS));
	sleep_ns(30 * MS);
	CHECK_OK(notification_wait(nt, 0, NULL));
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	shut(timer);
	shut(nt);
}

/* No period must keep a hart busy with nothing else: shorter ones than an interrupt takes come less often or are refused. */
static void test_tiny_period(void)
{
	static const uint64_t periods[] = {1, 1000, 1001, 3000, 10000};
	handle_t nt = make_notification(), timer = make_timer(nt, 1);

	for (unsigned p = 0; p < sizeof(periods) / sizeof(periods[0]); p++) {
		status_t status = timer_set(timer, 1, periods[p]);
		uint64_t from = now();

		CHECK(status == OK || status == ERR_INVALID);
		for (unsigned i = 0; i < 1000; i++)
			syscall_null();
		CHECK(now() - from < 20 * SECOND);
		if (status != OK)
			continue;
		for (unsigned i = 0; i < 10; i++)
			CHECK_OK(notification_wait(nt, now() + 10 * SECOND, NULL));
	}
	CHECK_OK(timer_set(timer, DEADLINE_NEVER, 0));
	CHECK_STATUS(timer_set(timer, now() + SECOND, ~0ull), ERR_INVALID);
	shut(timer);
	shut(nt);
}

/* Far away times neither overflow nor fire. */
static void test_far(void)
{
	static const uint64_t far[] = {DEADLINE_NEVER - 1, 1ull << 63, (1ull << 63) - 1, 1ull << 62, 1ull << 60};
	handle_t nt = make_notification();
	handle_t timer[ARRAY_SIZE(far)];
	struct waiter w;

	for (unsigned i = 0; i < ARRAY_SIZE(far); i++) {
		timer[i] = make_timer(nt, 1);
		CHECK_OK(timer_set(timer[i], far[i], 0));
	}
	CHECK_STATUS(notification_wait(nt, now() + 10 * MS, NULL), ERR_TIMED_OUT);
	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER - 1, PRIO_DEFAULT));
	sleep_ns(5 * MS);
	CHECK_EQ(w.done, 0);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(waiter_join(&w));
	for (unsigned i = 0; i < ARRAY_SIZE(far); i++)
		shut(timer[i]);
	shut(nt);
}

/* Set in a scrambled order they fire in the order of their deadlines. */
static void test_order(void)
{
	enum { N = 48 };
	handle_t nt[N], timer[N];
	uint64_t start = now() + 60 * MS, step = 2 * MS;

	for (unsigned i = 0; i < N; i++) {
		nt[i] = make_notification();
		timer[i] = make_timer(nt[i], 1);
	}
	for (unsigned i = 0; i < N; i++) {
		unsigned k = i * 29 % N;

		CHECK_OK(timer_set(timer[k], start + k * step, 0));
	}
	for (unsigned i = 0; i < N; i++) {
		CHECK_OK(notification_wait(nt[i], DEADLINE_NEVER, NULL));
		CHECK(now() >= start + i * step);
		/* All before it fired too, and nothing that is not due did. */
		for (unsigned k = i + 1; k < N; k++) {
			if (notification_wait(nt[k], 0, NULL) != OK)
				continue;
			CHECK(now() >= start + k * step);
			CHECK_OK(notification_signal(nt[k], 1));
		}
	}
	for (unsigned i = 0; i < N; i++) {
		shut(timer[i]);
		shut(nt[i]);
	}
}

/* A thousand at once, set, moved, stopped and closed at random: those left fire once each. */
static void test_many(void)
{
	enum { N = 1000 };
	static handle_t timer[N];
	handle_t nt = make_notification(), count[16];
	uint64_t seed = 42, used = test_quota_used();
	unsigned fired = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(count); i++)
		count[i] = make_notification();
	for (unsigned i = 0; i < N; i++) {
		timer[i] = make_timer(count[i % 16], 1ull << (i / 16));
		CHECK_OK(timer_set(timer[i], now() + 100 * MS + random_next(&seed) % (100 * MS), 0));
	}
	for (unsigned i = 0; i < N; i += 2)
		CHECK_OK(timer_set(timer[i], DEADLINE_NEVER, 0));
	for (unsigned i = 1; i < N; i += 4)
		CHECK_OK(timer_set(timer[i], now() + random_next(&seed) % (50 * MS), 0));
	sleep_ns(300 * MS);
	for (unsigned i = 0; i < ARRAY_SIZE(count); i++) {
		uint64_t bits = 0;

		notification_wait(count[i], 0, &bits);
		for (; bits; bits &= bits - 1)
			fired++;
	}
	CHECK_EQ(fired, N / 2);
	for (unsigned i = 0; i < N; i++)
		CHECK_OK(handle_close(timer[i]));
	for (unsigned i = 0; i < ARRAY_SIZE(count); i++)
		shut(count[i]);
	shut(nt);
	(void)used;
}

static void test_arguments(void)
{
	handle_t nt = make_notification(), weak = make_dup(nt, RIGHT_NT_WAIT | RIGHT_DUP), out = HANDLE_NONE;

	CHECK_STATUS(timer_object_create(nt, 0, &out), ERR_INVALID);
	CHECK_STATUS(timer_object_create(weak, 1, &out), ERR_RIGHTS);
	CHECK_STATUS(timer_object_create(HANDLE_NONE, 1, &out), ERR_HANDLE);
	shut(weak);
	shut(nt);
}

/* The clock never goes back, on any hart, and agrees with the time counter that programs read themselves. */
static void test_clock(void)
{
	uint32_t harts = test_system_info().harts;
	uint64_t last = 0, hz = test_system_info().timebase_hz;

	CHECK_EQ(test_startup()->timebase_hz, hz);
	for (unsigned i = 0; i < 64; i++) {
		struct thread_sched sched = {.prio = PRIO_DEFAULT, .affinity = 1ull << (i % harts)};
		uint64_t ticks, before, after, ns;

		CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE));
		before = now();
		__asm__ volatile("rdtime %0" : "=r"(ticks));
		after = now();
		CHECK(before >= last);
		CHECK(after >= before);
		last = after;
		/* ticks since power on: boot is later, so only the distance is compared. */
		ns = ticks / hz * SECOND + ticks % hz * SECOND / hz;
		CHECK(ns + SECOND / hz >= before);
	}
	CHECK_OK(thread_set_sched(HANDLE_NONE, &(struct thread_sched){.prio = PRIO_DEFAULT}, HANDLE_NONE));
}

TEST_CASES("timer", {"clock", test_clock}, {"arguments", test_arguments}, {"once", test_once}, {"cancel", test_cancel},
	   {"periodic", test_periodic}, {"tiny_period", test_tiny_period}, {"far", test_far}, {"order", test_order},
	   {"many", test_many});
