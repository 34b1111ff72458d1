/* SPDX-License-Identifier: BSD-2-Clause */
/* After every system call, whatever its arguments, the registers hold results or zero: nothing of the kernel, nothing of others. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/raw.h"
#include "tests/system/lib/test.h"

/* Which registers a call's results may be in when it succeeds: bits 0-7 a0-a7, 8-14 t0-t6 */
#define A0      1u
#define A1      2u
#define A2      4u
#define MESSAGE 0x3cff /* a0-a7, t2-t5 */

static uint32_t results_of(uint64_t number)
{
	switch (number) {
	case SYS_CALL: return MESSAGE;
	case SYS_RECV:
	case SYS_REPLY_RECV: return MESSAGE | 1u << 9; /* the badge */
	case SYS_LEASE_INFO:
	case SYS_LOG_READ: return A0 | A1 | A2;
	default: return A0 | A1;
	}
}

static void check_clean(const struct raw_regs *r, uint64_t number, int line)
{
	uint32_t allowed = r->a[0] == OK || r->a[0] == RECV_SIGNAL ? results_of(number) : A0;
	uint32_t dirty = 0;

	for (unsigned i = 0; i < 8; i++)
		dirty |= (uint32_t)(r->a[i] != 0) << i;
	for (unsigned i = 0; i < 7; i++)
		dirty |= (uint32_t)(r->t[i] != 0) << (8 + i);
	dirty &= ~allowed;
	if (dirty || r->ra || r->lost) {
		print("call %lu (status %ld): registers 0x%x are not zero, ra 0x%lx, lost 0x%lx", number, (long)r->a[0],
		      dirty, r->ra, r->lost);
		test_fail(__FILE__, line, "registers after a system call");
	}
}

static struct raw_regs marked(uint64_t number)
{
	struct raw_regs r = {.ra = 0x1111111111111111};

	for (unsigned i = 0; i < 8; i++)
		r.a[i] = 0xa0a0a0a000000000 + i;
	for (unsigned i = 1; i < 7; i++)
		r.t[i] = 0x7070707000000000 + i;
	r.t[0] = number;
	return r;
}

/* With nonsense in every register: each call fails at once, and says so in a0 alone. */
static void test_errors(void)
{
	for (uint64_t number = 0; number < SYS_COUNT + 3; number++) {
		struct raw_regs r = marked(number);

		switch (number) {
		case SYS_NULL:
		case SYS_REPLY:
		case SYS_SAVE_CALLER:
		case SYS_ENDPOINT_CREATE:
		case SYS_NOTIFICATION_CREATE:
		case SYS_PROCESS_EXIT:
		case SYS_THREAD_EXIT:
		case SYS_THREAD_YIELD:
		case SYS_CLOCK_GET:
		case SYS_LOG_WRITE: continue; /* need no good argument */
		default: break;
		}
		raw_syscall(&r);
		if ((status_t)r.a[0] >= 0) {
			print("call %lu with nonsense: %ld", number, (long)r.a[0]);
			test_fail(__FILE__, __LINE__, "nonsense was accepted");
		}
		check_clean(&r, number, __LINE__);
	}
}

static void good(uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		 uint64_t *result)
{
	struct raw_regs r = marked(number);

	r.a[0] = a0;
	r.a[1] = a1;
	r.a[2] = a2;
	r.a[3] = a3;
	r.a[4] = a4;
	r.a[5] = a5;
	raw_syscall(&r);
	if (r.a[0] != OK) {
		print("call %lu: %ld", number, (long)r.a[0]);
		test_fail(__FILE__, __LINE__, "a good call failed");
	}
	check_clean(&r, number, __LINE__);
	if (result)
		*result = r.a[1];
}

