/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults as messages: what they say, how a handler resumes, changes or ends the thread, and what happens without one. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

/* Labels in assembly, so that the pc of each fault is known exactly; the results show what a handler changed. */
uint64_t fault_load(uint64_t address);
uint64_t fault_store(uint64_t address);
uint64_t fault_illegal(void);
uint64_t fault_break(void);
extern char fault_load_at[], fault_store_at[], fault_illegal_at[], fault_break_at[];
__asm__(".text\n.option push\n.option norvc\n"
	".globl fault_load, fault_load_at, fault_store, fault_store_at\n"
	"fault_load:\nfault_load_at: ld a0, 0(a0)\n ret\n"
	"fault_store:\n li a1, 77\nfault_store_at: sd a1, 0(a0)\n mv a0, a1\n ret\n"
	".globl fault_illegal, fault_illegal_at, fault_break, fault_break_at\n"
	"fault_illegal:\n li a0, 5\nfault_illegal_at: .word 0\n ret\n"
	"fault_break:\n li a0, 6\nfault_break_at: ebreak\n ret\n"
	".option pop\n");

struct victim {
	struct thread thread;
	uint64_t kind, address, result;
	volatile uint32_t done;
};

static void run_victim(void *arg)
{
	struct victim *v = arg;

	switch (v->kind) {
	case FAULT_LOAD_PAGE: v->result = fault_load(v->address); break;
	case FAULT_STORE_PAGE: v->result = fault_store(v->address); break;
	case FAULT_ILLEGAL: v->result = fault_illegal(); break;
	case FAULT_BREAKPOINT: v->result = fault_break(); break;
	default: ((void (*)(void))(uintptr_t)v->address)(); break;
	}
	v->done = 1;
}

static bool victim_start(struct victim *v, handle_t ep, uint64_t kind, uint64_t address)
{
	*v = (struct victim){.kind = kind, .address = address};
	return thread_make(&v->thread, run_victim, v, PRIO_DEFAULT) &&
	       CHECK_OK(thread_set_fault(v->thread.handle, ep)) && CHECK_OK(thread_start(v->thread.handle));
}

static uint64_t koid_of(handle_t h)
{
	struct handle_info info = {0};

	CHECK_OK(handle_info(h, &info));
	return info.koid;
}

static void check_message(const struct ipc_msg *m, const struct victim *v, uint64_t cause, uint64_t address,
			  const void *pc, int line)
{
	struct thread_regs regs = {0};

	test_check_eq(MSG_LABEL(m->info), MSG_LABEL_FAULT, __FILE__, line, "label");
	test_check_eq(m->w[0], cause, __FILE__, line, "cause");
	if (cause != FAULT_ILLEGAL && cause != FAULT_BREAKPOINT)
		test_check_eq(m->w[1], address, __FILE__, line, "address");
	test_check_eq(m->w[2], (uint64_t)pc, __FILE__, line, "pc");
	test_check_eq(m->w[3], koid_of(v->thread.handle), __FILE__, line, "thread");
	test_check_eq(m->w[4], koid_of(test_self()), __FILE__, line, "process");
	CHECK_OK(thread_regs(v->thread.handle, THREAD_REGS_GET, &regs));
	test_check_eq(m->w[5], regs.x[2], __FILE__, line, "sp");
	test_check_eq(regs.pc, (uint64_t)pc, __FILE__, line, "pc of the registers");
	test_check(m->w[5] > (uint64_t)v->thread.stack && m->w[5] <= (uint64_t)v->thread.stack + v->thread.stack_size,
		   __FILE__, line, "sp within the stack");
}

/* The handler maps the missing page; the instruction is repeated. */
static void test_resume_mapped(void)
{
	handle_t ep = make_endpoint(), vmo = make_vmo(PAGE_SIZE);
	void *where = (void *)0x60000000, *at;
	uint64_t word = 0xabcdef;
	struct ipc_msg m = {0};
	struct thread_info info = {0};
	struct victim v;

	CHECK_OK(vmo_write(vmo, 8, &word, sizeof(word)));
	REQUIRE(victim_start(&v, ep, FAULT_LOAD_PAGE, (uint64_t)where + 8));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	check_message(&m, &v, FAULT_LOAD_PAGE, (uint64_t)where + 8, fault_load_at, __LINE__);
	CHECK_OK(thread_info(v.thread.handle, &info));
	CHECK_EQ(info.state, THREAD_FAULTED);
	CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, where, PAGE_SIZE, MAP_READ | MAP_FIXED, &at));
	m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
	CHECK_OK(ipc_reply(&m));
	thread_join(&v.thread);
	CHECK_EQ(v.result, 0xabcdef);
	unmap(where, PAGE_SIZE);
	shut(vmo);
	shut(ep);
}

