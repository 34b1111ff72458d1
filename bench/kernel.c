/* SPDX-License-Identifier: BSD-2-Clause */
/* Costs of the kernel's paths in instructions. docs/benchmarks.md says what each line counts. */

#include "bench/measure.h"
#include "bench/report.h"
#include "tests/system/lib/device.h"
#include "tests/system/lib/internal.h"
#include "tests/system/lib/make.h"

#include <string.h>

const char test_group[] = "bench";

#define PRIO_HIGH  100 /* servers and handlers that must run at once */
#define PRIO_BENCH 96
#define PRIO_LOW   50 /* ready, never running */

/* Between a bench and the other process it talks with */
struct shared {
	uint64_t start, end; /* stamps of the other side's last call */
	volatile uint32_t flag;
};

static struct shared *share_map(handle_t vmo)
{
	return map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
}

static void stop_child(struct child *c)
{
	if (c->process != HANDLE_NONE)
		child_kill(c);
}

/* Other processes start above the bench's priority, so that they wait already when this returns. */
static bool start_child(struct child *c, const struct child_spec *spec, uint32_t prio)
{
	struct child_spec s = *spec;
	status_t status;

	s.prio = PRIO_HIGH;
	thread_set_prio(HANDLE_NONE, PRIO_HIGH);
	status = child_start(c, &s);
	thread_set_prio(HANDLE_NONE, PRIO_BENCH);
	if (status == OK && thread_await_blocked(c->thread)) {
		thread_set_prio(c->thread, prio);
		return true;
	}
	return false;
}

/* ---- system calls ---- */

static void bench_call_alone(const char *name, uint64_t number, uint64_t a0, uint64_t a1, uint64_t budget)
{
	struct samples s = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct measured m = {.a = {a0, a1}, .t = {number}};

		sample_add(&s, i, measure(&m));
		CHECK_OK((status_t)m.a[0]);
	}
	report_samples(name, &s, budget);
}

static void bench_handles(void)
{
	handle_t nt = make_notification();
	struct samples dup = {0}, close = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct measured m = {.a = {nt, (uint32_t)RIGHTS_SAME}, .t = {SYS_HANDLE_DUP}};

		sample_add(&dup, i, measure(&m));
		CHECK_OK((status_t)m.a[0]);
		m = (struct measured){.a = {m.a[1]}, .t = {SYS_HANDLE_CLOSE}};
		sample_add(&close, i, measure(&m));
		CHECK_OK((status_t)m.a[0]);
	}
	report_samples("handle_dup", &dup, NO_BUDGET);
	report_samples("handle_close", &close, NO_BUDGET);
	shut(nt);
}

/* ---- calls ---- */

static void echo_child(const struct child_args *args)
{
	serve_echo(args->h[0]);
}

static void lease_child(const struct child_args *args)
{
	static uint64_t buffer[128];

	serve_lease_1k(args->h[0], buffer);
}

static void stub_child(const struct child_args *args)
{
	struct ipc_msg m = {0};

	if (ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m) != RECV_CALL)
		return;
	while (ipc_reply_recv(args->h[0], &m) == RECV_CALL)
		;
}

static void roundtrip(const char *name, handle_t ep, unsigned words, uint64_t budget)
{
	struct samples s = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct measured m = {.a = {ep, MSG_INFO(5, 0, 0)}, .t = {SYS_CALL}};

		for (unsigned w = 0; w < words; w++)
			m.a[2 + w] = i * 8 + w + 1;
		sample_add(&s, i, measure(&m) - ECHO_INSTRUCTIONS);
		CHECK_OK((status_t)m.a[0]);
		CHECK_EQ(MSG_LABEL(m.a[1]), 5);
		for (unsigned w = 0; w < words; w++)
			CHECK_EQ(m.a[2 + w], i * 8 + w + 1);
	}
	report_samples(name, &s, budget);
}

/* Moves a handle to the server and gets it back. */
static void roundtrip_handle(handle_t ep)
{
	handle_t nt = make_notification();
	struct samples s = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct measured m = {
			.a = {ep, MSG_INFO(5, 1, 0)},
			.t = {SYS_CALL, 0, nt},
		};

		sample_add(&s, i, measure(&m) - ECHO_INSTRUCTIONS);
		CHECK_OK((status_t)m.a[0]);
		nt = m.t[2];
	}
	report_samples("ipc_roundtrip_handle", &s, NO_BUDGET);
	shut(nt);
}

