/* SPDX-License-Identifier: BSD-2-Clause */
/* Paged memory objects: who is asked for which page when, what becomes of pages that were written, and what happens without a pager. */

#include <string.h>

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#define BADGE      77u
#define GONE_BIT   4
#define PAGES      8u
#define SIZE       (PAGES * PAGE_SIZE)
#define VMO_RIGHTS (RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_EXEC | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)

static handle_t ep, nt;
static uint64_t buffer[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));

/* Answers requests for pages until it is called otherwise. A word of page i is i * 1000 + salt. */
static struct pager {
	struct thread thread;
	volatile uint32_t reads, writes;
	volatile uint64_t last_offset;
	volatile uint64_t salt;
	volatile bool refuse;
} pager;
static uint64_t made[PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));

static status_t page_supply(uint64_t offset, uint64_t access)
{
	for (unsigned i = 0; i < ARRAY_SIZE(made); i++)
		made[i] = offset / PAGE_SIZE * 1000 + pager.salt;
	return pager_copy(ep, BADGE, access == MAP_WRITE ? PAGER_GRANT : PAGER_SUPPLY, offset, made, PAGE_SIZE);
}

static void pager_run(void *arg)
{
	struct ipc_msg m;

	(void)arg;
	status_t s = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);
	while (s == RECV_CALL && MSG_LABEL(m.info) == MSG_LABEL_PAGE) {
		CHECK_EQ(m.badge, BADGE);
		pager.last_offset = m.w[0];
		if (m.w[1] == MAP_WRITE)
			pager.writes++;
		else
			pager.reads++;
		bool good = !pager.refuse && CHECK_OK(page_supply(m.w[0], m.w[1]));
		m = (struct ipc_msg){.info = MSG_INFO(good ? FAULT_RESUME : 0, 0, 0)};
		s = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(s, RECV_CALL);
	CHECK_EQ(MSG_LABEL(m.info), SERVER_STOP);
	CHECK_OK(ipc_reply(&m));
}

static handle_t begin(uint64_t size)
{
	handle_t vmo = HANDLE_NONE;

	ep = make_endpoint();
	nt = make_notification();
	pager = (struct pager){.salt = 5};
	CHECK_OK(endpoint_watch(ep, nt, GONE_BIT));
	CHECK_OK(pager_vmo(ep, BADGE, size, VMO_RIGHTS, &vmo));
	CHECK(thread_spawn(&pager.thread, pager_run, NULL, PRIO_DEFAULT));
	return vmo;
}

static void end_serving(void)
{
	server_stop(ep);
	thread_join(&pager.thread);
}

static void expect_gone(void)
{
	uint64_t badge = 0;

	CHECK_OK(endpoint_gone(ep, 0, &badge));
	CHECK_EQ(badge, BADGE);
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
}

static void end(handle_t vmo)
{
	shut(vmo);
	expect_gone();
	CHECK_OK(pager_op(ep, BADGE, PAGER_DROP, 0, 0, NULL));
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_DROP, 0, 0, NULL), ERR_NOT_FOUND);
	end_serving();
	shut(ep);
	shut(nt);
}

static volatile uint64_t *word(void *base, unsigned page)
{
	return (volatile uint64_t *)((char *)base + page * PAGE_SIZE + 64);
}

static void test_read(void)
{
	handle_t vmo = begin(SIZE);
	void *at = map(vmo, 0, SIZE, MAP_READ);

	REQUIRE(at);
	for (unsigned i = PAGES; i-- > 0;) {
		CHECK_EQ(*word(at, i), i * 1000 + 5);
		CHECK_EQ(pager.last_offset, i * PAGE_SIZE);
		CHECK_EQ(pager.reads, PAGES - i);
	}
	pager.salt = 6;
	for (unsigned i = 0; i < PAGES; i++)
		CHECK_EQ(*word(at, i), i * 1000 + 5);
	CHECK_EQ(pager.reads, PAGES);
	CHECK_EQ(pager.writes, 0);
	/* Another mapping finds them there. */
	void *again = map(vmo, PAGE_SIZE, PAGE_SIZE, MAP_READ);
	CHECK_EQ(*word(again, 0), 1005);
	CHECK_EQ(pager.reads, PAGES);
	unmap(again, PAGE_SIZE);
	unmap(at, SIZE);
	end(vmo);
}