/* The handler changes registers: pc beyond the instruction, a result of its own. */
static void test_resume_changed(void)
{
	static const struct {
		uint64_t kind, address;
		char *pc;
	} kinds[] = {
		{FAULT_LOAD_PAGE, 24, fault_load_at},
		{FAULT_STORE_PAGE, 0xffffffc000000000, fault_store_at},
		{FAULT_ILLEGAL, 0, fault_illegal_at},
		{FAULT_BREAKPOINT, 0, fault_break_at},
	};
	handle_t ep = make_endpoint();

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct thread_regs regs = {0};
		struct ipc_msg m = {0};
		struct victim v;

		REQUIRE(victim_start(&v, ep, kinds[i].kind, kinds[i].address));
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		check_message(&m, &v, kinds[i].kind, kinds[i].address, kinds[i].pc, __LINE__);
		CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_GET, &regs));
		regs.pc += 4;
		regs.x[10] = 1000 + i;
		regs.x[11] = 1000 + i;
		regs.x[0] = 5; /* ignored */
		CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_SET, &regs));
		m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
		CHECK_OK(ipc_reply(&m));
		thread_join(&v.thread);
		CHECK_EQ(v.result, 1000 + i);
	}
	shut(ep);
}

/* Every register is the thread's own at the fault, and comes back as it was. */
uint64_t fault_registers(uint64_t address);
extern char fault_registers_at[];
__asm__(".text\n.globl fault_registers, fault_registers_at\n.option push\n.option norvc\n"
	"fault_registers:\n"
	" addi sp, sp, -112\n sd ra, 0(sp)\n sd s0, 8(sp)\n sd s1, 16(sp)\n sd s2, 24(sp)\n sd s3, 32(sp)\n"
	" sd s4, 40(sp)\n sd s5, 48(sp)\n sd s6, 56(sp)\n sd s7, 64(sp)\n sd s8, 72(sp)\n sd s9, 80(sp)\n"
	" sd s10, 88(sp)\n sd s11, 96(sp)\n sd tp, 104(sp)\n"
	" li x1, 1001\n li x3, 1003\n li x4, 1004\n li x5, 1005\n li x6, 1006\n li x7, 1007\n li x8, 1008\n"
	" li x9, 1009\n li x11, 1011\n li x12, 1012\n li x13, 1013\n li x14, 1014\n li x15, 1015\n"
	" li x16, 1016\n li x17, 1017\n li x18, 1018\n li x19, 1019\n li x20, 1020\n li x21, 1021\n"
	" li x22, 1022\n li x23, 1023\n li x24, 1024\n li x25, 1025\n li x26, 1026\n li x27, 1027\n"
	" li x28, 1028\n li x29, 1029\n li x30, 1030\n li x31, 1031\n"
	"fault_registers_at: ld x0, 0(a0)\n"
	" add a0, x1, x3\n add a0, a0, x4\n add a0, a0, x5\n add a0, a0, x6\n add a0, a0, x7\n add a0, a0, x8\n"
	" add a0, a0, x9\n add a0, a0, x11\n add a0, a0, x12\n add a0, a0, x13\n add a0, a0, x14\n"
	" add a0, a0, x15\n add a0, a0, x16\n add a0, a0, x17\n add a0, a0, x18\n add a0, a0, x19\n"
	" add a0, a0, x20\n add a0, a0, x21\n add a0, a0, x22\n add a0, a0, x23\n add a0, a0, x24\n"
	" add a0, a0, x25\n add a0, a0, x26\n add a0, a0, x27\n add a0, a0, x28\n add a0, a0, x29\n"
	" add a0, a0, x30\n add a0, a0, x31\n"
	" ld ra, 0(sp)\n ld s0, 8(sp)\n ld s1, 16(sp)\n ld s2, 24(sp)\n ld s3, 32(sp)\n ld s4, 40(sp)\n"
	" ld s5, 48(sp)\n ld s6, 56(sp)\n ld s7, 64(sp)\n ld s8, 72(sp)\n ld s9, 80(sp)\n ld s10, 88(sp)\n"
	" ld s11, 96(sp)\n ld tp, 104(sp)\n addi sp, sp, 112\n li x3, 0\n ret\n.option pop\n");

