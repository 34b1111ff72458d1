/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduling: fixed priorities, turns within one, budgets that throttle, affinity, yield, suspension. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static void set(handle_t thread, struct thread_sched sched)
{
	CHECK_OK(thread_set_sched(thread, &sched, HANDLE_NONE));
}

/* All of a case on hart 0, whatever machine it is */
static void pin_self(uint32_t prio)
{
	set(HANDLE_NONE, (struct thread_sched){.prio = prio, .affinity = 1});
}

static void unpin_self(void)
{
	set(HANDLE_NONE, (struct thread_sched){.prio = PRIO_DEFAULT});
}

struct counter {
	struct thread thread;
	volatile uint64_t count;
	volatile uint32_t stop;
};

static void run_counter(void *arg)
{
	struct counter *c = arg;

	while (!c->stop)
		c->count++;
}

static bool counter_start(struct counter *c, struct thread_sched sched)
{
	*c = (struct counter){0};
	if (!thread_make(&c->thread, run_counter, c, 1))
		return false;
	set(c->thread.handle, sched);
	return CHECK_OK(thread_start(c->thread.handle));
}

static void counter_end(struct counter *c)
{
	c->stop = 1;
	thread_join(&c->thread);
}

/* A lower thread does not run while a higher one does, for many time slices. */
static void test_fixed(void)
{
	struct counter c;
	uint64_t until;

	pin_self(PRIO_DEFAULT);
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = PRIO_DEFAULT - 1, .affinity = 1}));
	until = now() + 100 * MS;
	while (now() < until)
		;
	CHECK_EQ(c.count, 0);
	thread_yield(); /* not to a lower one */
	CHECK_EQ(c.count, 0);
	/* It runs when the higher one sleeps. */
	while (c.count == 0)
		sleep_ns(MS);
	counter_end(&c);
	unpin_self();
}

static void set_flag(void *arg)
{
	*(volatile uint32_t *)arg = 1;
}

/* Started or woken, a higher thread runs before the next instruction of the lower one. */
static void test_preempts(void)
{
	volatile uint32_t flag = 0;
	handle_t nt = make_notification();
	struct thread t;
	struct waiter w;

	pin_self(PRIO_DEFAULT);
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT));
	set(t.handle, (struct thread_sched){.prio = PRIO_DEFAULT + 1, .affinity = 1});
	CHECK_OK(thread_start(t.handle));
	CHECK_EQ(flag, 1);
	thread_join(&t);

	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	set(w.thread.handle, (struct thread_sched){.prio = PRIO_DEFAULT + 1, .affinity = 1});
	CHECK_EQ(w.done, 0);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_EQ(w.done, 1);
	CHECK_OK(waiter_join(&w));
	/* Raised above the running thread */
	flag = 0;
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT - 5));
	set(t.handle, (struct thread_sched){.prio = PRIO_DEFAULT - 5, .affinity = 1});
	CHECK_OK(thread_start(t.handle));
	CHECK_EQ(flag, 0);
	set(t.handle, (struct thread_sched){.prio = PRIO_DEFAULT + 1, .affinity = 1});
	CHECK_EQ(flag, 1);
	thread_join(&t);
	/* The running one lowers itself below another. */
	flag = 0;
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT - 5));
	set(t.handle, (struct thread_sched){.prio = PRIO_DEFAULT - 5, .affinity = 1});
	CHECK_OK(thread_start(t.handle));
	set(HANDLE_NONE, (struct thread_sched){.prio = PRIO_DEFAULT - 6, .affinity = 1});
	CHECK_EQ(flag, 1);
	thread_join(&t);
	unpin_self();
	shut(nt);
}

/* Spinners of one priority on one hart share it about evenly. */
static void test_round_robin(void)
{
	struct counter c[3];
	uint64_t low, high;

	pin_self(PRIO_DEFAULT);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		REQUIRE(counter_start(&c[i], (struct thread_sched){.prio = 50, .affinity = 1}));
	for (unsigned tries = 0;; tries++) {
		low = ~0ull;
		high = 0;
		sleep_ns(200 * MS);
		for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
			struct thread_info info = {0};

			CHECK_OK(thread_info(c[i].thread.handle, &info));
			low = info.cpu_ns < low ? info.cpu_ns : low;
			high = info.cpu_ns > high ? info.cpu_ns : high;
		}
		/* A stalled host makes one turn long; over time that evens out. */
		if (low * 2 > high || tries == 20)
			break;
	}
	CHECK(low > 0);
	CHECK(low * 2 > high);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		CHECK(c[i].count > 0);
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		c[i].stop = 1;
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		thread_join(&c[i].thread);
	unpin_self();
}

