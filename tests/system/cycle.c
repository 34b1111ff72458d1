/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes come and go: ten thousand times, and a thousand at once; memory and counts return to where they were. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

/* process_exit(0): li t0, SYS_PROCESS_EXIT; li a0, 0; ecall */
static const uint32_t exit_code[] = {0x02200293, 0x00000513, 0x00000073};
_Static_assert(SYS_PROCESS_EXIT == 0x22, "exit_code");

static handle_t code_make(void)
{
	handle_t code = make_vmo(PAGE_SIZE);

	CHECK_OK(vmo_write(code, 0, exit_code, sizeof(exit_code)));
	CHECK_OK(vmo_sync_code(code));
	return code;
}

static bool tiny_start(handle_t code, handle_t nt, uint64_t bit, bool start, handle_t *process, handle_t *thread)
{
	struct thread_args args = {.entry = USER_BASE, .prio = PRIO_DEFAULT};
	void *at;

	return CHECK_OK(process_create(HANDLE_NONE, "tiny", 4, process)) &&
	       CHECK_OK(vmo_map(*process, code, 0, (void *)USER_BASE, PAGE_SIZE, MAP_READ | MAP_EXEC | MAP_FIXED,
				&at)) &&
	       CHECK_OK(thread_create(*process, &args, thread)) && CHECK_OK(process_watch(*process, nt, bit)) &&
	       (!start || CHECK_OK(thread_start(*thread)));
}

static void test_many_times(void)
{
	uint64_t count = test_option("cycles", 10000);
	handle_t code = code_make(), nt = make_notification();
	struct test_account before = {0};

	for (uint64_t i = 0; i < count + 100; i++) {
		handle_t process = HANDLE_NONE, thread = HANDLE_NONE;
		struct process_info info = {0};

		if (i == 100)
			before = test_account();
		if (!tiny_start(code, nt, 1, true, &process, &thread) ||
		    !CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL)))
			break;
		if (i % 1000 == 0) {
			CHECK_OK(process_info(process, &info));
			CHECK_EQ(info.state, PROCESS_ENDED);
			CHECK_EQ(info.exit_status, 0);
		}
		CHECK_OK(handle_close(thread));
		if (!CHECK_OK(handle_close(process)))
			break;
	}
	CHECK_ACCOUNT(&before);
	shut(code);
	shut(nt);
}

/* A thousand that wait to be started; the last ones cost what the first ones cost. */
static void test_many_live(void)
{
	enum { N = 1000, PART = 100 };
	static handle_t process[N], thread[N];
	handle_t code = code_make(), nt = make_notification();
	struct test_account before;
	uint64_t first = 0, last = 0, bits = 0;

	for (unsigned round = 0; round < 2; round++) {
		unsigned made = 0;
		uint64_t used_at_part = 0, used_at_end = 0;

		before = test_account();
		for (; made < N; made++) {
			if (made == PART)
				used_at_part = test_quota_used();
			if (made == N - PART)
				used_at_end = test_quota_used();
			if (!tiny_start(code, nt, 1ull << (made % 64), round & 1, &process[made], &thread[made]))
				break;
		}
		CHECK_EQ(made, N);
		first = (used_at_part - before.used.mem_bytes) / PART;
		last = (test_quota_used() - used_at_end) / PART;
		for (unsigned i = 0; i < made; i++) {
			if (!(round & 1))
				CHECK_OK(process_kill(process[i], 0));
		}
		for (unsigned i = 0; i < made; i++) {
			struct process_info info = {0};

			do {
				CHECK_OK(process_info(process[i], &info));
				if (info.state != PROCESS_ENDED)
					CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
			} while (info.state != PROCESS_ENDED);
			CHECK_OK(handle_close(thread[i]));
			CHECK_OK(handle_close(process[i]));
		}
		notification_wait(nt, 0, NULL);
		if (!(round & 1)) {
			print("cycle: %lu bytes for each of the first %u processes, %lu for each of the last", first,
			      PART, last);
			CHECK(last <= first + 512);
			CHECK(last <= 16384);
		}
	}
	CHECK_ACCOUNT(&before);
	shut(code);
	shut(nt);
}

