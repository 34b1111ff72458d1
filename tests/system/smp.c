/* SPDX-License-Identifier: BSD-2-Clause */
/* Several harts at once: no stale translation after a mapping changed, threads killed where they run, calls across harts. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static volatile uint64_t generation;
static volatile uint32_t stop;
static volatile uint64_t *watched;

struct reader {
	struct thread thread;
	uint64_t reads, stale;
};

/* What was announced must be seen: the page is replaced before its number is published. */
static void run_reader(void *arg)
{
	struct reader *r = arg;

	while (!stop) {
		uint64_t announced = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);

		r->stale += watched[0] < announced;
		r->reads++;
	}
}

static void test_replace(void)
{
	enum { ROUNDS = 200 };
	static struct reader readers[8];
	uint32_t harts = test_system_info().harts, n = harts < 8 ? harts : 8;
	handle_t vmo[2] = {make_vmo(PAGE_SIZE), make_vmo(PAGE_SIZE)};
	void *at = NULL;

	generation = 0;
	stop = 0;
	watched = map(vmo[0], 0, PAGE_SIZE, MAP_READ);
	REQUIRE(watched);
	for (uint32_t i = 0; i < n; i++) {
		struct thread_sched sched = {.prio = PRIO_DEFAULT - 5, .affinity = 1ull << i};

		readers[i] = (struct reader){0};
		REQUIRE(thread_make(&readers[i].thread, run_reader, &readers[i], PRIO_DEFAULT - 5));
		CHECK_OK(thread_set_sched(readers[i].thread.handle, &sched, HANDLE_NONE));
		CHECK_OK(thread_start(readers[i].thread.handle));
	}
	for (uint64_t g = 1; g <= ROUNDS; g++) {
		CHECK_OK(vmo_write(vmo[g & 1], 0, &g, sizeof(g)));
		if (!CHECK_OK(vmo_map(HANDLE_NONE, vmo[g & 1], 0, (void *)(uintptr_t)watched, PAGE_SIZE,
				      MAP_READ | MAP_FIXED | MAP_REPLACE, &at)))
			break;
		__atomic_store_n(&generation, g, __ATOMIC_RELEASE);
		if (g % 16 == 0)
			sleep_ns(MS);
	}
	stop = 1;
	for (uint32_t i = 0; i < n; i++) {
		thread_join(&readers[i].thread);
		CHECK_EQ(readers[i].stale, 0);
		CHECK(readers[i].reads > 0);
	}
	unmap((void *)(uintptr_t)watched, PAGE_SIZE);
	shut(vmo[0]);
	shut(vmo[1]);
}

/* A page given up and reused elsewhere is never written by who lost it: the copy-on-write page of a clone. */
static void run_writer(void *arg)
{
	struct reader *r = arg;

	while (!stop) {
		watched[8] = r->reads++;
		if (watched[8] == ~0ull)
			r->stale++;
	}
}

static void test_clone_race(void)
{
	static struct reader writers[4];
	uint32_t harts = test_system_info().harts, n = harts < 4 ? harts : 4;
	handle_t vmo = make_vmo(PAGE_SIZE);

	stop = 0;
	watched = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(watched);
	for (uint32_t i = 0; i < n; i++) {
		writers[i] = (struct reader){0};
		REQUIRE(thread_spawn(&writers[i].thread, run_writer, &writers[i], PRIO_DEFAULT - 5));
	}
	for (unsigned i = 0; i < 100; i++) {
		handle_t clone = HANDLE_NONE;
		uint64_t first = 0, second = 0;

		CHECK_OK(vmo_clone(vmo, 0, PAGE_SIZE, &clone));
		CHECK_OK(vmo_read(clone, 64, &first, sizeof(first)));
		for (unsigned k = 0; k < 50; k++)
			syscall_null();
		CHECK_OK(vmo_read(clone, 64, &second, sizeof(second)));
		if (!CHECK_EQ(second, first)) /* somebody still writes to the page of the snapshot */
			i = 100;
		shut(clone);
		if (i % 8 == 0)
			sleep_ns(MS);
	}
	stop = 1;
	for (uint32_t i = 0; i < n; i++)
		thread_join(&writers[i].thread);
	unmap((void *)(uintptr_t)watched, PAGE_SIZE);
	shut(vmo);
}

static void spin(void *arg)
{
	while (!stop)
		++*(volatile uint64_t *)arg;
}

/* Killed while running on another hart, or anywhere else */
static void test_kill_running(void)
{
	uint64_t used = 0;

	stop = 0;
	for (unsigned round = 0; round < 30; round++) {
		struct thread t[6];
		static uint64_t counters[6];

		if (round == 10)
			used = test_quota_used();
		for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
			REQUIRE(thread_spawn(&t[i], spin, &counters[i], PRIO_DEFAULT - 5));
		if (round & 1)
			sleep_ns(MS);
		for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
			CHECK_OK(thread_kill(t[i].handle));
		for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
			CHECK(thread_await_state(t[i].handle, THREAD_ENDED, THREAD_ENDED));
			thread_discard(&t[i]);
		}
	}
	CHECK_EQ(test_quota_used(), used);
}

static void storm_child(const struct child_args *args)
{
	for (uint64_t i = 0; i < 400; i++) {
		struct ipc_msg m = {.info = 1, .w = {i, args->w[0]}};

		if (!CHECK_OK(ipc_call(args->h[0], &m, NULL, DEADLINE_NEVER)) || !CHECK_EQ(m.w[0], i) ||
		    !CHECK_EQ(m.w[1], args->w[0]))
			return;
	}
}

/* Clients and servers in processes of their own, spread by nobody in particular */
static void test_ipc_storm(void)
{
	handle_t ep = make_endpoint();
	struct child clients[4], servers[2];

	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++) {
		struct child_spec spec = {.run = server_child, .h = {ep}};

		REQUIRE_OK(child_start(&servers[i], &spec));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(clients); i++) {
		struct child_spec spec = {.run = storm_child, .h = {ep}, .w = {i + 1}};

		REQUIRE_OK(child_start(&clients[i], &spec));
	}
	for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
		CHECK_EQ(child_wait(&clients[i]), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++)
		server_stop(ep);
	for (unsigned i = 0; i < ARRAY_SIZE(servers); i++)
		CHECK_EQ(child_wait(&servers[i]), 0);
	shut(ep);
}

TEST_CASES("smp", {"replace", test_replace}, {"clone_race", test_clone_race}, {"kill_running", test_kill_running},
	   {"ipc_storm", test_ipc_storm});
