/* SPDX-License-Identifier: BSD-2-Clause */
/* Futexes: no lost wake-up, private and between processes, with deadlines, cancellation and death. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

static volatile uint32_t word;

static void test_basic(void)
{
	struct sleeper s[5];
	uint32_t woken = 99;

	word = 3;
	CHECK_STATUS(futex_wait(&word, 4, DEADLINE_NEVER), ERR_AGAIN);
	CHECK_STATUS(futex_wait(&word, 3, 0), ERR_WOULD_BLOCK);
	CHECK_STATUS(futex_wait(&word, 3, 1), ERR_TIMED_OUT);
	CHECK_STATUS(futex_wait(&word, 3, now() + MS), ERR_TIMED_OUT);
	CHECK_OK(futex_wake(&word, 1, &woken));
	CHECK_EQ(woken, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(s); i++)
		REQUIRE(sleeper_block(&s[i], &word, 3, DEADLINE_NEVER));
	CHECK_OK(futex_wake(&word, 0, &woken));
	CHECK_EQ(woken, 0);
	CHECK_OK(futex_wake(&word, 2, &woken));
	CHECK_EQ(woken, 2);
	CHECK_OK(futex_wake(&word, ~0u, &woken));
	CHECK_EQ(woken, 3);
	for (unsigned i = 0; i < ARRAY_SIZE(s); i++)
		CHECK_OK(sleeper_join(&s[i]));
}

static void test_arguments(void)
{
	static const uint64_t bad[] = {0, 4, USER_TOP, USER_TOP - 4, 0xffffffc000000000, 0xffffffff80000000, ~0ull - 3};
	uint8_t *p = pages_alloc(PAGE_SIZE);

	REQUIRE(p);
	for (unsigned i = 1; i < 4; i++) {
		CHECK_STATUS(futex_wait(p + i, 0, 0), ERR_INVALID);
		CHECK_STATUS(futex_wake(p + i, 1, NULL), ERR_INVALID);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_STATUS(futex_wait((const void *)bad[i], 0, 0), ERR_FAULT);
		CHECK_STATUS(futex_wake((const void *)bad[i], 1, NULL), ERR_FAULT);
	}
	/* Read-only memory is enough to wait on. */
	CHECK_OK(vmo_protect(HANDLE_NONE, p, PAGE_SIZE, MAP_READ));
	CHECK_STATUS(futex_wait(p, 0, now() + MS), ERR_TIMED_OUT);
	pages_free(p, PAGE_SIZE);
	CHECK_STATUS(futex_wait(p, 0, 0), ERR_FAULT);
}

/* Neighbouring words and the same address in another process are different futexes. */
static void wake_own(const struct child_args *args)
{
	uint32_t woken = 99;

	(void)args;
	CHECK_OK(futex_wake(&word, ~0u, &woken));
	CHECK_EQ(woken, 0);
}

static void test_private(void)
{
	static volatile uint32_t words[3];
	struct child_spec spec = {.run = wake_own};
	struct sleeper s, t;
	struct child c;
	uint32_t woken = 99;

	word = 0;
	REQUIRE(sleeper_block(&s, &words[1], 0, DEADLINE_NEVER));
	REQUIRE(sleeper_block(&t, &word, 0, DEADLINE_NEVER));
	CHECK_OK(futex_wake(&words[0], ~0u, &woken));
	CHECK_EQ(woken, 0);
	CHECK_OK(futex_wake(&words[2], ~0u, &woken));
	CHECK_EQ(woken, 0);
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), 0);
	CHECK_EQ(s.done, 0);
	CHECK_EQ(t.done, 0);
	CHECK_OK(futex_wake(&words[1], 1, &woken));
	CHECK_EQ(woken, 1);
	CHECK_OK(futex_wake(&word, 1, &woken));
	CHECK_OK(sleeper_join(&s));
	CHECK_OK(sleeper_join(&t));
}

