/* SPDX-License-Identifier: BSD-2-Clause */
/* Leases: exactly the lent bytes, in the lent direction, for the time of the call, whatever alignment and whatever faults. */

#include "tests/system/lib/make.h"
#include "tests/system/lib/peer.h"
#include "tests/system/lib/test.h"

#include <string.h>

#define LEND(address, length, access)                                                              \
	(struct lease)                                                                             \
	{                                                                                          \
		(uint64_t)(address), (uint64_t)(length) | (uint64_t)(access) << LEASE_ACCESS_SHIFT \
	}

#define AREA (3 * PAGE_SIZE)

/* The lender is always another thread; with `process` set also another process, so that bytes cross address spaces. */
enum order { DO_READ, DO_WRITE, DO_INFO, DO_STOP };

/* A server that does what the words say: w0 order, w1 lease, w2 offset, w3 length, w4 buffer offset; answers the status. Its
 * buffer is h[1], a vmo that the tests see too. */
static void lease_server(handle_t ep, handle_t vmo)
{
	uint8_t *buffer = map(vmo, 0, AREA, MAP_READ | MAP_WRITE);
	struct ipc_msg m = {0};
	status_t status = ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m);

	while (status == RECV_CALL) {
		struct ipc_msg answer = {0};
		uint64_t length = 0;
		uint32_t access = 0;

		switch (m.w[0]) {
		case DO_READ:
			answer.w[0] = (uint64_t)lease_read(HANDLE_NONE, (unsigned)m.w[1], m.w[2], buffer + m.w[4],
							   m.w[3]);
			break;
		case DO_WRITE:
			answer.w[0] = (uint64_t)lease_write(HANDLE_NONE, (unsigned)m.w[1], m.w[2], buffer + m.w[4],
							    m.w[3]);
			break;
		case DO_INFO:
			answer.w[0] = (uint64_t)lease_info(HANDLE_NONE, (unsigned)m.w[1], &length, &access);
			answer.w[1] = length;
			answer.w[2] = access;
			break;
		default: CHECK_OK(ipc_reply(&answer)); goto out;
		}
		m = answer;
		status = ipc_reply_recv(ep, &m);
	}
	CHECK_STATUS(status, RECV_CALL);
out:
	unmap(buffer, AREA);
}

static void lease_child(const struct child_args *args)
{
	lease_server(args->h[0], args->h[1]);
}

static handle_t thread_ep, thread_vmo;

static void lease_thread(void *arg)
{
	(void)arg;
	lease_server(thread_ep, thread_vmo);
}

struct server {
	handle_t ep, vmo;
	uint8_t *buffer; /* the server's, as seen here */
	struct child child;
	struct thread thread;
	bool process;
};

static bool server_begin(struct server *s, bool process)
{
	*s = (struct server){.ep = make_endpoint(), .vmo = make_vmo(AREA), .process = process};
	s->buffer = map(s->vmo, 0, AREA, MAP_READ | MAP_WRITE);
	if (!s->buffer)
		return false;
	if (process) {
		struct child_spec spec = {.run = lease_child, .h = {s->ep, s->vmo}};

		return child_start(&s->child, &spec) == OK;
	}
	thread_ep = s->ep;
	thread_vmo = s->vmo;
	return thread_spawn(&s->thread, lease_thread, NULL, PRIO_DEFAULT);
}

static void server_end(struct server *s)
{
	struct ipc_msg m = {.w = {DO_STOP}};

	CHECK_OK(ipc_call(s->ep, &m, NULL, DEADLINE_NEVER));
	if (s->process)
		CHECK_EQ(child_wait(&s->child), 0);
	else
		thread_join(&s->thread);
	unmap(s->buffer, AREA);
	shut(s->vmo);
	shut(s->ep);
}

