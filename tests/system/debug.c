/* SPDX-License-Identifier: BSD-2-Clause */
/* What a debugger needs of another process: its mappings, its memory, its threads, other code in the place of its own, its handles. */

#include <string.h>

#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

static volatile uint64_t word = 1;
static volatile uint32_t go;

/* Not inlined: the other process gets another one. */
__attribute__((noinline, aligned(64))) static uint64_t answer(void)
{
	__asm__ volatile("");
	return 41;
}

/* Counts `word` until told to go; exits with what answer() says then. */
static void subject(const struct child_args *args)
{
	CHECK_OK(notification_signal(args->h[0], 1));
	while (!go)
		word++;
	child_exit((int64_t)answer());
}

static struct child child;
static handle_t ready;

static bool begin(void)
{
	word = 1;
	ready = make_notification();
	struct child_spec spec = {.run = subject, .h = {ready}};

	return CHECK_OK(child_start(&child, &spec)) && CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
}

static void finish(int64_t status)
{
	uint32_t yes = 1;

	CHECK_OK(process_memory(child.process, PROCESS_WRITE, (uint64_t)&go, &yes, sizeof(yes)));
	CHECK_EQ(child_wait(&child), status);
	shut(ready);
}

static void test_memory(void)
{
	uint64_t a = 0, b = 0;
	handle_t process = HANDLE_NONE;

	REQUIRE(begin());
	CHECK_OK(process_memory(child.process, PROCESS_READ, (uint64_t)&word, &a, 8));
	do
		CHECK_OK(process_memory(child.process, PROCESS_READ, (uint64_t)&word, &b, 8));
	while (a == b && !test_failures());
	CHECK(b > a);
	CHECK_EQ(word, 1); /* the own one is another */
	/* Nowhere, the kernel's half, the end of it all; code cannot be written, device memory is not asked for */
	CHECK_STATUS(process_memory(child.process, PROCESS_READ, 8, &a, 8), ERR_FAULT);
	CHECK_STATUS(process_memory(child.process, PROCESS_READ, 1ull << 63, &a, 8), ERR_FAULT);
	CHECK_STATUS(process_memory(child.process, PROCESS_READ, ~7ull, &a, 16), ERR_FAULT);
	CHECK_STATUS(process_memory(child.process, PROCESS_READ, (uint64_t)&word, (void *)8, 8), ERR_FAULT);
	CHECK_STATUS(process_memory(child.process, PROCESS_READ, 8, &a, ~0ull), ERR_FAULT);
	CHECK_STATUS(process_memory(child.process, PROCESS_WRITE, (uint64_t)answer, &a, 8), ERR_FAULT);
	CHECK_OK(process_memory(child.process, PROCESS_READ, (uint64_t)answer, &a, 8));
	CHECK(!memcmp(&a, (const void *)answer, 8));
	CHECK_OK(process_memory(child.process, PROCESS_READ, 8, NULL, 0));
	CHECK_STATUS(process_memory(child.process, 2, (uint64_t)&word, &a, 8), ERR_INVALID);
	CHECK_STATUS(process_memory(HANDLE_NONE, PROCESS_READ, (uint64_t)&word, &a, 8), ERR_HANDLE);
	CHECK_STATUS(process_memory(ready, PROCESS_READ, (uint64_t)&word, &a, 8), ERR_TYPE);
	process = make_dup(child.process, RIGHT_INFO | RIGHT_PROC_WATCH);
	CHECK_STATUS(process_memory(process, PROCESS_READ, (uint64_t)&word, &a, 8), ERR_RIGHTS);
	shut(process);
	/* More than the kernel copies in one go, onto itself */
	static uint8_t big[200000], back[200000];
	uint64_t state = 5;
	for (unsigned i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)random_next(&state);
	CHECK_OK(process_memory(child.process, PROCESS_WRITE, (uint64_t)back + 3, big + 3, sizeof(big) - 3));
	memset(back, 0, sizeof(back));
	CHECK_OK(process_memory(child.process, PROCESS_READ, (uint64_t)back + 3, back + 3, sizeof(big) - 3));
	CHECK(!memcmp(big + 3, back + 3, sizeof(big) - 3));
	finish(41);
}