static void run_registers(void *arg)
{
	struct victim *v = arg;

	v->result = fault_registers(32);
}

static void test_registers(void)
{
	handle_t ep = make_endpoint();
	struct victim v = {0};
	struct thread_regs regs = {0};
	struct ipc_msg m = {0};
	uint64_t sum = 0;

	REQUIRE(thread_make(&v.thread, run_registers, &v, PRIO_DEFAULT));
	CHECK_OK(thread_set_fault(v.thread.handle, ep));
	CHECK_OK(thread_start(v.thread.handle));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_GET, &regs));
	CHECK_EQ(regs.pc, (uint64_t)fault_registers_at);
	CHECK_EQ(regs.x[0], 0);
	for (unsigned i = 1; i < 32; i++) {
		if (i == 2 || i == 10)
			continue;
		CHECK_EQ(regs.x[i], 1000 + i);
		sum += 1000 + i;
	}
	CHECK_EQ(regs.x[10], 32);
	regs.pc += 4;
	CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_SET, &regs));
	m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
	CHECK_OK(ipc_reply(&m));
	thread_join(&v.thread);
	CHECK_EQ(v.result, sum);
	shut(ep);
}

/* ---- ends ---- */

static void fault_in_child(const struct child_args *args)
{
	/* h[1]: signalled while it lives; the fault comes at the end */
	CHECK_OK(notification_signal(args->h[1], 1));
	switch (args->w[0]) {
	case FAULT_LOAD_PAGE: fault_load(48); break;
	case FAULT_STORE_PAGE: fault_store(48); break;
	case FAULT_ILLEGAL: fault_illegal(); break;
	case FAULT_BREAKPOINT: fault_break(); break;
	case FAULT_FETCH_PAGE: ((void (*)(void))(uintptr_t)0x48)(); break;
	default: break;
	}
}

static void test_no_handler(void)
{
	static const uint64_t kinds[] = {FAULT_LOAD_PAGE, FAULT_STORE_PAGE, FAULT_ILLEGAL, FAULT_BREAKPOINT,
					 FAULT_FETCH_PAGE};
	handle_t nt = make_notification();

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct child_spec spec = {.run = fault_in_child, .h = {HANDLE_NONE, nt}, .w = {kinds[i]}};
		struct child c;

		REQUIRE_OK(child_start(&c, &spec));
		CHECK_EQ(child_wait(&c), EXIT_FAULT | kinds[i]);
	}
	shut(nt);
}

/* The handler is another process's supervisor: it says no, or it vanishes in one of several ways. */
static void test_refused(void)
{
	for (unsigned way = 0; way < 5; way++) {
		handle_t ep = make_endpoint(), nt = make_notification(), reply = HANDLE_NONE;
		handle_t client = make_mint(ep, 9, RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE);
		struct child_spec spec = {
			.run = fault_in_child,
			.h = {HANDLE_NONE, nt},
			.w = {FAULT_LOAD_PAGE},
			.fault = client,
		};
		struct ipc_msg m = {0};
		struct child c;

		if (way == 3) /* closed before the fault */
			shut(ep);
		REQUIRE_OK(child_start(&c, &spec));
		if (way < 3 || way == 4) {
			CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
			CHECK_EQ(m.badge, 9);
			CHECK_EQ(m.w[0], FAULT_LOAD_PAGE);
			m = (struct ipc_msg){.info = MSG_INFO(way == 0 ? 0 : 77, 0, 0)};
		}
		switch (way) {
		case 0:
		case 1: CHECK_OK(ipc_reply(&m)); break;
		case 2: /* dropped: the next receive without an answer */
			CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
			break;
		case 4:
			CHECK_OK(ipc_save_caller(&reply));
			shut(reply);
			break;
		default: break;
		}
		CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_LOAD_PAGE);
		shut(client);
		if (way != 3)
			shut(ep);
		shut(nt);
	}
}