/* A spinner of the highest user priority with a budget leaves the rest of each period to others. */
static void test_budget(void)
{
	struct counter c;
	struct thread_info info = {0};
	uint64_t from, work = 0, share = 100;
	bool throttled = false;

	pin_self(PRIO_DEFAULT);
	REQUIRE(counter_start(
		&c, (struct thread_sched){
			    .prio = PRIO_USER_MAX, .affinity = 1, .budget_ns = 2 * MS, .period_ns = 20 * MS}));
	/* Without the budget this loop would never be left: the spinner is above us on our hart. */
	for (unsigned tries = 0; tries < 20 && share > 25; tries++) {
		uint64_t cpu_from;

		CHECK_OK(thread_info(c.thread.handle, &info));
		cpu_from = info.cpu_ns;
		from = now();
		while (now() < from + 200 * MS) {
			work++;
			if (work % 256 == 0) {
				CHECK_OK(thread_info(c.thread.handle, &info));
				throttled |= info.state == THREAD_THROTTLED;
			}
		}
		CHECK_OK(thread_info(c.thread.handle, &info));
		share = (info.cpu_ns - cpu_from) * 100 / (now() - from);
	}
	print("sched: a spinner with a tenth of the time had %lu %%", share);
	CHECK(share <= 25);
	CHECK(share > 0);
	CHECK(c.count > 0);
	CHECK(throttled);
	/* Without a budget only a lower priority holds it back. */
	set(c.thread.handle, (struct thread_sched){.prio = 10, .affinity = 1});
	CHECK_OK(thread_info(c.thread.handle, &info));
	CHECK(info.state != THREAD_THROTTLED);
	counter_end(&c);
	unpin_self();
}

static void serve_for_ever(void *arg)
{
	struct ipc_msg m = {0};

	if (ipc_recv(*(handle_t *)arg, HANDLE_NONE, DEADLINE_NEVER, &m) == RECV_CALL)
		for (;;)
			__asm__ volatile("");
}

/* A server with a budget keeps to it while it works on a call of somebody who has none. */
static void test_budget_server(void)
{
	handle_t ep = make_endpoint();
	struct thread server;
	struct caller caller = {.ep = ep, .m = {.info = MSG_INFO(1, 0, 0)}};

	pin_self(PRIO_DEFAULT);
	REQUIRE(thread_make(&server, serve_for_ever, &ep, 1));
	set(server.handle,
	    (struct thread_sched){.prio = PRIO_USER_MAX, .affinity = 1, .budget_ns = 2 * MS, .period_ns = 20 * MS});
	CHECK_OK(thread_start(server.handle));
	REQUIRE(thread_await_state(server.handle, THREAD_BLOCKED_RECV, THREAD_BLOCKED_RECV));
	REQUIRE(caller_start(&caller, PRIO_DEFAULT));
	REQUIRE(thread_await_state(caller.thread.handle, THREAD_BLOCKED_REPLY, THREAD_BLOCKED_REPLY));
	/* Without the budget this loop would never be left: the server is above us on our hart. */
	for (uint64_t until = now() + 200 * MS; now() < until;)
		;
	CHECK_OK(thread_kill(server.handle));
	CHECK_STATUS(caller_join(&caller), ERR_PEER_DIED);
	thread_discard(&server);
	unpin_self();
	shut(ep);
}

/* The work a server does on a call is the client's: a client cannot multiply its budget by calling. */
static void run_calls(void *arg)
{
	struct counter *c = arg;
	handle_t ep = (handle_t)c->count;

	c->count = 0;
	while (!c->stop) {
		struct ipc_msg m = {.info = 1};

		CHECK_OK(ipc_call(ep, &m, NULL, DEADLINE_NEVER));
		c->count++;
	}
}

