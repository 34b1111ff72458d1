/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory objects and mappings: contents, sharing, copies, bounds, protection, and what they cost. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#include <string.h>

#define RW (MAP_READ | MAP_WRITE)

static const uint64_t page = PAGE_SIZE;

/* Can the memory be read or written? Asked through the kernel, which must answer ERR_FAULT and not fault itself. */
static bool readable(const void *at)
{
	static handle_t probe;

	if (probe == HANDLE_NONE)
		probe = make_vmo(PAGE_SIZE);
	return vmo_write(probe, 0, at, 1) == OK;
}

static bool writable(void *at)
{
	static handle_t probe;
	uint8_t old;

	if (probe == HANDLE_NONE)
		probe = make_vmo(PAGE_SIZE);
	if (!readable(at))
		return false;
	old = *(volatile uint8_t *)at;
	if (vmo_read(probe, 0, at, 1) != OK)
		return false;
	*(volatile uint8_t *)at = old;
	return true;
}

static uint64_t committed(handle_t vmo)
{
	struct vmo_info info = {0};

	CHECK_OK(vmo_info(vmo, &info));
	return info.committed;
}

/* ---- creation and contents ---- */

static void test_create(void)
{
	static const uint64_t sizes[] = {1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 100 * PAGE_SIZE};
	handle_t vmo = HANDLE_NONE;
	struct vmo_info info = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		status_t status = vmo_create(sizes[i], 0, HANDLE_NONE, &vmo);

		/* Sizes are multiples of the page size: others are refused or rounded up, nothing else. */
		if (status == OK) {
			CHECK_OK(vmo_info(vmo, &info));
			CHECK(info.size >= sizes[i] && info.size - sizes[i] < PAGE_SIZE && info.size % PAGE_SIZE == 0);
			CHECK_EQ(info.kind, VMO_KIND_ANON);
			CHECK_EQ(info.committed, 0);
			CHECK_EQ(info.phys, 0);
			shut(vmo);
		} else {
			CHECK(sizes[i] % PAGE_SIZE != 0);
			CHECK_STATUS(status, ERR_INVALID);
		}
	}
	CHECK(vmo_create(0, 0, HANDLE_NONE, &vmo) != OK);
	CHECK(vmo_create(~0ull, 0, HANDLE_NONE, &vmo) != OK);
	CHECK(vmo_create(~0ull - PAGE_SIZE + 1, 0, HANDLE_NONE, &vmo) != OK);
	CHECK(vmo_create(1ull << 63, 0, HANDLE_NONE, &vmo) != OK);
	CHECK_STATUS(vmo_create(PAGE_SIZE, 1u << 7, HANDLE_NONE, &vmo), ERR_INVALID);
	/* More than there is, now or on demand: refused, and nothing of it stays. */
	uint64_t used = test_quota_used();

	CHECK_STATUS(vmo_create(1ull << 34, VMO_COMMIT, HANDLE_NONE, &vmo), ERR_NO_MEMORY);
	CHECK_STATUS(vmo_create(1ull << 40, VMO_COMMIT, HANDLE_NONE, &vmo), ERR_RANGE);
	CHECK_EQ(test_quota_used(), used);
}

/* Memory that was somebody else's comes zeroed, whichever way it is looked at. */
static void test_zero(void)
{
	for (unsigned round = 0; round < 3; round++) {
		handle_t vmo = make_vmo(64 * page);
		uint64_t *p = map(vmo, 0, 64 * page, RW);
		uint64_t word = 1;

		REQUIRE(p);
		for (unsigned i = 0; i < 32; i++) { /* the other half through the kernel */
			for (unsigned w = 0; w < PAGE_SIZE / 8; w++) {
				if (p[i * PAGE_SIZE / 8 + w]) {
					test_fail(__FILE__, __LINE__, "old data in fresh memory");
					return;
				}
			}
		}
		for (unsigned i = 32; i < 64; i++) {
			CHECK_OK(vmo_read(vmo, i * page + 8 * (i % 500), &word, sizeof(word)));
			CHECK_EQ(word, 0);
		}
		memset(p, 0xa5, 64 * page);
		unmap(p, 64 * page);
		shut(vmo);
	}
}

