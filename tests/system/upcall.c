/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls: when they come and when not, what they save and give back, which waits they end, and what happens when their stack is bad. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#include <string.h>

/*
 * Every upcall of these tests comes here: it calls the function in tp's struct target and goes back. The library uses tp for nothing else.
 */
struct target {
	void (*upcall)(struct target *t, struct upcall_frame *f);
	volatile uint32_t count;
	struct upcall_frame seen; /* the last one */
	struct thread thread;
	/* What it does */
	unsigned kind;
	handle_t handle;
	volatile uint32_t word;
	uint64_t deadline;
	bool uninterruptible;
	volatile status_t status;
	volatile uint32_t step, stop;
	uint64_t seed, rounds, bad;
};

static void take_upcall(struct upcall_frame *f)
{
	struct target *t = (struct target *)f->x[4];

	t->seen = *f;
	t->count++;
	if (t->upcall)
		t->upcall(t, f);
}

void upcall_entry(void);
extern void (*const upcall_taker)(struct upcall_frame *f);
void (*const upcall_taker)(struct upcall_frame *f) = take_upcall;
__asm__(".text\n.globl upcall_entry\n"
	"upcall_entry:\n mv s0, a0\n la t0, upcall_taker\n ld t0, (t0)\n jalr t0\n"
	" mv a0, s0\n li t0, 80\n ecall\n ebreak\n");
_Static_assert(SYS_UPCALL_RETURN == 80, "upcall_entry");

static void set_target(struct target *t)
{
	__asm__ volatile("mv tp, %0" : : "r"(t));
}

/* Of the calling thread */
static void begin(struct target *t)
{
	set_target(t);
	CHECK_OK(thread_upcall(upcall_entry, NULL, 0));
}

static void end(void)
{
	CHECK_OK(thread_upcall(NULL, NULL, 0));
	set_target(NULL);
}

static bool interrupt(handle_t thread)
{
	bool at_once = false;

	CHECK_OK(thread_interrupt(thread, &at_once));
	return at_once;
}

static void spin_until(volatile uint32_t *word, uint32_t value)
{
	uint64_t limit = now() + 20 * SECOND;

	while (*word < value && CHECK(now() < limit))
		thread_yield();
}

/* ---- registers ---- */

/* Fills every register with a pattern from regs, spins until the word at a0 is not zero, stores them all. */
void spin_with_registers(volatile uint32_t *word, uint64_t regs[32], uint64_t f[33]);
__asm__(".text\n.globl spin_with_registers\n.option push\n.option norvc\n"
	"spin_with_registers:\n addi sp, sp, -144\n"
	" sd ra, 0(sp)\n sd gp, 8(sp)\n sd tp, 16(sp)\n"
	" sd s0, 24(sp)\n sd s1, 32(sp)\n sd s2, 40(sp)\n sd s3, 48(sp)\n sd s4, 56(sp)\n sd s5, 64(sp)\n"
	" sd s6, 72(sp)\n sd s7, 80(sp)\n sd s8, 88(sp)\n sd s9, 96(sp)\n sd s10, 104(sp)\n sd s11, 112(sp)\n"
	" sd a1, 120(sp)\n sd a2, 128(sp)\n mv x31, a0\n"
	" .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	" fld f\\n, 8*\\n(a2)\n .endr\n ld t0, 256(a2)\n fscsr t0\n"
	" mv x30, a1\n"
	" .irp n, 1,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29\n"
	" ld x\\n, 8*\\n(x30)\n .endr\n ld x30, 240(x30)\n"
	/* x31 is the word; only x29 is used to look at it, and gets its pattern back */
	"1: lw x29, (x31)\n beqz x29, 1b\n"
	" ld x31, 120(sp)\n"
	" .irp n, 1,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,30\n"
	" sd x\\n, 8*\\n(x31)\n .endr\n"
	" ld a2, 128(sp)\n"
	" .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	" fsd f\\n, 8*\\n(a2)\n .endr\n frcsr t0\n sd t0, 256(a2)\n"
	" ld ra, 0(sp)\n ld gp, 8(sp)\n ld tp, 16(sp)\n"
	" ld s0, 24(sp)\n ld s1, 32(sp)\n ld s2, 40(sp)\n ld s3, 48(sp)\n ld s4, 56(sp)\n ld s5, 64(sp)\n"
	" ld s6, 72(sp)\n ld s7, 80(sp)\n ld s8, 88(sp)\n ld s9, 96(sp)\n ld s10, 104(sp)\n ld s11, 112(sp)\n"
	" addi sp, sp, 144\n ret\n.option pop\n");

static void spoil_float(struct target *t, struct upcall_frame *f)
{
	(void)f;
	__asm__ volatile(
		".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
		" fmv.d.x f\\n, sp\n .endr\n fsflagsi 1\n");
	t->word = t->count >= 3;
}

