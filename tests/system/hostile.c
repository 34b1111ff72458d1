/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver that wants more than it was given. Its process holds what devmgr gives a driver: resources narrowed to one
 * device, that device's registers and interrupt, an endpoint to serve. One case for each thing it must not be able to do.
 */

#include "tests/system/lib/device.h"
#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define OTHER_DEVICE 0x10000000ull /* virt's UART, nothing of the RTC's driver */
#define OTHER_IRQ    10u

/* The driver's share: h[0] registers (resource), h[1] interrupt (resource), h[2] its endpoint, h[3] a spare */
static bool narrow(struct device *device, handle_t *mmio, handle_t *irq)
{
	if (!device_find("google,goldfish-rtc", device)) {
		test_skip("no goldfish-rtc on this machine");
		return false;
	}
	return CHECK_OK(resource_create(test_handle(HND_RES_MMIO), device->base, device->size, mmio)) &&
	       CHECK_OK(resource_create(test_handle(HND_RES_IRQ), device->irq, 1, irq));
}

static void run_driver(void (*run)(const struct child_args *), int64_t want)
{
	struct device device;
	handle_t mmio = HANDLE_NONE, irq = HANDLE_NONE, ep = make_endpoint();
	struct child c;

	if (!narrow(&device, &mmio, &irq))
		return;
	struct child_spec spec = {
		.run = run,
		.h = {mmio, irq, ep},
		.w = {device.base, device.size, device.irq},
	};

	if (child_start(&c, &spec) == OK)
		CHECK_EQ(child_wait(&c), want);
	shut(mmio);
	shut(irq);
	shut(ep);
}

static void read_other_registers(const struct child_args *args)
{
	uint64_t base = args->w[0], size = args->w[1];
	handle_t own = HANDLE_NONE, vmo = HANDLE_NONE;
	struct vmo_info info = {0};
	void *at = NULL;

	CHECK_OK(vmo_create_device(args->h[0], base, size, &own)); /* what it may do works */
	CHECK_OK(vmo_info(own, &info));
	CHECK(vmo_create_device(args->h[0], OTHER_DEVICE, PAGE_SIZE, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base + size, 4, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base - 4, 4, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base - PAGE_SIZE, size + PAGE_SIZE, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base, size + 1, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base, ~0ull, &vmo) != OK);
	CHECK(vmo_create_device(args->h[0], base, 0ull - base + OTHER_DEVICE, &vmo) != OK);
	/* Nor by mapping beyond the end of its own */
	CHECK(vmo_map(HANDLE_NONE, own, 0, NULL, info.size + PAGE_SIZE, MAP_READ, &at) != OK);
	CHECK(vmo_map(HANDLE_NONE, own, info.size, NULL, PAGE_SIZE, MAP_READ, &at) != OK);
	CHECK(vmo_map(HANDLE_NONE, own, OTHER_DEVICE - base, NULL, PAGE_SIZE, MAP_READ, &at) != OK);
	/* Nor by reading the physical address as if it were one of its own */
	peek(OTHER_DEVICE);
}

static void test_registers(void)
{
	run_driver(read_other_registers, EXIT_FAULT | FAULT_LOAD_PAGE);
}

static void claim_other_interrupt(const struct child_args *args)
{
	uint32_t own = (uint32_t)args->w[2];
	handle_t irq = HANDLE_NONE, again = HANDLE_NONE;

	for (uint32_t source = 0; source < 200; source++) {
		if (source != own)
			CHECK(irq_create(args->h[1], source, IRQ_LEVEL, &irq) != OK);
	}
	CHECK(irq_create(args->h[1], OTHER_IRQ, IRQ_LEVEL, &irq) != OK);
	CHECK(irq_create(args->h[1], 0xffffffff, IRQ_LEVEL, &irq) != OK);
	CHECK(irq_create(args->h[0], own, IRQ_LEVEL, &irq) != OK); /* registers are no interrupts */
	CHECK_OK(irq_create(args->h[1], own, IRQ_LEVEL, &irq));
	CHECK_STATUS(irq_create(args->h[1], own, IRQ_LEVEL, &again), ERR_BUSY);
}

static void test_interrupt(void)
{
	run_driver(claim_other_interrupt, 0);
}

static void map_ram(const struct child_args *args)
{
	handle_t vmo = HANDLE_NONE, res = HANDLE_NONE;

	for (uint64_t base = 0x80000000; base < 0x90000000; base += 0x800000)
		CHECK(vmo_create_device(args->h[0], base, PAGE_SIZE, &vmo) != OK);
	/* DMA memory, whose physical address it would learn, needs a right of its own. */
	CHECK(vmo_create(PAGE_SIZE, VMO_CONTIGUOUS, HANDLE_NONE, &vmo) != OK);
	CHECK(vmo_create(PAGE_SIZE, VMO_CONTIGUOUS, args->h[0], &vmo) != OK);
	CHECK(vmo_create(PAGE_SIZE, VMO_CONTIGUOUS, args->h[1], &vmo) != OK);
	/* Resources only shrink. */
	CHECK(resource_create(args->h[0], 0x80000000, PAGE_SIZE, &res) != OK);
	CHECK(resource_create(args->h[0], 0, ~0ull, &res) != OK);
	CHECK(resource_create(args->h[0], args->w[0], args->w[1] * 2, &res) != OK);
	CHECK(resource_create(args->h[1], args->w[2], 2, &res) != OK);
	CHECK(system_reset(args->h[0], RESET_POWER_OFF) != OK);
	CHECK(process_open(args->h[0], 1, &res) != OK);
}

