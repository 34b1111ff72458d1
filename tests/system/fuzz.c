/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls with random numbers, arguments, handles and pointers, from child processes on every hart. The kernel must live,
 * keep the registers it promises to keep, and own exactly as much memory afterwards as before.
 * Arguments: calls=N (default 100000), seed=N.
 */

#include "tests/system/lib/internal.h"
#include "tests/system/lib/make.h"
#include "tests/system/lib/raw.h"

#include <string.h>

#define CALLS_PER_CHILD 20000
#define EXIT_DONE       7
#define EXIT_LOST       0x1057123457 /* a register that must survive did not; no random exit is that */
#define HANDLE_POOL     32

/* Pages that the kernel's allocator may keep for objects to come. A leak that matters grows with the number of calls. */

static uint8_t scratch[4 * PAGE_SIZE] __attribute__((aligned(4096)));

/* An upcall that looks at nothing and goes back. */
static _Alignas(16) uint8_t upcall_stack[8192];
void fuzz_upcall(void);
__asm__(".text\n.globl fuzz_upcall\nfuzz_upcall:\n li t0, 80\n ecall\n ebreak\n");
_Static_assert(SYS_UPCALL_RETURN == 80, "fuzz_upcall");

struct fuzzer {
	uint64_t seed;
	handle_t pool[HANDLE_POOL];
	uint64_t *count; /* shared with the parent */
};

static uint64_t rnd(struct fuzzer *f)
{
	return random_next(&f->seed);
}

static uint64_t any_pointer(struct fuzzer *f)
{
	static const uint64_t wild[] = {
		0,
		8,
		4096,
		USER_BASE,
		USER_TOP,
		USER_TOP - 8,
		0x4000000000,
		0x3ffffff000,
		0xffffffc000000000,
		0xffffffc080200000,
		0xffffffff80000000,
		0xfffffff000000000,
		~0ull,
		~7ull,
		1ull << 63,
		0x102000,
		0x100000,
	};

	switch (rnd(f) % 8) {
	case 0: return wild[rnd(f) % ARRAY_SIZE(wild)];
	case 1: return wild[rnd(f) % ARRAY_SIZE(wild)] + rnd(f) % 64 - 32;
	case 2: return (uint64_t)scratch + rnd(f) % sizeof(scratch);
	case 3: return (uint64_t)scratch + PAGE_SIZE - rnd(f) % 64;
	case 4: return (0x20000000 + rnd(f) % 64 * PAGE_SIZE);
	case 5: return rnd(f);
	default: return (uint64_t)scratch + rnd(f) % 512 * 8;
	}
}

static uint64_t any_handle(struct fuzzer *f)
{
	handle_t h = f->pool[rnd(f) % HANDLE_POOL];

	switch (rnd(f) % 16) {
	case 0: return HANDLE_NONE;
	case 1: return rnd(f);
	case 2: return h ^ 1ull << rnd(f) % 64;
	case 3: return h + (1ull << HANDLE_INDEX_BITS);
	default: return h;
	}
}

static uint64_t any_number(struct fuzzer *f)
{
	static const uint64_t edges[] = {0,          1,          2,          7,          8,
					 63,         64,         4095,       4096,       4097,
					 8192,       65536,      1ull << 20, 1ull << 31, (1ull << 32) - 1,
					 1ull << 38, 1ull << 39, 1ull << 63, ~0ull,      ~4095ull};

	switch (rnd(f) % 4) {
	case 0: return rnd(f);
	case 1: return rnd(f) % 4096;
	case 2: return rnd(f) % 64 * PAGE_SIZE;
	default: return edges[rnd(f) % ARRAY_SIZE(edges)];
	}
}

static uint64_t any_argument(struct fuzzer *f)
{
	switch (rnd(f) % 4) {
	case 0: return any_handle(f);
	case 1: return any_pointer(f);
	default: return any_number(f);
	}
}

/* A deadline that comes soon; now and then none, which the parent ends. */
static uint64_t any_deadline(struct fuzzer *f)
{
	uint64_t choice = rnd(f) % 256;

	return choice == 0 ? rnd(f) : choice < 128 ? 0 : now() + rnd(f) % 20000;
}

