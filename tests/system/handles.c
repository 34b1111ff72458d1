/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles: no stale, forged, widened or mistyped one is ever accepted; the table grows to its limits and shrinks. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define GENERATION(h) ((h) >> HANDLE_INDEX_BITS)
#define INDEX(h)      ((h) & (HANDLE_MAX_COUNT - 1))

static void test_close(void)
{
	handle_t a = make_notification(), b = make_notification();

	CHECK(a != b);
	CHECK(a != HANDLE_NONE && GENERATION(a) != 0);
	shut(a);
	CHECK_STATUS(handle_close(a), ERR_HANDLE);
	CHECK_STATUS(notification_signal(a, 1), ERR_HANDLE);
	CHECK_OK(notification_signal(b, 1));
	shut(b);
	CHECK_STATUS(handle_close(HANDLE_NONE), ERR_HANDLE);
}

/* Every value near a good one, and values no table can have. */
static void test_forged(void)
{
	handle_t good = make_notification();
	static const handle_t odd[] = {
		1, 2, 0xffff, 0x10000, 0x1ffff, ~0ull, 1ull << 63, (1ull << 48) - 1, 0x8000000000010000,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(odd); i++) {
		if (odd[i] == good || odd[i] == test_self())
			continue;
		CHECK(notification_signal(odd[i], 1) != OK);
	}
	for (unsigned bit = HANDLE_INDEX_BITS; bit < 64; bit++)
		CHECK_STATUS(notification_signal(good ^ 1ull << bit, 1), ERR_HANDLE);
	CHECK_STATUS(notification_signal(INDEX(good), 1), ERR_HANDLE);
	for (uint64_t index = INDEX(good) + 1; index < HANDLE_MAX_COUNT; index += 97)
		CHECK(notification_signal(GENERATION(good) << HANDLE_INDEX_BITS | index, 1) != OK);
	CHECK_STATUS(notification_wait(good, 0, NULL), ERR_WOULD_BLOCK);
	shut(good);
}

static void test_stale(void)
{
	static handle_t old[512];

	for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
		old[i] = make_notification();
		shut(old[i]);
	}
	handle_t live = make_notification();

	for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
		CHECK(old[i] != live);
		if (notification_signal(old[i], 1) != ERR_HANDLE) {
			test_fail(__FILE__, __LINE__, "a stale handle was accepted");
			break;
		}
		for (unsigned j = 0; j < i; j++) {
			if (old[i] == old[j]) {
				test_fail(__FILE__, __LINE__, "a handle's value came again");
				return;
			}
		}
	}
	shut(live);
}

static void test_dup(void)
{
	handle_t all = make_notification(), some, same = make_dup(all, RIGHTS_SAME);
	struct handle_info info = {0}, other = {0};
	handle_t out = 0x1234;

	CHECK_OK(handle_info(all, &info));
	CHECK_OK(handle_info(same, &other));
	CHECK_EQ(info.type, OBJ_NOTIFICATION);
	CHECK_EQ(info.koid, other.koid);
	CHECK_EQ(info.rights, other.rights);
	CHECK_EQ(info.refs, 2);
	CHECK((info.rights & RIGHTS_GENERIC) == RIGHTS_GENERIC);

	some = make_dup(all, RIGHT_DUP | RIGHT_INFO | RIGHT_NT_SIGNAL);
	CHECK_OK(handle_info(some, &info));
	CHECK_EQ(info.rights, RIGHT_DUP | RIGHT_INFO | RIGHT_NT_SIGNAL);
	CHECK_EQ(info.refs, 3);
	/* Nobody gets more than the source has, not even bits that mean nothing here. */
	CHECK_STATUS(handle_dup(some, RIGHT_NT_SIGNAL | RIGHT_NT_WAIT, &out), ERR_RIGHTS);
	CHECK_STATUS(handle_dup(some, RIGHTS_ALL, &out), ERR_RIGHTS);
	CHECK(handle_dup(all, RIGHT_VMO_READ, &out) != OK);
	CHECK(handle_dup(all, 1u << 31, &out) != OK);
	CHECK_EQ(out, 0x1234);

	handle_t none = make_dup(some, 0), signal_only = make_dup(some, RIGHT_NT_SIGNAL);

	CHECK_STATUS(handle_dup(signal_only, RIGHT_NT_SIGNAL, &out), ERR_RIGHTS);
	CHECK_STATUS(notification_signal(none, 1), ERR_RIGHTS);
	CHECK_OK(notification_signal(signal_only, 1));
	shut(none); /* no right is needed to close */
	shut(signal_only);
	shut(some);
	shut(same);
	CHECK_OK(handle_info(all, &info));
	CHECK_EQ(info.refs, 1);
	shut(all);
}