static void test_mappings(void)
{
	struct mapping_info info, last = {0};
	bool code = false, data = false;
	uint64_t at = 0, both_koid;
	unsigned count = 0, shared = 0;
	struct handle_info both_info = {0};
	handle_t both = make_vmo(PAGE_SIZE);
	status_t status;

	REQUIRE(begin());
	/* In both processes */
	void *here = map(both, 0, PAGE_SIZE, MAP_READ);
	CHECK_OK(vmo_map(child.process, both, 0, NULL, PAGE_SIZE, MAP_READ, NULL));
	CHECK_OK(handle_info(both, &both_info));
	both_koid = both_info.koid;
	shut(both);
	while ((status = process_mapping(child.process, at, &info)) == OK && count++ < 100) {
		CHECK(info.base >= at && info.size && info.prot && info.vmo_koid);
		CHECK((info.prot & (MAP_WRITE | MAP_EXEC)) != (MAP_WRITE | MAP_EXEC));
		if ((uint64_t)answer - info.base < info.size)
			code = info.prot == (MAP_READ | MAP_EXEC);
		if ((uint64_t)&word - info.base < info.size)
			data = info.prot == (MAP_READ | MAP_WRITE) && info.flags == 0;
		shared += info.flags == MAPPING_SHARED && info.vmo_koid == both_koid;
		at = info.base + info.size;
		last = info;
	}
	CHECK_STATUS(status, ERR_NOT_FOUND);
	CHECK(code && data);
	CHECK_EQ(shared, 1);
	unmap(here, PAGE_SIZE);
	CHECK_OK(process_mapping(child.process, last.base + last.size - 1, &info));
	CHECK_EQ(info.base, last.base);
	CHECK_OK(process_mapping(HANDLE_NONE, (uint64_t)answer, &info));
	CHECK((uint64_t)answer - info.base < info.size);
	CHECK_STATUS(process_mapping(HANDLE_NONE, ~0ull, &info), ERR_NOT_FOUND);
	CHECK_STATUS(process_mapping(child.process, 0, (void *)8), ERR_FAULT);
	handle_t blind = make_dup(child.process, RIGHT_PROC_WATCH);
	CHECK_STATUS(process_mapping(blind, 0, &info), ERR_RIGHTS);
	shut(blind);
	finish(41);
}

/* Another page in the place of one that runs: what a breakpoint is, and an injected fault. */
static void test_code(void)
{
	static const uint32_t other[] = {0x02a00513, 0x00008067}; /* li a0, 42; ret */
	static uint8_t page[4096];
	handle_t code = make_vmo(PAGE_SIZE);
	uint64_t base = (uint64_t)answer & ~(PAGE_SIZE - 1);

	REQUIRE(begin());
	CHECK_OK(process_memory(child.process, PROCESS_READ, base, page, sizeof(page)));
	memcpy(page + ((uint64_t)answer - base), other, sizeof(other));
	CHECK_OK(vmo_write(code, 0, page, sizeof(page)));
	CHECK_STATUS(vmo_map(child.process, code, 0, (void *)base, PAGE_SIZE, MAP_READ | MAP_EXEC | MAP_FIXED, NULL),
		     ERR_EXISTS);
	CHECK_OK(vmo_map(child.process, code, 0, (void *)base, PAGE_SIZE, MAP_READ | MAP_EXEC | MAP_FIXED | MAP_REPLACE,
			 NULL));
	shut(code);
	CHECK_EQ(answer(), 41);
	finish(42);
}

static void second_thread(void *arg)
{
	(void)notification_wait(*(handle_t *)arg, DEADLINE_NEVER, NULL);
}