static void shape(struct fuzzer *f, struct raw_regs *r)
{
	for (unsigned i = 0; i < 8; i++)
		r->a[i] = any_argument(f);
	for (unsigned i = 1; i < 7; i++)
		r->t[i] = any_argument(f);
	r->ra = rnd(f);
	r->t[0] = rnd(f) % 64 == 0 ? rnd(f) : rnd(f) % SYS_COUNT;
	if (rnd(f) % 4)
		r->a[0] = any_handle(f); /* what most calls expect first */
	switch (r->t[0]) {
	case SYS_CALL:
		r->a[1] = rnd(f) % 8 ? MSG_INFO(rnd(f) % 100, rnd(f) % 6, rnd(f) % 6) | MSG_DEADLINE |
					       (rnd(f) % 2 ? MSG_INTERRUPTIBLE : 0)
				     : rnd(f) | MSG_DEADLINE;
		r->t[6] = any_deadline(f);
		for (unsigned i = 2; i < 6; i++)
			r->t[i] = any_handle(f);
		break;
	case SYS_RECV: r->a[2] = any_deadline(f); break;
	case SYS_NOTIFICATION_WAIT:
		r->a[1] = any_deadline(f);
		r->a[2] = rnd(f) % 16 ? rnd(f) % 2 : r->a[2];
		break;
	case SYS_FUTEX_WAIT:
		r->a[2] = any_deadline(f);
		r->a[3] = rnd(f) % 16 ? rnd(f) % 2 : r->a[3];
		break;
	case SYS_THREAD_UPCALL:
		/* Places that are none end the child at its next interrupt. */
		if (rnd(f) % 64) {
			r->a[0] = rnd(f) % 4 ? (uint64_t)fuzz_upcall : 0;
			r->a[1] = (uint64_t)upcall_stack + rnd(f) % 64;
			r->a[2] = rnd(f) % 4 ? sizeof(upcall_stack) - 64 : 0;
		}
		break;
	case SYS_THREAD_INTERRUPT:
		if (rnd(f) % 2)
			r->a[0] = HANDLE_NONE;
		break;
	case SYS_UPCALL_RETURN: /* into nothing, mostly */
		if (rnd(f) % 32)
			r->a[0] = rnd(f) % 2 ? USER_TOP - rnd(f) % 512 : rnd(f) | 1ull << 40;
		break;
	case SYS_REPLY_RECV: /* no deadline: a timer signal ends it */
		r->a[1] = MSG_INFO(rnd(f) % 100, rnd(f) % 3, 0);
		break;
	case SYS_LOG_WRITE: r->a[2] = LOG_LINE_MAX + 1 + rnd(f) % 1000; break; /* no noise */
	case SYS_PROCESS_EXIT:
	case SYS_THREAD_EXIT:
		if (rnd(f) % 64)
			r->t[0] = SYS_NULL;
		break;
	case SYS_PROCESS_KILL:
	case SYS_QUOTA_KILL:
	case SYS_THREAD_KILL:
	case SYS_THREAD_SUSPEND:
		if (rnd(f) % 16)
			r->t[0] = SYS_HANDLE_DUP;
		break;
	case SYS_HANDLE_CLOSE:
	case SYS_HANDLE_REVOKE:
		if (rnd(f) % 4)
			r->t[0] = SYS_HANDLE_INFO;
		break;
	case SYS_PROCESS_HANDLE: r->a[1] = rnd(f) % 100; break;
	case SYS_PAGER_VMO:
		r->a[1] = rnd(f) % 4;
		r->a[2] = rnd(f) % 4 ? rnd(f) % 1000000 : r->a[2];
		break;
	case SYS_PAGER_COPY:
	case SYS_PAGER_OP:
		r->a[1] = rnd(f) % 4;
		r->a[2] = rnd(f) % 6;
		if (rnd(f) % 4) {
			r->a[3] = rnd(f) % 100 * PAGE_SIZE;
			r->a[r->t[0] == SYS_PAGER_OP ? 4 : 5] = rnd(f) % 100 * PAGE_SIZE;
		}
		break;
	default: break;
	}
}