static void test_koid(void)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < 100; i++) {
		handle_t h = make_notification();
		struct handle_info info = {0};

		CHECK_OK(handle_info(h, &info));
		CHECK(info.koid > last);
		last = info.koid;
		shut(h);
	}
}

/* What each right is for: the call works with it alone, and with everything but it gives ERR_RIGHTS. */
static status_t try_signal(handle_t h)
{
	return notification_signal(h, 1);
}
static status_t try_wait(handle_t h)
{
	status_t status = notification_wait(h, 0, NULL);

	return status == ERR_WOULD_BLOCK ? OK : status;
}
static status_t try_call(handle_t h)
{
	struct ipc_msg m = {0};
	status_t status = ipc_call(h, &m, NULL, 0);

	return status == ERR_WOULD_BLOCK || status == ERR_TIMED_OUT ? OK : status;
}
static status_t try_recv(handle_t h)
{
	struct ipc_msg m = {0};
	status_t status = ipc_recv(h, HANDLE_NONE, 0, &m);

	return status == ERR_WOULD_BLOCK ? OK : status;
}
static status_t try_mint(handle_t h)
{
	handle_t out = HANDLE_NONE;
	status_t status = endpoint_mint(h, 1, 0, &out);

	if (status == OK)
		shut(out);
	return status;
}
static status_t try_read(handle_t h)
{
	char c;

	return vmo_read(h, 0, &c, 1);
}
static status_t try_write(handle_t h)
{
	return vmo_write(h, 0, "x", 1);
}
static status_t try_map(handle_t h, uint32_t flags)
{
	void *at = NULL;
	status_t status = vmo_map(HANDLE_NONE, h, 0, NULL, PAGE_SIZE, flags, &at);

	if (status == OK)
		unmap(at, PAGE_SIZE);
	return status;
}
static status_t try_map_read(handle_t h)
{
	return try_map(h, MAP_READ);
}
static status_t try_timer(handle_t h)
{
	return timer_set(h, DEADLINE_NEVER, 0);
}
static status_t try_quota(handle_t h)
{
	struct quota_limits limits = {.mem_bytes = PAGE_SIZE};
	handle_t out = HANDLE_NONE;
	status_t status = quota_create(h, &limits, &out);

	if (status == OK)
		shut(out);
	return status;
}
static status_t try_resource(handle_t h)
{
	handle_t out = HANDLE_NONE;
	status_t status = resource_create(h, SYSTEM_INSPECT, 1, &out);

	if (status == OK)
		shut(out);
	return status;
}
static status_t try_watch(handle_t h)
{
	handle_t nt = make_notification();
	status_t status = process_watch(h, nt, 1);

	shut(nt);
	return status;
}
static status_t try_thread(handle_t h)
{
	struct thread_sched sched = {.prio = 10};

	return thread_set_sched(h, &sched, HANDLE_NONE);
}
static status_t try_manage(handle_t h)
{
	return vmo_unmap(h, (void *)0x5000000, PAGE_SIZE);
}

static void check_right(const char *what, handle_t object, uint32_t right, status_t (*call)(handle_t))
{
	struct handle_info info = {0};
	handle_t with = make_dup(object, right), without;
	status_t status;

	CHECK_OK(handle_info(object, &info));
	without = make_dup(object, info.rights & ~right);
	status = call(with);
	if (status != OK)
		print("with only its right: %s", what);
	CHECK_OK(status);
	status = call(without);
	if (status != ERR_RIGHTS)
		print("without its right: %s", what);
	CHECK_STATUS(status, ERR_RIGHTS);
	shut(with);
	shut(without);
}

