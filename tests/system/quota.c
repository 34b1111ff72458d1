/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas: each limit holds exactly, parts come out of the parent and go back, a subtree dies together. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

static struct quota_info info_of(handle_t quota)
{
	struct quota_info info = {0};

	CHECK_OK(quota_info(quota, &info));
	return info;
}

static void test_carve(void)
{
	struct quota_limits limits = {.mem_bytes = MIB, .handles = 50, .threads = 3, .processes = 2};
	struct quota_limits huge = {.mem_bytes = ~0ull, .handles = 50}, more = limits;
	struct quota_info before = info_of(HANDLE_NONE), after, child;
	handle_t quota = make_quota(&limits), grand = HANDLE_NONE;

	after = info_of(HANDLE_NONE);
	CHECK(after.used.mem_bytes >= before.used.mem_bytes + MIB);
	CHECK(after.used.handles >= before.used.handles + 50);
	CHECK_EQ(after.used.threads, before.used.threads + 3);
	child = info_of(quota);
	CHECK_EQ(child.limit.mem_bytes, MIB);
	CHECK_EQ(child.used.mem_bytes, 0);
	CHECK_EQ(child.limit.processes, 2);
	CHECK(quota_create(HANDLE_NONE, &huge, &grand) != OK);
	/* A child cannot give more than it has. */
	more.mem_bytes = 2 * MIB;
	CHECK(quota_create(quota, &more, &grand) != OK);
	more = limits;
	more.handles = 51;
	CHECK(quota_create(quota, &more, &grand) != OK);
	more = (struct quota_limits){.mem_bytes = MIB / 2, .handles = 10, .threads = 1, .processes = 1};
	CHECK_OK(quota_create(quota, &more, &grand));
	CHECK(info_of(quota).used.mem_bytes >= MIB / 2);
	/* Set: the difference moves; not below what is used. */
	limits.mem_bytes = 2 * MIB;
	CHECK_OK(quota_set(quota, &limits));
	CHECK_EQ(info_of(quota).limit.mem_bytes, 2 * MIB);
	limits.mem_bytes = MIB / 4;
	CHECK(quota_set(quota, &limits) != OK);
	CHECK_EQ(info_of(quota).limit.mem_bytes, 2 * MIB);
	shut(grand);
	shut(quota);
	after = info_of(HANDLE_NONE);
	CHECK_EQ(after.used.mem_bytes, before.used.mem_bytes);
	CHECK_EQ(after.used.handles, before.used.handles);
	CHECK_EQ(after.used.threads, before.used.threads);
	CHECK_EQ(after.used.processes, before.used.processes);
}

static void fill_memory(const struct child_args *args)
{
	handle_t h = HANDLE_NONE;
	unsigned n = 0;

	(void)args;
	while (vmo_create(4 * PAGE_SIZE, VMO_COMMIT, HANDLE_NONE, &h) == OK)
		n++;
	CHECK(n > 10);
	CHECK_STATUS(vmo_create(4 * PAGE_SIZE, VMO_COMMIT, HANDLE_NONE, &h), ERR_NO_MEMORY);
	struct quota_info info = info_of(HANDLE_NONE);

	CHECK(info.used.mem_bytes <= info.limit.mem_bytes);
	CHECK(info.limit.mem_bytes - info.used.mem_bytes < 8 * PAGE_SIZE);
}

static void too_many_threads(const struct child_args *args)
{
	struct thread_args targs = {.entry = USER_BASE, .stack = USER_BASE, .prio = 1};
	handle_t h = HANDLE_NONE;

	(void)args;
	CHECK_OK(thread_create(HANDLE_NONE, &targs, &h)); /* the second of three */
	CHECK_OK(thread_create(HANDLE_NONE, &targs, &h));
	CHECK_STATUS(thread_create(HANDLE_NONE, &targs, &h), ERR_QUOTA);
	CHECK_STATUS(process_create(HANDLE_NONE, "p", 1, &h), ERR_QUOTA);
}

