/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks as their clients see them, over a devmgr of the test's own: calls, windows, rings, deep queues, bad requests,
 * and a driver that is killed at
 * random moments under a workload whose every byte is checked.   kills=N: how many kills; seed=N
 */
#include <string.h>

#include "protocols/block.h"
#include "sys/lib/block_queue.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/make.h"

#define DEPTH      64
#define SLOT_BYTES (32 * KIB) /* data of one request */
#define DATA_BYTES (DEPTH * SLOT_BYTES)
#define AREA       8192 /* blocks that the workload uses, from the disk's start */
#define OWN        16   /* blocks behind it, for the other cases */

static handle_t disk, data;
static uint8_t *bytes;
static uint32_t disk_index, block_size;
static uint64_t disk_blocks;

static bool up(void)
{
	struct block_info info;
	uint32_t count = 0;
	void *at;

	if (disk != HANDLE_NONE)
		return true;
	if (!devices_up())
		return false;
	disk = device_open("block:0", &disk_index);
	data = dma_memory(DATA_BYTES, &at);
	bytes = at;
	if (disk == HANDLE_NONE || !bytes ||
	    !CHECK_OK(block_info_until(disk, now() + DEVICE_TIMEOUT, &info, 1, &count)) || !CHECK_EQ(count, 1))
		return false;
	block_size = info.block_size;
	disk_blocks = info.blocks;
	return CHECK(disk_blocks >= AREA + 4 * OWN);
}

/* What a block holds after it was written for the n-th time; 0: it was never written */
static void pattern_fill(uint8_t *at, uint64_t block, uint32_t version)
{
	uint64_t *words = (uint64_t *)at, state = block * 0x9e3779b97f4a7c15ull + version;

	for (uint32_t i = 0; i < block_size / 8; i++) {
		words[i] = version ? state : 0;
		state = state * 6364136223846793005ull + 1442695040888963407ull;
	}
}