/* One call with leases; the status that the server saw */
static status_t lend_n(struct server *s, const struct lease *leases, unsigned n, enum order order, unsigned lease,
		       uint64_t offset, uint64_t length, uint64_t at)
{
	struct ipc_msg m = {.info = MSG_INFO(0, 0, n), .w = {order, lease, offset, length, at}};

	if (!CHECK_OK(ipc_call(s->ep, &m, leases, DEADLINE_NEVER)))
		return -1000;
	return (status_t)m.w[0];
}

static status_t lend(struct server *s, struct lease lease, enum order order, uint64_t offset, uint64_t length,
		     uint64_t at)
{
	return lend_n(s, &lease, 1, order, 0, offset, length, at);
}

static void fill(uint8_t *p, uint64_t n, uint64_t seed)
{
	for (uint64_t i = 0; i < n; i++)
		p[i] = (uint8_t)(random_next(&seed) >> 30);
}

static void both(void (*run)(struct server *))
{
	for (unsigned process = 0; process < 2; process++) {
		struct server s;

		REQUIRE(server_begin(&s, process));
		run(&s);
		server_end(&s);
	}
}

/* ---- every alignment of both sides, short lengths, and across pages; bytes around stay as they are ---- */

static void alignments(struct server *s)
{
	uint8_t *area = pages_alloc(AREA);
	static uint8_t want[128];

	REQUIRE(area);
	for (uint64_t a = 0; a < 8; a++) {
		for (uint64_t b = 0; b < 8; b++) {
			for (uint64_t n = 0; n <= 40; n += n < 20 ? 1 : 5) {
				/* the lender's bytes straddle a page in every second case */
				uint64_t base = (n & 1 ? PAGE_SIZE - 16 : 64) + a, to = 256 + b;

				fill(area + base, n, a * 64 + b * 8 + n + 1);
				memset(s->buffer + to - 8, 0xee, 64);
				memset(want, 0xee, sizeof(want));
				memcpy(want + 8, area + base, n);
				if (!CHECK_OK(lend(s, LEND(area + base, n, LEASE_READ), DO_READ, 0, n, to)) ||
				    !CHECK(memcmp(s->buffer + to - 8, want, 64) == 0))
					goto out;
				fill(s->buffer + to, n, a + b + n + 99);
				memset(area + base - 8, 0xdd, 64);
				memset(want, 0xdd, sizeof(want));
				memcpy(want + 8, s->buffer + to, n);
				if (!CHECK_OK(lend(s, LEND(area + base, n, LEASE_WRITE), DO_WRITE, 0, n, to)) ||
				    !CHECK(memcmp(area + base - 8, want, 64) == 0))
					goto out;
			}
		}
	}
out:
	pages_free(area, AREA);
}

static void test_alignments(void)
{
	both(alignments);
}

static void lengths(struct server *s)
{
	static const uint64_t n[] = {0, 1, 63, 64, 1024, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE + 17};
	uint8_t *area = pages_alloc(AREA);

	REQUIRE(area);
	for (unsigned i = 0; i < ARRAY_SIZE(n); i++) {
		for (uint64_t shift = 0; shift < 16; shift += 5) {
			fill(area + shift, n[i], i + 1);
			CHECK_OK(lend(s, LEND(area + shift, n[i], LEASE_READ), DO_READ, 0, n[i], 3));
			CHECK(memcmp(area + shift, s->buffer + 3, n[i]) == 0);
			fill(s->buffer + 5, n[i], i + 100);
			CHECK_OK(lend(s, LEND(area + shift, n[i], LEASE_WRITE), DO_WRITE, 0, n[i], 5));
			CHECK(memcmp(area + shift, s->buffer + 5, n[i]) == 0);
		}
	}
	pages_free(area, AREA);
}

static void test_lengths(void)
{
	both(lengths);
}