static void test_write(void)
{
	handle_t vmo = begin(SIZE);
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	uint64_t found = 1;

	REQUIRE(at);
	CHECK_EQ(*word(at, 3), 3005);
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_WRITTEN, 0, SIZE, &found), ERR_NOT_FOUND);
	*word(at, 3) = 42; /* there already: only asked whether it may */
	*word(at, 5) = 43; /* at once */
	CHECK_EQ(pager.reads, 1);
	CHECK_EQ(pager.writes, 2);
	*word(at, 3) = 44;
	CHECK_EQ(pager.writes, 2);
	CHECK_OK(pager_op(ep, BADGE, PAGER_WRITTEN, 0, SIZE, &found));
	CHECK_EQ(found, 3 * PAGE_SIZE);
	CHECK_OK(pager_op(ep, BADGE, PAGER_WRITTEN, 4 * PAGE_SIZE, 100 * SIZE, &found));
	CHECK_EQ(found, 5 * PAGE_SIZE);
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_WRITTEN, 6 * PAGE_SIZE, SIZE, &found), ERR_NOT_FOUND);
	CHECK_OK(pager_op(ep, BADGE, PAGER_CLEAN, 0, SIZE, NULL)); /* they may still be written */
	CHECK_OK(pager_op(ep, BADGE, PAGER_PROTECT, 3 * PAGE_SIZE, PAGE_SIZE, NULL));
	CHECK_OK(pager_op(ep, BADGE, PAGER_WRITTEN, 0, SIZE, &found));
	CHECK_EQ(found, 3 * PAGE_SIZE); /* whoever takes over from a pager that dies now has to know */
	CHECK_OK(pager_read(ep, BADGE, 3 * PAGE_SIZE, buffer, PAGE_SIZE));
	CHECK_OK(pager_op(ep, BADGE, PAGER_CLEAN, 0, SIZE, NULL));
	CHECK_OK(pager_op(ep, BADGE, PAGER_WRITTEN, 0, SIZE, &found));
	CHECK_EQ(found, 5 * PAGE_SIZE);
	CHECK_EQ(buffer[8], 44);
	CHECK_EQ(buffer[9], 3005);
	CHECK_EQ(*word(at, 3), 44); /* reading goes on */
	CHECK_EQ(pager.writes, 2);
	*word(at, 3) = 45;
	CHECK_EQ(pager.writes, 3);
	CHECK_EQ(*word(at, 3), 45);
	unmap(at, SIZE);
	end(vmo);
}

static void test_evict_update(void)
{
	handle_t vmo = begin(SIZE);
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	uint64_t value = 99;

	REQUIRE(at);
	*word(at, 2) = 1;
	CHECK_OK(pager_copy(ep, BADGE, PAGER_UPDATE, 2 * PAGE_SIZE + 64, &value, 8));
	CHECK_EQ(*word(at, 2), 99);
	CHECK_OK(pager_copy(ep, BADGE, PAGER_UPDATE, 4 * PAGE_SIZE + 64, &value, 8)); /* not there: left out */
	CHECK_EQ(*word(at, 4), 4005);
	CHECK_OK(pager_copy(ep, BADGE, PAGER_UPDATE, 5 * PAGE_SIZE - 4, "abcdefgh", 8)); /* half of it */
	CHECK_STATUS(pager_read(ep, BADGE, 5 * PAGE_SIZE - 4, buffer, 8), ERR_NOT_FOUND);
	CHECK_OK(pager_read(ep, BADGE, 5 * PAGE_SIZE - 4, buffer, 4));
	CHECK(memcmp(buffer, "abcd", 4) == 0);
	pager.salt = 7;
	CHECK_OK(pager_op(ep, BADGE, PAGER_EVICT, 0, 3 * PAGE_SIZE, NULL));
	CHECK_EQ(*word(at, 2), 2007);
	CHECK_EQ(*word(at, 4), 4005);
	CHECK_OK(pager_op(ep, BADGE, PAGER_EVICT, 0, 1000 * SIZE, NULL));
	CHECK_EQ(*word(at, 4), 4007);
	/* What is there is not made again. */
	CHECK_OK(page_supply(4 * PAGE_SIZE, MAP_READ));
	pager.salt = 8;
	CHECK_OK(page_supply(4 * PAGE_SIZE, MAP_READ));
	CHECK_EQ(*word(at, 4), 4007);
	unmap(at, SIZE);
	end(vmo);
}