static bool pattern_check(const uint8_t *at, uint64_t block, uint32_t version)
{
	const uint64_t *words = (const uint64_t *)at;
	uint64_t state = block * 0x9e3779b97f4a7c15ull + version;

	for (uint32_t i = 0; i < block_size / 8; i++) {
		if (words[i] != (version ? state : 0)) {
			print("  block %lu word %u is %lx, not %lx (version %u)", block, i, words[i],
			      version ? state : 0, version);
			return false;
		}
		state = state * 6364136223846793005ull + 1442695040888963407ull;
	}
	return true;
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static void case_info(void)
{
	struct block_info info = {0};
	uint32_t count = 0;

	REQUIRE(up());
	REQUIRE_OK(block_info(disk, &info, 1, &count));
	CHECK_EQ(count, 1);
	CHECK(info.block_size >= 512 && info.block_size <= 4096);
	CHECK(info.depth >= 8 && info.max_blocks * info.block_size >= 65536);
	CHECK(info.features & BLOCK_FEATURE_CACHE);
	print("  %lu blocks of %u, depth %u, at most %u blocks, features %x, serial '%s'", info.blocks, info.block_size,
	      info.depth, info.max_blocks, info.features, info.serial);
}

static void case_calls(void)
{
	static uint8_t out[BLOCK_TRANSFER_MAX], in[BLOCK_TRANSFER_MAX];
	uint64_t at = AREA;
	uint32_t n = OWN;

	REQUIRE(up());
	for (uint32_t i = 0; i < n; i++)
		pattern_fill(out + i * block_size, at + i, 7);
	CHECK_OK(block_write(disk, at, out, n * block_size));
	CHECK_OK(block_read(disk, at, in, n * block_size));
	CHECK(!memcmp(out, in, n * block_size));
	CHECK_OK(block_flush(disk));
	/* the largest transfer, and none */
	CHECK_OK(block_read(disk, 0, in, sizeof(in)));
	CHECK_OK(block_read(disk, at, in, 0));
	CHECK_STATUS(block_read(disk, at, in, block_size - 1), ERR_INVALID);
	CHECK_STATUS(block_read(disk, disk_blocks, in, block_size), ERR_RANGE);
	CHECK_OK(block_read(disk, disk_blocks - 1, in, block_size));
	CHECK_STATUS(block_read(disk, ~0ull, in, 2 * block_size), ERR_RANGE);
	CHECK_STATUS(block_write(disk, disk_blocks - 1, out, 2 * block_size), ERR_RANGE);
	CHECK_STATUS(block_clear(disk, at, 1, BLOCK_OP_WRITE), ERR_INVALID);
	CHECK_STATUS(block_clear(disk, at, disk_blocks, BLOCK_OP_WRITE_ZEROES), ERR_RANGE);
	CHECK_OK(block_clear(disk, at, n / 2, BLOCK_OP_WRITE_ZEROES));
	CHECK_OK(block_read(disk, at, in, n * block_size));
	for (uint32_t i = 0; i < n; i++)
		CHECK(pattern_check(in + i * block_size, at + i, i < n / 2 ? 0 : 7));
	CHECK_OK(block_clear(disk, at, n, BLOCK_OP_DISCARD));
}

static void case_windows(void)
{
	uint8_t *out = bytes, *in = bytes + SLOT_BYTES;
	handle_t window = HANDLE_NONE, inner = HANDLE_NONE, read_only = HANDLE_NONE, none = HANDLE_NONE;
	struct block_info info = {0};
	uint32_t count;

	REQUIRE(up());
	out = bytes;
	in = bytes + SLOT_BYTES;
	REQUIRE_OK(block_window(disk, AREA, OWN, false, &window));
	REQUIRE_OK(block_window(window, 4, 4, false, &inner));
	REQUIRE_OK(block_window(window, 0, OWN, true, &read_only));
	CHECK_OK(block_info(inner, &info, 1, &count));
	CHECK_EQ(info.blocks, 4);
	/* block 1 of the inner one is block 5 of the outer and AREA + 5 of the disk */
	pattern_fill(out, 5, 99);
	CHECK_OK(block_write(inner, 1, out, block_size));
	CHECK_OK(block_read(window, 5, in, block_size));
	CHECK(!memcmp(in, out, block_size));
	CHECK_OK(block_read(disk, AREA + 5, in, block_size));
	CHECK(!memcmp(in, out, block_size));
	/* nothing outside */
	CHECK_STATUS(block_read(inner, 4, in, block_size), ERR_RANGE);
	CHECK_STATUS(block_read(inner, 3, in, 2 * block_size), ERR_RANGE);
	CHECK_STATUS(block_read(inner, 0 - 1ull, in, block_size), ERR_RANGE);
	CHECK_STATUS(block_write(window, OWN, out, block_size), ERR_RANGE);
	CHECK_STATUS(block_window(inner, 0, 5, false, &none), ERR_RANGE);
	CHECK_STATUS(block_window(inner, 4, 1, false, &none), ERR_RANGE);
	CHECK_STATUS(block_window(inner, 1, ~0ull, false, &none), ERR_RANGE);
	CHECK_STATUS(block_write(read_only, 0, out, block_size), ERR_ACCESS);
	CHECK_STATUS(block_clear(read_only, 0, 1, BLOCK_OP_WRITE_ZEROES), ERR_ACCESS);
	CHECK_OK(block_read(read_only, 5, in, block_size));
	/* A window of something that can only be read can only be read. */
	REQUIRE_OK(block_window(read_only, 0, 2, false, &none));
	CHECK_STATUS(block_write(none, 0, out, block_size), ERR_ACCESS);
	shut(none);

	/* They are what they were after the driver's death. */
	CHECK(device_restart(disk_index));
	CHECK_OK(block_info_until(inner, now() + DEVICE_TIMEOUT, &info, 1, &count));
	CHECK_EQ(info.blocks, 4);
	CHECK_OK(block_read(inner, 1, in, block_size));
	CHECK(!memcmp(in, out, block_size));
	CHECK_STATUS(block_read(inner, 4, in, block_size), ERR_RANGE);
	CHECK_STATUS(block_write(read_only, 0, out, block_size), ERR_ACCESS);

	/* And so by rings. */
	static struct block_queue q;
	REQUIRE_OK(block_queue_open(&q, inner, data, 8, HANDLE_NONE, 0));
	struct block_request rq = {.op = BLOCK_OP_READ, .block = 1, .count = 1, .offset = SLOT_BYTES};
	memset(in, 0, block_size);
	CHECK_OK(block_queue_do(&q, &rq, now() + DEVICE_TIMEOUT));
	CHECK(!memcmp(in, out, block_size));
	rq.block = 4;
	CHECK_STATUS(block_queue_do(&q, &rq, now() + DEVICE_TIMEOUT), ERR_RANGE);
	rq.block = 3;
	rq.count = 2;
	CHECK_STATUS(block_queue_do(&q, &rq, now() + DEVICE_TIMEOUT), ERR_RANGE);
	rq.block = ~0ull;
	CHECK_STATUS(block_queue_do(&q, &rq, now() + DEVICE_TIMEOUT), ERR_RANGE);
	block_queue_close(&q);
	REQUIRE_OK(block_queue_open(&q, read_only, data, 8, HANDLE_NONE, 0));
	rq = (struct block_request){.op = BLOCK_OP_WRITE, .block = 0, .count = 1};
	CHECK_STATUS(block_queue_do(&q, &rq, now() + DEVICE_TIMEOUT), ERR_ACCESS);
	block_queue_close(&q);
	shut(read_only);
	shut(inner);
	shut(window);
}

/* ---- rings ----------------------------------------------------------------------------------- */

static struct block_queue queue;

static void bad_request(const struct block_request *rq, status_t want)
{
	CHECK_STATUS(block_queue_do(&queue, rq, now() + DEVICE_TIMEOUT), want);
}

static void case_bad_requests(void)
{
	const struct block_request good = {.op = BLOCK_OP_READ, .block = 0, .count = 1, .offset = 0};
	struct block_request rq;

	REQUIRE(up());
	REQUIRE_OK(block_queue_open(&queue, disk, data, DEPTH, HANDLE_NONE, 0));
	bad_request(&good, OK);
	rq = good, rq.op = 0, bad_request(&rq, ERR_INVALID);
	rq = good, rq.op = 77, bad_request(&rq, ERR_INVALID);
	rq = good, rq.count = 0, bad_request(&rq, ERR_INVALID);
	rq = good, rq.count = ~0u, bad_request(&rq, ERR_INVALID);
	rq = good, rq.offset = 256, bad_request(&rq, ERR_INVALID);
	rq = good, rq.offset = DATA_BYTES, bad_request(&rq, ERR_RANGE);
	rq = good, rq.offset = DATA_BYTES - 512, rq.count = 4096 / block_size + 8, bad_request(&rq, ERR_RANGE);
	rq = good, rq.offset = ~511u, bad_request(&rq, ERR_RANGE);
	rq = good, rq.block = disk_blocks, bad_request(&rq, ERR_RANGE);
	rq = good, rq.block = ~0ull, bad_request(&rq, ERR_RANGE);
	rq = good, rq.block = disk_blocks - 1, rq.count = 2, bad_request(&rq, ERR_RANGE);
	rq = good, rq.offset = DATA_BYTES - block_size, bad_request(&rq, OK);
	bad_request(&good, OK);

	/* The same id twice at a time, past the library: two answers, nothing worse. */
	struct block_answer answer;
	rq = good;
	rq.id = 1ull << 40;
	CHECK_OK(ring_put(&queue.requests, &rq));
	CHECK_OK(ring_put(&queue.requests, &rq));
	(void)ring_publish(&queue.requests);
	(void)notification_signal(queue.doorbell, queue.doorbell_bits);
	for (unsigned got = 0; got < 2;) {
		status_t status = ring_take(&queue.answers, &answer);

		if (status == ERR_WOULD_BLOCK && CHECK_OK(block_queue_wait(&queue, now() + DEVICE_TIMEOUT)))
			continue;
		if (!CHECK_OK(status))
			break;
		CHECK_EQ(answer.id, 1ull << 40);
		got++;
	}
	/* Any bit of the doorbell can be signalled: the driver lives on, also when it is the one that asks it to
	 * stop. */
	for (unsigned bit = 0; bit < 64; bit++)
		CHECK_OK(notification_signal(queue.doorbell, 1ull << bit));
	bad_request(&good, OK);
	struct devmgr_node before, after;
	REQUIRE(device_node(disk_index, &before));

	/* Indices that cannot be: this client is not served any more, the driver and others are. */
	atomic_store(&queue.requests.shared->tail, queue.requests.own + DEPTH + 1);
	CHECK_OK(notification_signal(queue.doorbell, queue.doorbell_bits));
	CHECK_OK(block_read(disk, 0, bytes, block_size));
	rq = good;
	(void)block_queue_submit(&queue, &rq);
	CHECK_STATUS(block_queue_wait(&queue, now() + 50 * MS), ERR_TIMED_OUT);
	block_queue_close(&queue);
	REQUIRE_OK(block_queue_open(&queue, disk, data, DEPTH, HANDLE_NONE, 0));
	bad_request(&good, OK);
	block_queue_close(&queue);
	REQUIRE(device_node(disk_index, &after));
	CHECK_EQ(after.pid, before.pid);
	CHECK_EQ(after.restarts, before.restarts);
}

static void case_attach(void)
{
	static struct block_queue first, second;
	const struct block_request rq = {.op = BLOCK_OP_READ, .count = 1};
	handle_t small = make_vmo(PAGE_SIZE), nt = make_notification(), plain = make_vmo(DATA_BYTES),
		 bell = HANDLE_NONE;
	uint64_t bits;

	REQUIRE(up());
	/* memory that does not hold the rings, a depth that is none, memory that is in pieces, no bits */
	CHECK_STATUS(block_attach(disk, make_dup(small, RIGHTS_SAME), make_dup(data, RIGHTS_SAME),
				  make_dup(nt, RIGHTS_SAME), 1, 1024, &bell, &bits),
		     ERR_INVALID);
	CHECK_STATUS(block_attach(disk, make_dup(small, RIGHTS_SAME), make_dup(data, RIGHTS_SAME),
				  make_dup(nt, RIGHTS_SAME), 1, 3, &bell, &bits),
		     ERR_INVALID);
	CHECK_STATUS(block_attach(disk, make_dup(small, RIGHTS_SAME), make_dup(plain, RIGHTS_SAME),
				  make_dup(nt, RIGHTS_SAME), 1, 4, &bell, &bits),
		     ERR_RIGHTS);
	CHECK_STATUS(block_attach(disk, make_dup(small, RIGHTS_SAME), make_dup(data, RIGHTS_SAME),
				  make_dup(nt, RIGHTS_SAME), 0, 4, &bell, &bits),
		     ERR_INVALID);
	CHECK_OK(block_detach(disk));
	/* A second attachment replaces the first. */
	REQUIRE_OK(block_queue_open(&first, disk, data, 4, HANDLE_NONE, 0));
	CHECK_OK(block_queue_do(&first, &rq, now() + DEVICE_TIMEOUT));
	REQUIRE_OK(block_queue_open(&second, disk, data, 4, HANDLE_NONE, 0));
	CHECK_OK(block_queue_do(&second, &rq, now() + DEVICE_TIMEOUT));
	CHECK_STATUS(block_queue_do(&first, &rq, now() + 50 * MS), ERR_TIMED_OUT);
	block_queue_close(&second);
	block_queue_close(&first);
	shut(plain);
	shut(nt);
	shut(small);
}

/* ---- the checked workload -------------------------------------------------------------------- */

static uint32_t versions[AREA]; /* of each block as answered */
static uint8_t locked[AREA];
static uint64_t state;

struct job {
	struct block_request rq;
	bool busy;
};
static struct job jobs[DEPTH];
static uint64_t done_reads, done_writes, done_flushes;

static bool area_lock(uint64_t block, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (locked[block + i])
			return false;
	}
	memset(locked + block, 1, count);
	return true;
}