static void test_limits(void)
{
	struct quota_limits limits = {.mem_bytes = MIB, .handles = 300, .threads = 3, .processes = 1};
	void (*const runs[])(const struct child_args *) = {fill_memory, too_many_threads};
	uint64_t used = test_quota_used();

	for (unsigned i = 0; i < ARRAY_SIZE(runs); i++) {
		struct child_spec spec = {.run = runs[i], .quota = make_quota(&limits)};
		struct child c;

		REQUIRE_OK(child_start(&c, &spec));
		CHECK_EQ(child_wait(&c), 0);
		CHECK_EQ(info_of(spec.quota).used.mem_bytes, 0); /* all of it came back */
		CHECK_EQ(info_of(spec.quota).used.processes, 0);
		shut(spec.quota);
	}
	(void)used;
}

static void wait_for_ever(const struct child_args *args)
{
	notification_wait(args->h[0], DEADLINE_NEVER, NULL);
}

/* Everything that draws on it or on its children ends; nothing else does. */
static void test_kill(void)
{
	struct quota_limits limits = {.mem_bytes = 4 * MIB, .handles = 400, .threads = 20, .processes = 10};
	struct quota_limits part = {.mem_bytes = MIB, .handles = 100, .threads = 4, .processes = 4};
	handle_t never = make_notification(), quota = make_quota(&limits), sub = HANDLE_NONE;
	struct child c[4], outside;
	struct child_spec spec = {.run = wait_for_ever, .h = {never}};
	struct process_info info = {0};

	CHECK_OK(quota_create(quota, &part, &sub));
	REQUIRE_OK(child_start(&outside, &spec));
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		spec.quota = i & 1 ? sub : quota;
		REQUIRE_OK(child_start(&c[i], &spec));
	}
	CHECK_OK(quota_kill(quota));
	for (unsigned i = 0; i < ARRAY_SIZE(c); i++)
		CHECK(child_wait(&c[i]) & EXIT_KILLED);
	CHECK_EQ(info_of(sub).used.mem_bytes, 0);
	CHECK_OK(process_info(outside.process, &info));
	CHECK_EQ(info.state, PROCESS_RUNNING);
	CHECK_EQ(child_kill(&outside), EXIT_KILLED);
	shut(sub);
	shut(quota);
	shut(never);
}

/* Takes handles out of answers and closes them. */
static void take(const struct child_args *args)
{
	for (unsigned i = 0; i < 200; i++) {
		struct ipc_msg m = {.info = MSG_INFO(1, 0, 0)};

		if (!CHECK_OK(ipc_call(args->h[0], &m, NULL, DEADLINE_NEVER)))
			break;
		for (unsigned n = 0; n < MSG_HANDLES(m.info); n++)
			CHECK_OK(handle_close(m.handles[n]));
	}
	child_exit(0);
}

/* Whoever holds a handle pays for it, to the byte, however it came to him. */
static void test_moved(void)
{
	const struct quota_limits limits = {.mem_bytes = MIB, .handles = 50, .threads = 3, .processes = 2};
	handle_t quota = make_quota(&limits), ep = make_endpoint(), nt = make_notification();
	struct child_spec spec = {.run = take, .h = {ep}, .rights = {RIGHT_EP_CALL}, .quota = quota};
	struct child child;
	uint64_t own = 0, theirs = 0;

	REQUIRE_OK(child_start(&child, &spec));
	for (unsigned i = 0; i < 200; i++) {
		struct ipc_msg m;

		REQUIRE_OK(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m));
		/* The child has closed the ones before: both hold what they held at its first call. */
		if (i == 10) {
			own = test_quota_used();
			theirs = info_of(quota).used.mem_bytes;
		} else if (i > 10) {
			CHECK_EQ(test_quota_used(), own);
			CHECK_EQ(info_of(quota).used.mem_bytes, theirs);
		}
		m = (struct ipc_msg){.info = MSG_INFO(0, 1 + i % 4, 0)};
		for (unsigned n = 0; n < MSG_HANDLES(m.info); n++)
			m.handles[n] = make_dup(nt, RIGHTS_SAME);
		CHECK_OK(ipc_reply(&m));
		if (test_failures())
			break;
	}
	(void)child_wait(&child);
	CHECK_EQ(info_of(quota).used.mem_bytes, 0);
	shut(quota);
	shut(ep);
	shut(nt);
}

TEST_CASES("quota", {"carve", test_carve}, {"limits", test_limits}, {"kill", test_kill}, {"moved", test_moved});