/* The same page under several addresses, here and elsewhere */
static void wake_shared(const struct child_args *args)
{
	volatile uint32_t *p = map(args->h[0], 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	uint32_t woken = 0;

	p[5] = 1;
	CHECK_OK(futex_wake(&p[5], 1, &woken));
	CHECK_EQ(woken, 1);
	while (p[6] == 0)
		futex_wait(&p[6], 0, DEADLINE_NEVER);
}

static void test_shared(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE);
	volatile uint32_t *p = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	volatile uint32_t *q = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	struct child_spec spec = {.run = wake_shared, .h = {vmo}};
	struct sleeper s;
	struct child c;
	uint32_t woken = 0;

	REQUIRE(p && q);
	REQUIRE(sleeper_block(&s, &p[7], 0, DEADLINE_NEVER));
	CHECK_OK(futex_wake(&q[7], 1, &woken));
	CHECK_EQ(woken, 1);
	CHECK_OK(sleeper_join(&s));
	REQUIRE(sleeper_block(&s, &p[5], 0, DEADLINE_NEVER));
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(sleeper_join(&s));
	CHECK_EQ(q[5], 1);
	p[6] = 1;
	CHECK_OK(futex_wake(&q[6], 1, NULL));
	CHECK_EQ(child_wait(&c), 0);
	/* The mapping goes while somebody waits: the other address still wakes it. */
	REQUIRE(sleeper_block(&s, &p[9], 0, now() + 20 * SECOND));
	unmap((void *)(uintptr_t)p, PAGE_SIZE);
	CHECK_OK(futex_wake(&q[9], 1, &woken));
	CHECK_OK(sleeper_join(&s));
	unmap((void *)(uintptr_t)q, PAGE_SIZE);
	shut(vmo);
}

/* Copy-on-write twins are different memory, also before the first write. */
static void test_clone(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE), clone = HANDLE_NONE;
	volatile uint32_t *p = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE), *q;
	struct sleeper s;
	uint32_t woken = 99;

	REQUIRE(p);
	p[0] = 8;
	CHECK_OK(vmo_clone(vmo, 0, PAGE_SIZE, &clone));
	q = map(clone, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(q);
	REQUIRE(sleeper_block(&s, p, 8, DEADLINE_NEVER));
	CHECK_OK(futex_wake(q, ~0u, &woken));
	CHECK_EQ(woken, 0);
	/* The page moves under the sleeper when it is written; the futex is still the same. */
	p[1] = 1;
	q[1] = 2;
	CHECK_OK(futex_wake(p, ~0u, &woken));
	CHECK_EQ(woken, 1);
	CHECK_OK(sleeper_join(&s));
	unmap((void *)(uintptr_t)p, PAGE_SIZE);
	unmap((void *)(uintptr_t)q, PAGE_SIZE);
	shut(vmo);
	shut(clone);
}

static void sleep_shared(const struct child_args *args)
{
	volatile uint32_t *p = map(args->h[0], 0, PAGE_SIZE, MAP_READ | MAP_WRITE);

	futex_wait(&p[0], 0, DEADLINE_NEVER);
}

/* A killed sleeper leaves no trace: the wake-up goes to one who lives. */
static void test_killed(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE);
	volatile uint32_t *p = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	struct child_spec spec = {.run = sleep_shared, .h = {vmo}};
	struct sleeper s, dead;
	struct child c;
	uint32_t woken = 0;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK(thread_await_state(c.thread, THREAD_BLOCKED_FUTEX, THREAD_BLOCKED_FUTEX));
	REQUIRE(sleeper_block(&dead, &p[0], 0, DEADLINE_NEVER));
	REQUIRE(sleeper_block(&s, &p[0], 0, DEADLINE_NEVER));
	CHECK_OK(thread_kill(dead.thread.handle));
	CHECK(thread_await_state(dead.thread.handle, THREAD_ENDED, THREAD_ENDED));
	thread_discard(&dead.thread);
	CHECK_EQ(child_kill(&c), EXIT_KILLED);
	CHECK_OK(futex_wake(&p[0], 1, &woken));
	CHECK_EQ(woken, 1);
	CHECK_OK(sleeper_join(&s));
	unmap((void *)(uintptr_t)p, PAGE_SIZE);
	shut(vmo);
}

/* The word that thread_exit clears */
static void exit_to(void *arg)
{
	thread_exit(arg);
}