static void test_ram(void)
{
	run_driver(map_ram, 0);
}

static bool known(const struct child_args *args, handle_t h)
{
	bool mine = h == args->self || h == args->thread;

	for (unsigned i = 0; i < CHILD_HANDLES; i++)
		mine |= h == args->h[i] && h != HANDLE_NONE;
	return mine;
}

static void forge(const struct child_args *args)
{
	uint64_t seed = 4711;
	struct handle_info info;
	handle_t h = HANDLE_NONE;

	/* Every slot with the first generations, and many random values */
	for (uint64_t index = 0; index < 512; index++) {
		for (uint64_t generation = 0; generation < 16; generation++) {
			h = generation << HANDLE_INDEX_BITS | index;
			if (!known(args, h) && handle_info(h, &info) == OK)
				test_fail(__FILE__, __LINE__, "a forged handle names an object");
		}
	}
	for (unsigned i = 0; i < 20000; i++) {
		h = random_next(&seed);
		if (!known(args, h) && handle_info(h, &info) != ERR_HANDLE)
			test_fail(__FILE__, __LINE__, "a random handle was not refused");
	}
}

static void test_forge(void)
{
	run_driver(forge, 0);
}

static void widen(const struct child_args *args)
{
	handle_t weak = make_dup(args->h[2], RIGHT_EP_RECV | RIGHT_DUP | RIGHT_MOVE), h = HANDLE_NONE;

	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t right = 1u << bit;

		if (right & (RIGHT_EP_RECV | RIGHT_DUP | RIGHT_MOVE))
			continue;
		CHECK(handle_dup(weak, right | RIGHT_EP_RECV, &h) != OK);
		/* Given to itself it does not grow either. */
		CHECK(process_give(args->self, weak, right | RIGHT_EP_RECV, &h) != OK);
	}
	CHECK(endpoint_mint(weak, 1, RIGHT_EP_CALL, &h) != OK);
}

static void test_widen(void)
{
	run_driver(widen, 0);
}

/* It hides copies wherever it can: its table, a child process, a message in a queue. Revoked, none works. */
static void hoard(const struct child_args *args)
{
	handle_t copy = make_dup(args->h[0], RIGHTS_SAME), there = HANDLE_NONE, process = HANDLE_NONE;
	handle_t vmo = HANDLE_NONE;
	struct handle_info info;

	CHECK_OK(process_create(HANDLE_NONE, "nest", 4, &process));
	CHECK_OK(process_give(process, args->h[0], (uint32_t)RIGHTS_SAME, &there));
	CHECK_OK(notification_signal(args->h[3], 1));
	CHECK_OK(notification_wait(args->h[4], DEADLINE_NEVER, NULL));
	CHECK_STATUS(handle_info(args->h[0], &info), ERR_HANDLE);
	CHECK_STATUS(handle_info(copy, &info), ERR_HANDLE);
	CHECK_STATUS(vmo_create_device(args->h[0], args->w[0], args->w[1], &vmo), ERR_HANDLE);
	CHECK_STATUS(vmo_create_device(copy, args->w[0], args->w[1], &vmo), ERR_HANDLE);
	CHECK_STATUS(process_give(process, copy, (uint32_t)RIGHTS_SAME, &there), ERR_HANDLE);
}

static void test_keep(void)
{
	struct device device;
	handle_t mmio = HANDLE_NONE, irq = HANDLE_NONE, ready = make_notification(), go = make_notification();
	struct handle_info info = {0};
	struct child c;

	if (!narrow(&device, &mmio, &irq))
		return;
	struct child_spec spec = {
		.run = hoard,
		.h = {mmio, irq, HANDLE_NONE, ready, go},
		.w = {device.base, device.size},
	};

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(notification_wait(ready, DEADLINE_NEVER, NULL));
	CHECK_OK(handle_revoke(mmio));
	CHECK_OK(handle_info(mmio, &info));
	CHECK_EQ(info.refs, 1);
	CHECK_OK(notification_signal(go, 1));
	CHECK_EQ(child_wait(&c), 0);
	shut(mmio);
	shut(irq);
	shut(ready);
	shut(go);
}

/* Takes a call and never answers: a caller with a deadline gets on, and one without does when the driver is killed. */
static void swallow(const struct child_args *args)
{
	struct ipc_msg m = {0};
	handle_t reply[2] = {HANDLE_NONE, HANDLE_NONE};

	for (unsigned i = 0; i < 2; i++) {
		CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		CHECK_OK(ipc_save_caller(&reply[i]));
	}
	for (;;)
		sleep_ns(SECOND);
}