static void run_registers(void *arg)
{
	struct target *t = arg;
	uint64_t x[32], f[33], x_before[32], f_before[33];

	for (t->rounds = 0; t->rounds < 20; t->rounds++) {
		for (unsigned i = 0; i < 32; i++) {
			x[i] = x_before[i] = random_next(&t->seed);
			f[i] = f_before[i] = random_next(&t->seed);
		}
		f[32] = f_before[32] = t->seed >> 20 & 0x1f;
		t->count = t->word = 0;
		begin(t);
		t->step++;
		spin_with_registers(&t->word, x, f);
		t->bad += memcmp(x, x_before, sizeof(x)) != 0;
		t->bad += memcmp(f, f_before, sizeof(f)) != 0;
		/* The interrupted code's were in the frame too, if it was in the loop already. */
		end();
	}
	t->stop = 1;
}

/* A thread that computes is interrupted again and again: it does not notice, whatever the upcall does to the registers. */
static void test_registers(void)
{
	struct target t = {.upcall = spoil_float, .seed = 77};

	REQUIRE(thread_spawn(&t.thread, run_registers, &t, PRIO_DEFAULT));
	while (!t.stop) {
		status_t status = thread_interrupt(t.thread.handle, NULL);

		CHECK(status == OK || (status == ERR_STATE && t.stop));
		thread_yield();
	}
	thread_join(&t.thread);
	CHECK_EQ(t.rounds, 20);
	CHECK_EQ(t.bad, 0);
}

/* ---- the calling thread itself, and holding back ---- */

static void nested(struct target *t, struct upcall_frame *f)
{
	if (t->count > 1)
		return;
	/* Now it does not come: it is kept, once. */
	for (unsigned i = 0; i < 5; i++)
		CHECK(!interrupt(HANDLE_NONE));
	CHECK_EQ(t->count, 1);
	t->word = 7;
	(void)f;
}

static void test_own(void)
{
	static struct target t;
	struct upcall_frame f;

	t = (struct target){0};
	begin(&t);
	CHECK(interrupt(HANDLE_NONE));
	CHECK_EQ(t.count, 1);
	CHECK(interrupt(HANDLE_NONE));
	CHECK_EQ(t.count, 2);
	CHECK_EQ((uint64_t)&t, t.seen.x[4]);
	CHECK_EQ(t.seen.x[10], OK); /* the call's own results are in the frame */
	CHECK_EQ(t.seen.x[11], 1);
	t.upcall = nested;
	t.count = 0;
	CHECK(interrupt(HANDLE_NONE));
	CHECK_EQ(t.count, 2);
	CHECK_EQ(t.word, 7);
	end();
	/* Nowhere: it is kept until there is an entry. */
	t.upcall = NULL;
	CHECK(!interrupt(HANDLE_NONE));
	CHECK_EQ(t.count, 2);
	begin(&t);
	CHECK_EQ(t.count, 3);
	end();
	CHECK_STATUS(upcall_return((struct upcall_frame *)0x10), ERR_FAULT);
	CHECK_STATUS(upcall_return((struct upcall_frame *)(USER_TOP - 8)), ERR_FAULT);
	CHECK_STATUS(upcall_return((struct upcall_frame *)~7ull), ERR_FAULT);
	CHECK_STATUS(thread_upcall((void (*)(void))USER_TOP, NULL, 0), ERR_INVALID);
	CHECK_STATUS(thread_upcall(upcall_entry, (void *)USER_TOP, 4096), ERR_INVALID);
	CHECK_STATUS(thread_upcall(upcall_entry, (void *)4096, ~0ull), ERR_INVALID);
	CHECK_STATUS(thread_upcall(upcall_entry, (void *)4096, sizeof(f) - 1), ERR_INVALID);
	CHECK_STATUS(thread_interrupt(test_self(), NULL), ERR_TYPE);
	CHECK_STATUS(thread_interrupt(0x123456789, NULL), ERR_HANDLE);
	handle_t weak = make_dup(test_handle(HND_THREAD), RIGHT_INFO);
	CHECK_STATUS(thread_interrupt(weak, NULL), ERR_RIGHTS);
	shut(weak);
}

/* ---- waits ---- */

enum { FUTEX, NOTIFICATION, CALL, KINDS };

static void run_wait(void *arg)
{
	struct target *t = arg;
	struct ipc_msg m = {.info = MSG_INFO(5, 0, 0) | (t->uninterruptible ? 0 : MSG_INTERRUPTIBLE), .w = {1, 2, 3}};
	uint64_t deadline = t->deadline ? t->deadline : DEADLINE_NEVER;

	begin(t);
	t->step = 1;
	switch (t->kind) {
	case FUTEX:
		t->status = t->uninterruptible ? futex_wait(&t->word, 0, deadline)
					       : futex_wait_interruptible(&t->word, 0, deadline);
		break;
	case NOTIFICATION:
		t->status = t->uninterruptible ? notification_wait(t->handle, deadline, NULL)
					       : notification_wait_interruptible(t->handle, deadline, NULL);
		break;
	default: t->status = ipc_call(t->handle, &m, NULL, deadline); break;
	}
	t->step = 2;
	end();
}