/* Every number of whole words that the kernel's copy treats differently, inside of one page and across two; bytes around stay as they are. */
static void words(struct server *s)
{
	static uint8_t want[1200];
	uint8_t *area = pages_alloc(AREA);

	REQUIRE(area);
	for (uint64_t n = 0; n <= 1040; n += 8) {
		uint64_t from = n & 8 ? 64 : PAGE_SIZE - n / 16 * 8 - 8, to = n & 16 ? 64 : PAGE_SIZE - n / 32 * 8;

		fill(area + from, n, n + 1);
		memset(s->buffer + to - 16, 0xee, n + 32);
		memset(want, 0xee, sizeof(want));
		memcpy(want + 16, area + from, n);
		if (!CHECK_OK(lend(s, LEND(area + from, n, LEASE_READ), DO_READ, 0, n, to)) ||
		    !CHECK(memcmp(s->buffer + to - 16, want, n + 32) == 0))
			break;
		fill(s->buffer + to, n, n + 99);
		memset(area + from - 16, 0xdd, n + 32);
		memset(want, 0xdd, sizeof(want));
		memcpy(want + 16, s->buffer + to, n);
		if (!CHECK_OK(lend(s, LEND(area + from, n, LEASE_WRITE), DO_WRITE, 0, n, to)) ||
		    !CHECK(memcmp(area + from - 16, want, n + 32) == 0))
			break;
	}
	pages_free(area, AREA);
}

static void test_words(void)
{
	both(words);
}

/* Parts of a lease, by offset */
static void bounds(struct server *s)
{
	uint8_t lent[100];
	struct lease read = LEND(lent, sizeof(lent), LEASE_READ), write = LEND(lent, sizeof(lent), LEASE_WRITE);

	fill(lent, sizeof(lent), 4);
	CHECK_OK(lend(s, read, DO_READ, 30, 40, 0));
	CHECK(memcmp(s->buffer, lent + 30, 40) == 0);
	CHECK_OK(lend(s, read, DO_READ, 99, 1, 0));
	CHECK_EQ(s->buffer[0], lent[99]);
	CHECK_OK(lend(s, read, DO_READ, 100, 0, 0));
	CHECK_STATUS(lend(s, read, DO_READ, 99, 2, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, 100, 1, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, 101, 0, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, ~0ull, 1, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, ~0ull - 10, 20, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, 1ull << 38, 1, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, read, DO_READ, 50, ~0ull, 0), ERR_RANGE);
	CHECK_STATUS(lend(s, write, DO_WRITE, 90, 11, 0), ERR_RANGE);
	/* The other direction was not lent. */
	memset(s->buffer, 0x11, 100);
	CHECK(lend(s, read, DO_WRITE, 0, 10, 0) != OK);
	CHECK(lent[0] != 0x11 || lent[1] != 0x11);
	CHECK(lend(s, write, DO_READ, 0, 10, 0) != OK);
	CHECK_EQ(s->buffer[0], 0x11);
	/* No access at all, and both */
	CHECK(lend(s, LEND(lent, 10, 0), DO_READ, 0, 1, 0) != OK);
	CHECK(lend(s, LEND(lent, 10, 0), DO_WRITE, 0, 1, 0) != OK);
	CHECK_OK(lend(s, LEND(lent, 10, LEASE_READ | LEASE_WRITE), DO_READ, 0, 10, 0));
	CHECK_OK(lend(s, LEND(lent, 10, LEASE_READ | LEASE_WRITE), DO_WRITE, 0, 10, 0));
	/* A lease that was not lent */
	for (unsigned index = 1; index < 8; index++)
		CHECK(lend_n(s, &read, 1, DO_READ, index, 0, 1, 0) != OK);
	CHECK(lend_n(s, &read, 1, DO_READ, 0x40000000, 0, 1, 0) != OK);
	CHECK(lend_n(s, NULL, 0, DO_READ, 0, 0, 1, 0) != OK);
	CHECK(lend_n(s, NULL, 0, DO_INFO, 0, 0, 0, 0) != OK);
}

static void test_bounds(void)
{
	both(bounds);
}