/* A private mapping: pages of the object until they are written, its own from then on. */
static void test_view(void)
{
	handle_t vmo = begin(SIZE), view = HANDLE_NONE;
	uint64_t value = 99;

	CHECK_OK(vmo_clone(vmo, PAGE_SIZE, 4 * PAGE_SIZE, &view));
	void *at = map(view, 0, 4 * PAGE_SIZE, MAP_READ | MAP_WRITE), *shared = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(at && shared);
	CHECK_EQ(*word(at, 0), 1005);
	*word(at, 1) = 7;
	CHECK_EQ(*word(shared, 2), 2005);
	CHECK_EQ(pager.writes, 0);
	*word(shared, 1) = 8;
	*word(shared, 2) = 9;
	CHECK_EQ(*word(at, 0), 8);
	CHECK_EQ(*word(at, 1), 7);
	CHECK_OK(pager_copy(ep, BADGE, PAGER_UPDATE, PAGE_SIZE + 64, &value, 8));
	CHECK_EQ(*word(at, 0), 99);
	pager.salt = 6;
	CHECK_OK(pager_op(ep, BADGE, PAGER_EVICT, 0, SIZE, NULL));
	CHECK_EQ(*word(at, 0), 1006);
	CHECK_EQ(*word(at, 1), 7);
	*word(at, 0) = 3; /* shown: the page that others see stays theirs */
	CHECK_EQ(*word(shared, 1), 1006);
	*word(at, 3) = 4; /* not even there */
	CHECK_EQ(*word(at, 3), 4);
	CHECK_EQ(*word(shared, 4), 4006);
	unmap(shared, SIZE);
	shut(vmo);
	unmap(at, 4 * PAGE_SIZE);
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_DROP, 0, 0, NULL), ERR_BUSY);
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
	CHECK_STATUS(vmo_clone(view, 0, PAGE_SIZE, &vmo), ERR_UNSUPPORTED);
	end(view);
}

/* What was written stays after the last user, until the pager has it; and who comes back finds it. */
static void test_gone(void)
{
	handle_t vmo = begin(SIZE);
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	uint64_t found = 0;

	REQUIRE(at);
	*word(at, 6) = 4711;
	shut(vmo);
	CHECK_STATUS(endpoint_gone(ep, 0, NULL), ERR_WOULD_BLOCK);
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_DROP, 0, 0, NULL), ERR_BUSY);
	unmap(at, SIZE);
	expect_gone();
	CHECK_OK(pager_op(ep, BADGE, PAGER_WRITTEN, 0, SIZE, &found));
	CHECK_EQ(found, 6 * PAGE_SIZE);
	CHECK_OK(pager_read(ep, BADGE, found, buffer, PAGE_SIZE));
	CHECK_EQ(buffer[8], 4711);
	CHECK_OK(pager_vmo(ep, BADGE, SIZE, VMO_RIGHTS, &vmo));
	at = map(vmo, 0, SIZE, MAP_READ);
	CHECK_EQ(*word(at, 6), 4711);
	unmap(at, SIZE);
	end(vmo);
}

static void test_grow(void)
{
	static const uint64_t pages[] = {1, 2, 63, 64, 65, 130, 5000};
	handle_t vmo = begin(PAGE_SIZE), same = HANDLE_NONE;
	struct vmo_info info = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		uint64_t last = (pages[i] - 1) * PAGE_SIZE;

		CHECK_OK(pager_vmo(ep, BADGE, pages[i] * PAGE_SIZE - 1, VMO_RIGHTS, &same));
		shut(vmo);
		vmo = same;
		CHECK_OK(vmo_info(vmo, &info));
		CHECK_EQ(info.size, pages[i] * PAGE_SIZE);
		CHECK_EQ(info.kind, VMO_KIND_PAGED);
		CHECK_EQ(info.committed, i * PAGE_SIZE);
		CHECK_OK(page_supply(last, MAP_READ));
	}
	CHECK_OK(pager_vmo(ep, BADGE, 0, VMO_RIGHTS, &same)); /* never shorter */
	shut(same);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		CHECK_OK(pager_read(ep, BADGE, (pages[i] - 1) * PAGE_SIZE, buffer, 8));
		CHECK_EQ(buffer[0], (pages[i] - 1) * 1000 + 5);
	}
	CHECK_STATUS(pager_copy(ep, BADGE, PAGER_SUPPLY, 5000 * PAGE_SIZE, buffer, PAGE_SIZE), ERR_RANGE);
	CHECK_STATUS(pager_vmo(ep, BADGE, ~0ull, VMO_RIGHTS, &same), ERR_RANGE);
	CHECK_STATUS(pager_vmo(ep, BADGE, PAGE_SIZE, RIGHT_EP_CALL, &same), ERR_INVALID);
	end(vmo);
}