static void test_threads(void)
{
	struct thread_info first, info;
	struct thread_regs regs;
	handle_t thread = HANDLE_NONE, stop = make_notification();
	struct thread threads[3];

	REQUIRE(begin());
	REQUIRE_OK(process_thread(child.process, 0, &thread));
	CHECK_OK(thread_info(thread, &first));
	CHECK_OK(thread_info(child.thread, &info));
	CHECK_EQ(first.koid, info.koid);
	CHECK_OK(thread_suspend(thread, 1));
	CHECK(thread_await_state(thread, THREAD_SUSPENDED, THREAD_SUSPENDED));
	CHECK_OK(thread_regs(thread, THREAD_REGS_GET, &regs));
	CHECK(regs.pc >= (uint64_t)subject - 4096 && regs.pc < (uint64_t)subject + 4096);
	CHECK_OK(thread_regs(thread, THREAD_REGS_SET, &regs));
	CHECK_OK(thread_suspend(thread, 0));
	CHECK_STATUS(process_thread(child.process, first.koid, NULL), ERR_NOT_FOUND);
	shut(thread);
	handle_t weak = make_dup(child.process, RIGHT_INFO);
	CHECK_STATUS(process_thread(weak, 0, NULL), ERR_RIGHTS);
	shut(weak);
	finish(41);

	/* The own ones, each once and in the order of their numbers */
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK(thread_spawn(&threads[i], second_thread, &stop, 0) && thread_await_blocked(threads[i].handle));
	uint64_t koid = 0;
	unsigned count = 0;
	while (process_thread(test_self(), koid, &thread) == OK) {
		CHECK_OK(thread_info(thread, &info));
		CHECK(info.koid > koid);
		koid = info.koid;
		count++;
		shut(thread);
	}
	CHECK_EQ(count, 1 + ARRAY_SIZE(threads));
	/* One that waits: its stack and what it saved can be seen while it is kept, not changed. */
	CHECK_STATUS(thread_regs(threads[0].handle, THREAD_REGS_GET, &regs), ERR_STATE);
	CHECK_OK(thread_suspend(threads[0].handle, 1));
	CHECK_OK(thread_regs(threads[0].handle, THREAD_REGS_GET, &regs));
	CHECK(regs.x[2] - (uint64_t)threads[0].stack < threads[0].stack_size);
	CHECK(regs.pc && !regs.x[1] && !regs.x[10]);
	CHECK_STATUS(thread_regs(threads[0].handle, THREAD_REGS_SET, &regs), ERR_STATE);
	CHECK_OK(thread_suspend(threads[0].handle, 0));
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_OK(notification_signal(stop, 1));
	for (unsigned i = 0; i < ARRAY_SIZE(threads); i++)
		thread_join(&threads[i]);
	shut(stop);
}

static void test_ended(void)
{
	struct child_spec spec = {.run = subject, .h = {make_notification()}, .stopped = true};
	struct mapping_info info;
	uint64_t value;

	REQUIRE_OK(child_start(&child, &spec));
	handle_t process = make_dup(child.process, RIGHTS_SAME);
	CHECK_OK(process_memory(process, PROCESS_READ, (uint64_t)&word, &value, 8));
	(void)child_kill(&child);
	CHECK_STATUS(process_memory(process, PROCESS_READ, (uint64_t)&word, &value, 8), ERR_STATE);
	CHECK_STATUS(process_mapping(process, 0, &info), ERR_NOT_FOUND);
	CHECK_STATUS(process_thread(process, 0, NULL), ERR_NOT_FOUND);
	shut(process);
	shut(spec.h[0]);
}

/* ---- looking without touching ---------------------------------------------------------------------------------- */