static void four(struct server *s)
{
	uint8_t lent[4][16];
	struct lease leases[4];
	struct ipc_msg m;

	for (unsigned i = 0; i < 4; i++) {
		fill(lent[i], 16, i + 1);
		leases[i] = LEND(lent[i], 16 - i, i & 1 ? LEASE_WRITE : LEASE_READ);
	}
	for (unsigned i = 0; i < 4; i++) {
		CHECK_OK(lend_n(s, leases, 4, i & 1 ? DO_WRITE : DO_READ, i, 0, 16 - i, i * 32));
		CHECK(memcmp(s->buffer + i * 32, lent[i], 16 - i) == 0);
		m = (struct ipc_msg){.info = MSG_INFO(0, 0, 4), .w = {DO_INFO, i}};
		CHECK_OK(ipc_call(s->ep, &m, leases, DEADLINE_NEVER));
		CHECK_OK((status_t)m.w[0]);
		CHECK_EQ(m.w[1], 16 - i);
		CHECK_EQ(m.w[2], i & 1 ? LEASE_WRITE : LEASE_READ);
	}
}

static void test_four(void)
{
	both(four);
}

/* ---- the lender's memory is not as promised: an error for the server, nothing else ---- */

static void faults(struct server *s)
{
	uint8_t *area = pages_alloc(AREA);
	handle_t clone = HANDLE_NONE, vmo = make_vmo(AREA);
	uint8_t *p = map(vmo, 0, AREA, MAP_READ | MAP_WRITE), *q;
	static const uint64_t wild[] = {
		0,
		8,
		USER_BASE - 8,
		USER_TOP,
		USER_TOP - 4,
		1ull << 38,
		0xffffffc000000000,
		0xffffffff80000000,
		~0ull,
		~0ull - 7,
		0x8000000000000000,
		0x4000000000,
	};

	REQUIRE(area && p);
	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		status_t read = lend(s, LEND(wild[i], 8, LEASE_READ), DO_READ, 0, 8, 0);
		status_t write = lend(s, LEND(wild[i], 8, LEASE_WRITE), DO_WRITE, 0, 8, 0);

		if (read != ERR_FAULT || write != ERR_FAULT) {
			print("address 0x%lx: read %ld, write %ld", wild[i], (long)read, (long)write);
			test_fail(__FILE__, __LINE__, "memory that nobody has was lent");
		}
	}
	CHECK_STATUS(lend(s, LEND(area, LEASE_LEN_MAX, LEASE_READ), DO_READ, LEASE_LEN_MAX - 8, 8, 0), ERR_FAULT);
	/* The server's own buffer is bad. */
	CHECK_STATUS(lend(s, LEND(area, 16, LEASE_READ), DO_READ, 0, 16, 1ull << 40), ERR_FAULT);
	CHECK_STATUS(lend(s, LEND(area, 16, LEASE_READ), DO_READ, 0, 16, 1ull << 62), ERR_FAULT);
	/* Never touched: zero for reading, filled for writing */
	CHECK_OK(lend(s, LEND(area, PAGE_SIZE, LEASE_READ), DO_READ, 0, PAGE_SIZE, 0));
	CHECK_EQ(s->buffer[0], 0);
	memset(s->buffer, 7, AREA);
	CHECK_OK(lend(s, LEND(area + 1, AREA - 1, LEASE_WRITE), DO_WRITE, 0, AREA - 1, 0));
	CHECK_EQ(area[0], 0);
	CHECK_EQ(area[1], 7);
	CHECK_EQ(area[AREA - 1], 7);
	/* Mapped for reading only */
	CHECK_OK(vmo_protect(HANDLE_NONE, area, PAGE_SIZE, MAP_READ));
	CHECK_OK(lend(s, LEND(area, 8, LEASE_READ), DO_READ, 0, 8, 0));
	CHECK_STATUS(lend(s, LEND(area, 8, LEASE_WRITE), DO_WRITE, 0, 8, 0), ERR_FAULT);
	/* The second page is gone: the range across the edge fails, what lies before it is still usable. */
	unmap(area + PAGE_SIZE, PAGE_SIZE);
	CHECK_STATUS(lend(s, LEND(area + PAGE_SIZE - 8, 16, LEASE_READ), DO_READ, 0, 16, 0), ERR_FAULT);
	CHECK_OK(lend(s, LEND(area + PAGE_SIZE - 8, 16, LEASE_READ), DO_READ, 0, 8, 0));
	/* A copy-on-write page of the lender is copied, the original stays. */
	memset(p, 1, AREA);
	CHECK_OK(vmo_clone(vmo, 0, AREA, &clone));
	q = map(clone, 0, AREA, MAP_READ | MAP_WRITE);
	memset(s->buffer, 2, 16);
	CHECK_OK(lend(s, LEND(q + 4, 8, LEASE_WRITE), DO_WRITE, 0, 8, 0));
	CHECK_EQ(q[4], 2);
	CHECK_EQ(q[3], 1);
	CHECK_EQ(p[4], 1);
	memset(s->buffer, 3, 16);
	CHECK_OK(lend(s, LEND(p + 4, 8, LEASE_WRITE), DO_WRITE, 0, 8, 0));
	CHECK_EQ(p[4], 3);
	CHECK_EQ(q[4], 2);
	unmap(p, AREA);
	unmap(q, AREA);
	shut(clone);
	shut(vmo);
	unmap(area, PAGE_SIZE);
	unmap(area + 2 * PAGE_SIZE, PAGE_SIZE);
}