static void test_hang(void)
{
	handle_t ep = make_endpoint();
	struct child_spec spec = {.run = swallow, .h = {ep}};
	struct caller c = {.ep = ep, .m = {.info = 1}};
	struct ipc_msg m = {.info = 1};
	struct child child;

	REQUIRE_OK(child_start(&child, &spec));
	CHECK_STATUS(ipc_call(ep, &m, NULL, now() + 20 * MS), ERR_TIMED_OUT);
	REQUIRE(caller_block(&c, PRIO_DEFAULT));
	/* Before the driver has it the call is nobody's: it would wait for the next instance. */
	REQUIRE(thread_await_state(c.thread.handle, THREAD_BLOCKED_REPLY, THREAD_BLOCKED_REPLY));
	CHECK_EQ(child_kill(&child), EXIT_KILLED);
	CHECK_STATUS(caller_join(&c), ERR_PEER_DIED);
	shut(ep);
}

/* Spins at a driver's priority, with the budget that devmgr sets for drivers: the console below it still runs. */
static void spin(const struct child_args *args)
{
	CHECK_OK(notification_signal(args->h[0], 1));
	for (;;)
		;
}

static void test_starve(void)
{
	handle_t started = make_notification(), priority = test_system_resource(SYSTEM_PRIORITY);
	handle_t nt = make_notification(), timer = make_timer(nt, 1);
	struct child_spec spec = {.run = spin, .h = {started}, .stopped = true};
	struct thread_sched sched = {
		.prio = PRIO_DRIVER,
		.affinity = 1,
		.budget_ns = 5 * MS,
		.period_ns = 20 * MS,
	};
	struct thread_sched own = {.prio = PRIO_DEFAULT, .affinity = 1};
	struct child c;

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_OK(thread_set_sched(HANDLE_NONE, &own, HANDLE_NONE)); /* on the same hart */
	CHECK_OK(thread_set_sched(c.thread, &sched, priority));
	CHECK_OK(thread_start(c.thread));
	CHECK_OK(notification_wait(started, DEADLINE_NEVER, NULL));
	/* Work and waits of somebody far below it come to their end. */
	for (unsigned i = 0; i < 20; i++) {
		CHECK_OK(timer_set(timer, now() + MS, 0));
		CHECK_OK(notification_wait(nt, DEADLINE_NEVER, NULL));
		for (unsigned k = 0; k < 2000; k++)
			syscall_null();
	}
	CHECK_EQ(child_kill(&c), EXIT_KILLED);
	thread_set_prio(HANDLE_NONE, PRIO_DEFAULT);
	shut(timer);
	shut(nt);
	shut(started);
	shut(priority);
}

/* Raising itself, or its budget, is not its to do. */
static void raise_self(const struct child_args *args)
{
	struct thread_sched sched = {.prio = PRIO_DRIVER};

	CHECK(thread_set_sched(HANDLE_NONE, &sched, HANDLE_NONE) != OK);
	CHECK(thread_set_sched(args->thread, &sched, args->h[0]) != OK);
	CHECK(thread_set_sched(args->thread, &sched, args->h[1]) != OK);
}

static void test_raise(void)
{
	run_driver(raise_self, 0);
}

/* Memory, handles, threads and processes without end: its quota is full, nobody else's. */
static void exhaust(const struct child_args *args)
{
	handle_t h = HANDLE_NONE;
	uint64_t n = 0;
	struct thread_args targs = {.entry = USER_BASE, .stack = USER_BASE, .prio = 1};

	(void)args;
	while (vmo_create(64 * KIB, VMO_COMMIT, HANDLE_NONE, &h) == OK)
		n++;
	while (thread_create(HANDLE_NONE, &targs, &h) == OK)
		n++;
	while (process_create(HANDLE_NONE, "x", 1, &h) == OK)
		n++;
	while (notification_create(&h) == OK)
		n++;
	CHECK(n > 0);
	child_exit(11);
}

static void test_exhaust(void)
{
	struct quota_limits limits = {.mem_bytes = 3 * MIB, .handles = 300, .threads = 8, .processes = 4};
	struct child_spec spec = {.run = exhaust};
	struct test_account start = test_account(), before = start;

	for (unsigned round = 0; round < 3; round++) {
		handle_t mine = HANDLE_NONE;
		struct child c;

		/* The first one makes what is made once; what it held goes in the background. */
		for (unsigned tries = 0; round == 1 && tries < 500; tries++) {
			before = test_account();
			if (before.processes == start.processes)
				break;
		}
		spec.quota = make_quota(&limits);
		REQUIRE_OK(child_start(&c, &spec));
		CHECK_EQ(child_wait(&c), 11);
		CHECK_OK(vmo_create(64 * KIB, VMO_COMMIT, HANDLE_NONE, &mine));
		shut(mine);
		CHECK_OK(quota_kill(spec.quota));
		shut(spec.quota);
	}
	CHECK_ACCOUNT(&before);
}

TEST_CASES("hostile", {"registers", test_registers}, {"interrupt", test_interrupt}, {"ram", test_ram},
	   {"forge", test_forge}, {"widen", test_widen}, {"keep", test_keep}, {"hang", test_hang},
	   {"starve", test_starve}, {"raise", test_raise}, {"exhaust", test_exhaust});