static void test_handles(void)
{
	struct handle_info info, own;
	handle_t value = HANDLE_NONE, again = HANDLE_NONE;
	unsigned count = 0, notifications = 0;
	struct process_info process;
	status_t status;

	REQUIRE(begin());
	CHECK_OK(handle_info(ready, &own));
	for (uint64_t at = 0; (status = process_handle(child.process, at, &info, &value)) == OK; count++) {
		uint64_t index = value & (HANDLE_MAX_COUNT - 1);

		CHECK(index >= at && value != HANDLE_NONE);
		CHECK(info.type > OBJ_NONE && info.type < OBJ_TYPE_COUNT && info.koid && info.refs);
		CHECK(!(info.rights & ~(uint32_t)RIGHTS_ALL));
		CHECK_OK(process_handle(child.process, index, &info, &again));
		CHECK_EQ(again, value);
		notifications += info.type == OBJ_NOTIFICATION && info.koid == own.koid;
		at = index + 1;
	}
	CHECK_STATUS(status, ERR_NOT_FOUND);
	CHECK_OK(process_info(child.process, &process));
	CHECK_EQ(count, process.handles);
	CHECK_EQ(notifications, 1);
	CHECK_STATUS(process_handle(child.process, ~0ull, &info, NULL), ERR_NOT_FOUND);
	CHECK_STATUS(process_handle(child.process, 0, (void *)8, NULL), ERR_FAULT);
	CHECK_STATUS(process_handle(HANDLE_NONE, 0, &info, NULL), ERR_HANDLE);
	CHECK_STATUS(process_handle(ready, 0, &info, NULL), ERR_TYPE);
	handle_t blind = make_dup(child.process, RIGHT_PROC_WATCH | RIGHT_PROC_READ);
	CHECK_STATUS(process_handle(blind, 0, &info, NULL), ERR_RIGHTS);
	shut(blind);
	finish(41);
}

/* A table of many slots, most of them free: found behind the gap, across the points where the call lets interrupts in. */
static void test_handles_many(void)
{
	static handle_t many[20000];
	struct handle_info info;
	handle_t self = test_self(), found = HANDLE_NONE, last;

	for (unsigned i = 0; i < ARRAY_SIZE(many); i++)
		REQUIRE_OK(handle_dup(self, RIGHT_INFO | RIGHT_DUP, &many[i]));
	last = many[ARRAY_SIZE(many) - 1];
	for (unsigned i = 0; i < ARRAY_SIZE(many) - 1; i++)
		shut(many[i]);
	/* The table's last growth gave places in order. */
	uint64_t from = many[ARRAY_SIZE(many) - 3000] & (HANDLE_MAX_COUNT - 1);
	CHECK_EQ(from + 2999, last & (HANDLE_MAX_COUNT - 1));
	CHECK_OK(process_handle(self, from, &info, &found));
	CHECK_EQ(found, last);
	CHECK_EQ(info.type, OBJ_PROCESS);
	CHECK_EQ(info.rights, RIGHT_INFO | RIGHT_DUP);
	shut(last);
	CHECK_STATUS(process_handle(self, from, &info, &found), ERR_NOT_FOUND);
}

/* With the resource to examine, a process can be looked at and nothing else. */
static void test_examine(void)
{
	handle_t resource = test_system_resource(SYSTEM_EXAMINE), inspect = test_system_resource(SYSTEM_INSPECT);
	handle_t process = HANDLE_NONE, out;
	struct handle_info info = {0};
	struct mapping_info mapping;
	struct process_info who;
	uint64_t value = 0;

	REQUIRE(begin());
	CHECK_OK(process_info(child.process, &who));
	CHECK(who.started_ns != 0 && who.started_ns <= now());
	CHECK(who.active == 1 && who.faulted == 0);
	REQUIRE_OK(process_open(resource, who.koid, &process));
	CHECK_OK(handle_info(process, &info));
	CHECK_EQ(info.rights, RIGHT_INFO | RIGHT_PROC_READ);
	CHECK_OK(process_info(process, &who));
	CHECK_OK(process_mapping(process, 0, &mapping));
	CHECK_OK(process_handle(process, 0, &info, NULL));
	CHECK_OK(process_memory(process, PROCESS_READ, (uint64_t)&word, &value, 8));
	CHECK_STATUS(process_memory(process, PROCESS_WRITE, (uint64_t)&word, &value, 8), ERR_RIGHTS);
	CHECK_STATUS(process_kill(process, 0), ERR_RIGHTS);
	CHECK_STATUS(process_thread(process, 0, NULL), ERR_RIGHTS);
	CHECK_STATUS(process_give(process, ready, RIGHTS_SAME, &out), ERR_RIGHTS);
	CHECK_STATUS(handle_dup(process, RIGHT_INFO, &out), ERR_RIGHTS);
	CHECK_STATUS(process_open(resource, ready, &out), ERR_NOT_FOUND); /* no process has that number */
	CHECK_STATUS(process_open(inspect, who.koid, &out), ERR_RANGE);
	/* To change it needs more than to read it, and the other way round. */
	handle_t manage = make_dup(child.process, RIGHT_PROC_MANAGE);
	CHECK_STATUS(process_memory(manage, PROCESS_READ, (uint64_t)&word, &value, 8), ERR_RIGHTS);
	shut(manage);
	shut(process);
	finish(41);
	CHECK_STATUS(process_open(resource, who.koid, &process), ERR_NOT_FOUND);
	shut(resource);
	shut(inspect);
}