static void test_faults(void)
{
	both(faults);
}

/* The array of leases itself lies where it must not, or goes away. */
static void array(struct server *s)
{
	static const uint64_t wild[] = {0, 16, USER_TOP, 0xffffffc000000000, ~0ull - 15, 0x4000000000};
	struct lease *leases = pages_alloc(2 * PAGE_SIZE);
	uint8_t byte = 9;

	REQUIRE(leases);
	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		struct ipc_msg m = {.info = MSG_INFO(0, 0, 1), .w = {DO_READ, 0, 0, 1, 0}};
		status_t status = ipc_call(s->ep, &m, (const void *)wild[i], DEADLINE_NEVER);

		/* Refused at once, or seen by the server when it looks. */
		if (status == OK)
			status = (status_t)m.w[0];
		CHECK_STATUS(status, ERR_FAULT);
	}
	/* Across two pages, of which the second is not there */
	leases = (void *)((char *)leases + PAGE_SIZE - sizeof(*leases));
	leases[0] = LEND(&byte, 1, LEASE_READ);
	unmap((char *)leases + sizeof(*leases), PAGE_SIZE);
	CHECK_OK(lend_n(s, leases, 1, DO_READ, 0, 0, 1, 0));
	CHECK_EQ(s->buffer[0], 9);
	struct ipc_msg m = {.info = MSG_INFO(0, 0, 2), .w = {DO_READ, 1, 0, 1, 0}};
	status_t status = ipc_call(s->ep, &m, leases, DEADLINE_NEVER);

	CHECK(status == ERR_FAULT || (status == OK && (status_t)m.w[0] == ERR_FAULT));
	unmap((char *)leases + sizeof(*leases) - PAGE_SIZE, PAGE_SIZE);
}

static void test_array(void)
{
	both(array);
}

/* ---- only for the time of the call ---- */