/* Reads, writes, flushes at random places that no other request touches at the time. */
static bool job_start(unsigned number)
{
	struct job *job = &jobs[number];
	uint64_t kind = random_next(&state) % 16;
	uint32_t most = SLOT_BYTES / block_size, count = 1 + (uint32_t)(random_next(&state) % most);
	uint64_t block = random_next(&state) % (AREA - count + 1);
	uint8_t *at = bytes + number * SLOT_BYTES;

	if (kind != 0 && !area_lock(block, count))
		return false;
	job->busy = true;
	job->rq = (struct block_request){
		.id = number, .block = block, .offset = number * (uint32_t)SLOT_BYTES, .count = count};
	if (kind == 0) {
		job->rq.op = BLOCK_OP_FLUSH;
	} else if (kind < 8) {
		job->rq.op = BLOCK_OP_WRITE;
		for (uint32_t i = 0; i < count; i++)
			pattern_fill(at + i * block_size, block + i, versions[block + i] + 1);
	} else {
		job->rq.op = BLOCK_OP_READ;
		memset(at, 0xee, count * block_size);
	}
	return CHECK_OK(block_queue_submit(&queue, &job->rq));
}

static bool job_end(const struct block_answer *answer)
{
	struct job *job = &jobs[answer->id];
	const struct block_request *rq = &job->rq;

	if (!CHECK(answer->id < DEPTH && job->busy) || !CHECK_OK(answer->result))
		return false;
	job->busy = false;
	if (rq->op == BLOCK_OP_FLUSH) {
		done_flushes++;
		return true;
	}
	for (uint32_t i = 0; i < rq->count; i++) {
		if (rq->op == BLOCK_OP_WRITE)
			versions[rq->block + i]++;
		else if (!pattern_check(bytes + rq->offset + i * block_size, rq->block + i, versions[rq->block + i]))
			return CHECK(!"a block holds what was not written last");
	}
	memset(locked + rq->block, 0, rq->count);
	*(rq->op == BLOCK_OP_WRITE ? &done_writes : &done_reads) += 1;
	return true;
}

