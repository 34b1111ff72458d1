/* SPDX-License-Identifier: BSD-2-Clause */
/* Long calls of one thread do not keep a more urgent one waiting, and being ended in the middle of them loses nothing. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

#define SIZE       (32 * MIB)
#define CONTIGUOUS (8 * MIB)
#define TRIES      200

static volatile uint64_t beats;
static volatile bool stop;

/* More urgent than the thread that makes the long calls, on the same hart. */
static void beat(void *arg)
{
	handle_t nt = make_notification(), timer = make_timer(nt, 1);

	(void)arg;
	while (!stop) {
		/* Not periodic: that would make up for beats it missed. */
		CHECK_OK(timer_set(timer, now() + 50000, 0));
		if (!CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL)))
			break;
		beats++;
	}
	shut(timer);
	shut(nt);
}

static void stay_here(handle_t thread, uint32_t prio)
{
	struct thread_sched sched = {.prio = prio, .affinity = 1};

	CHECK_OK(thread_set_sched(thread, &sched, HANDLE_NONE));
}

enum call { COMMIT, CONTIG, CLONE, PROTECT, DECOMMIT, UNMAP, CLOSE, CALLS };
static const char *const names[CALLS] = {"commit", "contiguous", "clone", "protect", "decommit", "unmap", "close"};

/* Makes what the call works on, then the call; true if the urgent thread ran during it: more than the once or twice that a call which does not
 * let go makes up for at its end. */
static bool long_call(enum call which)
{
	handle_t vmo = HANDLE_NONE, other = HANDLE_NONE;
	uint64_t before;
	void *at = NULL;
	bool ran;

	if (which > CONTIG && !CHECK_OK(vmo_create(SIZE, VMO_COMMIT, HANDLE_NONE, &vmo)))
		return true;
	if (which > CLONE) {
		at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
		for (uint64_t i = 0; at && i < SIZE; i += PAGE_SIZE)
			((volatile uint8_t *)at)[i] = 1;
	}
	if (which == CLOSE && at) {
		unmap(at, SIZE);
		at = NULL;
	}
	before = beats;
	switch (which) {
	case COMMIT: CHECK_OK(vmo_create(SIZE, VMO_COMMIT, HANDLE_NONE, &vmo)); break;
	case CONTIG: CHECK_OK(vmo_create(CONTIGUOUS, VMO_CONTIGUOUS, test_system_resource(SYSTEM_DMA), &vmo)); break;
	case CLONE: CHECK_OK(vmo_clone(vmo, 0, SIZE, &other)); break;
	case PROTECT: CHECK_OK(vmo_protect(HANDLE_NONE, at, SIZE, MAP_READ)); break;
	case DECOMMIT: CHECK_OK(vmo_op(vmo, VMO_OP_DECOMMIT, 0, SIZE)); break;
	case UNMAP:
		unmap(at, SIZE);
		at = NULL;
		break;
	case CLOSE:
		shut(vmo);
		vmo = HANDLE_NONE;
		break;
	default: break;
	}
	ran = beats - before > 3;
	if (at)
		unmap(at, SIZE);
	if (vmo != HANDLE_NONE)
		shut(vmo);
	if (other != HANDLE_NONE)
		shut(other);
	return ran;
}

static void test_urgent(void)
{
	struct thread t;

	stay_here(HANDLE_NONE, PRIO_DEFAULT);
	if (!thread_make(&t, beat, NULL, PRIO_DEFAULT + 1))
		return;
	stay_here(t.handle, PRIO_DEFAULT + 1);
	CHECK_OK(thread_start(t.handle));
	for (enum call c = 0; c < CALLS; c++) {
		unsigned tries = 0;

		while (tries < TRIES && !long_call(c))
			tries++;
		if (tries == TRIES) {
			print("never interrupted: %s", names[c]);
			test_fail(__FILE__, __LINE__, "a long call kept an urgent thread waiting");
		}
	}
	stop = true;
	thread_join(&t);
}

/* Ended, wherever it is in its call; sees that its new objects are as they must be. */
static void make_and_drop(const struct child_args *args)
{
	for (;;) {
		handle_t vmo = HANDLE_NONE, clone = HANDLE_NONE;

		if (vmo_create(2 * MIB, args->w[0] ? VMO_COMMIT : 0, HANDLE_NONE, &vmo) != OK)
			child_exit(1);
		if (vmo_clone(vmo, 0, 2 * MIB, &clone) != OK)
			child_exit(2);
		handle_close(clone);
		handle_close(vmo);
		if (vmo_create(1 * MIB, VMO_CONTIGUOUS, args->h[0], &vmo) != OK)
			child_exit(3);
		handle_close(vmo);
	}
}

static void test_ended(void)
{
	struct child_spec spec = {.run = make_and_drop, .h = {test_system_resource(SYSTEM_DMA)}, .w = {1}};
	struct test_account before = {0};
	uint64_t random = 7;

	for (unsigned i = 0; i < 40; i++) {
		struct child c;

		if (i == 4)
			before = test_account();
		REQUIRE_OK(child_start(&c, &spec));
		sleep_ns(random_next(&random) % (3 * MS));
		CHECK_EQ(child_kill(&c), EXIT_KILLED);
	}
	CHECK_ACCOUNT(&before);
}

/* Running short in the middle gives an error and everything back. */
static void fill_quota(const struct child_args *args)
{
	(void)args;
	for (unsigned i = 0; i < 20; i++) {
		handle_t vmo = HANDLE_NONE, clone = HANDLE_NONE;
		struct quota_info quota, after;

		if (vmo_create(1 * MIB, VMO_COMMIT, HANDLE_NONE, &vmo) != OK || quota_info(HANDLE_NONE, &quota) != OK)
			child_exit(1);
		if (vmo_create(8 * MIB, VMO_COMMIT, HANDLE_NONE, &clone) != ERR_NO_MEMORY)
			child_exit(2);
		if (vmo_create(2 * MIB, 0, HANDLE_NONE, &clone) != OK || handle_close(clone) != OK)
			child_exit(3);
		if (quota_info(HANDLE_NONE, &after) != OK || after.used.mem_bytes != quota.used.mem_bytes)
			child_exit(4);
		if (vmo_clone(vmo, 0, 1 * MIB, &clone) != OK) /* a clone's pages count in full */
			child_exit(5);
		handle_close(clone);
		handle_close(vmo);
	}
	child_exit(0);
}

static void test_short(void)
{
	struct quota_limits limits = {.mem_bytes = 4 * MIB, .handles = 100, .threads = 4, .processes = 2};
	struct child_spec spec = {.run = fill_quota};
	struct child c;

	spec.quota = make_quota(&limits);
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), 0);
	shut(spec.quota);
}

TEST_CASES("preempt", {"urgent", test_urgent}, {"ended", test_ended}, {"short", test_short});