static void never_runs(void *arg)
{
	volatile uint32_t *stop = arg;

	while (!*stop)
		;
}

static void bench_roundtrip(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct child_spec spec = {.run = echo_child, .h = {ep}};
	struct child c;
	struct thread low;
	volatile uint32_t stop = 0;

	if (start_child(&c, &spec, PRIO_BENCH)) {
		roundtrip("ipc_roundtrip_0w", client, 0, 220);
		roundtrip("ipc_roundtrip_6w", client, 6, 245);
		if (thread_spawn(&low, never_runs, (void *)(uintptr_t)&stop, PRIO_LOW)) {
			roundtrip("ipc_roundtrip_0w_ready", client, 0, 220);
			roundtrip("ipc_roundtrip_6w_ready", client, 6, 245);
			stop = 1;
			thread_join(&low);
		}
		roundtrip_handle(client);
	}
	stop_child(&c);
	shut(client);
	shut(ep);
}

/* With the C stubs of both sides, the user's instructions counted. */
static void bench_roundtrip_stubs(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct child_spec spec = {.run = stub_child, .h = {ep}};
	struct samples s = {0};
	struct child c;

	if (start_child(&c, &spec, PRIO_BENCH)) {
		for (unsigned i = 0; i < ROUNDS; i++) {
			struct ipc_msg m = {.info = MSG_INFO(5, 0, 0), .w = {i, 2, 3, 4, 5, 6}};
			uint64_t start = read_instret();
			status_t status = ipc_call(client, &m, NULL, DEADLINE_NEVER);
			uint64_t end = read_instret();

			sample_add(&s, i, end - start - STAMP_OVERHEAD);
			CHECK_OK(status);
			CHECK_EQ(m.w[0], i);
			CHECK_EQ(m.w[5], 6);
		}
		report_samples("ipc_roundtrip_6w_stubs", &s, NO_BUDGET);
	}
	stop_child(&c);
	shut(client);
	shut(ep);
}

static void bench_lease(void)
{
	static uint64_t out[128], in[128];
	handle_t ep = make_endpoint(), client = make_mint(ep, 1, RIGHT_EP_CALL);
	struct child_spec spec = {.run = lease_child, .h = {ep}};
	struct lease leases[2] = {
		{(uint64_t)out, sizeof(out) | (uint64_t)LEASE_READ << LEASE_ACCESS_SHIFT},
		{(uint64_t)in, sizeof(in) | (uint64_t)LEASE_WRITE << LEASE_ACCESS_SHIFT},
	};
	struct samples s = {0};
	struct child c;

	if (start_child(&c, &spec, PRIO_BENCH)) {
		for (unsigned i = 0; i < ROUNDS; i++) {
			struct measured m = {
				.a = {client, MSG_INFO(5, 0, 2)},
				.t = {SYS_CALL, (uint64_t)leases},
			};

			for (unsigned w = 0; w < ARRAY_SIZE(out); w++)
				out[w] = i + w;
			sample_add(&s, i, measure(&m) - LEASE_INSTRUCTIONS);
			CHECK_OK((status_t)m.a[0]);
			CHECK_EQ(memcmp(in, out, sizeof(in)), 0);
		}
		report_samples("ipc_lease_1k_1k", &s, 1000);
	}
	stop_child(&c);
	shut(client);
	shut(ep);
}

/* ---- signals and interrupts ---- */

static void waiter_child(const struct child_args *args)
{
	struct shared *shared = share_map(args->h[1]);

	for (;;) {
		struct measured m = {
			.a = {args->h[0], DEADLINE_NEVER},
			.t = {SYS_NOTIFICATION_WAIT},
		};

		measure(&m);
		if (m.a[0] != OK)
			child_exit(1);
		shared->end = m.end;
		shared->flag++;
	}
}