struct toucher {
	struct thread thread;
	volatile uint64_t *at;
	bool write;
	uint64_t value;
	volatile uint32_t done;
};

static void run_toucher(void *arg)
{
	struct toucher *t = arg;

	if (t->write)
		*t->at = 11;
	t->value = *t->at;
	t->done = 1;
}

/* No page there: the thread's own fault handler hears of an access fault, and may make good for it. */
static void test_refused(void)
{
	handle_t vmo = begin(SIZE), faults = make_endpoint();
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);

	REQUIRE(at);
	pager.refuse = true;
	for (unsigned write = 0; write < 2; write++) {
		struct toucher t = {.at = word(at, 1 + write), .write = write};
		struct ipc_msg m = {0};

		CHECK(thread_make(&t.thread, run_toucher, &t, PRIO_DEFAULT));
		CHECK_OK(thread_set_fault(t.thread.handle, faults));
		CHECK_OK(thread_start(t.thread.handle));
		CHECK_STATUS(ipc_recv(faults, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		CHECK_EQ(MSG_LABEL(m.info), MSG_LABEL_FAULT);
		CHECK_EQ(m.w[0], write ? FAULT_STORE_ACCESS : FAULT_LOAD_ACCESS);
		CHECK_EQ(m.w[1], (uint64_t)t.at);
		CHECK_OK(page_supply((1 + write) * PAGE_SIZE, write ? MAP_WRITE : MAP_READ));
		m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
		CHECK_OK(ipc_reply(&m));
		thread_join(&t.thread);
		CHECK_EQ(t.value, write ? 11 : 1005);
	}
	unmap(at, SIZE);
	shut(faults);
	end(vmo);
}

static void refused_child(const struct child_args *args)
{
	void *at = map(args->h[0], 0, PAGE_SIZE, MAP_READ);

	if (at)
		(void)*word(at, 0);
	child_exit(99);
}

/* Without a handler the process ends. */
static void test_refused_unhandled(void)
{
	handle_t vmo = begin(SIZE);
	struct child c;

	pager.refuse = true;
	REQUIRE_OK(child_start(&c, &(struct child_spec){.run = refused_child, .h = {vmo}}));
	CHECK_EQ(child_wait(&c), EXIT_FAULT | FAULT_LOAD_ACCESS);
	pager.refuse = false;
	end(vmo);
}

/* Takes the request and dies with it, or without having received again. */
static void dying_pager(const struct child_args *args)
{
	struct ipc_msg m;

	CHECK_STATUS(ipc_recv(args->h[0], HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(MSG_LABEL(m.info), MSG_LABEL_PAGE);
	child_exit(0);
}

static void test_pager_dies(void)
{
	handle_t vmo = HANDLE_NONE;

	ep = make_endpoint();
	pager.salt = 5;
	CHECK_OK(pager_vmo(ep, BADGE, SIZE, VMO_RIGHTS, &vmo));
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	struct toucher t = {.at = word(at, 1), .write = true};
	struct child c;
	struct ipc_msg m = {0};
	REQUIRE(at);
	REQUIRE_OK(child_start(&c, &(struct child_spec){.run = dying_pager, .h = {ep}}));
	CHECK(thread_spawn(&t.thread, run_toucher, &t, PRIO_DEFAULT));
	CHECK_EQ(child_wait(&c), 0);
	CHECK_EQ(t.done, 0);
	/* The next one is asked the same. */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(MSG_LABEL(m.info), MSG_LABEL_PAGE);
	CHECK_EQ(m.w[0], PAGE_SIZE);
	CHECK_EQ(m.w[1], MAP_WRITE);
	/* Received again without an answer: it comes again. */
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(m.w[0], PAGE_SIZE);
	CHECK_OK(page_supply(m.w[0], m.w[1]));
	m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
	CHECK_OK(ipc_reply(&m));
	thread_join(&t.thread);
	CHECK_EQ(t.value, 11);
	unmap(at, SIZE);
	shut(vmo);
	shut(ep);
}

/* Killed while it waits for a page, queued or taken. */
static void test_toucher_dies(void)
{
	handle_t vmo = HANDLE_NONE;
	struct child c;
	struct ipc_msg m = {0};

	ep = make_endpoint();
	CHECK_OK(pager_vmo(ep, BADGE, SIZE, VMO_RIGHTS, &vmo));
	for (unsigned taken = 0; taken < 2; taken++) {
		REQUIRE_OK(child_start(&c, &(struct child_spec){.run = refused_child, .h = {vmo}}));
		if (taken)
			CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		else
			sleep_ns(20 * MS);
		CHECK_EQ(child_kill(&c) & EXIT_KILLED, EXIT_KILLED);
		if (taken) {
			m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
			CHECK_OK(ipc_reply(&m));
		}
		CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, 0, &m), ERR_WOULD_BLOCK);
	}
	shut(vmo);
	shut(ep);
}

static void test_closed(void)
{
	handle_t vmo = HANDLE_NONE, faults = make_endpoint();
	struct ipc_msg m = {0};

	ep = make_endpoint();
	pager.salt = 5;
	CHECK_OK(pager_vmo(ep, BADGE, SIZE, VMO_RIGHTS, &vmo));
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(at);
	CHECK_OK(page_supply(0, MAP_WRITE));
	for (unsigned late = 0; late < 2; late++) {
		struct toucher t = {.at = word(at, 1)};

		CHECK(thread_make(&t.thread, run_toucher, &t, PRIO_DEFAULT));
		CHECK_OK(thread_set_fault(t.thread.handle, faults));
		CHECK_OK(thread_start(t.thread.handle));
		if (!late) {
			CHECK(thread_await_state(t.thread.handle, THREAD_FAULTED, THREAD_FAULTED));
			shut(ep);
		}
		CHECK_STATUS(ipc_recv(faults, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
		CHECK_EQ(m.w[0], FAULT_LOAD_ACCESS);
		CHECK_OK(thread_kill(t.thread.handle));
		thread_discard(&t.thread);
	}
	/* What is there stays. */
	*word(at, 0) = 17;
	CHECK_EQ(*word(at, 0), 17);
	unmap(at, SIZE);
	shut(vmo);
	shut(faults);
}

/* The kernel's own copies wait for nobody. */
static void test_copies(void)
{
	handle_t vmo = begin(SIZE), view = HANDLE_NONE;
	char *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	struct handle_info info;

	REQUIRE(at);
	CHECK_STATUS(vmo_read(vmo, 0, buffer, 8), ERR_UNSUPPORTED);
	CHECK_STATUS(vmo_write(vmo, 0, buffer, 8), ERR_UNSUPPORTED);
	CHECK_STATUS(vmo_op(vmo, VMO_OP_COMMIT, 0, SIZE), ERR_UNSUPPORTED);
	CHECK_STATUS(vmo_op(vmo, VMO_OP_DECOMMIT, 0, SIZE), ERR_UNSUPPORTED);
	CHECK_STATUS(handle_info(vmo, (struct handle_info *)at), ERR_FAULT);
	CHECK_EQ(pager.reads + pager.writes, 0);
	*(volatile char *)at = 0;
	CHECK_OK(handle_info(vmo, (struct handle_info *)at));
	CHECK_OK(handle_info(vmo, &info));
	CHECK(memcmp(at, &info, sizeof(info)) == 0);
	CHECK_OK(vmo_clone(vmo, 0, SIZE, &view));
	CHECK_STATUS(vmo_read(view, 0, buffer, 8), ERR_UNSUPPORTED);
	shut(view);
	unmap(at, SIZE);
	end(vmo);
}

static void test_rights(void)
{
	handle_t vmo = begin(SIZE), weak = make_dup(ep, RIGHT_EP_CALL), only = make_dup(ep, RIGHT_EP_RECV);
	handle_t readable = make_dup(vmo, RIGHT_VMO_READ), out;
	void *at;

	CHECK_STATUS(pager_vmo(weak, BADGE, SIZE, VMO_RIGHTS, &out), ERR_RIGHTS);
	CHECK_STATUS(pager_vmo(only, BADGE, SIZE, VMO_RIGHTS, &out), ERR_RIGHTS);
	CHECK_STATUS(pager_copy(weak, BADGE, PAGER_SUPPLY, 0, buffer, PAGE_SIZE), ERR_RIGHTS);
	CHECK_STATUS(pager_op(weak, BADGE, PAGER_EVICT, 0, SIZE, NULL), ERR_RIGHTS);
	CHECK_STATUS(pager_op(vmo, BADGE, PAGER_EVICT, 0, SIZE, NULL), ERR_TYPE);
	CHECK_STATUS(pager_op(ep, BADGE + 1, PAGER_EVICT, 0, SIZE, NULL), ERR_NOT_FOUND);
	CHECK_STATUS(pager_op(ep, BADGE, 9, 0, SIZE, NULL), ERR_INVALID);
	CHECK_STATUS(pager_op(ep, BADGE, PAGER_EVICT, 1, SIZE, NULL), ERR_INVALID);
	CHECK_STATUS(pager_copy(ep, BADGE, 9, 0, buffer, PAGE_SIZE), ERR_INVALID);
	CHECK_STATUS(pager_copy(ep, BADGE, PAGER_SUPPLY, 8, buffer, PAGE_SIZE), ERR_INVALID);
	CHECK_STATUS(pager_copy(ep, BADGE, PAGER_SUPPLY, 0, (void *)PAGE_SIZE, PAGE_SIZE), ERR_FAULT);
	CHECK_STATUS(vmo_map(HANDLE_NONE, readable, 0, NULL, SIZE, MAP_READ | MAP_WRITE, &at), ERR_RIGHTS);
	shut(readable);
	shut(weak);
	end(vmo);
	/* Not before: to close a handle that this process could receive with cancels the pager's wait. */
	shut(only);
}

/* li a0, 42; ret */
static const uint32_t answer_42[] = {0x02a00513, 0x00008067}, answer_7[] = {0x00700513, 0x00008067};

static void test_code(void)
{
	handle_t vmo = begin(SIZE);
	int (*code)(void) = (int (*)(void))map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_EXEC);

	REQUIRE(code);
	memset(buffer, 0, sizeof(buffer));
	for (unsigned i = 0; i < 20; i++) {
		memcpy(buffer, i % 2 ? answer_7 : answer_42, 8);
		CHECK_OK(pager_copy(ep, BADGE, PAGER_SUPPLY, 0, buffer, PAGE_SIZE));
		CHECK_EQ(code(), i % 2 ? 7 : 42);
		CHECK_OK(pager_op(ep, BADGE, PAGER_EVICT, 0, PAGE_SIZE, NULL));
	}
	unmap((void *)code, PAGE_SIZE);
	end(vmo);
}

/* Every byte comes back, also of an object that nobody dropped. */
static void test_memory(void)
{
	struct quota_info before = {0}, after = {0};

	CHECK_OK(quota_info(HANDLE_NONE, &before));
	for (unsigned round = 0; round < 3; round++) {
		handle_t vmo = HANDLE_NONE, view = HANDLE_NONE;

		ep = make_endpoint();
		CHECK_OK(pager_vmo(ep, BADGE, 300 * PAGE_SIZE, VMO_RIGHTS, &vmo));
		for (unsigned i = 0; i < 300; i += 7)
			CHECK_OK(page_supply(i * PAGE_SIZE, i % 2 ? MAP_READ : MAP_WRITE));
		CHECK_OK(vmo_clone(vmo, 0, 300 * PAGE_SIZE, &view));
		if (round < 2) {
			shut(view);
			shut(vmo);
		}
		if (round == 0)
			CHECK_OK(pager_op(ep, BADGE, PAGER_DROP, 0, 0, NULL));
		shut(ep);
		if (round == 2) {
			shut(vmo);
			shut(view);
		}
		CHECK_OK(quota_info(HANDLE_NONE, &after));
		CHECK_EQ(after.used.mem_bytes, before.used.mem_bytes);
	}
}

#define STORM_THREADS 4u
#define STORM_ROUNDS  400u

struct storm {
	struct thread thread;
	void *at;
	uint32_t seed;
};

/* Words of its own in pages of all: each increment must survive whatever the pager does meanwhile. */
static void run_storm(void *arg)
{
	struct storm *s = arg;
	uint32_t me = s->seed, r = me * 2654435761u;
	uint64_t count[PAGES] = {0};

	for (unsigned i = 0; i < STORM_ROUNDS; i++) {
		r = r * 1664525u + 1013904223u;
		unsigned page = r >> 16 & (PAGES - 1);
		volatile uint64_t *w = (volatile uint64_t *)((char *)s->at + page * PAGE_SIZE) + 100 + me;

		uint64_t had = *w;

		if (had != count[page]) {
			CHECK_EQ(had, count[page]);
			return;
		}
		*w = ++count[page];
	}
}

/* A pager that takes pages away at random, keeps what was in them, and gives it back when asked. */
static uint64_t kept[PAGES][PAGE_SIZE / 8] __attribute__((aligned(PAGE_SIZE)));

static void storm_pager(void *arg)
{
	struct ipc_msg m;
	uint32_t r = 1;

	(void)arg;
	status_t s = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);
	while (s == RECV_CALL && MSG_LABEL(m.info) == MSG_LABEL_PAGE) {
		uint64_t offset = m.w[0], victim;

		CHECK_OK(pager_copy(ep, BADGE, m.w[1] == MAP_WRITE ? PAGER_GRANT : PAGER_SUPPLY, offset,
				    kept[offset / PAGE_SIZE], PAGE_SIZE));
		r = r * 1664525u + 1013904223u;
		victim = (r >> 16 & (PAGES - 1)) * PAGE_SIZE;
		/* First nobody may write, then the bytes, then it goes. */
		CHECK_OK(pager_op(ep, BADGE, PAGER_PROTECT, victim, PAGE_SIZE, NULL));
		if (r >> 24 & 1 && pager_read(ep, BADGE, victim, kept[victim / PAGE_SIZE], PAGE_SIZE) == OK)
			CHECK_OK(pager_op(ep, BADGE, PAGER_EVICT, victim, PAGE_SIZE, NULL));
		m = (struct ipc_msg){.info = MSG_INFO(FAULT_RESUME, 0, 0)};
		s = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(s, RECV_CALL);
	CHECK_OK(ipc_reply(&m));
}

static void test_storm(void)
{
	handle_t vmo = HANDLE_NONE;
	struct storm storms[STORM_THREADS];

	ep = make_endpoint();
	memset(kept, 0, sizeof(kept));
	CHECK_OK(pager_vmo(ep, BADGE, SIZE, VMO_RIGHTS, &vmo));
	void *at = map(vmo, 0, SIZE, MAP_READ | MAP_WRITE);
	REQUIRE(at);
	CHECK(thread_spawn(&pager.thread, storm_pager, NULL, PRIO_DEFAULT));
	for (unsigned i = 0; i < STORM_THREADS; i++) {
		storms[i] = (struct storm){.at = at, .seed = i};
		CHECK(thread_spawn(&storms[i].thread, run_storm, &storms[i], PRIO_DEFAULT));
	}
	for (unsigned i = 0; i < STORM_THREADS; i++)
		thread_join(&storms[i].thread);
	end_serving();
	unmap(at, SIZE);
	shut(vmo);
	shut(ep);
}

TEST_CASES("pager", {"read", test_read}, {"write", test_write}, {"evict_update", test_evict_update},
	   {"view", test_view}, {"gone", test_gone}, {"grow", test_grow}, {"refused", test_refused},
	   {"refused_unhandled", test_refused_unhandled}, {"pager_dies", test_pager_dies},
	   {"toucher_dies", test_toucher_dies}, {"closed", test_closed}, {"copies", test_copies},
	   {"rights", test_rights}, {"code", test_code}, {"memory", test_memory}, {"storm", test_storm});