static void test_budget_calls(void)
{
	handle_t ep = make_endpoint();
	struct counter c = {0};
	struct thread server;
	uint64_t from;

	pin_self(PRIO_DEFAULT);
	REQUIRE(thread_make(&server, server_run, &ep, 60));
	set(server.handle, (struct thread_sched){.prio = 60, .affinity = 1});
	CHECK_OK(thread_start(server.handle));
	CHECK(thread_await_state(server.handle, THREAD_BLOCKED_RECV, THREAD_BLOCKED_RECV));
	c.count = ep;
	REQUIRE(thread_make(&c.thread, run_calls, &c, 1));
	set(c.thread.handle,
	    (struct thread_sched){.prio = PRIO_USER_MAX, .affinity = 1, .budget_ns = 2 * MS, .period_ns = 20 * MS});
	CHECK_OK(thread_start(c.thread.handle));
	from = now();
	while (now() < from + 200 * MS) /* would never end if the two kept the hart */
		;
	CHECK(c.count > 0);
	c.stop = 1;
	thread_join(&c.thread);
	server_stop(ep);
	thread_join(&server);
	unpin_self();
	shut(ep);
}

static void test_arguments(void)
{
	static const struct {
		struct thread_sched sched;
		status_t want;
	} cases[] = {
		{{.prio = PRIO_COUNT}, ERR_INVALID},
		{{.prio = 0xffffffff}, ERR_INVALID},
		{{.prio = 5, .affinity = 1ull << 63}, ERR_RANGE},
		{{.prio = 5, .budget_ns = MS}, ERR_INVALID},
		{{.prio = 5, .budget_ns = MS / 4, .period_ns = MS / 2}, ERR_INVALID},
		{{.prio = 5, .budget_ns = MS, .period_ns = 11 * SECOND}, ERR_INVALID},
		{{.prio = 5, .budget_ns = 3 * MS, .period_ns = 2 * MS}, ERR_INVALID},
		{{.prio = 5, .budget_ns = ~0ull, .period_ns = ~0ull}, ERR_INVALID},
		{{.prio = PRIO_USER_MAX + 1}, ERR_RIGHTS},
		{{.prio = PRIO_DRIVER}, ERR_RIGHTS},
	};
	struct thread_info before = {0}, after = {0};
	struct thread_args args = {.entry = USER_BASE, .stack = USER_BASE, .prio = PRIO_USER_MAX};
	handle_t high = test_system_resource(SYSTEM_PRIORITY), other = test_system_resource(SYSTEM_INSPECT);
	handle_t thread = HANDLE_NONE;
	struct thread_sched sched = {.prio = PRIO_DRIVER};
	struct thread t;
	volatile uint32_t flag = 0;

	CHECK_OK(thread_info(HANDLE_NONE, &before));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		status_t status = thread_set_sched(HANDLE_NONE, &cases[i].sched, HANDLE_NONE);

		/* What is above the user's range may be refused under several names; it must be refused. */
		if (cases[i].want == ERR_RIGHTS ? status == OK : status != cases[i].want) {
			print("case %u: %ld", i, (long)status);
			test_fail(__FILE__, __LINE__, "bad scheduling arguments");
		}
	}
	CHECK_OK(thread_info(HANDLE_NONE, &after));
	CHECK_EQ(after.base_prio, before.base_prio);
	/* Above the user's range only if the creator is there itself. */
	CHECK_OK(thread_create(HANDLE_NONE, &args, &thread));
	shut(thread);
	args.prio = PRIO_USER_MAX + 1;
	CHECK(thread_create(HANDLE_NONE, &args, &thread) != OK);
	args.prio = PRIO_COUNT + 5;
	CHECK(thread_create(HANDLE_NONE, &args, &thread) != OK);
	/* The resource makes the difference, and only the right one. */
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, 10));
	CHECK(thread_set_sched(t.handle, &sched, other) != OK);
	CHECK_OK(thread_set_sched(t.handle, &sched, high));
	CHECK_OK(thread_info(t.handle, &after));
	CHECK_EQ(after.prio, PRIO_DRIVER);
	CHECK_OK(thread_start(t.handle));
	thread_join(&t);
	shut(high);
	shut(other);
}

/* Each thread that yields goes behind the others of its priority. */
static uint8_t turns[120];
static volatile uint32_t turn_count;