static void test_rights(void)
{
	handle_t nt = make_notification(), ep = make_endpoint(), vmo = make_vmo(PAGE_SIZE);
	handle_t timer = make_timer(nt, 1), process = HANDLE_NONE, thread = HANDLE_NONE;
	struct thread_args args = {.entry = USER_BASE, .prio = 1};

	CHECK_OK(process_create(HANDLE_NONE, "rights", 6, &process));
	CHECK_OK(thread_create(process, &args, &thread));
	check_right("signal", nt, RIGHT_NT_SIGNAL, try_signal);
	CHECK_OK(notification_wait(nt, 0, NULL));
	check_right("wait", nt, RIGHT_NT_WAIT, try_wait);
	check_right("call", ep, RIGHT_EP_CALL, try_call);
	check_right("recv", ep, RIGHT_EP_RECV, try_recv);
	check_right("mint", ep, RIGHT_EP_MINT, try_mint);
	check_right("read", vmo, RIGHT_VMO_READ, try_read);
	check_right("write", vmo, RIGHT_VMO_WRITE, try_write);
	check_right("map", vmo, RIGHT_VMO_READ, try_map_read);
	check_right("timer", timer, RIGHT_TIMER_USE, try_timer);
	check_right("quota", test_handle(HND_QUOTA), RIGHT_QUOTA_USE, try_quota);
	check_right("resource", test_handle(HND_RES_SYSTEM), RIGHT_RES_MINT, try_resource);
	check_right("watch", process, RIGHT_PROC_WATCH, try_watch);
	check_right("manage", process, RIGHT_PROC_MANAGE, try_manage);
	check_right("thread", thread, RIGHT_THREAD_MANAGE, try_thread);

	/* Mapping for writing or execution needs those rights too, and lets nothing be added later. */
	handle_t read = make_dup(vmo, RIGHT_VMO_READ);
	void *at = map(read, 0, PAGE_SIZE, MAP_READ);

	CHECK_STATUS(try_map(read, MAP_READ | MAP_WRITE), ERR_RIGHTS);
	CHECK_STATUS(try_map(read, MAP_READ | MAP_EXEC), ERR_RIGHTS);
	CHECK(vmo_protect(HANDLE_NONE, at, PAGE_SIZE, MAP_READ | MAP_WRITE) != OK);
	CHECK(vmo_protect(HANDLE_NONE, at, PAGE_SIZE, MAP_READ | MAP_EXEC) != OK);
	unmap(at, PAGE_SIZE);
	shut(read);

	shut(thread);
	CHECK_OK(process_kill(process, 0));
	shut(process);
	shut(timer);
	shut(vmo);
	shut(ep);
	shut(nt);
}

/* The first argument of these calls is a handle; given one of every other type they say ERR_TYPE. */
static void test_types(void)
{
	static const struct {
		uint16_t number;
		uint8_t type;
	} calls[] = {
		{SYS_CALL, OBJ_ENDPOINT},
		{SYS_RECV, OBJ_ENDPOINT},
		{SYS_ENDPOINT_MINT, OBJ_ENDPOINT},
		{SYS_NOTIFICATION_SIGNAL, OBJ_NOTIFICATION},
		{SYS_NOTIFICATION_WAIT, OBJ_NOTIFICATION},
		{SYS_VMO_CREATE_DEVICE, OBJ_RESOURCE},
		{SYS_VMO_CLONE, OBJ_VMO},
		{SYS_VMO_READ, OBJ_VMO},
		{SYS_VMO_WRITE, OBJ_VMO},
		{SYS_VMO_INFO, OBJ_VMO},
		{SYS_VMO_SYNC_CODE, OBJ_VMO},
		{SYS_VMO_OP, OBJ_VMO},
		{SYS_PROCESS_CREATE, OBJ_QUOTA},
		{SYS_PROCESS_GIVE, OBJ_PROCESS},
		{SYS_PROCESS_KILL, OBJ_PROCESS},
		{SYS_PROCESS_WATCH, OBJ_PROCESS},
		{SYS_PROCESS_INFO, OBJ_PROCESS},
		{SYS_PROCESS_OPEN, OBJ_RESOURCE},
		{SYS_THREAD_START, OBJ_THREAD},
		{SYS_THREAD_KILL, OBJ_THREAD},
		{SYS_THREAD_SUSPEND, OBJ_THREAD},
		{SYS_THREAD_CANCEL, OBJ_THREAD},
		{SYS_THREAD_INFO, OBJ_THREAD},
		{SYS_IRQ_CREATE, OBJ_RESOURCE},
		{SYS_IRQ_BIND, OBJ_IRQ},
		{SYS_IRQ_ACK, OBJ_IRQ},
		{SYS_TIMER_SET, OBJ_TIMER},
		{SYS_QUOTA_KILL, OBJ_QUOTA},
		{SYS_RESOURCE_CREATE, OBJ_RESOURCE},
		{SYS_LOG_READ, OBJ_RESOURCE},
		{SYS_SYSTEM_RESET, OBJ_RESOURCE},
		{SYS_CONSOLE, OBJ_RESOURCE},
		{SYS_REPLY_TO, OBJ_REPLY},
	};
	handle_t nt = make_notification();
	handle_t objects[] = {
		make_endpoint(),          nt, make_vmo(PAGE_SIZE), make_timer(nt, 1), test_handle(HND_QUOTA),
		test_handle(HND_RES_IRQ),
	};
	static const uint8_t types[] = {OBJ_ENDPOINT, OBJ_NOTIFICATION, OBJ_VMO, OBJ_TIMER, OBJ_QUOTA, OBJ_RESOURCE};

	for (unsigned c = 0; c < ARRAY_SIZE(calls); c++) {
		for (unsigned o = 0; o < ARRAY_SIZE(objects); o++) {
			struct syscall_result result;

			if (types[o] == calls[c].type)
				continue;
			if (calls[c].number == SYS_ENDPOINT_MINT && types[o] == OBJ_NOTIFICATION)
				continue; /* takes both */
			result = syscall2(calls[c].number, objects[o], 0);
			if (result.status != ERR_TYPE) {
				print("call %u with an object of type %u", calls[c].number, types[o]);
				CHECK_STATUS(result.status, ERR_TYPE);
			}
		}
	}
	for (unsigned o = 0; o < 4; o++)
		shut(objects[o]);
}