static void test_success(void)
{
	static uint8_t buffer[512] __attribute__((aligned(8)));
	uint64_t buf = (uint64_t)buffer, ep = 0, nt = 0, vmo = 0, h = 0, timer = 0, at = 0, process = 0;

	good(SYS_NULL, 0, 0, 0, 0, 0, 0, NULL);
	good(SYS_ENDPOINT_CREATE, 0, 0, 0, 0, 0, 0, &ep);
	good(SYS_NOTIFICATION_CREATE, 0, 0, 0, 0, 0, 0, &nt);
	good(SYS_ENDPOINT_MINT, ep, 7, RIGHT_EP_CALL, 0, 0, 0, &h);
	good(SYS_HANDLE_INFO, h, buf, 0, 0, 0, 0, NULL);
	good(SYS_HANDLE_CLOSE, h, 0, 0, 0, 0, 0, NULL);
	good(SYS_HANDLE_DUP, nt, (uint32_t)RIGHTS_SAME, 0, 0, 0, 0, &h);
	good(SYS_HANDLE_REVOKE, nt, 0, 0, 0, 0, 0, NULL);
	good(SYS_NOTIFICATION_SIGNAL, nt, 5, 0, 0, 0, 0, NULL);
	good(SYS_NOTIFICATION_WAIT, nt, 0, 0, 0, 0, 0, NULL);
	good(SYS_NOTIFICATION_BIND, nt, test_handle(HND_THREAD), 0, 0, 0, 0, NULL);
	good(SYS_NOTIFICATION_BIND, 0, test_handle(HND_THREAD), 0, 0, 0, 0, NULL);
	good(SYS_VMO_CREATE, 4 * PAGE_SIZE, 0, 0, 0, 0, 0, &vmo);
	good(SYS_VMO_WRITE, vmo, 3, buf, 100, 0, 0, NULL);
	good(SYS_VMO_READ, vmo, 3, buf, 100, 0, 0, NULL);
	good(SYS_VMO_INFO, vmo, buf, 0, 0, 0, 0, NULL);
	good(SYS_VMO_OP, vmo, VMO_OP_COMMIT, 0, PAGE_SIZE, 0, 0, NULL);
	good(SYS_VMO_CLONE, vmo, 0, PAGE_SIZE, 0, 0, 0, &h);
	good(SYS_HANDLE_CLOSE, h, 0, 0, 0, 0, 0, NULL);
	good(SYS_VMO_MAP, 0, vmo, 0, 0, PAGE_SIZE, MAP_READ | MAP_WRITE, &at);
	good(SYS_VMO_PROTECT, 0, at, PAGE_SIZE, MAP_READ, 0, 0, NULL);
	good(SYS_VMO_UNMAP, 0, at, PAGE_SIZE, 0, 0, 0, NULL);
	good(SYS_VMO_SYNC_CODE, vmo, 0, 0, 0, 0, 0, NULL);
	good(SYS_PROCESS_CREATE, 0, (uint64_t) "regs", 4, 0, 0, 0, &process);
	good(SYS_PROCESS_GIVE, process, nt, (uint32_t)RIGHTS_SAME, 0, 0, 0, &h);
	good(SYS_PROCESS_INFO, process, buf, 0, 0, 0, 0, NULL);
	good(SYS_PROCESS_WATCH, process, nt, 1, 0, 0, 0, NULL);
	good(SYS_PROCESS_KILL, process, 3, 0, 0, 0, 0, NULL);
	good(SYS_HANDLE_CLOSE, process, 0, 0, 0, 0, 0, NULL);
	good(SYS_THREAD_INFO, 0, buf, 0, 0, 0, 0, NULL);
	good(SYS_THREAD_YIELD, 0, 0, 0, 0, 0, 0, NULL);
	good(SYS_THREAD_UPCALL, 0, 0, 0, 0, 0, 0, NULL);
	good(SYS_THREAD_INTERRUPT, test_handle(HND_THREAD), 0, 0, 0, 0, 0, NULL);
	good(SYS_TIMER_CREATE, nt, 1, 0, 0, 0, 0, &timer);
	good(SYS_TIMER_SET, timer, DEADLINE_NEVER, 0, 0, 0, 0, NULL);
	good(SYS_HANDLE_CLOSE, timer, 0, 0, 0, 0, 0, NULL);
	good(SYS_CLOCK_GET, 0, 0, 0, 0, 0, 0, NULL);
	good(SYS_FUTEX_WAKE, buf, 1, 0, 0, 0, 0, NULL);
	good(SYS_QUOTA_INFO, 0, buf, 0, 0, 0, 0, NULL);
	good(SYS_SYSTEM_INFO, 0, INFO_SYSTEM, 0, buf, sizeof(buffer), 0, NULL);
	good(SYS_RESOURCE_CREATE, test_handle(HND_RES_IRQ), 11, 1, 0, 0, 0, &h);
	good(SYS_HANDLE_CLOSE, h, 0, 0, 0, 0, 0, NULL);
	shut(vmo);
	shut(nt);
	shut(ep);
}

/* Waits, which go through the scheduler, and messages, which come from somebody else's registers */
static void signal_later(void *arg)
{
	sleep_ns(MS);
	CHECK_OK(notification_signal(*(handle_t *)arg, 9));
}