static void test_demand(void)
{
	handle_t vmo = make_vmo(64 * page);
	volatile uint8_t *p = map(vmo, 0, 64 * page, RW);
	uint64_t before = test_quota_used();
	uint8_t byte = 0;

	REQUIRE(p);
	CHECK_EQ(committed(vmo), 0);
	CHECK_OK(vmo_read(vmo, 5 * page, &byte, 1)); /* reading needs no page of its own */
	p[40 * page] = 1;
	CHECK(committed(vmo) >= page);
	CHECK(committed(vmo) <= 17 * page); /* a few around it may come with it */
	CHECK(test_quota_used() > before);
	CHECK_OK(vmo_op(vmo, VMO_OP_COMMIT, 0, 64 * page));
	CHECK_EQ(committed(vmo), 64 * page);
	CHECK_EQ(p[40 * page], 1);
	/* Given back: reads as zero, through the mapping that was there all the time too. */
	CHECK_OK(vmo_op(vmo, VMO_OP_DECOMMIT, 32 * page, 32 * page));
	CHECK_EQ(committed(vmo), 32 * page);
	CHECK_EQ(p[40 * page], 0);
	p[40 * page] = 2;
	CHECK_EQ(p[40 * page], 2);
	p[0] = 7;
	CHECK_OK(vmo_op(vmo, VMO_OP_DECOMMIT, 0, 64 * page));
	CHECK_EQ(committed(vmo), 0);
	CHECK_EQ(p[0], 0);
	/* Arguments */
	CHECK_STATUS(vmo_op(vmo, 9, 0, page), ERR_INVALID);
	CHECK(vmo_op(vmo, VMO_OP_COMMIT, 64 * page, page) == ERR_RANGE);
	CHECK(vmo_op(vmo, VMO_OP_COMMIT, 63 * page, 2 * page) == ERR_RANGE);
	CHECK(vmo_op(vmo, VMO_OP_COMMIT, ~0ull - page + 1, 2 * page) == ERR_RANGE);
	CHECK(vmo_op(vmo, VMO_OP_DECOMMIT, 0, ~0ull - page + 1) == ERR_RANGE);
	CHECK_STATUS(vmo_op(vmo, VMO_OP_COMMIT, 1, page), ERR_INVALID);
	CHECK_STATUS(vmo_op(vmo, VMO_OP_COMMIT, 0, 1), ERR_INVALID);
	unmap((void *)(uintptr_t)p, 64 * page);
	shut(vmo);
}

static void test_read_write(void)
{
	handle_t vmo = make_vmo(4 * page);
	static uint8_t out[3 * PAGE_SIZE], in[3 * PAGE_SIZE];
	uint64_t seed = 8;

	for (unsigned i = 0; i < 60; i++) {
		uint64_t offset = random_next(&seed) % (2 * page), length = random_next(&seed) % (2 * page);
		uint64_t skew = i % 8;

		for (uint64_t k = 0; k < length; k++)
			out[skew + k] = (uint8_t)(random_next(&seed) >> 40);
		CHECK_OK(vmo_write(vmo, offset, out + skew, length));
		memset(in, 0x77, sizeof(in));
		CHECK_OK(vmo_read(vmo, offset, in + (i * 3) % 8, length));
		CHECK_EQ(memcmp(in + (i * 3) % 8, out + skew, length), 0);
		CHECK_EQ(in[(i * 3) % 8 + length], 0x77);
	}
	CHECK_OK(vmo_read(vmo, 4 * page, in, 0));
	CHECK_OK(vmo_write(vmo, 4 * page - 1, "x", 1));
	CHECK_STATUS(vmo_write(vmo, 4 * page, "x", 1), ERR_RANGE);
	CHECK_STATUS(vmo_write(vmo, 4 * page - 1, "xy", 2), ERR_RANGE);
	CHECK_STATUS(vmo_read(vmo, ~0ull, in, 1), ERR_RANGE);
	CHECK_STATUS(vmo_read(vmo, ~0ull, in, 2), ERR_RANGE);
	CHECK_STATUS(vmo_read(vmo, 1, in, ~0ull), ERR_RANGE);
	CHECK_STATUS(vmo_read(vmo, 0, in, 1ull << 63), ERR_RANGE);
	CHECK_STATUS(vmo_read(vmo, 0, (void *)16, 8), ERR_FAULT);
	CHECK_STATUS(vmo_write(vmo, 0, (void *)USER_TOP, 8), ERR_FAULT);
	shut(vmo);
}

/* ---- mapping ---- */