/* Each process once, in the order of their numbers, whatever comes and goes meanwhile. */
static void test_list(void)
{
	handle_t inspect = test_system_resource(SYSTEM_INSPECT);
	struct process_info own, one, info;
	struct child other;
	struct child_spec spec = {.run = subject, .h = {make_notification()}, .stopped = true};
	unsigned own_seen = 0, child_seen = 0;
	uint64_t at = 0;

	REQUIRE_OK(child_start(&other, &spec));
	REQUIRE(begin());
	CHECK_OK(process_info(HANDLE_NONE, &own));
	CHECK_OK(process_info(child.process, &one));
	CHECK_OK(process_info(other.process, &info));
	uint64_t koid = info.koid;
	CHECK_EQ(info.state, PROCESS_NEW);
	CHECK(info.started_ns == 0 && info.active == 0);
	while (system_info(inspect, INFO_PROCESS, at, &info, sizeof(info), NULL) == OK) {
		CHECK(info.koid > at);
		at = info.koid;
		own_seen += info.koid == own.koid;
		if (info.koid == koid)
			(void)child_kill(&other); /* the list becomes shorter in front of what comes */
		child_seen += info.koid == one.koid;
	}
	CHECK_EQ(own_seen, 1);
	CHECK_EQ(child_seen, 1);
	shut(spec.h[0]);
	finish(41);
	shut(inspect);
}

/* ---- who calls ------------------------------------------------------------------------------------------------ */

static void caller(const struct child_args *args)
{
	struct ipc_msg m = {0};

	CHECK_OK(ipc_call(args->h[0], &m, NULL, DEADLINE_NEVER));
	CHECK_STATUS(ipc_call(args->h[0], &m, NULL, DEADLINE_NEVER), ERR_PEER_DIED);
	child_exit(0);
}

static void test_caller(void)
{
	handle_t ep = make_endpoint(), reply = HANDLE_NONE;
	struct child_spec spec = {.run = caller, .h = {ep}, .rights = {RIGHT_EP_CALL}};
	struct process_info who;
	struct ipc_msg m = {0};
	uint64_t koid = 0;

	CHECK_STATUS(caller_process(HANDLE_NONE, &koid), ERR_STATE);
	REQUIRE_OK(child_start(&child, &spec));
	CHECK_OK(process_info(child.process, &who));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(caller_process(HANDLE_NONE, &koid));
	CHECK_EQ(koid, who.koid);
	m = (struct ipc_msg){0};
	CHECK_OK(ipc_reply(&m));
	CHECK_STATUS(caller_process(HANDLE_NONE, &koid), ERR_STATE);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(ipc_save_caller(&reply));
	CHECK_STATUS(caller_process(HANDLE_NONE, &koid), ERR_STATE);
	koid = 0;
	CHECK_OK(caller_process(reply, &koid));
	CHECK_EQ(koid, who.koid);
	CHECK_STATUS(caller_process(ep, &koid), ERR_TYPE);
	shut(reply);
	CHECK_EQ(child_wait(&child), 0);
	shut(ep);
}

TEST_CASES("debug", {"memory", test_memory}, {"mappings", test_mappings}, {"code", test_code},
	   {"threads", test_threads}, {"ended", test_ended}, {"handles", test_handles},
	   {"handles_many", test_handles_many}, {"examine", test_examine}, {"list", test_list},
	   {"caller", test_caller});