static bool wait_begin(struct target *t, unsigned kind, handle_t handle)
{
	t->kind = kind;
	t->handle = handle;
	t->status = 1;
	return thread_spawn(&t->thread, run_wait, t, PRIO_DEFAULT) && CHECK(thread_await_blocked(t->thread.handle));
}

/* Takes the call that waits there and puts it aside. */
static handle_t put_aside(handle_t ep)
{
	struct ipc_msg m;
	handle_t reply = HANDLE_NONE;

	CHECK_EQ(ipc_recv(ep, HANDLE_NONE, now() + 10 * SECOND, &m), RECV_CALL);
	CHECK_OK(ipc_save_caller(&reply));
	return reply;
}

static void test_waits(void)
{
	handle_t nt = make_notification(), ep = make_endpoint();
	struct ipc_msg m = {0};

	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (unsigned timed = 0; timed < 2; timed++) {
			struct target t = {.deadline = timed ? now() + 1000 * SECOND : 0};
			handle_t reply = HANDLE_NONE;

			REQUIRE(wait_begin(&t, kind, kind == CALL ? ep : nt));
			if (kind == CALL)
				reply = put_aside(ep);
			CHECK(interrupt(t.thread.handle));
			thread_join(&t.thread);
			CHECK_STATUS(t.status, ERR_INTERRUPTED);
			CHECK_EQ(t.count, 1);
			CHECK_STATUS((status_t)t.seen.x[10], ERR_INTERRUPTED);
			for (unsigned i = 11; i < 18; i++)
				CHECK_EQ(t.seen.x[i], 0);
			if (kind == CALL)
				CHECK_STATUS(ipc_reply_to(reply, &m), ERR_PEER_DIED);
		}
	}
	/* Nothing of it is left: no caller in the queue, no waiter. */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(notification_wait(nt, 0, NULL));
	shut(nt);
	shut(ep);
}

/* Waits that may not be interrupted are finished first, and then the upcall comes. */
static void test_others_first(void)
{
	handle_t nt = make_notification(), ep = make_endpoint();

	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct target t = {.uninterruptible = true};
		struct ipc_msg m;

		REQUIRE(wait_begin(&t, kind, kind == CALL ? ep : nt));
		CHECK(interrupt(t.thread.handle));
		CHECK(thread_await_blocked(t.thread.handle));
		CHECK_EQ(t.count, 0);
		switch (kind) {
		case FUTEX:
			t.word = 1;
			CHECK_OK(futex_wake(&t.word, 1, NULL));
			break;
		case NOTIFICATION: CHECK_OK(notification_signal(nt, 4)); break;
		default:
			CHECK_EQ(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
			CHECK(!(m.info & MSG_INTERRUPTIBLE));
			CHECK_OK(ipc_reply(&m));
		}
		thread_join(&t.thread);
		CHECK_OK(t.status);
		CHECK_EQ(t.count, 1);
	}
	shut(nt);
	shut(ep);
}

/*
 * A call that waits to be taken, or that its server works on, is finished first. One that is put aside ends, or does so when it is put aside; whoever
 * holds it finds nobody, and is told that his answer went nowhere.
 */
