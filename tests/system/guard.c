/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pointer argument of every system call, with every kind of bad address: an error, never a fault of the kernel. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

enum direction { FROM_USER, TO_USER };

struct pointer_case {
	const char *what;
	uint64_t number;
	uint64_t a[6];
	unsigned at; /* which argument is the pointer */
	uint64_t size;
	enum direction direction;
};

static struct pointer_case cases[24];
static size_t case_count;

static void add(const char *what, uint64_t number, unsigned at, uint64_t size, enum direction direction, uint64_t a0,
		uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	cases[case_count++] = (struct pointer_case){what, number, {a0, a1, a2, a3, a4, 0}, at, size, direction};
}

static void cases_make(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE), thread = test_handle(HND_THREAD);

	case_count = 0;
	add("handle_info", SYS_HANDLE_INFO, 1, sizeof(struct handle_info), TO_USER, vmo, 0, 0, 0, 0);
	add("vmo_read", SYS_VMO_READ, 2, 64, TO_USER, vmo, 0, 0, 64, 0);
	add("vmo_write", SYS_VMO_WRITE, 2, 64, FROM_USER, vmo, 0, 0, 64, 0);
	add("vmo_info", SYS_VMO_INFO, 1, sizeof(struct vmo_info), TO_USER, vmo, 0, 0, 0, 0);
	add("process_create", SYS_PROCESS_CREATE, 1, 8, FROM_USER, 0, 0, 8, 0, 0);
	add("process_info", SYS_PROCESS_INFO, 1, sizeof(struct process_info), TO_USER, 0, 0, 0, 0, 0);
	add("process_handle", SYS_PROCESS_HANDLE, 2, sizeof(struct handle_info), TO_USER, test_self(), 0, 0, 0, 0);
	add("thread_create", SYS_THREAD_CREATE, 1, sizeof(struct thread_args), FROM_USER, 0, 0, 0, 0, 0);
	add("thread_set_sched", SYS_THREAD_SET_SCHED, 1, sizeof(struct thread_sched), FROM_USER, thread, 0, 0, 0, 0);
	add("thread_info", SYS_THREAD_INFO, 1, sizeof(struct thread_info), TO_USER, 0, 0, 0, 0, 0);
	add("futex_wait", SYS_FUTEX_WAIT, 0, 4, FROM_USER, 0, 0, 0, 0, 0);
	add("quota_create", SYS_QUOTA_CREATE, 1, sizeof(struct quota_limits), FROM_USER, 0, 0, 0, 0, 0);
	add("quota_info", SYS_QUOTA_INFO, 1, sizeof(struct quota_info), TO_USER, 0, 0, 0, 0, 0);
	add("log_write", SYS_LOG_WRITE, 1, 16, FROM_USER, LOG_DEBUG, 0, 16, 0, 0);
	add("system_info", SYS_SYSTEM_INFO, 3, sizeof(struct system_info), TO_USER, 0, INFO_SYSTEM, 0, 0, 512);
}

static status_t attempt(const struct pointer_case *c, uint64_t address)
{
	uint64_t a[6];

	for (unsigned i = 0; i < 6; i++)
		a[i] = c->a[i];
	a[c->at] = address;
	return syscall5(c->number, a[0], a[1], a[2], a[3], a[4]).status;
}

static void expect(const struct pointer_case *c, uint64_t address, int line)
{
	status_t status = attempt(c, address);

	/* Words of a futex must be aligned, and that may be noticed first. */
	if (status != ERR_FAULT && !(c->number == SYS_FUTEX_WAIT && address % 4 && status == ERR_INVALID)) {
		print("%s with 0x%lx: %ld", c->what, address, (long)status);
		test_fail(__FILE__, line, "a bad address was not refused as such");
	}
}

static void test_wild(void)
{
	static const uint64_t wild[] = {
		0,
		1,
		8,
		PAGE_SIZE,
		USER_BASE - 8,
		USER_TOP,
		USER_TOP - 4,
		0x4000000000,
		0x4000000000 - 8,
		0xffffffbffffffff8,
		0xffffffc000000000,
		0xffffffc080200000,
		0xfffffff000000000,
		0xffffffff80000000,
		0xffffffff80002000,
		~0ull,
		~0ull - 7,
		1ull << 63,
		(1ull << 63) - 8,
		1ull << 40,
	};

	cases_make();
	for (unsigned i = 0; i < case_count; i++) {
		for (unsigned k = 0; k < ARRAY_SIZE(wild); k++)
			expect(&cases[i], wild[k], __LINE__);
	}
	shut(cases[0].a[0]);
}

/* The first part is there, the rest is not; and the other way round. */
static void test_straddling(void)
{
	uint8_t *p = pages_alloc(3 * PAGE_SIZE);

	REQUIRE(p);
	cases_make();
	unmap(p, PAGE_SIZE);
	unmap(p + 2 * PAGE_SIZE, PAGE_SIZE);
	for (unsigned i = 0; i < case_count; i++) {
		if (cases[i].size <= 4)
			continue;
		expect(&cases[i], (uint64_t)p + 2 * PAGE_SIZE - 4, __LINE__);
		expect(&cases[i], (uint64_t)p + 2 * PAGE_SIZE - cases[i].size + 1, __LINE__);
		expect(&cases[i], (uint64_t)p + PAGE_SIZE - 4, __LINE__);
		expect(&cases[i], (uint64_t)p + 2 * PAGE_SIZE, __LINE__);
	}
	unmap(p + PAGE_SIZE, PAGE_SIZE);
	shut(cases[0].a[0]);
}

/* The kernel does not write where the program may not. */
static void test_read_only(void)
{
	static const uint8_t constant[1024] = {1};
	uint8_t *p = pages_alloc(PAGE_SIZE);

	REQUIRE(p);
	cases_make();
	*p = 0x5a;
	CHECK_OK(vmo_protect(HANDLE_NONE, p, PAGE_SIZE, MAP_READ));
	for (unsigned i = 0; i < case_count; i++) {
		if (cases[i].direction != TO_USER)
			continue;
		expect(&cases[i], (uint64_t)p, __LINE__);
		expect(&cases[i], (uint64_t)constant, __LINE__);
		expect(&cases[i], (uint64_t)test_read_only & ~7ull, __LINE__); /* the program's text */
	}
	CHECK_EQ(*p, 0x5a);
	CHECK_EQ(constant[0], 1);
	pages_free(p, PAGE_SIZE);
	shut(cases[0].a[0]);
}

/* Any alignment that a structure may have by mistake works or is refused; bytes next to it stay. */
static void test_unaligned(void)
{
	static uint8_t area[1024];

	cases_make();
	for (unsigned i = 0; i < case_count; i++) {
		if (cases[i].direction != TO_USER)
			continue;
		for (unsigned skew = 0; skew < 8; skew++) {
			for (unsigned k = 0; k < sizeof(area); k++)
				area[k] = 0xee;
			status_t status = attempt(&cases[i], (uint64_t)area + 64 + skew);

			CHECK(status == OK || status == ERR_INVALID);
			for (unsigned k = 0; k < 64 + skew; k++)
				CHECK_EQ(area[k], 0xee);
			for (unsigned k = 64 + skew + (unsigned)cases[i].size; k < sizeof(area); k++)
				CHECK_EQ(area[k], 0xee);
		}
	}
	shut(cases[0].a[0]);
}

TEST_CASES("guard", {"wild", test_wild}, {"straddling", test_straddling}, {"read_only", test_read_only},
	   {"unaligned", test_unaligned});