static bool answers_take(void)
{
	struct block_answer answer;
	status_t status;

	while ((status = block_queue_poll(&queue, &answer)) == OK) {
		if (!job_end(&answer))
			return false;
	}
	return CHECK_STATUS(status, ERR_WOULD_BLOCK);
}

/* Goes on until `requests` have been answered, or until the killer has done its work. */
static void workload(uint64_t requests, struct killer *killer)
{
	uint64_t answered = 0;

	while ((killer ? killer->done < killer->kills : answered < requests) && !test_failures()) {
		for (unsigned i = 0; i < DEPTH; i++) {
			if (!jobs[i].busy)
				(void)job_start(i);
		}
		if (test_failures())
			break;
		block_queue_kick(&queue);
		if (killer)
			killer->go = 1;
		if (!CHECK_OK(block_queue_wait(&queue, now() + DEVICE_TIMEOUT)) || !answers_take())
			break;
		answered = done_reads + done_writes + done_flushes;
	}
	while (block_queue_pending(&queue) && !test_failures()) {
		if (!CHECK_OK(block_queue_wait(&queue, now() + DEVICE_TIMEOUT)) || !answers_take())
			break;
	}
}

/* Every block, by calls, past the rings */
static void verify_all(void)
{
	static uint8_t buffer[BLOCK_TRANSFER_MAX];
	uint32_t per = BLOCK_TRANSFER_MAX / block_size;

	for (uint64_t block = 0; block < AREA && !test_failures(); block += per) {
		status_t status;

		do
			status = block_read_until(disk, now() + DEVICE_TIMEOUT, block, buffer, sizeof(buffer));
		while (status == ERR_PEER_DIED);
		if (!CHECK_OK(status))
			return;
		for (uint32_t i = 0; i < per; i++)
			CHECK(pattern_check(buffer + i * block_size, block + i, versions[block + i]));
	}
}