static void test_taken(void)
{
	handle_t ep = make_endpoint();
	struct ipc_msg m;
	uint64_t koid = 0;

	for (unsigned late = 0; late < 2; late++) {
		struct target t = {0};
		handle_t reply = HANDLE_NONE;

		REQUIRE(wait_begin(&t, CALL, ep));
		if (late)
			CHECK(interrupt(t.thread.handle));
		CHECK_EQ(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
		CHECK(m.info & MSG_INTERRUPTIBLE);
		CHECK_EQ(MSG_LABEL(m.info), 5);
		if (late) {
			CHECK_EQ(t.count, 0);
			CHECK_OK(caller_process(HANDLE_NONE, &koid));
			CHECK_OK(ipc_save_caller(&reply));
		} else {
			CHECK_OK(ipc_save_caller(&reply));
			CHECK_OK(caller_process(reply, &koid));
			CHECK(interrupt(t.thread.handle));
		}
		thread_join(&t.thread);
		CHECK_STATUS(t.status, ERR_INTERRUPTED);
		CHECK_EQ(t.count, 1);
		CHECK_STATUS(caller_process(reply, &koid), ERR_PEER_DIED);
		CHECK_STATUS(lease_read(reply, 0, 0, &m, 1), ERR_PEER_DIED);
		CHECK_STATUS(ipc_reply_to(reply, &m), ERR_PEER_DIED);
	}
	/* Answered without having been put aside */
	struct target t = {0};
	REQUIRE(wait_begin(&t, CALL, ep));
	CHECK_EQ(ipc_recv(ep, HANDLE_NONE, 0, &m), RECV_CALL);
	CHECK(interrupt(t.thread.handle));
	CHECK_EQ(t.count, 0);
	CHECK_OK(ipc_reply(&m)); /* with the bits that the call came with */
	thread_join(&t.thread);
	CHECK_OK(t.status);
	CHECK_EQ(t.count, 1);
	shut(ep);
}

/* Bytes have been moved for a call that was put aside: now it is finished first. */
static void run_lender(void *arg)
{
	struct target *t = arg;
	struct lease lease = {.addr = (uint64_t)&t->seed, .info = 8 | (uint64_t)LEASE_WRITE << LEASE_ACCESS_SHIFT};
	struct ipc_msg m = {.info = MSG_INFO(5, 0, 1) | MSG_INTERRUPTIBLE};

	begin(t);
	t->status = ipc_call(t->handle, &m, &lease, DEADLINE_NEVER);
	end();
}

static void test_answer_begun(void)
{
	handle_t ep = make_endpoint(), reply;
	struct target t = {.handle = ep};
	struct ipc_msg m = {0};
	uint64_t bytes = 0x1234;

	REQUIRE(thread_spawn(&t.thread, run_lender, &t, PRIO_DEFAULT));
	reply = put_aside(ep);
	CHECK_OK(lease_write(reply, 0, 0, &bytes, 4));
	CHECK(interrupt(t.thread.handle));
	CHECK_EQ(t.count, 0);
	CHECK_OK(lease_write(reply, 0, 4, (char *)&bytes + 4, 4));
	m.info = MSG_INFO(0, 0, 0);
	CHECK_OK(ipc_reply_to(reply, &m));
	thread_join(&t.thread);
	CHECK_OK(t.status);
	CHECK_EQ(t.seed, 0x1234);
	CHECK_EQ(t.count, 1);
	shut(ep);
}

/* What is over keeps its result; the upcall finds it in the frame. */
static void test_result_kept(void)
{
	handle_t nt = make_notification();
	struct target t = {0};

	REQUIRE(wait_begin(&t, NOTIFICATION, nt));
	CHECK_OK(thread_suspend(t.thread.handle, true));
	CHECK_OK(notification_signal(nt, 0x30));
	CHECK(interrupt(t.thread.handle));
	CHECK_EQ(t.count, 0);
	CHECK_OK(thread_suspend(t.thread.handle, false));
	thread_join(&t.thread);
	CHECK_OK(t.status);
	CHECK_EQ(t.count, 1);
	CHECK_STATUS((status_t)t.seen.x[10], OK);
	CHECK_EQ(t.seen.x[11], 0x30);
	/* Suspended in its wait: that ends, the upcall waits until it may run. */
	struct target u = {0};
	REQUIRE(wait_begin(&u, FUTEX, HANDLE_NONE));
	CHECK_OK(thread_suspend(u.thread.handle, true));
	CHECK(interrupt(u.thread.handle));
	CHECK(thread_await_state(u.thread.handle, THREAD_SUSPENDED, THREAD_SUSPENDED));
	CHECK_EQ(u.count, 0);
	CHECK_OK(thread_suspend(u.thread.handle, false));
	thread_join(&u.thread);
	CHECK_STATUS(u.status, ERR_INTERRUPTED);
	CHECK_EQ(u.count, 1);
	shut(nt);
}

/* An interrupt that came before the wait began: UPCALL_FAIL_NEXT carries it over, and only once. */
static void fail_next(struct target *t, struct upcall_frame *f)
{
	(void)t;
	f->flags |= UPCALL_FAIL_NEXT;
}

static void run_put_aside(void *arg)
{
	struct ipc_msg m = {0};

	CHECK_STATUS(ipc_reply_to(put_aside(*(handle_t *)arg), &m), ERR_PEER_DIED);
}

static void test_fail_next(void)
{
	static struct target t;
	uint32_t word = 0;
	handle_t nt = make_notification(), ep = make_endpoint();
	struct ipc_msg m = {0};

	t = (struct target){.upcall = fail_next};
	begin(&t);
	CHECK(interrupt(HANDLE_NONE));
	CHECK_STATUS(futex_wait(&word, 0, now() + MS), ERR_TIMED_OUT); /* not one that may be interrupted */
	CHECK_STATUS(futex_wait_interruptible(&word, 1, DEADLINE_NEVER), ERR_AGAIN);
	CHECK_STATUS(futex_wait_interruptible(&word, 0, DEADLINE_NEVER), ERR_INTERRUPTED);
	CHECK_STATUS(futex_wait_interruptible(&word, 0, now() + MS), ERR_TIMED_OUT);
	CHECK(interrupt(HANDLE_NONE));
	CHECK_STATUS(notification_wait_interruptible(nt, DEADLINE_NEVER, NULL), ERR_INTERRUPTED);
	CHECK_STATUS(notification_wait_interruptible(nt, now() + MS, NULL), ERR_TIMED_OUT);
	/* A call is over when it is put aside. */
	struct thread server;
	CHECK(interrupt(HANDLE_NONE));
	REQUIRE(thread_spawn(&server, run_put_aside, &ep, PRIO_DEFAULT));
	CHECK_STATUS(ipc_call(ep, &m, NULL, DEADLINE_INTERRUPTIBLE), ERR_INTERRUPTED);
	thread_join(&server);
	CHECK_STATUS(ipc_call(ep, &m, NULL, now() + MS), ERR_TIMED_OUT);
	/* thread_upcall forgets it. */
	CHECK(interrupt(HANDLE_NONE));
	begin(&t);
	CHECK_STATUS(futex_wait_interruptible(&word, 0, now() + MS), ERR_TIMED_OUT);
	/* A wait inside of an upcall is not ended by what is held back. */
	CHECK_EQ(t.count, 4);
	end();
	shut(nt);
	shut(ep);
}

static void waits_inside(struct target *t, struct upcall_frame *f)
{
	uint32_t word = 0;

	(void)f;
	if (t->count > 1)
		return;
	CHECK(!interrupt(HANDLE_NONE));
	t->status = futex_wait_interruptible(&word, 0, now() + MS);
}

static void test_wait_inside(void)
{
	static struct target t;

	t = (struct target){.upcall = waits_inside};
	begin(&t);
	CHECK(interrupt(HANDLE_NONE));
	CHECK_STATUS(t.status, ERR_TIMED_OUT);
	CHECK_EQ(t.count, 2);
	end();
}

/* ---- stacks ---- */

static void where_am_i(struct target *t, struct upcall_frame *f)
{
	t->word = 0;
	if (t->count == 1)
		t->seed = (uint64_t)f;
}

static void test_stack(void)
{
	static struct target t;
	static _Alignas(16) uint8_t stack[4096];
	uint64_t size = sizeof(struct upcall_frame);

	t = (struct target){.upcall = where_am_i};
	set_target(&t);
	CHECK_OK(thread_upcall(upcall_entry, stack, sizeof(stack)));
	CHECK(interrupt(HANDLE_NONE));
	CHECK_EQ(t.seed, (uint64_t)stack + sizeof(stack) - size);
	/* Odd sizes: frames are aligned all the same. */
	t.count = 0;
	CHECK_OK(thread_upcall(upcall_entry, stack + 3, sizeof(stack) - 9));
	CHECK(interrupt(HANDLE_NONE));
	CHECK_EQ(t.seed & 15, 0);
	CHECK(t.seed > (uint64_t)stack && t.seed + size <= (uint64_t)stack + sizeof(stack) - 6);
	/* On it already: below sp. Its edges: at its upper end it is on it, at its lower end it is full, which is the start anew. */
	t.count = 0;
	uint64_t sp, top;
	__asm__ volatile("mv %0, sp" : "=r"(sp));
	top = (sp & ~4095ull) + 8192;
	CHECK_OK(thread_upcall(upcall_entry, (void *)(top - 65536), 65536));
	CHECK(interrupt(HANDLE_NONE));
	CHECK(t.seed < sp && t.seed > sp - 4096);
	end();
}

/* The frame does not fit: a fault of that thread, at the place it was at; when there is memory it goes on as if nothing had been. */
struct stuck {
	struct target t;
	uint64_t sp;
};

void spin_on_stack(volatile uint32_t *word, uint64_t sp, volatile uint32_t *running);
__asm__(".text\n.globl spin_on_stack\n"
	"spin_on_stack:\n mv t0, sp\n mv sp, a1\n li t1, 1\n sw t1, (a2)\n1: lw t1, (a0)\n beqz t1, 1b\n mv sp, t0\n ret\n");

static void run_stuck(void *arg)
{
	struct stuck *s = arg;

	begin(&s->t);
	spin_on_stack(&s->t.word, s->sp, &s->t.step);
	end();
}

static void test_bad_stack(void)
{
	handle_t ep = make_endpoint(), vmo = make_vmo(4 * PAGE_SIZE);
	uint64_t size = sizeof(struct upcall_frame);
	uint8_t *low = (uint8_t *)0x60000000, *mid = low + 2 * PAGE_SIZE, *high = low + 4 * PAGE_SIZE;
	void *at = NULL;
	/* Not mapped at all; its start and its end in a page that is not there; not the user's. */
	struct {
		uint64_t sp, fault;
		uint8_t *help; /* where memory is missing; NULL: sp has to change */
	} cases[] = {
		{(uint64_t)mid, (uint64_t)mid - size, low},
		{(uint64_t)mid + 64, (uint64_t)mid + 64 - size, low},
		{(uint64_t)high + 64, (uint64_t)high, high},
		{16, (16 - size) & ~15ull, NULL},
		{0, (0 - size) & ~15ull, NULL},
		{USER_TOP + 4096, (USER_TOP + 4096 - size) & ~15ull, NULL},
		{USER_TOP + 64, (USER_TOP + 64 - size) & ~15ull, NULL},
		{~0ull, (~0ull - size) & ~15ull, NULL},
	};

	CHECK_OK(vmo_map(HANDLE_NONE, vmo, 2 * PAGE_SIZE, mid, 2 * PAGE_SIZE, MAP_READ | MAP_WRITE | MAP_FIXED, &at));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct stuck s = {.sp = cases[i].sp};
		struct ipc_msg m;

		REQUIRE(thread_make(&s.t.thread, run_stuck, &s, PRIO_DEFAULT));
		CHECK_OK(thread_set_fault(s.t.thread.handle, ep));
		CHECK_OK(thread_start(s.t.thread.handle));
		spin_until(&s.t.step, 1);
		interrupt(s.t.thread.handle);
		for (unsigned again = 0; again < 2; again++) {
			CHECK_EQ(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
			CHECK_EQ(MSG_LABEL(m.info), MSG_LABEL_FAULT);
			CHECK_EQ(m.w[0], FAULT_STORE_PAGE);
			CHECK_EQ(m.w[1], cases[i].fault);
			CHECK_EQ(m.w[5], cases[i].sp);
			CHECK(!interrupt(s.t.thread.handle)); /* so much for making an upcall of this fault */
			CHECK_EQ(s.t.count, 0);
			if (again && cases[i].help) {
				CHECK_OK(vmo_map(HANDLE_NONE, vmo, 0, cases[i].help, 2 * PAGE_SIZE,
						 MAP_READ | MAP_WRITE | MAP_FIXED, &at));
			} else if (again) {
				struct thread_regs regs;

				CHECK_OK(thread_regs(s.t.thread.handle, THREAD_REGS_GET, &regs));
				regs.x[2] = (uint64_t)s.t.thread.stack + s.t.thread.stack_size - 1024;
				CHECK_OK(thread_regs(s.t.thread.handle, THREAD_REGS_SET, &regs));
			}
			/* The first time without help: it faults again. */
			m.info = MSG_INFO(FAULT_RESUME, 0, 0);
			CHECK_OK(ipc_reply(&m));
		}
		spin_until(&s.t.count, 1);
		s.t.word = 1;
		thread_join(&s.t.thread);
		CHECK_EQ(s.t.count, 1);
		if (cases[i].help)
			unmap(cases[i].help, 2 * PAGE_SIZE);
	}
	shut(vmo);
	shut(ep);
	unmap(mid, 2 * PAGE_SIZE);
}

static void bad_stack_child(const struct child_args *args)
{
	static struct stuck s;

	(void)args;
	s.sp = 64;
	begin(&s.t);
	interrupt(HANDLE_NONE);
	interrupt(HANDLE_NONE);
	CHECK_OK(thread_upcall(upcall_entry, (void *)4096, 4096));
	interrupt(HANDLE_NONE);
	child_exit(1);
}

/* Nobody handles it: the process ends, as with any fault. */
static void test_bad_stack_alone(void)
{
	struct child_spec spec = {.run = bad_stack_child};
	struct child c;

	for (unsigned i = 0; i < 5; i++) {
		REQUIRE_OK(child_start(&c, &spec));
		CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_STORE_PAGE);
	}
}