static void die_handling(const struct child_args *args)
{
	struct ipc_msg m = {0};

	CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	child_exit(0);
}

static void test_handler_dies(void)
{
	handle_t ep = make_endpoint(), nt = make_notification();
	struct child_spec handler = {.run = die_handling, .h = {ep}};
	struct child_spec spec = {.run = fault_in_child, .h = {HANDLE_NONE, nt}, .w = {FAULT_STORE_PAGE}, .fault = ep};
	struct child c, h;

	REQUIRE_OK(child_start(&h, &handler));
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_STORE_PAGE);
	CHECK_EQ(child_wait(&h), 0);
	/* Nobody came for this one yet, and then nobody ever can. */
	REQUIRE_OK(child_start(&c, &spec));
	CHECK(thread_await_state(c.thread, THREAD_FAULTED, THREAD_FAULTED));
	shut(ep);
	CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_STORE_PAGE);
	shut(nt);
}

/* Killed, suspended or cancelled while it waits for its handler */
static void test_disturbed(void)
{
	handle_t ep = make_endpoint(), nt = make_notification();
	struct child_spec spec = {.run = fault_in_child, .h = {HANDLE_NONE, nt}, .w = {FAULT_LOAD_PAGE}, .fault = ep};
	struct ipc_msg m = {0};
	struct child c;
	struct victim v;
	struct thread_regs regs = {0};

	REQUIRE_OK(child_start(&c, &spec));
	CHECK(thread_await_state(c.thread, THREAD_FAULTED, THREAD_FAULTED));
	CHECK_EQ(child_kill(&c), EXIT_KILLED);
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	/* Taken, then killed */
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(child_kill(&c), EXIT_KILLED);
	m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
	CHECK_OK(ipc_reply(&m));
	/* A cancellation is for waits, not for faults. */
	REQUIRE(victim_start(&v, ep, FAULT_LOAD_PAGE, 56));
	CHECK(thread_await_state(v.thread.handle, THREAD_FAULTED, THREAD_FAULTED));
	CHECK_OK(thread_cancel(v.thread.handle));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(m.w[0], FAULT_LOAD_PAGE);
	CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_GET, &regs));
	regs.pc += 4;
	CHECK_OK(thread_regs(v.thread.handle, THREAD_REGS_SET, &regs));
	/* Suspended: resumed by its handler it still waits for whoever suspended it. */
	CHECK_OK(thread_suspend(v.thread.handle, 1));
	m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
	CHECK_OK(ipc_reply(&m));
	sleep_ns(2 * MS);
	CHECK_EQ(v.done, 0);
	CHECK_OK(thread_suspend(v.thread.handle, 0));
	thread_join(&v.thread);
	shut(ep);
	shut(nt);
}

/* Two threads share a handler; each fault names its own thread, also when answered later and out of order. */
static void test_deferred(void)
{
	handle_t ep = make_endpoint(), reply[2] = {HANDLE_NONE, HANDLE_NONE};
	struct victim v[2];
	struct ipc_msg m = {0};
	unsigned which[2];

	for (unsigned i = 0; i < 2; i++)
		REQUIRE(victim_start(&v[i], ep, FAULT_LOAD_PAGE, 64 + 8 * i));
	for (unsigned i = 0; i < 2; i++) {
		struct thread_regs regs = {0};

		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		which[i] = m.w[1] == 64 ? 0 : 1;
		CHECK_EQ(m.w[3], koid_of(v[which[i]].thread.handle));
		CHECK_OK(ipc_save_caller(&reply[i]));
		CHECK_OK(thread_regs(v[which[i]].thread.handle, THREAD_REGS_GET, &regs));
		regs.pc += 4;
		regs.x[10] = 500 + which[i];
		CHECK_OK(thread_regs(v[which[i]].thread.handle, THREAD_REGS_SET, &regs));
	}
	for (unsigned i = 2; i-- > 0;) {
		m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
		CHECK_EQ(v[which[i]].done, 0);
		CHECK_OK(ipc_reply_to(reply[i], &m));
		thread_join(&v[which[i]].thread);
		CHECK_EQ(v[which[i]].result, 500 + which[i]);
	}
	shut(ep);
}