static void take_turns(void *arg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(turns) / 3; i++) {
		turns[turn_count++] = (uint8_t)(uintptr_t)arg;
		thread_yield();
	}
}

static void test_yield(void)
{
	struct thread t[3];
	unsigned out_of_turn = 0;

	pin_self(PRIO_DEFAULT);
	turn_count = 0;
	for (uintptr_t i = 0; i < ARRAY_SIZE(t); i++) {
		REQUIRE(thread_make(&t[i], take_turns, (void *)i, 50));
		set(t[i].handle, (struct thread_sched){.prio = 50, .affinity = 1});
		CHECK_OK(thread_start(t[i].handle));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		thread_join(&t[i]);
	CHECK_EQ(turn_count, ARRAY_SIZE(turns));
	for (unsigned i = 3; i < ARRAY_SIZE(turns); i++)
		out_of_turn += turns[i] != turns[i - 3];
	/* The end of a time slice may fall between two yields now and then. */
	CHECK(out_of_turn < ARRAY_SIZE(turns) / 4);
	unpin_self();
}

static void test_affinity(void)
{
	uint32_t harts = test_system_info().harts;
	struct counter c;
	struct thread_info info = {0};

	for (uint32_t hart = 0; hart < harts; hart++) {
		REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50, .affinity = 1ull << hart}));
		for (uint64_t seen = 0; seen == 0; seen = c.count)
			sleep_ns(MS);
		CHECK_OK(thread_info(c.thread.handle, &info));
		CHECK_EQ(info.hart, hart);
		/* Moved while it runs */
		set(c.thread.handle, (struct thread_sched){.prio = 50, .affinity = 1ull << ((hart + 1) % harts)});
		/* The hart it runs on lets go of it when the interrupt arrives there. */
		do {
			sleep_ns(MS);
			CHECK_OK(thread_info(c.thread.handle, &info));
		} while (info.hart != (hart + 1) % harts);
		for (uint64_t from = c.count; c.count == from;)
			sleep_ns(MS);
		counter_end(&c);
		/* Oneself: from the next instruction on */
		set(HANDLE_NONE, (struct thread_sched){.prio = PRIO_DEFAULT, .affinity = 1ull << hart});
		CHECK_OK(thread_info(HANDLE_NONE, &info));
		CHECK_EQ(info.hart, hart);
	}
	unpin_self();
	struct thread_sched none = {.prio = 5, .affinity = 1ull << harts};

	CHECK_STATUS(thread_set_sched(HANDLE_NONE, &none, HANDLE_NONE), ERR_RANGE);
}

/* With several harts as many spinners run at once, without anybody asking for it. */
static void test_spread(void)
{
	uint32_t harts = test_system_info().harts;
	static struct counter c[8];
	unsigned running = 0, n = harts < 8 ? harts : 8;

	if (harts == 1) {
		test_skip("one hart");
		return;
	}
	for (unsigned i = 0; i + 1 < n; i++)
		REQUIRE(counter_start(&c[i], (struct thread_sched){.prio = PRIO_DEFAULT}));
	for (unsigned tries = 0; tries < 200 && running + 1 < n; tries++) {
		running = 0;
		for (unsigned i = 0; i + 1 < n; i++) {
			struct thread_info info = {0};

			CHECK_OK(thread_info(c[i].thread.handle, &info));
			running += info.state == THREAD_RUNNING;
		}
		sleep_ns(MS);
	}
	CHECK_EQ(running + 1, n);
	for (unsigned i = 0; i + 1 < n; i++)
		counter_end(&c[i]);
}