/* ---- faults, and rubbish to go back to ---- */

static void skip_fault(struct target *t, struct upcall_frame *f)
{
	if (t->word)
		f->pc += 4; /* over the load */
}

static void run_fault(void *arg)
{
	begin(arg);
	__asm__ volatile(".option push\n.option norvc\nli t1, 8\nld t1, (t1)\n.option pop" : : : "t1", "memory");
	end();
}

/* The handler makes the fault an upcall of the thread. */
static void test_fault(void)
{
	handle_t ep = make_endpoint();
	struct target t = {.upcall = skip_fault, .word = 1};
	struct ipc_msg m;

	REQUIRE(thread_make(&t.thread, run_fault, &t, PRIO_DEFAULT));
	CHECK_OK(thread_set_fault(t.thread.handle, ep));
	CHECK_OK(thread_start(t.thread.handle));
	CHECK_EQ(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(m.w[0], FAULT_LOAD_PAGE);
	CHECK(interrupt(t.thread.handle));
	CHECK_EQ(t.count, 0);
	uint64_t pc = m.w[2];
	m.info = MSG_INFO(FAULT_RESUME, 0, 0);
	CHECK_OK(ipc_reply(&m));
	thread_join(&t.thread);
	CHECK_EQ(t.count, 1);
	CHECK_EQ(t.seen.pc, pc);
	/* Its process is killed while it waits so. */
	shut(ep);
}

static void rubbish_child(const struct child_args *args)
{
	static struct upcall_frame f;
	static const uint64_t pcs[] = {0, 1, 0x1000, USER_TOP, 1ull << 63, ~0ull, 0xffffffff80000000};

	/* Privileged bits are nowhere in it; everything else is a jump like others. */
	memset(&f, 0xff, sizeof(f));
	f.flags = args->w[1] ? ~0ull : 0;
	f.pc = pcs[args->w[0]];
	(void)upcall_return(&f);
	child_exit(1);
}

static void test_rubbish(void)
{
	for (unsigned i = 0; i < 14; i++) {
		struct child_spec spec = {.run = rubbish_child, .w = {i / 2, i % 2}};
		struct child c;
		int64_t status;

		REQUIRE_OK(child_start(&c, &spec));
		status = child_wait(&c);
		CHECK(status == (EXIT_FAULT | FAULT_FETCH_PAGE) || status == (EXIT_FAULT | FAULT_FETCH_ACCESS));
	}
}

/* The floating-point state that comes back is the user's to choose, as far as it is his; rounding and flags only. */
static void set_float(struct target *t, struct upcall_frame *f)
{
	(void)t;
	f->flags |= UPCALL_FP;
	for (unsigned i = 0; i < 32; i++)
		f->f[i] = 0x4000000000000000 + i;
	f->fcsr = ~0ull << 8 | 0x41;
}

static void drop_float(struct target *t, struct upcall_frame *f)
{
	(void)t;
	f->flags &= ~(uint64_t)UPCALL_FP;
}

static void run_float(void *arg)
{
	struct target *t = arg;
	uint64_t value, csr;

	begin(t);
	interrupt(HANDLE_NONE);
	__asm__ volatile("fmv.x.d %0, fs3\nfrcsr %1" : "=r"(value), "=r"(csr));
	CHECK(!(t->seen.flags & UPCALL_FP)); /* it had used none */
	CHECK_EQ(value, 0x4000000000000000 + 19);
	CHECK_EQ(csr, 0x41);
	t->upcall = drop_float;
	interrupt(HANDLE_NONE);
	CHECK(t->seen.flags & UPCALL_FP);
	CHECK_EQ(t->seen.fcsr, 0x41);
	__asm__ volatile("fmv.x.d %0, fs3\nfrcsr %1" : "=r"(value), "=r"(csr));
	CHECK_EQ(value, 0);
	CHECK_EQ(csr, 0);
	end();
}

static void test_float(void)
{
	struct target t = {.upcall = set_float};

	REQUIRE(thread_spawn(&t.thread, run_float, &t, PRIO_DEFAULT));
	thread_join(&t.thread);
	CHECK_EQ(t.count, 2);
}

/* ---- ends ---- */

static void hang(struct target *t, struct upcall_frame *f)
{
	uint32_t word = 0;

	(void)f;
	t->step = 9;
	futex_wait(&word, 0, DEADLINE_NEVER);
}

static void test_killed(void)
{
	struct target t = {.upcall = hang};

	/* In an upcall */
	REQUIRE(wait_begin(&t, FUTEX, HANDLE_NONE));
	CHECK(interrupt(t.thread.handle));
	spin_until(&t.step, 9);
	CHECK(!interrupt(t.thread.handle));
	CHECK_OK(thread_kill(t.thread.handle));
	CHECK(thread_await_state(t.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_STATUS(thread_interrupt(t.thread.handle, NULL), ERR_STATE);
	thread_discard(&t.thread);
	/* Interrupted and killed before it could run */
	struct target u = {0};
	REQUIRE(wait_begin(&u, FUTEX, HANDLE_NONE));
	CHECK_OK(thread_suspend(u.thread.handle, true));
	CHECK(interrupt(u.thread.handle));
	CHECK_OK(thread_kill(u.thread.handle));
	CHECK(thread_await_state(u.thread.handle, THREAD_ENDED, THREAD_ENDED));
	CHECK_EQ(u.count, 0);
	thread_discard(&u.thread);
	/* New: it comes when it says where. */
	struct target v = {.kind = FUTEX, .word = 1};
	REQUIRE(thread_make(&v.thread, run_wait, &v, PRIO_DEFAULT));
	CHECK(!interrupt(v.thread.handle));
	CHECK_OK(thread_start(v.thread.handle));
	thread_join(&v.thread);
	CHECK_EQ(v.count, 1);
	CHECK_STATUS(v.status, ERR_AGAIN);
}

/* ---- all at once ---- */

#define STORM_THREADS 6

static void storm_upcall(struct target *t, struct upcall_frame *f)
{
	uint32_t word = 0;

	switch (random_next(&t->seed) % 8) {
	case 0: futex_wait(&word, 0, now() + 1000); break;
	case 1: interrupt(HANDLE_NONE); break;
	case 2: f->flags |= UPCALL_FAIL_NEXT; break;
	case 3: thread_yield(); break;
	default: break;
	}
}

static void run_storm(void *arg)
{
	struct target *t = arg;
	uint64_t seed = t->seed + 99, bits;

	begin(t);
	while (!t->stop) {
		struct ipc_msg m = {.info = MSG_INFO(3, 0, 0) | MSG_INTERRUPTIBLE, .w = {seed, 1, 2, 3, 4, seed}};
		uint64_t sent = seed,
			 deadline = random_next(&seed) % 2 ? now() + random_next(&seed) % 100000 : DEADLINE_NEVER;
		status_t s;

		switch (random_next(&seed) % 4) {
		case 0:
			s = futex_wait_interruptible(&t->word, 0, now() + random_next(&seed) % 50000);
			t->bad += s != ERR_INTERRUPTED && s != ERR_TIMED_OUT;
			break;
		case 1:
			s = notification_wait_interruptible(t->handle, now() + random_next(&seed) % 50000, &bits);
			t->bad += s != ERR_INTERRUPTED && s != ERR_TIMED_OUT;
			break;
		default:
			s = ipc_call(*(handle_t *)t->deadline, &m, NULL, deadline);
			if (s == OK)
				t->bad += m.w[0] != sent || m.w[5] != sent || MSG_LABEL(m.info) != 3;
			else
				t->bad += s != ERR_INTERRUPTED && s != ERR_TIMED_OUT;
		}
		t->rounds++;
	}
	end();
}

/* Threads that wait in every way, a server, and two that interrupt, suspend and resume them from all sides. */
struct stirrer {
	struct thread thread;
	struct target *targets;
	uint64_t seed, done;
	volatile uint32_t *stop;
};

static void run_stirrer(void *arg)
{
	struct stirrer *s = arg;

	while (!*s->stop) {
		struct target *t = &s->targets[random_next(&s->seed) % STORM_THREADS];

		if (random_next(&s->seed) % 16 == 0) {
			CHECK_OK(thread_suspend(t->thread.handle, true));
			interrupt(t->thread.handle);
			CHECK_OK(thread_suspend(t->thread.handle, false));
		} else {
			interrupt(t->thread.handle);
		}
		s->done++;
		if (random_next(&s->seed) % 4 == 0)
			sleep_ns(random_next(&s->seed) % 30000);
	}
}

static void storm(uint64_t rounds)
{
	static struct target t[STORM_THREADS];
	handle_t ep = make_endpoint(), nt = make_notification();
	struct thread server;
	volatile uint32_t stop = 0;
	struct stirrer stirrers[2];

	REQUIRE(thread_spawn(&server, server_run, &ep, PRIO_DEFAULT + 1));
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		t[i] = (struct target){
			.upcall = storm_upcall, .seed = 1000 + i, .handle = nt, .deadline = (uint64_t)&ep};
		REQUIRE(thread_spawn(&t[i].thread, run_storm, &t[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < 2; i++) {
		stirrers[i] = (struct stirrer){.targets = t, .seed = 50 + i, .stop = &stop};
		REQUIRE(thread_spawn(&stirrers[i].thread, run_stirrer, &stirrers[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < STORM_THREADS; i++)
		while (t[i].rounds < rounds)
			sleep_ns(MS);
	stop = 1;
	for (unsigned i = 0; i < 2; i++)
		thread_join(&stirrers[i].thread);
	uint64_t upcalls = 0;
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		t[i].stop = 1;
		/* It may wait for an answer that will come. */
		thread_join(&t[i].thread);
		CHECK_EQ(t[i].bad, 0);
		CHECK(t[i].count > 0);
		upcalls += t[i].count;
	}
	print("upcall: %lu upcalls in the storm", upcalls);
	server_stop(ep);
	thread_join(&server);
	shut(ep);
	shut(nt);
}

static void storm_child(const struct child_args *args)
{
	(void)args;
	storm(~0ull);
}

static void test_storm(void)
{
	struct child_spec spec = {.run = storm_child};
	struct test_account before;

	storm(test_option("rounds", 300));
	before = test_account();
	/* The same, killed in the middle of it. */
	for (unsigned i = 0; i < 10; i++) {
		struct child c;

		REQUIRE_OK(child_start(&c, &spec));
		sleep_ns((5 + 3 * i) * MS);
		child_kill(&c);
	}
	CHECK_ACCOUNT(&before);
}

TEST_CASES("upcall", {"registers", test_registers}, {"own", test_own}, {"waits", test_waits},
	   {"others_first", test_others_first}, {"taken", test_taken}, {"answer_begun", test_answer_begun},
	   {"result_kept", test_result_kept}, {"fail_next", test_fail_next}, {"wait_inside", test_wait_inside},
	   {"stack", test_stack}, {"bad_stack", test_bad_stack}, {"bad_stack_alone", test_bad_stack_alone},
	   {"fault", test_fault}, {"rubbish", test_rubbish}, {"float", test_float}, {"killed", test_killed},
	   {"storm", test_storm});