/* A process or thread handle where the other was expected, in calls whose handle is not the first argument */
static void test_types_later(void)
{
	handle_t ep = make_endpoint(), nt = make_notification(), out;

	CHECK_STATUS(thread_set_fault(test_handle(HND_THREAD), nt), ERR_TYPE);
	CHECK_STATUS(notification_bind(ep, test_handle(HND_THREAD)), ERR_TYPE);
	CHECK_STATUS(notification_bind(nt, ep), ERR_TYPE);
	CHECK_STATUS(process_watch(test_self(), ep, 1), ERR_TYPE);
	CHECK_STATUS(timer_object_create(ep, 1, &out), ERR_TYPE);
	CHECK_STATUS(process_give(test_self(), 0x77770005, (uint32_t)RIGHTS_SAME, &out), ERR_HANDLE);
	shut(ep);
	shut(nt);
}

/* Grows through several table sizes, in an order that leaves holes, and down again. */
static void test_growth(void)
{
	static handle_t h[6000];
	handle_t source = make_notification();
	unsigned n = 0;

	for (; n < ARRAY_SIZE(h); n++) {
		if (!CHECK_OK(handle_dup(source, RIGHT_NT_SIGNAL, &h[n])))
			break;
	}
	for (unsigned i = 0; i < n; i += 2) {
		if (!CHECK_OK(notification_signal(h[i], 1)) || !CHECK_OK(handle_close(h[i])))
			break;
	}
	for (unsigned i = 1; i < n; i += 2) {
		if (!CHECK_OK(notification_signal(h[i], 1)))
			break;
	}
	for (unsigned i = 0; i < n; i += 2) {
		handle_t old = h[i];

		if (!CHECK_OK(handle_dup(source, RIGHT_NT_SIGNAL, &h[i])) || !CHECK(h[i] != old))
			break;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!CHECK_OK(handle_close(h[i])))
			break;
	}
	shut(source);
}

/* All the way to the end of the table or of the quota, and back to the same memory. */
static void fill_table(const struct child_args *args)
{
	handle_t source = make_notification(), h = HANDLE_NONE;
	handle_t *all = pages_alloc(HANDLE_MAX_COUNT * sizeof(handle_t));
	uint32_t n = 0;
	status_t status;

	(void)args;
	REQUIRE(all);
	while ((status = handle_dup(source, RIGHT_NT_SIGNAL, &h)) == OK) {
		if (!CHECK(n < HANDLE_MAX_COUNT))
			break;
		all[n++] = h;
	}
	CHECK(status == ERR_NO_HANDLES || status == ERR_NO_MEMORY);
	CHECK(n >= 4000);
	print("handles: %u before %s", n, status == ERR_NO_HANDLES ? "the table was full" : "memory ran out");
	/* The one that is left works, one more fits once one is closed. */
	CHECK_OK(notification_signal(all[n - 1], 1));
	CHECK_OK(handle_close(all[--n]));
	CHECK_OK(handle_dup(source, RIGHT_NT_SIGNAL, &all[n]));
	n++;
	CHECK_STATUS(handle_dup(source, RIGHT_NT_SIGNAL, &h), status);
	for (uint32_t i = 0; i < n / 2; i++) {
		if (!CHECK_OK(handle_close(all[i])))
			break;
	}
	/* The rest is the kernel's to find. */
}

static void test_full(void)
{
	struct child_spec spec = {.run = fill_table};
	struct child c;
	struct test_account before;

	REQUIRE_OK(child_start(&c, &spec));
	child_wait(&c);
	before = test_account();
	REQUIRE_OK(child_start(&c, &spec));
	child_wait(&c);
	CHECK_ACCOUNT(&before);
}