static void test_map(void)
{
	handle_t vmo = make_vmo(8 * page);
	volatile uint8_t *p = map(vmo, 0, 8 * page, RW), *q = map(vmo, 2 * page, 3 * page, RW);
	volatile uint8_t *v; /* one page under two addresses: the compiler must not know better */
	uint8_t *r;
	void *at = NULL;

	REQUIRE(p && q);
	CHECK(((uint64_t)p & (page - 1)) == 0);
	CHECK((uint64_t)p >= USER_BASE && (uint64_t)p + 8 * page <= USER_TOP);
	p[2 * page] = 5;
	CHECK_EQ(q[0], 5);
	q[3 * page - 1] = 6;
	CHECK_EQ(p[5 * page - 1], 6);
	/* A mapping holds the object. */
	shut(vmo);
	p[7 * page] = 9;
	CHECK_EQ(p[7 * page], 9);
	unmap((void *)(uintptr_t)p, 8 * page);
	CHECK(!readable((void *)(uintptr_t)p));
	CHECK_EQ(q[0], 5);
	unmap((void *)(uintptr_t)q, 3 * page);

	vmo = make_vmo(4 * page);
	/* At a fixed place; not over something else; over it when told */
	r = (uint8_t *)0x30000000;
	CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, r, 4 * page, RW | MAP_FIXED, &at));
	CHECK(at == r);
	r[page] = 1;
	CHECK_STATUS(vmo_map(HANDLE_NONE, vmo, 0, r + 3 * page, 2 * page, RW | MAP_FIXED, &at), ERR_EXISTS);
	CHECK_STATUS(vmo_map(HANDLE_NONE, vmo, 0, r - page, 2 * page, RW | MAP_FIXED, &at), ERR_EXISTS);
	CHECK_STATUS(vmo_map(HANDLE_NONE, vmo, 0, r + page, page, RW | MAP_FIXED, &at), ERR_EXISTS);
	CHECK_EQ(r[page], 1);
	CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, r + page, page, RW | MAP_FIXED | MAP_REPLACE, &at));
	v = r;
	v[0] = 3;
	CHECK_EQ(v[page], 3); /* now the object's first page */
	CHECK_EQ(r[2 * page], 0);
	/* An address that is only a wish is no reason to overwrite. */
	CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, r, 4 * page, RW, &at));
	CHECK(at != r);
	unmap(at, 4 * page);
	unmap(r, 4 * page);
	CHECK(!readable(r) && !readable(r + 3 * page));
	shut(vmo);
}

