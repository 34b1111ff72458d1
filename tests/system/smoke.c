/* SPDX-License-Identifier: BSD-2-Clause */
/* A first look at every kind of kernel object, simplest first: what to run on a kernel that has just learnt to boot. */

#include "tests/system/lib/device.h"
#include "tests/system/lib/make.h"
#include "tests/system/lib/test.h"

#include <string.h>

static void test_log(void)
{
	print("smoke: text on the log");
	CHECK_STATUS(log_write(LOG_DEBUG + 1, "x", 1), ERR_INVALID);
}

static void test_null(void)
{
	CHECK_OK(syscall_null());
	CHECK_STATUS(syscall0(SYS_COUNT).status, ERR_NO_SYSCALL);
	CHECK_STATUS(syscall0(~0ull).status, ERR_NO_SYSCALL);
}

static void test_startup_block(void)
{
	static const char *const names[] = {HND_SELF, HND_THREAD,   HND_QUOTA,   HND_BOOTFS,
					    HND_FDT,  HND_RES_MMIO, HND_RES_IRQ, HND_RES_SYSTEM};
	const struct startup *s = test_startup();

	REQUIRE(s->magic == STARTUP_MAGIC);
	CHECK(s->nhandles <= STARTUP_HANDLES);
	CHECK(s->timebase_hz > 0);
	CHECK(s->image_phdr != 0);
	CHECK(s->image_phnum > 0);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (test_handle(names[i]) == HANDLE_NONE) {
			print("no handle named %s", names[i]);
			test_fail(__FILE__, __LINE__, "a handle of the first process is missing");
		}
	}
}

static void test_clock(void)
{
	uint64_t a = now(), b = now();

	CHECK(a > 0);
	CHECK(b >= a);
}

static void test_system(void)
{
	struct system_info info = test_system_info();

	CHECK_EQ(info.page_size, PAGE_SIZE);
	CHECK(info.harts >= 1);
	CHECK(info.processes >= 1);
	CHECK(info.free_bytes > 0);
	CHECK(info.free_bytes < info.ram_bytes);
	print("smoke: %u harts, %lu KiB free of %lu KiB", info.harts, info.free_bytes / KIB, info.ram_bytes / KIB);
}

static void test_handles(void)
{
	handle_t a = make_notification();
	handle_t b = make_dup(a, RIGHT_NT_SIGNAL);
	struct handle_info info = {0};

	CHECK_OK(handle_info(a, &info));
	CHECK_EQ(info.type, OBJ_NOTIFICATION);
	CHECK_EQ(info.refs, 2);
	CHECK_OK(notification_signal(b, 4));
	CHECK_STATUS(notification_wait(b, 0, NULL), ERR_RIGHTS);
	shut(b);
	CHECK_STATUS(notification_signal(b, 4), ERR_HANDLE);
	shut(a);
	CHECK_STATUS(handle_close(a), ERR_HANDLE);
	CHECK_STATUS(handle_close(HANDLE_NONE), ERR_HANDLE);
}

static void test_notification(void)
{
	handle_t nt = make_notification();
	uint64_t bits = 0;

	CHECK_STATUS(notification_wait(nt, 0, &bits), ERR_WOULD_BLOCK);
	CHECK_OK(notification_signal(nt, 1));
	CHECK_OK(notification_signal(nt, 6));
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
	CHECK_EQ(bits, 7);
	CHECK_STATUS(notification_wait(nt, now() + MS, &bits), ERR_TIMED_OUT);
	shut(nt);
}