/* Registers of a thread are nobody's business while it runs. */
static volatile uint32_t busy_stop;
static void busy(void *arg)
{
	(void)arg;
	while (!busy_stop)
		;
}

static void test_regs_states(void)
{
	struct thread t;
	struct thread_regs regs = {0};
	handle_t nt = make_notification();
	struct waiter w;

	busy_stop = 0;
	REQUIRE(thread_make(&t, busy, NULL, 50));
	CHECK_OK(thread_regs(t.handle, THREAD_REGS_GET, &regs)); /* new: where it will start */
	CHECK_OK(thread_start(t.handle));
	sleep_ns(MS);
	CHECK_STATUS(thread_regs(t.handle, THREAD_REGS_GET, &regs), ERR_STATE);
	CHECK_STATUS(thread_regs(t.handle, THREAD_REGS_SET, &regs), ERR_STATE);
	CHECK_OK(thread_suspend(t.handle, 1));
	CHECK(thread_await_state(t.handle, THREAD_SUSPENDED, THREAD_SUSPENDED));
	CHECK_OK(thread_regs(t.handle, THREAD_REGS_GET, &regs));
	CHECK(regs.x[2] > (uint64_t)t.stack && regs.x[2] <= (uint64_t)t.stack + t.stack_size);
	CHECK_STATUS(thread_regs(t.handle, 2, &regs), ERR_INVALID);
	CHECK_STATUS(thread_regs(t.handle, THREAD_REGS_GET, (void *)16), ERR_FAULT);
	CHECK_STATUS(thread_regs(t.handle, THREAD_REGS_SET, (void *)USER_TOP), ERR_FAULT);
	CHECK_OK(thread_regs(t.handle, THREAD_REGS_SET, &regs));
	busy_stop = 1;
	CHECK_OK(thread_suspend(t.handle, 0));
	thread_join(&t);
	/* A waiting thread's registers are its own too. */
	REQUIRE(waiter_block(&w, nt, DEADLINE_NEVER, PRIO_DEFAULT));
	CHECK_STATUS(thread_regs(w.thread.handle, THREAD_REGS_GET, &regs), ERR_STATE);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(waiter_join(&w));
	shut(nt);
}

/* A thread sent into the kernel's half, or to a wild stack, faults like any other. */
static void test_wild_registers(void)
{
	static const uint64_t wild[] = {0, 0xffffffff80000000, 0xffffffc000001000, ~0ull, 1, 0x8000000000000000};
	handle_t ep = make_endpoint();

	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		struct thread_regs regs = {0};
		struct thread t;
		struct ipc_msg m = {0};

		busy_stop = 0;
		REQUIRE(thread_make(&t, busy, NULL, 50));
		CHECK_OK(thread_set_fault(t.handle, ep));
		CHECK_OK(thread_regs(t.handle, THREAD_REGS_GET, &regs));
		for (unsigned r = 0; r < 32; r++)
			regs.x[r] = wild[(i + r) % ARRAY_SIZE(wild)];
		regs.pc = wild[i];
		CHECK_OK(thread_regs(t.handle, THREAD_REGS_SET, &regs));
		CHECK_OK(thread_start(t.handle));
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, now() + 10 * SECOND, &m), RECV_CALL);
		CHECK(m.w[0] == FAULT_FETCH_PAGE || m.w[0] == FAULT_FETCH_ACCESS);
		CHECK_OK(thread_kill(t.handle));
		m.info = 0;
		ipc_reply(&m);
		CHECK(thread_await_state(t.handle, THREAD_ENDED, THREAD_ENDED));
		thread_discard(&t);
	}
	shut(ep);
}

TEST_CASES("fault", {"resume_mapped", test_resume_mapped}, {"resume_changed", test_resume_changed},
	   {"registers", test_registers}, {"no_handler", test_no_handler}, {"refused", test_refused},
	   {"handler_dies", test_handler_dies}, {"disturbed", test_disturbed}, {"deferred", test_deferred},
	   {"regs_states", test_regs_states}, {"wild_registers", test_wild_registers});