static void workload_begin(void)
{
	memset(jobs, 0, sizeof(jobs));
	memset(locked, 0, sizeof(locked));
	done_reads = done_writes = done_flushes = 0;
}

static void case_deep_queue(void)
{
	REQUIRE(up());
	workload_begin();
	state = test_option("seed", 42);
	REQUIRE_OK(block_queue_open(&queue, disk, data, DEPTH, HANDLE_NONE, 0));
	workload(test_option("requests", 2000), NULL);
	verify_all();
	block_queue_close(&queue);
	print("  %lu reads, %lu writes, %lu flushes", done_reads, done_writes, done_flushes);
}

static void case_kills(void)
{
	static struct killer killer;
	struct devmgr_node before, after;

	REQUIRE(up());
	workload_begin();
	state = test_option("seed", 42) + 1;
	REQUIRE(device_await(disk_index, DEVMGR_STATE_RUNNING));
	REQUIRE(device_node(disk_index, &before));
	REQUIRE_OK(block_queue_open(&queue, disk, data, DEPTH, HANDLE_NONE, 0));
	killer = (struct killer){.index = disk_index,
				 .kills = test_option("kills", 30),
				 .seed = state,
				 .pause_ns = test_option("pause_us", 8000) * 1000};
	REQUIRE(killer_start(&killer));
	workload(0, &killer);
	killer.stop = 1;
	killer_wait(&killer);
	CHECK_EQ(killer.done, killer.kills);
	verify_all();
	CHECK(queue.recoveries > 0);
	print("  %u kills, %u recoveries, %lu reads, %lu writes, %lu flushes", killer.done, queue.recoveries,
	      done_reads, done_writes, done_flushes);
	block_queue_close(&queue);
	REQUIRE(device_await(disk_index, DEVMGR_STATE_RUNNING));
	REQUIRE(device_node(disk_index, &after));
	CHECK(after.restarts > before.restarts);
}

TEST_CASES("blk", {"info", case_info}, {"calls", case_calls}, {"windows", case_windows},
	   {"bad_requests", case_bad_requests}, {"attach", case_attach}, {"deep_queue", case_deep_queue},
	   {"kills", case_kills});