/* Whole programs with threads, objects and mappings, killed in the middle of it. */
static void busy_child(const struct child_args *args)
{
	handle_t h;
	void *at;

	(void)args;
	for (uint64_t i = 0;; i++) {
		if (vmo_create(8 * PAGE_SIZE, i & 1 ? VMO_COMMIT : 0, HANDLE_NONE, &h) == OK &&
		    vmo_map(HANDLE_NONE, h, 0, NULL, 8 * PAGE_SIZE, MAP_READ | MAP_WRITE, &at) == OK)
			*(volatile uint64_t *)at = i;
		notification_create(&h);
		endpoint_create(&h);
		if (i > 200)
			thread_yield();
	}
}

static void test_killed(void)
{
	struct child_spec spec = {.run = busy_child};
	struct test_account before = {0};

	for (unsigned i = 0; i < 24; i++) {
		struct quota_limits limits = {.mem_bytes = 4 * MIB, .handles = 2000, .threads = 4, .processes = 2};
		struct child c;

		if (i == 8)
			before = test_account();
		spec.quota = make_quota(&limits);
		REQUIRE_OK(child_start(&c, &spec));
		sleep_ns((i % 4 + 1) * MS);
		if (i & 1)
			CHECK_OK(quota_kill(spec.quota));
		/* Killed, or ended by a page that its quota could not pay for */
		CHECK(child_kill(&c) & (EXIT_KILLED | EXIT_FAULT));
		shut(spec.quota);
	}
	CHECK_ACCOUNT(&before);
}

/* Processes that never ran, each held only by the one before: all go with the first, however many. */
static void test_chain(void)
{
	enum { N = 500 };
	struct test_account before = test_account();

	for (unsigned round = 0; round < 3; round++) {
		handle_t first = HANDLE_NONE, last = HANDLE_NONE;

		for (unsigned i = 0; i < N; i++) {
			handle_t p = HANDLE_NONE;

			if (!CHECK_OK(process_create(HANDLE_NONE, "chain", 5, &p)))
				break;
			if (first == HANDLE_NONE) {
				first = last = p;
				continue;
			}
			CHECK_OK(process_give(last, p, RIGHTS_SAME, NULL));
			if (last != first)
				shut(last);
			last = p;
		}
		if (last != first)
			shut(last);
		if (round & 1)
			CHECK_OK(process_kill(first, 0));
		shut(first);
	}
	CHECK_ACCOUNT(&before);
}

/* Quotas in quotas go with the last one, and there is an end to how deep they nest. */
static void test_deep_quotas(void)
{
	struct quota_limits limits = {.mem_bytes = 8 * MIB, .handles = 500, .threads = 10, .processes = 10};
	struct test_account before = {0};

	for (unsigned round = 0; round < 2; round++) {
		handle_t q = HANDLE_NONE;
		unsigned depth = 0;
		status_t status;

		before = test_account();
		for (;; depth++) {
			handle_t next = HANDLE_NONE;

			limits.mem_bytes -= 16 * KIB; /* the parent pays for the object itself */
			status = quota_create(q, &limits, &next);
			if (q != HANDLE_NONE)
				shut(q);
			if (status != OK)
				break;
			q = next;
		}
		CHECK_STATUS(status, ERR_QUOTA);
		CHECK(depth >= 8 && depth <= QUOTA_DEPTH_MAX);
		limits.mem_bytes = 8 * MIB;
		CHECK_ACCOUNT(&before);
	}
}

TEST_CASES("cycle", {"many_times", test_many_times}, {"many_live", test_many_live}, {"killed", test_killed},
	   {"chain", test_chain}, {"deep_quotas", test_deep_quotas});