static void test_blocking(void)
{
	handle_t nt = make_notification(), ep = make_endpoint();
	struct thread t;
	struct raw_regs r;
	uint32_t word = 0;

	REQUIRE(thread_spawn(&t, signal_later, &nt, PRIO_DEFAULT));
	r = marked(SYS_NOTIFICATION_WAIT);
	r.a[0] = nt;
	r.a[1] = DEADLINE_NEVER;
	r.a[2] = 0;
	raw_syscall(&r);
	CHECK_EQ(r.a[0], OK);
	CHECK_EQ(r.a[1], 9);
	check_clean(&r, SYS_NOTIFICATION_WAIT, __LINE__);
	thread_join(&t);
	r = marked(SYS_FUTEX_WAIT);
	r.a[0] = (uint64_t)&word;
	r.a[1] = 0;
	r.a[2] = now() + MS;
	r.a[3] = 0;
	raw_syscall(&r);
	CHECK_EQ(r.a[0], (uint64_t)ERR_TIMED_OUT);
	check_clean(&r, SYS_FUTEX_WAIT, __LINE__);
	r = marked(SYS_RECV);
	r.a[0] = ep;
	r.a[1] = HANDLE_NONE;
	r.a[2] = now() + MS;
	raw_syscall(&r);
	CHECK_EQ(r.a[0], (uint64_t)ERR_TIMED_OUT);
	check_clean(&r, SYS_RECV, __LINE__);
	shut(nt);
	shut(ep);
}

/* A call without handles must not carry the sender's other registers to the receiver, nor the answer the server's. */
static void raw_server(void *arg)
{
	struct raw_regs r = marked(SYS_RECV);

	r.a[0] = *(handle_t *)arg;
	r.a[1] = HANDLE_NONE;
	r.a[2] = DEADLINE_NEVER;
	raw_syscall(&r);
	CHECK_EQ(r.a[0], RECV_CALL);
	check_clean(&r, SYS_RECV, __LINE__);
	for (unsigned i = 2; i < 6; i++)
		CHECK_EQ(r.t[i], 0); /* handles that were not sent */
	CHECK_EQ(r.t[1], 0x55);      /* the badge */
	struct raw_regs answer = marked(SYS_REPLY);

	answer.a[1] = MSG_INFO(3, 0, 0);
	raw_syscall(&answer);
	check_clean(&answer, SYS_REPLY, __LINE__);
}

static void test_messages(void)
{
	handle_t ep = make_endpoint(), client = make_mint(ep, 0x55, RIGHT_EP_CALL);

	for (unsigned round = 0; round < 4; round++) {
		struct thread t;
		struct raw_regs r = marked(SYS_CALL);

		REQUIRE(thread_spawn(&t, raw_server, &ep, PRIO_DEFAULT - 1 + round));
		if (round & 1)
			CHECK(thread_await_blocked(t.handle));
		r.a[0] = client;
		r.a[1] = MSG_INFO(3, 0, 0);
		raw_syscall(&r);
		CHECK_EQ(r.a[0], OK);
		check_clean(&r, SYS_CALL, __LINE__);
		for (unsigned i = 0; i < 7; i++)
			CHECK_EQ(r.t[i], 0);
		for (unsigned i = 2; i < 8; i++)
			CHECK_EQ(r.a[i], 0xa0a0a0a000000000 + i); /* the words of the answer */
		thread_join(&t);
	}
	shut(client);
	shut(ep);
}

/* A new thread sees its arguments and nothing else. */
extern uint64_t first_regs[32];
uint64_t first_regs[32];
void see_registers(void);
__asm__(".text\n.option push\n.option norvc\n.globl see_registers\nsee_registers:\n"
	" sd x6, -8(sp)\n la x6, first_regs\n"
	" .irp n, 1,2,3,4,5,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	" sd x\\n, 8*\\n(x6)\n .endr\n ld x5, -8(sp)\n sd x5, 48(x6)\n"
	" li t0, 40\n li a0, 0\n ecall\n .option pop\n");
_Static_assert(SYS_THREAD_EXIT == 40, "see_registers");

static void test_new_thread(void)
{
	uint8_t *stack = pages_alloc(PAGE_SIZE);
	struct thread_args args = {
		.entry = (uint64_t)see_registers,
		.stack = (uint64_t)stack + PAGE_SIZE - 64,
		.arg0 = 0xaaaa,
		.arg1 = 0xbbbb,
		.tls = 0xcccc,
		.prio = PRIO_DEFAULT,
	};
	handle_t thread = HANDLE_NONE;

	__asm__ volatile("" : : "r"(first_regs) : "memory");
	CHECK_OK(thread_create(HANDLE_NONE, &args, &thread));
	CHECK_OK(thread_start(thread));
	CHECK(thread_await_state(thread, THREAD_ENDED, THREAD_ENDED));
	__asm__ volatile("" : : : "memory");
	for (unsigned i = 1; i < 32; i++) {
		uint64_t want = i == 2 ? args.stack : i == 4 ? 0xcccc : i == 10 ? 0xaaaa : i == 11 ? 0xbbbb : 0;

		if (first_regs[i] != want) {
			print("x%u is 0x%lx in a new thread", i, first_regs[i]);
			test_fail(__FILE__, __LINE__, "a new thread's registers");
		}
	}
	shut(thread);
	pages_free(stack, PAGE_SIZE);
}

TEST_CASES("regs", {"errors", test_errors}, {"success", test_success}, {"blocking", test_blocking},
	   {"messages", test_messages}, {"new_thread", test_new_thread});