/* The quota's own limit, seen exactly. */
static void fill_quota(const struct child_args *args)
{
	struct quota_info info = {0};
	struct process_info self = {0};
	handle_t h = HANDLE_NONE, source = make_notification(), last = HANDLE_NONE;
	status_t status;

	(void)args;
	CHECK_OK(quota_info(HANDLE_NONE, &info));
	CHECK_OK(process_info(HANDLE_NONE, &self));
	for (uint32_t i = info.used.handles; i < info.limit.handles; i++) {
		if (!CHECK_OK(handle_dup(source, RIGHT_NT_SIGNAL, &last)))
			return;
	}
	status = handle_dup(source, RIGHT_NT_SIGNAL, &h);
	CHECK_STATUS(status, ERR_NO_HANDLES);
	CHECK_STATUS(notification_create(&h), ERR_NO_HANDLES);
	CHECK_OK(quota_info(HANDLE_NONE, &info));
	CHECK_EQ(info.used.handles, info.limit.handles);
	shut(last);
	h = make_notification();
	shut(h);
}

static void test_quota_limit(void)
{
	struct quota_limits limits = {.mem_bytes = 2 * MIB, .handles = 100, .threads = 2, .processes = 1};
	struct child_spec spec = {.run = fill_quota, .quota = make_quota(&limits)};
	struct child c;

	REQUIRE(spec.quota != HANDLE_NONE);
	REQUIRE_OK(child_start(&c, &spec));
	child_wait(&c);
	shut(spec.quota);
}

/* Giving needs the right to duplicate, moving in a message the right to move. */
static void test_give(void)
{
	handle_t process = HANDLE_NONE, nt = make_notification(), there = HANDLE_NONE, ended = make_notification();
	handle_t fixed = make_dup(nt, RIGHT_NT_SIGNAL | RIGHT_INFO);
	handle_t ep = make_endpoint();
	struct ipc_msg m = {.info = MSG_INFO(1, 1, 0), .handles = {fixed}};
	struct handle_info info = {0};

	CHECK_OK(process_create(HANDLE_NONE, "give", 4, &process));
	CHECK_OK(process_give(process, nt, RIGHT_NT_SIGNAL, &there));
	CHECK(there != HANDLE_NONE);
	CHECK_STATUS(process_give(process, fixed, (uint32_t)RIGHTS_SAME, &there), ERR_RIGHTS);
	CHECK_STATUS(process_give(process, nt, RIGHT_NT_SIGNAL | RIGHT_EP_CALL, &there), ERR_RIGHTS);
	CHECK_OK(handle_info(nt, &info));
	CHECK_EQ(info.refs, 3);
	CHECK_STATUS(ipc_call(ep, &m, NULL, DEADLINE_NEVER), ERR_RIGHTS);
	CHECK_OK(notification_signal(fixed, 1));
	CHECK_OK(process_watch(process, ended, 1));
	CHECK_OK(process_kill(process, 0));
	shut(process);
	CHECK_OK(notification_wait(ended, DEADLINE_NEVER, NULL));
	CHECK_OK(handle_info(nt, &info));
	CHECK_EQ(info.refs, 2);
	shut(ended);
	shut(fixed);
	shut(nt);
	shut(ep);
}

/* Four notifications at a time hear of a process's end; those that nobody has a handle to any more make room. */
static void test_watchers(void)
{
	handle_t process = HANDLE_NONE, last[4], one_more = make_notification();

	CHECK_OK(process_create(HANDLE_NONE, "watched", 7, &process));
	for (unsigned i = 0; i < 20; i++) {
		handle_t gone = make_notification();

		CHECK_OK(process_watch(process, gone, 1));
		shut(gone);
	}
	for (unsigned i = 0; i < 4; i++) {
		last[i] = make_notification();
		CHECK_OK(process_watch(process, last[i], 1));
	}
	CHECK_STATUS(process_watch(process, one_more, 1), ERR_BUSY);
	CHECK_OK(process_kill(process, 0));
	shut(process);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_OK(notification_wait(last[i], DEADLINE_NEVER, NULL));
		shut(last[i]);
	}
	shut(one_more);
}

TEST_CASES("handles", {"close", test_close}, {"forged", test_forged}, {"stale", test_stale}, {"dup", test_dup},
	   {"koid", test_koid}, {"rights", test_rights}, {"types", test_types}, {"types_later", test_types_later},
	   {"growth", test_growth}, {"give", test_give}, {"watchers", test_watchers}, {"quota_limit", test_quota_limit},
	   {"full", test_full});