static void bench_signal(void)
{
	handle_t nt = make_notification(), vmo = make_vmo(PAGE_SIZE);
	struct child_spec spec = {.run = waiter_child, .h = {nt, vmo}};
	struct shared *shared = share_map(vmo);
	struct samples s = {0};
	struct child c;

	bench_call_alone("signal_no_waiter", SYS_NOTIFICATION_SIGNAL, nt, 1, 90);
	CHECK_OK(notification_wait(nt, 0, NULL));
	if (shared && start_child(&c, &spec, PRIO_HIGH)) {
		for (unsigned i = 0; i < ROUNDS; i++) {
			struct measured m = {.a = {nt, 1}, .t = {SYS_NOTIFICATION_SIGNAL}};

			measure(&m);
			CHECK_OK((status_t)m.a[0]);
			CHECK_EQ(shared->flag, i + 1);
			sample_add(&s, i, shared->end - m.start - STAMP_OVERHEAD);
		}
		report_samples("signal_wake", &s, 240);
		stop_child(&c);
	}
	unmap(shared, PAGE_SIZE);
	shut(vmo);
	shut(nt);
}

enum { ALARM_LOW = 2, ALARM_HIGH = 3, IRQ_ENABLED = 4, ALARM_CLEAR = 5, INTERRUPT_CLEAR = 7 };

/* A driver: one call acknowledges and waits, as sys/abi/syscall.h recommends. */
static void irq_child(const struct child_args *args)
{
	handle_t nt = args->h[0], irq = args->h[1];
	volatile uint32_t *regs = map(args->h[2], 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	struct shared *shared = share_map(args->h[3]);

	CHECK_OK(notification_bind(nt, args->thread));
	CHECK_OK(irq_bind(irq, nt, 1));
	for (bool ack = false;; ack = true) {
		struct measured m = {
			.a = {HANDLE_NONE, ack ? irq : HANDLE_NONE, DEADLINE_NEVER},
			.t = {SYS_RECV},
		};

		measure(&m);
		if (m.a[0] != RECV_SIGNAL || m.a[2] != 1)
			child_exit(1);
		regs[ALARM_CLEAR] = 0;
		regs[INTERRUPT_CLEAR] = 0;
		shared->start = m.start;
		shared->end = m.end;
		shared->flag = 1;
	}
}

static void bench_irq(void)
{
	handle_t nt = make_notification(), vmo = make_vmo(PAGE_SIZE);
	struct shared *shared = share_map(vmo);
	struct samples handler = {0}, wait = {0};
	struct child c;
	struct rtc rtc;

	if (!rtc_open(&rtc) || !shared) {
		print("irq_to_handler: no device on this machine");
		return;
	}
	struct child_spec spec = {.run = irq_child, .h = {nt, rtc.irq, rtc.vmo, vmo}};

	if (start_child(&c, &spec, PRIO_HIGH)) {
		uint64_t resumed_before = 0;

		rtc.regs[IRQ_ENABLED] = 1;
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t resumed = 0, start;

			shared->flag = 0;
			rtc.regs[ALARM_HIGH] = 0;
			start = raise_wait(&rtc.regs[ALARM_LOW], 1, &shared->flag, &resumed);
			sample_add(&handler, i, shared->end - start - STAMP_OVERHEAD - 1);
			/* The handler's stamp before its wait is known after the wait only. */
			if (i > 0)
				sample_add(&wait, i, resumed_before - shared->start - STAMP_OVERHEAD);
			resumed_before = resumed;
		}
		report_samples("irq_to_handler", &handler, 250);
		report_samples("irq_ack_wait", &wait, 200);
	}
	stop_child(&c);
	rtc_close(&rtc);
	unmap(shared, PAGE_SIZE);
	shut(vmo);
	shut(nt);
}

/* ---- faults ---- */

/* Lets the thread go on behind the load that faulted. */
static void fault_child(const struct child_args *args)
{
	struct shared *shared = share_map(args->h[2]);
	struct measured m = {.a = {args->h[0], HANDLE_NONE, DEADLINE_NEVER}, .t = {SYS_RECV}};

	measure(&m);
	for (;;) {
		struct thread_regs regs;

		if (m.a[0] != RECV_CALL || MSG_LABEL(m.a[1]) != MSG_LABEL_FAULT)
			child_exit(1);
		/* Of the answer to the fault before this one, and of this fault */
		shared->start = m.start;
		shared->end = m.end;
		CHECK_OK(thread_regs(args->h[1], THREAD_REGS_GET, &regs));
		regs.pc += TOUCH_SIZE;
		CHECK_OK(thread_regs(args->h[1], THREAD_REGS_SET, &regs));
		m = (struct measured){
			.a = {args->h[0], MSG_INFO(FAULT_RESUME, 0, 0)},
			.t = {SYS_REPLY_RECV},
		};
		measure(&m);
	}
}