static void test_time(void)
{
	handle_t ep = make_endpoint(), reply = HANDLE_NONE;
	char lent[16] = "during the call", buffer[16] = {0};
	struct lease lease = LEND(lent, sizeof(lent), LEASE_READ | LEASE_WRITE);
	struct caller c = {.ep = ep, .m = {.info = MSG_INFO(1, 0, 1)}, .leases = &lease};
	uint32_t access = 0;
	uint64_t length = 0;
	struct ipc_msg m = {0};

	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK_EQ(MSG_LEASES(m.info), 1);
	CHECK_OK(lease_read(HANDLE_NONE, 0, 0, buffer, 4));
	CHECK_OK(ipc_save_caller(&reply));
	/* Now it belongs to the reply handle. */
	CHECK(lease_read(HANDLE_NONE, 0, 0, buffer, 4) != OK);
	CHECK_OK(lease_info(reply, 0, &length, &access));
	CHECK_EQ(length, sizeof(lent));
	CHECK_EQ(access, LEASE_READ | LEASE_WRITE);
	CHECK_OK(lease_read(reply, 0, 0, buffer, sizeof(buffer)));
	CHECK_EQ(memcmp(buffer, lent, sizeof(lent)), 0);
	CHECK_OK(lease_write(reply, 0, 7, "THE", 3));
	m.info = 0;
	CHECK_OK(ipc_reply_to(reply, &m));
	CHECK_STATUS(lease_read(reply, 0, 0, buffer, 4), ERR_HANDLE);
	CHECK_OK(caller_join(&c));
	CHECK_EQ(memcmp(lent, "during THE call", 15), 0);

	/* A call without leases after one with: none is left over. */
	c = (struct caller){.ep = ep, .m = {.info = MSG_INFO(1, 0, 0)}};
	REQUIRE(caller_start(&c, PRIO_DEFAULT));
	CHECK_STATUS(ipc_recv(ep, HANDLE_NONE, DEADLINE_NEVER, &m), RECV_CALL);
	CHECK(lease_read(HANDLE_NONE, 0, 0, buffer, 4) != OK);
	CHECK_OK(ipc_reply(&m));
	CHECK(lease_read(HANDLE_NONE, 0, 0, buffer, 4) != OK);
	CHECK_OK(caller_join(&c));
	shut(ep);
}

/* The lender's other threads map and unmap the lent pages while the server copies: bytes or ERR_FAULT, never worse. */
static volatile uint32_t remap_stop;
static uint8_t *remap_at;
static handle_t remap_vmo;

static void remap(void *arg)
{
	void *at;

	(void)arg;
	while (!remap_stop) {
		CHECK_OK(vmo_unmap(HANDLE_NONE, remap_at + PAGE_SIZE, PAGE_SIZE));
		CHECK_OK(vmo_map(HANDLE_NONE, remap_vmo, PAGE_SIZE, remap_at + PAGE_SIZE, PAGE_SIZE,
				 MAP_READ | MAP_WRITE | MAP_FIXED, &at));
		CHECK_OK(vmo_protect(HANDLE_NONE, remap_at + PAGE_SIZE, PAGE_SIZE, MAP_READ));
	}
}

static void test_unmap_race(void)
{
	struct server s;
	struct thread t;
	unsigned good = 0, bad = 0;

	REQUIRE(server_begin(&s, true));
	remap_vmo = make_vmo(AREA);
	remap_at = map(remap_vmo, 0, AREA, MAP_READ | MAP_WRITE);
	remap_stop = 0;
	memset(remap_at, 0x42, AREA);
	memset(s.buffer, 0x42, AREA);
	REQUIRE(thread_spawn(&t, remap, NULL, PRIO_DEFAULT));
	for (unsigned i = 0; i < 500; i++) {
		status_t status = lend(&s, LEND(remap_at, AREA, i & 1 ? LEASE_READ : LEASE_WRITE),
				       i & 1 ? DO_READ : DO_WRITE, 0, AREA, 0);

		if (status == OK) {
			good++;
			CHECK_EQ(s.buffer[AREA - 1], 0x42);
		} else if (CHECK_STATUS(status, ERR_FAULT)) {
			bad++;
		} else {
			break;
		}
		if (!(i & 1))
			memset(s.buffer, 0x42, AREA);
		if (i % 16 == 0)
			thread_yield();
	}
	remap_stop = 1;
	thread_join(&t);
	print("lease: %u copies done, %u found a page missing", good, bad);
	unmap(remap_at, AREA);
	shut(remap_vmo);
	server_end(&s);
}

TEST_CASES("lease", {"alignments", test_alignments}, {"lengths", test_lengths}, {"words", test_words},
	   {"bounds", test_bounds}, {"four", test_four}, {"faults", test_faults}, {"array", test_array},
	   {"time", test_time}, {"unmap_race", test_unmap_race});