static void test_exit_word(void)
{
	static const uint64_t bad[] = {4, USER_TOP, 0xffffffc000000000, 2};
	static volatile uint32_t cleared = 5;
	struct thread t;

	REQUIRE(thread_spawn(&t, exit_to, (void *)(uintptr_t)&cleared, PRIO_DEFAULT));
	while (cleared != 0)
		futex_wait(&cleared, 5, DEADLINE_NEVER);
	CHECK(thread_await_state(t.handle, THREAD_ENDED, THREAD_ENDED));
	thread_discard(&t);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		REQUIRE(thread_spawn(&t, exit_to, (void *)bad[i], PRIO_DEFAULT));
		CHECK(thread_await_state(t.handle, THREAD_ENDED, THREAD_ENDED));
		thread_discard(&t);
	}
}

/* ---- stress: a mutex of three states and a counter under it; a lost wake-up would hang it ---- */

struct contention {
	volatile uint32_t lock;
	volatile uint64_t count;
};

static void lock(volatile uint32_t *m)
{
	uint32_t expected = 0;

	if (__atomic_compare_exchange_n(m, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(m, 2, __ATOMIC_ACQUIRE) != 0) {
		status_t status = futex_wait(m, 2, DEADLINE_NEVER);

		if (status != OK && status != ERR_AGAIN)
			CHECK_OK(status);
	}
}

static void unlock(volatile uint32_t *m)
{
	if (__atomic_exchange_n(m, 0, __ATOMIC_RELEASE) == 2)
		CHECK_OK(futex_wake(m, 1, NULL));
}

enum { TURNS = 2000 };

static void contend(void *arg)
{
	struct contention *c = arg;

	for (unsigned i = 0; i < TURNS; i++) {
		lock(&c->lock);
		uint64_t n = c->count;

		if (i % 64 == 0)
			thread_yield();
		c->count = n + 1;
		unlock(&c->lock);
	}
}

static void contend_child(const struct child_args *args)
{
	contend(map(args->h[0], 0, PAGE_SIZE, MAP_READ | MAP_WRITE));
}

static void test_stress(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE);
	struct contention *c = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	struct child_spec spec = {.run = contend_child, .h = {vmo}};
	struct thread t[4];
	struct child child[2];

	REQUIRE(c);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		REQUIRE(thread_spawn(&t[i], contend, c, PRIO_DEFAULT));
	for (unsigned i = 0; i < ARRAY_SIZE(child); i++)
		REQUIRE_OK(child_start(&child[i], &spec));
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		thread_join(&t[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(child); i++)
		CHECK_EQ(child_wait(&child[i]), 0);
	CHECK_EQ(c->count, (ARRAY_SIZE(t) + ARRAY_SIZE(child)) * TURNS);
	unmap(c, PAGE_SIZE);
	shut(vmo);
}

/* Waits with short deadlines against wakes: each wait ends in one of its ways, and the word's last value is seen. */
static volatile uint32_t ticks;

static void ticker(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 3000; i++) {
		__atomic_fetch_add(&ticks, 1, __ATOMIC_SEQ_CST);
		CHECK_OK(futex_wake(&ticks, 1, NULL));
	}
}

static void test_deadline_stress(void)
{
	struct thread t;
	uint64_t seed = 3;

	ticks = 0;
	REQUIRE(thread_spawn(&t, ticker, NULL, PRIO_DEFAULT));
	for (uint32_t seen = 0; seen < 3000;) {
		status_t status = futex_wait(&ticks, seen, now() + random_next(&seed) % MS);

		if (!CHECK(status == OK || status == ERR_AGAIN || status == ERR_TIMED_OUT))
			break;
		seen = __atomic_load_n(&ticks, __ATOMIC_SEQ_CST);
	}
	thread_join(&t);
}

TEST_CASES("futex", {"basic", test_basic}, {"arguments", test_arguments}, {"private", test_private},
	   {"shared", test_shared}, {"clone", test_clone}, {"killed", test_killed}, {"exit_word", test_exit_word},
	   {"stress", test_stress}, {"deadline_stress", test_deadline_stress});