static void bench_fault_handler(void)
{
	handle_t ep = make_endpoint(), vmo = make_vmo(PAGE_SIZE);
	handle_t thread = test_handle(HND_THREAD);
	struct child_spec spec = {.run = fault_child, .h = {ep, thread, vmo}};
	struct shared *shared = share_map(vmo);
	struct samples s = {0};
	struct child c;

	if (shared && start_child(&c, &spec, PRIO_BENCH)) {
		uint64_t up_before = 0, resumed_before = 0;

		CHECK_OK(thread_set_fault(thread, ep));
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t stamps[2];

			touch_load(8, stamps);
			if (i > 0) /* the answer's first stamp comes with the next fault */
				sample_add(&s, i, up_before + resumed_before - shared->start - STAMP_OVERHEAD);
			up_before = shared->end - stamps[0] - STAMP_OVERHEAD;
			resumed_before = stamps[1];
		}
		report_samples("fault_roundtrip", &s, 500);
		CHECK_OK(thread_set_fault(thread, HANDLE_NONE));
	}
	stop_child(&c);
	unmap(shared, PAGE_SIZE);
	shut(vmo);
	shut(ep);
}

/* What zeroing a page takes at least, not counted in fault_anon: cbo.zero and a step for each cache block, or stores. */
static uint64_t zeroing_instructions(void)
{
	return test_system_info().flags & SYSTEM_FLAG_ZICBOZ ? 2 * (PAGE_SIZE / 64) : PAGE_SIZE / 8;
}

#define ANON_PAGES 128

/* Downwards, so that nothing is prepared ahead; the region's page table is there after the first round. */
static void bench_fault_anon(void)
{
	uint8_t *base = pages_alloc(ANON_PAGES * PAGE_SIZE);
	struct samples all = {0}, without_zeroing = {0};

	if (!base)
		return;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t stamps[2], cost;

		touch_store((uint64_t)base + (ANON_PAGES - 1 - 2 * i) * PAGE_SIZE, stamps);
		cost = stamps[1] - stamps[0] - STAMP_OVERHEAD - 1;
		sample_add(&all, i, cost);
		sample_add(&without_zeroing, i, cost - zeroing_instructions());
	}
	report_samples("fault_anon", &without_zeroing, 350);
	report_samples("fault_anon_all", &all, NO_BUDGET);
	pages_free(base, ANON_PAGES * PAGE_SIZE);
}

static void bench_fault_run(const char *name, uint64_t pages, uint64_t budget)
{
	uint8_t *base = pages_alloc(pages * PAGE_SIZE);

	if (!base)
		return;
	report_figure(name, touch_range((uint64_t)base, (uint64_t)base + pages * PAGE_SIZE, PAGE_SIZE) / pages, "instr",
		      budget);
	pages_free(base, pages * PAGE_SIZE);
}

/* ---- processes and threads ---- */

static void process_cycle_once(handle_t code, handle_t nt, uint64_t *cost, uint64_t *kernel_bytes)
{
	static const char name[] = "cycle";
	struct thread_args args = {.entry = USER_BASE, .prio = PRIO_BENCH};
	handle_t process = HANDLE_NONE, thread = HANDLE_NONE;
	struct process_info info = {0};
	uint64_t bits = 0, before = read_instret(), inspected;
	void *at;

	CHECK_OK(process_create(HANDLE_NONE, name, sizeof(name) - 1, &process));
	CHECK_OK(vmo_map(process, code, 0, (void *)USER_BASE, PAGE_SIZE, MAP_READ | MAP_EXEC | MAP_FIXED, &at));
	CHECK_OK(thread_create(process, &args, &thread));
	CHECK_OK(process_watch(process, nt, 1));
	CHECK_OK(thread_start(thread));
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
	*cost = read_instret() - before - STAMP_OVERHEAD;

	CHECK_OK(process_info(process, &info));
	CHECK_EQ(info.state, PROCESS_ENDED);
	CHECK_EQ(info.exit_status, 0);
	inspected = read_instret();
	CHECK_OK(handle_close(thread));
	CHECK_OK(handle_close(process));
	*cost += read_instret() - inspected - STAMP_OVERHEAD;
	*kernel_bytes = info.kernel_bytes;
}