static void test_vmo(void)
{
	handle_t vmo = make_vmo(4 * PAGE_SIZE), other = HANDLE_NONE;
	uint8_t *p = map(vmo, 0, 4 * PAGE_SIZE, MAP_READ | MAP_WRITE), *q;
	uint8_t buffer[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8];
	struct vmo_info info = {0};

	REQUIRE(p);
	for (unsigned i = 0; i < 4 * PAGE_SIZE; i++) {
		if (p[i]) {
			test_fail(__FILE__, __LINE__, "fresh memory is not zero");
			break;
		}
	}
	p[PAGE_SIZE] = 9;
	CHECK_OK(vmo_read(vmo, PAGE_SIZE, back, 1));
	CHECK_EQ(back[0], 9);
	CHECK_OK(vmo_write(vmo, 2 * PAGE_SIZE - 4, buffer, 8));
	CHECK_EQ(memcmp(p + 2 * PAGE_SIZE - 4, buffer, 8), 0);
	CHECK_OK(vmo_info(vmo, &info));
	CHECK_EQ(info.size, 4 * PAGE_SIZE);
	CHECK_OK(vmo_clone(vmo, 0, 4 * PAGE_SIZE, &other));
	p[PAGE_SIZE] = 10;
	CHECK_OK(vmo_read(other, PAGE_SIZE, back, 1));
	CHECK_EQ(back[0], 9);
	q = map(other, 0, 4 * PAGE_SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(q);
	CHECK_EQ(q[PAGE_SIZE], 9);
	q[PAGE_SIZE] = 11;
	CHECK_EQ(p[PAGE_SIZE], 10);
	CHECK_OK(vmo_protect(HANDLE_NONE, p, PAGE_SIZE, MAP_READ));
	CHECK_STATUS(vmo_read(vmo, PAGE_SIZE, p, 1), ERR_FAULT);
	CHECK_OK(vmo_unmap(HANDLE_NONE, p, 4 * PAGE_SIZE));
	CHECK_OK(vmo_unmap(HANDLE_NONE, q, 4 * PAGE_SIZE));
	CHECK_STATUS(vmo_read(vmo, PAGE_SIZE, p, 1), ERR_FAULT);
	shut(vmo);
	shut(other);
}

static void count(void *arg)
{
	__atomic_fetch_add((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static void test_threads(void)
{
	struct thread t[4];
	int counter = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		REQUIRE(thread_spawn(&t[i], count, &counter, PRIO_DEFAULT));
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++)
		thread_join(&t[i]);
	CHECK_EQ(counter, 4);
}

static uint32_t futex_word;

static void wake_word(void *arg)
{
	(void)arg;
	__atomic_store_n(&futex_word, 1, __ATOMIC_SEQ_CST);
	CHECK_OK(futex_wake(&futex_word, 1, NULL));
}

static void test_futex(void)
{
	struct thread t;

	futex_word = 0;
	CHECK_STATUS(futex_wait(&futex_word, 1, DEADLINE_NEVER), ERR_AGAIN);
	CHECK_STATUS(futex_wait(&futex_word, 0, now() + MS), ERR_TIMED_OUT);
	REQUIRE(thread_spawn(&t, wake_word, NULL, PRIO_DEFAULT));
	while (!__atomic_load_n(&futex_word, __ATOMIC_SEQ_CST)) {
		status_t status = futex_wait(&futex_word, 0, DEADLINE_NEVER);

		CHECK(status == OK || status == ERR_AGAIN);
	}
	thread_join(&t);
}

static void test_timer(void)
{
	handle_t nt = make_notification(), timer = make_timer(nt, 2);
	uint64_t bits = 0, due;

	due = now() + 2 * MS;
	CHECK_OK(timer_set(timer, due, 0));
	CHECK_OK(notification_wait(nt, DEADLINE_NEVER, &bits));
	CHECK_EQ(bits, 2);
	CHECK(now() >= due);
	shut(timer);
	shut(nt);
}

/* Adds up the words, takes a handle if one came, copies leased bytes; label 9 ends it. */
static void serve(void *arg)
{
	handle_t ep = *(handle_t *)arg;
	struct ipc_msg m = {0};
	status_t status = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

	while (status == RECV_CALL) {
		struct ipc_msg answer = {0};
		uint32_t label = MSG_LABEL(m.info);

		for (unsigned i = 0; i < MSG_WORDS; i++)
			answer.w[0] += m.w[i];
		answer.w[1] = m.badge;
		answer.w[2] = label;
		if (MSG_HANDLES(m.info) == 1) {
			CHECK_OK(notification_signal(m.handles[0], 1));
			CHECK_OK(handle_close(m.handles[0]));
		}
		if (MSG_LEASES(m.info) == 2) {
			char bytes[16];

			CHECK_OK(lease_read(HANDLE_NONE, 0, 0, bytes, sizeof(bytes)));
			CHECK_OK(lease_write(HANDLE_NONE, 1, 0, bytes, sizeof(bytes)));
		}
		if (label == 9) {
			CHECK_OK(ipc_reply(&answer));
			return;
		}
		m = answer;
		status = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(status, RECV_CALL);
}

static void test_ipc_calls(handle_t client)
{
	char from[16] = "leased bytes 16", to[16] = {0};
	struct ipc_msg m = {.info = MSG_INFO(7, 0, 0), .w = {1, 2, 3, 4, 5, 6}};
	struct lease leases[2] = {
		{(uint64_t)from, sizeof(from) | (uint64_t)LEASE_READ << LEASE_ACCESS_SHIFT},
		{(uint64_t)to, sizeof(to) | (uint64_t)LEASE_WRITE << LEASE_ACCESS_SHIFT},
	};
	handle_t nt = make_notification();
	handle_t copy = make_dup(nt, RIGHTS_SAME);
	uint64_t bits = 0;

	CHECK_OK(ipc_call(client, &m, NULL, DEADLINE_NEVER));
	CHECK_EQ(m.w[0], 21);
	CHECK_EQ(m.w[1], 0x1234);
	CHECK_EQ(m.w[2], 7);

	m = (struct ipc_msg){.info = MSG_INFO(1, 1, 0), .handles = {copy}};
	CHECK_OK(ipc_call(client, &m, NULL, DEADLINE_NEVER));
	CHECK_STATUS(handle_close(copy), ERR_HANDLE);
	CHECK_OK(notification_wait(nt, 0, &bits));
	CHECK_EQ(bits, 1);
	shut(nt);

	m = (struct ipc_msg){.info = MSG_INFO(1, 0, 2)};
	CHECK_OK(ipc_call(client, &m, leases, DEADLINE_NEVER));
	CHECK_EQ(memcmp(from, to, sizeof(from)), 0);

	m = (struct ipc_msg){.info = MSG_INFO(9, 0, 0)};
	CHECK_OK(ipc_call(client, &m, NULL, DEADLINE_NEVER));
}

static void test_ipc(void)
{
	handle_t ep = make_endpoint();
	handle_t client = make_mint(ep, 0x1234, RIGHT_EP_CALL);
	struct thread t;

	REQUIRE(thread_spawn(&t, serve, &ep, PRIO_DEFAULT));
	test_ipc_calls(client);
	thread_join(&t);
	shut(client);
	shut(ep);
}

static void child_server(const struct child_args *args)
{
	handle_t ep = args->h[0];

	serve(&ep);
}

static void test_ipc_process(void)
{
	handle_t ep = make_endpoint();
	handle_t client = make_mint(ep, 0x1234, RIGHT_EP_CALL);
	struct child c;
	struct child_spec spec = {.run = child_server, .h = {ep}};

	REQUIRE_OK(child_start(&c, &spec));
	test_ipc_calls(client);
	CHECK_EQ(child_wait(&c), 0);
	shut(client);
	shut(ep);
}

static void exit_with(const struct child_args *args)
{
	child_exit((int64_t)args->w[0]);
}

static void spin(const struct child_args *args)
{
	(void)args;
	for (;;)
		thread_yield();
}

static void read_null(const struct child_args *args)
{
	(void)args;
	peek(8);
}

static void test_process(void)
{
	struct child c;
	struct child_spec spec = {.run = exit_with, .w = {42}};

	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), 42);
	spec.run = spin;
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_kill(&c), EXIT_KILLED);
	spec.run = read_null;
	REQUIRE_OK(child_start(&c, &spec));
	CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_LOAD_PAGE);
}