static void test_map_arguments(void)
{
	handle_t vmo = make_vmo(4 * page);
	void *at = NULL;
	static const struct {
		uint64_t offset, address, size;
		uint32_t flags;
		status_t want;
	} bad[] = {
		{1, 0, PAGE_SIZE, RW, ERR_INVALID},
		{0, 1, PAGE_SIZE, RW | MAP_FIXED, ERR_INVALID},
		{0, 0, 1, RW, ERR_INVALID},
		{0, 0, 0, RW, ERR_INVALID},
		{0, 0, 5 * PAGE_SIZE, RW, ERR_RANGE},
		{4 * PAGE_SIZE, 0, PAGE_SIZE, RW, ERR_RANGE},
		{3 * PAGE_SIZE, 0, 2 * PAGE_SIZE, RW, ERR_RANGE},
		{~0ull - PAGE_SIZE + 1, 0, 2 * PAGE_SIZE, RW, ERR_RANGE},
		{0, 0, ~0ull - PAGE_SIZE + 1, RW, ERR_RANGE},
		{0, 0, 1ull << 63, RW, ERR_RANGE},
		{0, 0, PAGE_SIZE, MAP_READ | MAP_WRITE | MAP_EXEC, ERR_INVALID},
		{0, 0, PAGE_SIZE, MAP_WRITE | MAP_EXEC, ERR_INVALID},
		{0, 0, PAGE_SIZE, RW | 1u << 9, ERR_INVALID},
		{0, 0, PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE}, /* address 0 */
		{0, USER_BASE - PAGE_SIZE, PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
		{0, USER_TOP, PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
		{0, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
		{0, 0xffffffc000000000, PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
		{0, 0xffffffff80000000, PAGE_SIZE, RW | MAP_FIXED | MAP_REPLACE, ERR_RANGE},
		{0, ~0ull - PAGE_SIZE + 1, PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
		{0, ~0ull - PAGE_SIZE + 1, 2 * PAGE_SIZE, RW | MAP_FIXED, ERR_RANGE},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		status_t status = vmo_map(HANDLE_NONE, vmo, bad[i].offset, (void *)bad[i].address, bad[i].size,
					  bad[i].flags, &at);

		/* Which of the two names a bad argument gets matters less than that it is refused. */
		if (status != ERR_INVALID && status != ERR_RANGE) {
			print("case %u", i);
			CHECK_STATUS(status, bad[i].want);
		}
	}
	CHECK_STATUS(vmo_unmap(HANDLE_NONE, (void *)1, page), ERR_INVALID);
	CHECK_STATUS(vmo_unmap(HANDLE_NONE, (void *)0x30000000, 1), ERR_INVALID);
	CHECK(vmo_unmap(HANDLE_NONE, (void *)0xffffffc000000000, page) != OK);
	CHECK(vmo_unmap(HANDLE_NONE, (void *)0x30000000, ~0ull - page + 1) != OK);
	CHECK(vmo_protect(HANDLE_NONE, (void *)0xffffffff80000000, page, RW) != OK);
	CHECK(vmo_protect(HANDLE_NONE, (void *)0x30000000, page, RW) != OK); /* nothing is there */
	shut(vmo);
}

/* Any part of a mapping can go or change; its neighbours stay. */
static void test_partial(void)
{
	handle_t vmo = make_vmo(16 * page);
	uint8_t *p = map(vmo, 0, 16 * page, RW);

	REQUIRE(p);
	for (unsigned i = 0; i < 16; i++)
		p[i * page] = (uint8_t)(i + 1);
	unmap(p + 5 * page, page);
	unmap(p + 9 * page, 2 * page);
	for (unsigned i = 0; i < 16; i++) {
		bool gone = i == 5 || i == 9 || i == 10;

		CHECK_EQ(readable(p + i * page), !gone);
		if (!gone)
			CHECK_EQ(p[i * page], i + 1);
	}
	unmap(p + 4 * page, 8 * page); /* with holes inside */
	CHECK_EQ(p[3 * page], 4);
	CHECK(!readable(p + 4 * page) && !readable(p + 11 * page));
	CHECK_EQ(p[12 * page], 13);
	CHECK_OK(vmo_protect(HANDLE_NONE, p + page, 2 * page, MAP_READ));
	CHECK(writable(p) && writable(p + 3 * page));
	CHECK(readable(p + page) && !writable(p + page) && !writable(p + 2 * page));
	CHECK_EQ(p[2 * page], 3);
	CHECK_OK(vmo_protect(HANDLE_NONE, p, 4 * page, RW));
	CHECK(writable(p + page) && writable(p + 2 * page));
	/* Neither read nor write: nothing works, the contents stay. */
	CHECK_OK(vmo_protect(HANDLE_NONE, p, page, 0));
	CHECK(!readable(p));
	CHECK_OK(vmo_protect(HANDLE_NONE, p, page, RW));
	CHECK_EQ(p[0], 1);
	unmap(p, 16 * page);
	CHECK_OK(vmo_unmap(HANDLE_NONE, p, 16 * page)); /* nothing there: fine */
	shut(vmo);
}

/* ---- execution ---- */

/* li a0, n; ret */
static void put_function(handle_t vmo, uint32_t n)
{
	uint32_t code[2] = {0x00000513 | n << 20, 0x00008067};

	CHECK_OK(vmo_write(vmo, 0, code, sizeof(code)));
	CHECK_OK(vmo_sync_code(vmo));
}

static uint64_t call_function(const void *at)
{
	uint64_t (*function)(void) = (uint64_t(*)(void))(uintptr_t)at;

	return function();
}

static void jump_to(const struct child_args *args)
{
	child_exit((int64_t)call_function((const void *)args->w[0]));
}

static void load_from(const struct child_args *args)
{
	peek(args->w[0]);
}

static void store_to(const struct child_args *args)
{
	poke(args->w[0], 1);
}

static void test_exec(void)
{
	handle_t vmo = make_vmo(page);
	uint32_t harts = test_system_info().harts;
	uint8_t *x, *w;

	put_function(vmo, 7);
	x = map(vmo, 0, page, MAP_READ | MAP_EXEC);
	REQUIRE(x);
	CHECK_EQ(call_function(x), 7);
	CHECK(!writable(x));
	/* Changed through another mapping; every hart sees it after the sync. */
	w = map(vmo, 0, page, RW);
	REQUIRE(w);
	for (uint32_t i = 0; i < 64; i++) {
		struct thread_sched sched = {.prio = PRIO_DEFAULT, .affinity = 1ull << (i % harts)};

		*(volatile uint32_t *)(void *)w = 0x00000513 | i << 20;
		CHECK_OK(vmo_sync_code(vmo));
		CHECK_OK(thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE));
		if (!CHECK_EQ(call_function(x), i))
			break;
	}
	thread_set_prio(HANDLE_NONE, PRIO_DEFAULT);
	/* Never both, by no way */
	CHECK(vmo_protect(HANDLE_NONE, x, page, RW | MAP_EXEC) != OK);
	CHECK(vmo_protect(HANDLE_NONE, x, page, MAP_WRITE | MAP_EXEC) != OK);
	CHECK_EQ(call_function(x), 63);
	CHECK_OK(vmo_protect(HANDLE_NONE, x, page, RW));
	CHECK(writable(x));
	CHECK_OK(vmo_protect(HANDLE_NONE, x, page, MAP_READ | MAP_EXEC));
	CHECK_EQ(call_function(x), 63);
	CHECK(!writable(x));
	unmap(x, page);
	unmap(w, page);
	shut(vmo);
}

static void expect_fault(void (*run)(const struct child_args *), uint64_t address, uint32_t cause, int line)
{
	struct child_spec spec = {.run = run, .w = {address}};
	struct child c;

	if (child_start(&c, &spec) == OK)
		test_check_eq((uint64_t)child_wait(&c), EXIT_FAULT | cause, __FILE__, line, "exit status");
}
#define EXPECT_FAULT(run, address, cause) expect_fault(run, (uint64_t)(address), cause, __LINE__)

/* The program's own segments, and the kernel's half. */
static void test_segments(void)
{
	static uint32_t data[2] = {0x00000513, 0x00008067};
	static const uint32_t constant = 5;

	EXPECT_FAULT(jump_to, data, FAULT_FETCH_PAGE);
	EXPECT_FAULT(jump_to, &constant, FAULT_FETCH_PAGE);
	EXPECT_FAULT(store_to, &constant, FAULT_STORE_PAGE);
	EXPECT_FAULT(store_to, (uint64_t)test_segments & ~7ull, FAULT_STORE_PAGE);
	EXPECT_FAULT(load_from, 0, FAULT_LOAD_PAGE);
	EXPECT_FAULT(load_from, 0xffffffc080000000, FAULT_LOAD_PAGE);
	EXPECT_FAULT(store_to, 0xffffffff80000000, FAULT_STORE_PAGE);
	EXPECT_FAULT(jump_to, 0xffffffff80000000, FAULT_FETCH_PAGE);
	EXPECT_FAULT(load_from, 0x4000000000, FAULT_LOAD_PAGE);
	EXPECT_FAULT(load_from, 0x8000000000000000, FAULT_LOAD_PAGE);
}

/* ---- copies ---- */

static void test_clone(void)
{
	handle_t vmo = make_vmo(8 * page), clone = HANDLE_NONE, again = HANDLE_NONE;
	uint8_t *p = map(vmo, 0, 8 * page, RW), *q, *r;

	REQUIRE(p);
	for (unsigned i = 0; i < 4; i++) /* the other half is not there yet */
		p[i * page] = (uint8_t)(10 + i);
	CHECK_OK(vmo_clone(vmo, 0, 8 * page, &clone));
	q = map(clone, 0, 8 * page, RW);
	REQUIRE(q);
	/* Written in the original through a mapping that was writable before: the copy keeps the old. */
	p[0] = 20;
	p[5 * page] = 25;
	CHECK_EQ(q[0], 10);
	CHECK_EQ(q[5 * page], 0);
	/* And the other way */
	q[page] = 31;
	q[6 * page] = 36;
	CHECK_EQ(p[page], 11);
	CHECK_EQ(p[6 * page], 0);
	/* Through the kernel */
	CHECK_OK(vmo_write(clone, 2 * page, "c", 1));
	CHECK_EQ(p[2 * page], 12);
	CHECK_EQ(q[2 * page], 'c');
	CHECK_OK(vmo_write(vmo, 3 * page, "o", 1));
	CHECK_EQ(q[3 * page], 13);
	/* A copy of a part of the copy; then the middle one goes. */
	CHECK_OK(vmo_clone(clone, page, 2 * page, &again));
	shut(clone);
	unmap(q, 8 * page);
	r = map(again, 0, 2 * page, RW);
	REQUIRE(r);
	CHECK_EQ(r[0], 31);
	CHECK_EQ(r[page], 'c');
	r[0] = 1;
	p[page] = 2;
	CHECK_EQ(r[0], 1);
	/* The original goes; the copy lives. */
	unmap(p, 8 * page);
	shut(vmo);
	CHECK_EQ(r[page], 'c');
	r[page] = 'd';
	CHECK_EQ(r[page], 'd');
	unmap(r, 2 * page);
	shut(again);
}

static void test_clone_arguments(void)
{
	handle_t vmo = make_vmo(4 * page), read = make_dup(vmo, RIGHT_VMO_READ | RIGHT_DUP | RIGHT_MOVE | RIGHT_MOVE);
	handle_t blind = make_dup(vmo, RIGHT_VMO_WRITE), clone = HANDLE_NONE;
	struct vmo_info info = {0};

	CHECK_STATUS(vmo_clone(vmo, 1, page, &clone), ERR_INVALID);
	CHECK_STATUS(vmo_clone(vmo, 0, 1, &clone), ERR_INVALID);
	CHECK(vmo_clone(vmo, 0, 0, &clone) != OK);
	CHECK_STATUS(vmo_clone(vmo, 4 * page, page, &clone), ERR_RANGE);
	CHECK_STATUS(vmo_clone(vmo, page, 4 * page, &clone), ERR_RANGE);
	CHECK_STATUS(vmo_clone(vmo, ~0ull - page + 1, 2 * page, &clone), ERR_RANGE);
	CHECK_STATUS(vmo_clone(blind, 0, page, &clone), ERR_RIGHTS);
	/* Of what one may only read, a copy of one's own may be written. */
	CHECK_OK(vmo_clone(read, page, 2 * page, &clone));
	CHECK_OK(vmo_write(clone, 0, "x", 1));
	CHECK_OK(vmo_info(clone, &info));
	CHECK_EQ(info.size, 2 * page);
	shut(clone);
	shut(read);
	shut(blind);
	shut(vmo);
}

/* Copies of copies, all written at random, against a model. */
static void test_clone_model(void)
{
	enum { N = 6, PAGES = 8 };
	handle_t vmo[N];
	uint8_t *p[N], model[N][PAGES];
	uint64_t seed = 11;

	vmo[0] = make_vmo(PAGES * page);
	p[0] = map(vmo[0], 0, PAGES * page, RW);
	REQUIRE(p[0]);
	memset(model, 0, sizeof(model));
	for (unsigned n = 1; n < N; n++) {
		for (unsigned k = 0; k < 30; k++) {
			unsigned i = random_next(&seed) % n, at = random_next(&seed) % PAGES;

			model[i][at] = p[i][at * page] = (uint8_t)(random_next(&seed) >> 33);
		}
		unsigned from = random_next(&seed) % n;

		vmo[n] = HANDLE_NONE;
		CHECK_OK(vmo_clone(vmo[from], 0, PAGES * page, &vmo[n]));
		p[n] = map(vmo[n], 0, PAGES * page, RW);
		REQUIRE(p[n]);
		memcpy(model[n], model[from], PAGES);
		for (unsigned i = 0; i <= n; i++) {
			for (unsigned at = 0; at < PAGES; at++)
				CHECK_EQ(p[i][at * page], model[i][at]);
		}
	}
	for (unsigned n = 0; n < N; n++) {
		unmap(p[n], PAGES * page);
		shut(vmo[n]);
	}
}

/* Every page is counted while somebody holds it and returned when nobody does. */
static void test_accounts(void)
{
	struct test_account before = {0};

	for (unsigned round = 0; round < 4; round++) {
		handle_t vmo, clone = HANDLE_NONE, part = HANDLE_NONE;
		uint8_t *p, *q;

		if (round == 2)
			before = test_account();
		vmo = make_vmo(100 * page);
		p = map(vmo, 0, 100 * page, RW);
		REQUIRE(p);
		memset(p, 1, 100 * page);
		CHECK_OK(vmo_clone(vmo, 0, 100 * page, &clone));
		q = map(clone, 0, 100 * page, RW);
		REQUIRE(q);
		for (unsigned i = 0; i < 100; i += 2)
			q[i * page] = 2;
		CHECK_OK(vmo_clone(clone, 10 * page, 20 * page, &part));
		for (unsigned i = 0; i < 100; i += 3)
			p[i * page] = 3;
		CHECK_OK(vmo_op(clone, VMO_OP_DECOMMIT, 0, 50 * page));
		if (round & 1) {
			shut(vmo);
			unmap(p, 100 * page);
			shut(part);
			unmap(q, 100 * page);
			shut(clone);
		} else {
			shut(clone);
			unmap(q, 100 * page);
			shut(part);
			unmap(p, 100 * page);
			shut(vmo);
		}
	}
	CHECK_ACCOUNT(&before);
}

/* ---- contiguous and device memory ---- */

static void test_contiguous(void)
{
	handle_t dma = test_system_resource(SYSTEM_DMA), other = test_system_resource(SYSTEM_INSPECT);
	handle_t vmo = HANDLE_NONE, blind, clone = HANDLE_NONE;
	struct vmo_info info = {0};
	uint8_t *p;

	CHECK(vmo_create(4 * page, VMO_CONTIGUOUS, HANDLE_NONE, &vmo) != OK);
	CHECK(vmo_create(4 * page, VMO_CONTIGUOUS, other, &vmo) != OK);
	for (unsigned pages = 1; pages <= 67; pages += 11) {
		if (!CHECK_OK(vmo_create(pages * page, VMO_CONTIGUOUS, dma, &vmo)))
			break;
		CHECK_OK(vmo_info(vmo, &info));
		CHECK_EQ(info.kind, VMO_KIND_CONTIGUOUS);
		CHECK_EQ(info.committed, pages * page);
		CHECK(info.phys != 0 && info.phys % page == 0);
		blind = make_dup(vmo, RIGHT_VMO_READ | RIGHT_INFO);
		CHECK_OK(vmo_info(blind, &info));
		CHECK_EQ(info.phys, 0);
		shut(blind);
		p = map(vmo, 0, pages * page, RW);
		REQUIRE(p);
		for (uint64_t i = 0; i < pages * page; i += 8) {
			if (*(uint64_t *)(void *)(p + i)) {
				test_fail(__FILE__, __LINE__, "old data in DMA memory");
				break;
			}
		}
		memset(p, 0xcc, pages * page);
		CHECK_STATUS(vmo_clone(vmo, 0, page, &clone), ERR_UNSUPPORTED);
		CHECK(vmo_op(vmo, VMO_OP_DECOMMIT, 0, page) != OK);
		CHECK_EQ(p[0], 0xcc);
		unmap(p, pages * page);
		shut(vmo);
	}
	CHECK_STATUS(vmo_create(1ull << 30, VMO_CONTIGUOUS, dma, &vmo), ERR_NO_MEMORY);
	CHECK_STATUS(vmo_create(1ull << 40, VMO_CONTIGUOUS, dma, &vmo), ERR_RANGE);
	shut(dma);
	shut(other);
}

static void test_device(void)
{
	handle_t all = test_handle(HND_RES_MMIO), part = HANDLE_NONE, vmo = HANDLE_NONE, clone = HANDLE_NONE;
	struct vmo_info info = {0};
	uint64_t ram = 0;
	handle_t dma = test_system_resource(SYSTEM_DMA);

	/* RAM is nobody's to map, least of all the kernel's. */
	CHECK_OK(vmo_create(page, VMO_CONTIGUOUS, dma, &vmo));
	CHECK_OK(vmo_info(vmo, &info));
	ram = info.phys;
	shut(vmo);
	CHECK(vmo_create_device(all, ram, page, &vmo) != OK);
	CHECK(vmo_create_device(all, 0x80000000, page, &vmo) != OK);
	CHECK(vmo_create_device(all, 0x80200000, page, &vmo) != OK);
	CHECK(vmo_create_device(all, 0x80000000 - page, 2 * page, &vmo) != OK);
	CHECK(vmo_create_device(all, 0, ~0ull, &vmo) != OK);
	CHECK(vmo_create_device(all, ~0ull - 10, 100, &vmo) != OK);
	CHECK(vmo_create_device(all, 0x10000000, 0, &vmo) != OK);
	CHECK(vmo_create_device(HANDLE_NONE, 0x10000000, page, &vmo) != OK);
	CHECK(vmo_create_device(dma, 0x10000000, page, &vmo) != OK);
	CHECK(vmo_create_device(test_handle(HND_RES_IRQ), 0x10000000, page, &vmo) != OK);
	/* Registers that do not start on a page: the offset says where they are. */
	CHECK_OK(resource_create(all, 0x10000000, 0x200, &part));
	CHECK_OK(vmo_create_device(part, 0x10000100, 0x80, &vmo));
	CHECK_OK(vmo_info(vmo, &info));
	CHECK_EQ(info.kind, VMO_KIND_DEVICE);
	CHECK_EQ(info.size, page);
	CHECK_EQ(info.offset, 0x100);
	CHECK_EQ(info.phys + info.offset, 0x10000100);
	CHECK_STATUS(vmo_clone(vmo, 0, page, &clone), ERR_UNSUPPORTED);
	CHECK(vmo_op(vmo, VMO_OP_DECOMMIT, 0, page) != OK);
	void *at = NULL;

	CHECK(vmo_map(HANDLE_NONE, vmo, 0, NULL, page, MAP_READ | MAP_EXEC, &at) != OK);
	shut(vmo);
	/* Not one page beyond */
	CHECK(vmo_create_device(part, 0x10001000, 4, &vmo) != OK);
	CHECK(vmo_create_device(part, 0x0ffff000, page, &vmo) != OK);
	CHECK(vmo_create_device(part, 0x10000000, page + 1, &vmo) != OK);
	CHECK(resource_create(part, 0x10000000, 0x201, &vmo) != OK);
	CHECK(resource_create(part, 0x0fffffff, 2, &vmo) != OK);
	CHECK(resource_create(part, 0x10000010, ~0ull, &vmo) != OK);
	CHECK(resource_create(part, 0x10000000, 0, &vmo) != OK);
	shut(part);
	shut(dma);
}

/* Another process's address space, managed from here. */
static void sees(const struct child_args *args)
{
	CHECK_EQ(peek(args->w[0]), 0x1122334455667788);
	poke(args->w[0], 99);
	CHECK_OK(notification_signal(args->h[0], 1));
	CHECK_OK(notification_wait(args->h[1], DEADLINE_NEVER, NULL));
	poke(args->w[0], 100); /* unmapped meanwhile */
}

static void test_other_process(void)
{
	handle_t vmo = make_vmo(page), up = make_notification(), go = make_notification();
	struct child_spec spec = {.run = sees, .h = {up, go}, .w = {0x50000000}, .stopped = true};
	uint64_t word = 0x1122334455667788;
	struct child c;
	void *at = NULL;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(vmo_write(vmo, 0, &word, sizeof(word)));
	CHECK_OK(vmo_map(c.process, vmo, 0, (void *)0x50000000, page, RW | MAP_FIXED, &at));
	CHECK(!readable((void *)0x50000000));
	CHECK_OK(thread_start(c.thread));
	CHECK_OK(notification_wait(up, DEADLINE_NEVER, NULL));
	CHECK_OK(vmo_read(vmo, 0, &word, sizeof(word)));
	CHECK_EQ(word, 99);
	CHECK_OK(vmo_unmap(c.process, (void *)0x50000000, page));
	CHECK_OK(notification_signal(go, 1));
	CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_STORE_PAGE);
	shut(vmo);
	shut(up);
	shut(go);
}

/* Revoking the handle that a mapping was made with takes the memory away from its user. */
static void keeps_touching(const struct child_args *args)
{
	volatile uint64_t *p = map(args->h[0], 0, PAGE_SIZE, RW);

	p[0] = 1;
	CHECK_OK(notification_signal(args->h[1], 1));
	for (;;)
		p[1]++;
}

static void test_revoke(void)
{
	handle_t vmo = make_vmo(page), up = make_notification();
	struct child_spec spec = {.run = keeps_touching, .h = {vmo, up}};
	uint64_t *p = map(vmo, 0, page, RW);
	struct child c;
	int64_t status;

	REQUIRE(p);
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(notification_wait(up, DEADLINE_NEVER, NULL));
	CHECK_EQ(p[0], 1);
	unmap(p, page);
	CHECK_OK(handle_revoke(vmo));
	status = child_wait(&c);
	CHECK(status == (EXIT_FAULT | FAULT_STORE_PAGE) || status == (EXIT_FAULT | FAULT_LOAD_PAGE));
	shut(vmo);
	shut(up);
}

/* Whoever maps and unmaps for ever does not run through the address space, nor take page tables for all of it. */
static void test_address_again(void)
{
	const uint64_t size = 2 * MIB + 3 * page; /* given back in steps */
	handle_t vmo = make_vmo(size);
	struct process_info before, after;
	void *first = NULL;

	for (unsigned round = 0; round < 40; round++) {
		uint8_t *p = map(vmo, 0, size, RW);

		REQUIRE(p);
		for (uint64_t at = 0; at < size; at += page)
			*(volatile uint8_t *)(p + at) = 1;
		if (round == 0) {
			first = p;
			CHECK_OK(process_info(HANDLE_NONE, &before));
		}
		if (!CHECK(p == first))
			break;
		unmap(p, size);
	}
	CHECK_OK(process_info(HANDLE_NONE, &after));
	CHECK(after.kernel_bytes <= before.kernel_bytes);
	shut(vmo);
}

TEST_CASES("vmo", {"create", test_create}, {"zero", test_zero}, {"demand", test_demand},
	   {"read_write", test_read_write}, {"map", test_map}, {"map_arguments", test_map_arguments},
	   {"partial", test_partial}, {"exec", test_exec}, {"segments", test_segments}, {"clone", test_clone},
	   {"clone_arguments", test_clone_arguments}, {"clone_model", test_clone_model}, {"accounts", test_accounts},
	   {"contiguous", test_contiguous}, {"device", test_device}, {"other_process", test_other_process},
	   {"revoke", test_revoke}, {"address_again", test_address_again});