static void test_suspend(void)
{
	struct counter c;
	struct waiter w;
	handle_t nt = make_notification();
	struct thread_info info = {0};
	uint64_t seen;

	/* While running */
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50}));
	while (c.count == 0)
		sleep_ns(MS);
	CHECK_OK(thread_suspend(c.thread.handle, 1));
	CHECK(thread_await_state(c.thread.handle, THREAD_SUSPENDED, THREAD_SUSPENDED));
	seen = c.count;
	sleep_ns(5 * MS);
	CHECK_EQ(c.count, seen);
	CHECK_OK(thread_suspend(c.thread.handle, 1)); /* again: no change */
	CHECK_OK(thread_suspend(c.thread.handle, 0));
	while (c.count == seen)
		sleep_ns(MS);
	counter_end(&c);
	/* While waiting: the wait may end, the thread does not go on before it is resumed. */
	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_OK(thread_suspend(w.thread.handle, 1));
	CHECK_OK(notification_signal(nt, 3));
	sleep_ns(5 * MS);
	CHECK_EQ(w.done, 0);
	CHECK_OK(thread_suspend(w.thread.handle, 0));
	CHECK_OK(waiter_join(&w));
	CHECK_EQ(w.bits, 3);
	/* Suspended and killed */
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50}));
	CHECK_OK(thread_suspend(c.thread.handle, 1));
	CHECK_OK(thread_kill(c.thread.handle));
	CHECK(thread_await_state(c.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_STATUS(thread_suspend(c.thread.handle, 1), ERR_STATE);
	thread_discard(&c.thread);
	shut(nt);
	(void)info;
}

/* Threads and their ends: start once, kill in each state, the word at the exit. */
static void test_lives(void)
{
	volatile uint32_t flag = 0;
	struct thread t;
	struct counter c;

	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT));
	sleep_ns(MS);
	CHECK_EQ(flag, 0);
	CHECK_OK(thread_start(t.handle));
	CHECK_STATUS(thread_start(t.handle), ERR_STATE);
	while (__atomic_load_n(&t.alive, __ATOMIC_ACQUIRE))
		futex_wait(&t.alive, 1, DEADLINE_NEVER);
	CHECK(thread_await_state(t.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_STATUS(thread_start(t.handle), ERR_STATE);
	CHECK_EQ(flag, 1);
	thread_discard(&t);
	/* Killed before it started */
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT));
	CHECK_OK(thread_kill(t.handle));
	CHECK_STATUS(thread_start(t.handle), ERR_STATE);
	thread_discard(&t);
	/* Only made, then the handle closed */
	REQUIRE(thread_make(&t, set_flag, (void *)(uintptr_t)&flag, PRIO_DEFAULT));
	thread_discard(&t);
	/* Killed while it runs */
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50}));
	while (c.count == 0)
		sleep_ns(MS);
	CHECK_OK(thread_kill(c.thread.handle));
	CHECK(thread_await_state(c.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_OK(thread_kill(c.thread.handle)); /* again: it is ended */
	thread_discard(&c.thread);
	/* The handle closed while it runs: it runs on. */
	c = (struct counter){0};
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50}));
	shut(c.thread.handle);
	for (uint64_t from = c.count; c.count == from;)
		sleep_ns(MS);
	c.stop = 1;
	while (__atomic_load_n(&c.thread.alive, __ATOMIC_ACQUIRE))
		futex_wait(&c.thread.alive, 1, DEADLINE_NEVER);
	pages_free(c.thread.stack, c.thread.stack_size);
}

/* CPU time is charged to who used it. */
static void test_cpu_time(void)
{
	struct counter c;
	struct thread_info info = {0}, idle = {0};
	struct process_info before = {0}, after = {0};
	handle_t nt = make_notification();
	struct waiter w;

	CHECK_OK(process_info(HANDLE_NONE, &before));
	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	REQUIRE(counter_start(&c, (struct thread_sched){.prio = 50}));
	do {
		sleep_ns(10 * MS);
		CHECK_OK(thread_info(c.thread.handle, &info));
	} while (info.cpu_ns < 20 * MS);
	CHECK_OK(thread_info(w.thread.handle, &idle));
	CHECK(idle.cpu_ns < info.cpu_ns / 2);
	counter_end(&c);
	CHECK_OK(process_info(HANDLE_NONE, &after));
	CHECK(after.cpu_ns >= before.cpu_ns + 20 * MS);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(waiter_join(&w));
	shut(nt);
}

TEST_CASES("sched", {"arguments", test_arguments}, {"lives", test_lives}, {"fixed", test_fixed},
	   {"preempts", test_preempts}, {"round_robin", test_round_robin}, {"yield", test_yield},
	   {"budget", test_budget}, {"budget_calls", test_budget_calls}, {"budget_server", test_budget_server},
	   {"affinity", test_affinity}, {"spread", test_spread}, {"suspend", test_suspend},
	   {"cpu_time", test_cpu_time});