static void test_fp(void)
{
	volatile double a = 1.5, b = 2.25;

	CHECK(a * b == 3.375);
	thread_yield();
	CHECK(a + b == 3.75);
}

static void test_irq(void)
{
	struct rtc rtc;
	handle_t nt = make_notification();
	uint64_t bits = 0;

	if (!rtc_open(&rtc))
		return;
	CHECK_OK(irq_bind(rtc.irq, nt, 8));
	for (int i = 0; i < 3; i++) {
		rtc_raise(&rtc);
		CHECK_OK(notification_wait(nt, now() + 10 * SECOND, &bits));
		CHECK_EQ(bits, 8);
		rtc_clear(&rtc);
		CHECK_OK(irq_ack(rtc.irq));
		CHECK_STATUS(notification_wait(nt, now() + MS, &bits), ERR_TIMED_OUT);
	}
	rtc_close(&rtc);
	shut(nt);
}

TEST_CASES("smoke", {"log", test_log}, {"null", test_null}, {"startup", test_startup_block}, {"clock", test_clock},
	   {"system", test_system}, {"handles", test_handles}, {"notification", test_notification}, {"vmo", test_vmo},
	   {"timer", test_timer}, {"threads", test_threads}, {"futex", test_futex}, {"ipc", test_ipc}, {"fp", test_fp},
	   {"irq", test_irq}, {"process", test_process}, {"ipc_process", test_ipc_process});
