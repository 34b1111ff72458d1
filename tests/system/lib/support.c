/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, threads, time and small helpers of the test programs. */

#include "tests/system/lib/internal.h"

#define THREAD_STACK (16 * KIB)

bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dull;
}

uint64_t now(void)
{
	uint64_t ns = 0;

	clock_get(&ns);
	return ns;
}

/* Needs no object of its own, so tests that count objects and memory may sleep too. */
void sleep_ns(uint64_t ns)
{
	static uint32_t never;

	futex_wait(&never, 0, now() + ns);
}

struct system_info test_system_info(void)
{
	struct system_info info = {0};
	uint64_t bytes = 0;

	CHECK_OK(system_info(HANDLE_NONE, INFO_SYSTEM, 0, &info, sizeof(info), &bytes));
	CHECK_EQ(bytes, sizeof(info));
	return info;
}

uint64_t test_quota_used(void)
{
	struct quota_info info = {0};

	CHECK_OK(quota_info(HANDLE_NONE, &info));
	return info.used.mem_bytes;
}

static struct test_account account_now(void)
{
	struct system_info system = test_system_info();
	struct quota_info quota = {0};

	CHECK_OK(quota_info(HANDLE_NONE, &quota));
	return (struct test_account){
		.free = system.free_bytes + system.kernel_heap_bytes - system.kernel_used_bytes,
		.processes = system.processes,
		.threads = system.threads,
		.used = quota.used,
	};
}

static bool account_same(const struct test_account *a, const struct test_account *b)
{
	return a->free == b->free && a->processes == b->processes && a->threads == b->threads &&
	       a->used.mem_bytes == b->used.mem_bytes && a->used.handles == b->used.handles &&
	       a->used.threads == b->used.threads && a->used.processes == b->used.processes;
}

struct test_account test_account(void)
{
	struct test_account last = account_now();

	for (unsigned same = 0, tries = 0; same < 10 && tries < 1000; tries++) {
		struct test_account next;

		sleep_ns(2 * MS);
		next = account_now();
		same = account_same(&last, &next) ? same + 1 : 0;
		last = next;
	}
	return last;
}

bool test_account_check(const struct test_account *before, const char *file, int line)
{
	struct test_account after = account_now();

	for (unsigned i = 0; i < 1000 && !account_same(before, &after); i++) {
		sleep_ns(10 * MS);
		after = account_now();
	}
	return test_check_eq(after.free, before->free, file, line, "free memory") &
	       test_check_eq(after.processes, before->processes, file, line, "processes") &
	       test_check_eq(after.threads, before->threads, file, line, "threads") &
	       test_check_eq(after.used.mem_bytes, before->used.mem_bytes, file, line, "quota: memory") &
	       test_check_eq(after.used.handles, before->used.handles, file, line, "quota: handles") &
	       test_check_eq(after.used.threads, before->used.threads, file, line, "quota: threads") &
	       test_check_eq(after.used.processes, before->used.processes, file, line, "quota: processes");
}

void *pages_alloc(uint64_t size)
{
	handle_t vmo = HANDLE_NONE;
	void *address = NULL;

	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (!CHECK_OK(vmo_create(size, 0, HANDLE_NONE, &vmo)))
		return NULL;
	if (!CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, NULL, size, MAP_READ | MAP_WRITE, &address)))
		address = NULL;
	handle_close(vmo);
	return address;
}

void pages_free(void *address, uint64_t size)
{
	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	CHECK_OK(vmo_unmap(HANDLE_NONE, address, size));
}

/* ---- threads ---- */

_Noreturn void test_thread_start(struct thread *t)
{
	t->run(t->arg);
	thread_exit(&t->alive);
	for (;;)
		;
}

bool thread_make(struct thread *t, void (*run)(void *), void *arg, uint32_t prio)
{
	struct thread_args args;

	t->run = run;
	t->arg = arg;
	t->alive = 1;
	t->handle = HANDLE_NONE;
	t->stack_size = THREAD_STACK;
	t->stack = pages_alloc(THREAD_STACK);
	if (!t->stack)
		return false;
	args = (struct thread_args){
		.entry = (uint64_t)test_thread_entry,
		.stack = (uint64_t)t->stack + THREAD_STACK,
		.arg0 = (uint64_t)t,
		.prio = prio,
	};
	if (!CHECK_OK(thread_create(HANDLE_NONE, &args, &t->handle))) {
		pages_free(t->stack, t->stack_size);
		return false;
	}
	return true;
}

bool thread_spawn(struct thread *t, void (*run)(void *), void *arg, uint32_t prio)
{
	if (!thread_make(t, run, arg, prio))
		return false;
	if (CHECK_OK(thread_start(t->handle)))
		return true;
	thread_discard(t);
	return false;
}

void thread_discard(struct thread *t)
{
	CHECK_OK(handle_close(t->handle));
	pages_free(t->stack, t->stack_size);
}

void thread_join(struct thread *t)
{
	while (__atomic_load_n(&t->alive, __ATOMIC_ACQUIRE)) {
		status_t status = futex_wait(&t->alive, 1, DEADLINE_NEVER);

		if (status != OK && status != ERR_AGAIN) {
			CHECK_OK(status);
			return;
		}
	}
	thread_discard(t);
}

void thread_set_prio(handle_t thread, uint32_t prio)
{
	struct thread_sched sched = {.prio = prio};

	CHECK_OK(thread_set_sched(thread, &sched, HANDLE_NONE));
}

#define AWAIT_LIMIT (10 * SECOND)

static bool is_blocked(uint32_t state)
{
	return state >= THREAD_BLOCKED_CALL && state <= THREAD_BLOCKED_FUTEX;
}

/* Sleeps between looks, so that threads of any priority get on. */
static bool await(handle_t thread, uint32_t state, uint32_t or_state, bool any_blocked)
{
	uint64_t limit = now() + AWAIT_LIMIT;

	for (;;) {
		struct thread_info info = {0};

		if (!CHECK_OK(thread_info(thread, &info)))
			return false;
		if (any_blocked ? is_blocked(info.state) : info.state == state || info.state == or_state)
			return true;
		if (now() > limit) {
			print("thread stays in state %u", info.state);
			return false;
		}
		sleep_ns(100000);
	}
}

bool thread_await_state(handle_t thread, uint32_t state, uint32_t or_state)
{
	return await(thread, state, or_state, false);
}

bool thread_await_blocked(handle_t thread)
{
	return await(thread, 0, 0, true);
}