static void bench_process(void)
{
	handle_t code = make_vmo(PAGE_SIZE), nt = make_notification();
	struct samples s = {0};

	CHECK_OK(vmo_write(code, 0, exit_page, (uint64_t)(exit_page_end - exit_page)));
	CHECK_OK(vmo_sync_code(code));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t cost = 0, kernel_bytes = 0;

		process_cycle_once(code, nt, &cost, &kernel_bytes);
		sample_add(&s, i, cost);
	}
	report_samples("process_cycle", &s, 10000);
	shut(code);
	shut(nt);
}

static void idle_child(const struct child_args *args)
{
	notification_wait(args->h[0], DEADLINE_NEVER, NULL);
}

/* A process with text, data and stack pages touched that waits; the pages themselves are its own affair. */
static void bench_process_memory(void)
{
	handle_t nt = make_notification();
	struct child_spec spec = {.run = idle_child, .h = {nt}};
	struct process_info info = {0};
	struct child c;

	if (start_child(&c, &spec, PRIO_BENCH)) {
		CHECK_OK(process_info(c.process, &info));
		report_figure("process_kernel_bytes", info.kernel_bytes, "bytes", 16384);
	}
	stop_child(&c);
	shut(nt);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void bench_thread(void)
{
	struct samples s = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct thread t;
		uint64_t before = read_instret();

		if (thread_spawn(&t, nothing, NULL, PRIO_BENCH))
			thread_join(&t);
		sample_add(&s, i, read_instret() - before - STAMP_OVERHEAD);
	}
	report_samples("thread_cycle", &s, NO_BUDGET);
}

static void bench_map(void)
{
	handle_t vmo = HANDLE_NONE;
	struct samples in = {0}, out = {0};

	CHECK_OK(vmo_create(16 * PAGE_SIZE, VMO_COMMIT, HANDLE_NONE, &vmo));
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct measured m = {
			.a = {HANDLE_NONE, vmo, 0, 0, 16 * PAGE_SIZE, MAP_READ | MAP_WRITE},
			.t = {SYS_VMO_MAP},
		};
		uint64_t at;

		sample_add(&in, i, measure(&m));
		CHECK_OK((status_t)m.a[0]);
		at = m.a[1];
		for (unsigned p = 0; p < 16; p++)
			poke(at + p * PAGE_SIZE, p);
		m = (struct measured){
			.a = {HANDLE_NONE, at, 16 * PAGE_SIZE},
			.t = {SYS_VMO_UNMAP},
		};
		sample_add(&out, i, measure(&m));
		CHECK_OK((status_t)m.a[0]);
	}
	report_samples("vmo_map_64k", &in, NO_BUDGET);
	report_samples("vmo_unmap_64k", &out, NO_BUDGET);
	shut(vmo);
}

int main(void)
{
	uint32_t word = 0;

	images_prepare();
	thread_set_prio(HANDLE_NONE, PRIO_BENCH);
	bench_call_alone("syscall_null", SYS_NULL, 0, 0, 50);
	bench_roundtrip();
	bench_roundtrip_stubs();
	bench_lease();
	bench_signal();
	bench_irq();
	bench_fault_handler();
	bench_fault_anon();
	bench_fault_run("fault_anon_256k", 64, NO_BUDGET);
	bench_fault_run("fault_anon_32m", 8192, 456);
	bench_process();
	bench_process_memory();
	bench_thread();
	bench_map();
	bench_handles();
	bench_call_alone("thread_yield", SYS_THREAD_YIELD, 0, 0, NO_BUDGET);
	bench_call_alone("clock_get", SYS_CLOCK_GET, 0, 0, NO_BUDGET);
	bench_call_alone("futex_wake_nobody", SYS_FUTEX_WAKE, (uint64_t)&word, 1, NO_BUDGET);
	report_done();
	test_finish(test_failures());
}