static void fuzz_child(const struct child_args *args)
{
	struct fuzzer f = {.seed = args->w[0]};
	handle_t timer = HANDLE_NONE, nt = HANDLE_NONE;
	struct raw_regs r;
	unsigned n = 0;

	f.count = map(args->h[0], 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	if (!f.count)
		child_exit(EXIT_DONE);
	f.pool[n++] = args->self;
	f.pool[n++] = args->thread;
	for (unsigned i = 1; i < CHILD_HANDLES; i++)
		f.pool[n++] = args->h[i];
	/* Objects to play with; any may fail when memory is short, then the slot stays empty. */
	notification_create(&nt);
	notification_bind(nt, args->thread);
	timer_object_create(nt, 1, &timer);
	timer_set(timer, 1, MS);
	f.pool[n++] = nt;
	endpoint_create(&f.pool[n++]);
	vmo_create(16 * PAGE_SIZE, 0, HANDLE_NONE, &f.pool[n++]);
	vmo_create(PAGE_SIZE, VMO_COMMIT, HANDLE_NONE, &f.pool[n++]);
	timer_object_create(nt, 2, &f.pool[n++]);
	notification_create(&f.pool[n++]);
	process_create(HANDLE_NONE, "fuzzed", 6, &f.pool[n++]);
	for (unsigned i = 0; i < CALLS_PER_CHILD; i++) {
		memset(&r, 0, sizeof(r));
		shape(&f, &r);
		uint64_t number = r.t[0];

		++*f.count;
		raw_syscall(&r);
		if (r.lost) {
			print("fuzz: call %lu lost registers: 0x%lx", number, r.lost);
			process_exit(EXIT_LOST);
		}
		/* Handles that calls return join the pool. */
		if (r.a[0] == OK && r.a[1] > 0xffff && rnd(&f) % 2)
			f.pool[2 + rnd(&f) % (HANDLE_POOL - 2)] = r.a[1];
	}
	process_exit(EXIT_DONE);
}

struct lane {
	struct child child;
	handle_t quota, count_vmo;
	uint64_t seen;
	bool alive;
};

static uint64_t lane_count(struct lane *l)
{
	uint64_t count = 0;

	CHECK_OK(vmo_read(l->count_vmo, 0, &count, sizeof(count)));
	return count < CALLS_PER_CHILD ? count : CALLS_PER_CHILD; /* the child may have written nonsense */
}

static bool lane_begin(struct lane *l, uint64_t seed, const handle_t *toys)
{
	struct quota_limits limits = {.mem_bytes = 6 * MIB, .handles = 600, .threads = 12, .processes = 6};
	struct child_spec spec = {.run = fuzz_child, .w = {seed}};

	*l = (struct lane){.count_vmo = make_vmo(PAGE_SIZE)};
	l->quota = spec.quota = make_quota(&limits);
	spec.h[0] = l->count_vmo;
	spec.rights[0] = RIGHT_VMO_READ | RIGHT_VMO_WRITE;
	for (unsigned i = 1; i < CHILD_HANDLES; i++)
		spec.h[i] = toys[i];
	spec.h[7] = l->quota;
	spec.prio = PRIO_DEFAULT - 10;
	l->alive = child_start(&l->child, &spec) == OK;
	return l->alive;
}

/* Ends it, with all that it started; returns the calls it made. */
static uint64_t lane_end(struct lane *l)
{
	uint64_t count;
	int64_t status;

	CHECK_OK(quota_kill(l->quota));
	status = child_wait(&l->child);
	CHECK(status != EXIT_LOST);
	count = lane_count(l);
	/* Processes that it made and that are ending draw on the quota until they are gone; then it is empty. */
	for (unsigned i = 0; i < 10000; i++) {
		struct quota_info info = {0};

		CHECK_OK(quota_info(l->quota, &info));
		if (info.used.processes == 0)
			break;
		sleep_ns(MS);
	}
	shut(l->quota);
	shut(l->count_vmo);
	l->alive = false;
	return count;
}

static uint64_t fuzz(uint64_t calls, uint64_t seed)
{
	uint32_t harts = test_system_info().harts;
	static struct lane lanes[8];
	handle_t inspect = test_system_resource(SYSTEM_INSPECT), dma = test_system_resource(SYSTEM_DMA);
	handle_t ep = make_endpoint(), irq = HANDLE_NONE, mmio = HANDLE_NONE;
	uint64_t done = 0, next_report = calls / 10;
	unsigned n = harts < 8 ? harts : 8;

	CHECK_OK(resource_create(test_handle(HND_RES_MMIO), 0x101000, 0x1000, &mmio));
	CHECK_OK(resource_create(test_handle(HND_RES_IRQ), 11, 1, &irq));
	handle_t toys[CHILD_HANDLES] = {
		HANDLE_NONE,
		inspect,
		dma,
		make_mint(ep, 5, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE),
		mmio,
		irq,
		make_vmo(4 * PAGE_SIZE),
	};

	for (unsigned i = 0; i < n; i++) {
		if (!lane_begin(&lanes[i], ++seed * 0x9e3779b97f4a7c15 | 1, toys))
			return done;
	}
	while (done < calls) {
		for (unsigned i = 0; i < n; i++) {
			struct lane *l = &lanes[i];
			uint64_t bits = 0, count;
			bool ended = notification_wait(l->child.ended, now() + 50 * MS, &bits) == OK;

			count = lane_count(l);
			if (!ended && count != l->seen) {
				l->seen = count;
				continue;
			}
			/* Over, or stuck in a wait that it chose itself */
			if (ended)
				CHECK_OK(notification_signal(l->child.ended, 1));
			done += lane_end(l);
			if (!lane_begin(l, ++seed * 0x9e3779b97f4a7c15 | 1, toys))
				return done;
		}
		if (done >= next_report && calls >= 1000000) {
			print("fuzz: %lu calls", done);
			next_report += calls / 10;
		}
	}
	for (unsigned i = 0; i < n; i++)
		done += lane_end(&lanes[i]);
	for (unsigned i = 1; i <= 6; i++)
		shut(toys[i]);
	shut(ep);
	return done;
}

static void test_random(void)
{
	uint64_t calls = test_option("calls", 100000), seed = test_option("seed", 1), done;
	struct test_account before;

	fuzz(calls / 20 + 1, seed + 1000003); /* everything that is made once is there afterwards */
	before = test_account();
	done = fuzz(calls, seed);
	print("fuzz: %lu calls done", done);
	CHECK(done >= calls);
	CHECK_ACCOUNT(&before);
}

TEST_CASES("fuzz", {"random", test_random});
