/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-blk driver, the block class library and the clients' queue, unchanged, against a disk in software:
 * calls, windows, rings, deep queues,
 * restarts between any two steps, what a flush promises, devices and clients that misbehave. */
#include "protocols/block.h"

#include <stdlib.h>

#include "protocols/pci.h"
#include "sys/driver/block_port.h"
#include "sys/driver/host/host.h"
#include "sys/driver/host/objects.h"
#include "sys/lib/block_queue.h"
#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/virtio_blk_model.h"

#define DATA_BYTES (256u * 1024)
#define SLOT_BYTES 4096u
#define DEPTH      32
#define AREA       256u

static struct disk_model disk;
static struct block_state state;
static struct host_model mmio = {.size = 0x200, .read = virtio_model_read, .write = virtio_model_write, .ctx = &disk.v};
static struct host_model bar = {
	.size = MODEL_BAR_SIZE, .read = virtio_model_bar_read, .write = virtio_model_bar_write, .ctx = &disk.v};
static const struct host_node over_mmio = {.match = 0, .regs = {&mmio}, .state = &state, .irqs = 1};
static const struct host_node over_pci = {.match = 1,
					  .regs = {[4] = &bar},
					  .state = &state,
					  .irqs = 1,
					  .config = &pci_protocol,
					  .config_ops = &virtio_model_pci_ops,
					  .config_ctx = &disk.v};
static const struct host_node *node;
static uint64_t seed = 1;
static struct block_queue queue;
static handle_t data;
static uint8_t *bytes;

static uint32_t dice(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 11) % sides);
}

static bool irqs_run(void)
{
	bool any = false;

	for (int i = 0; i < 100 && disk.v.isr && !host_ended; i++) {
		host_irq(0);
		any = true;
	}
	CHECK(!disk.v.isr || host_ended); /* no storm */
	return any;
}

/* One step of the world, whichever comes first. */
static bool step(void)
{
	bool progress = host_doorbell_run();

	host_time += 10000;
	progress |= disk_model_take(&disk);
	progress |= disk_model_run(&disk, dice(DISK_PENDING));
	progress |= irqs_run();
	return progress || host_timer_run();
}

#define FEATURES_ALL \
	(1ull << DISK_FLUSH | 1ull << DISK_DISCARD | 1ull << DISK_ZEROES | 1ull << DISK_BLK_SIZE | 3ull << 28)

/* The name is asked for in bind, before interrupts come. */
static void delayed(void)
{
	(void)disk_model_take(&disk);
	(void)disk_model_run(&disk, 0);
}

static bool start(const struct host_node *at, uint64_t features, uint16_t queue_size, uint32_t block_size)
{
	memset(&state, 0, sizeof(state));
	disk_model_init(&disk, features, queue_size, block_size);
	virtio_model_pci_init(&disk.v, 0x1042);
	node = at;
	host_step = step;
	host_async = false;
	host_delay = delayed;
	return CHECK_INT(host_bind(node, DRIVER_FRESH), OK);
}

static void restart(void)
{
	CHECK_INT(host_bind(node, DRIVER_RESTART), OK);
}

static void data_make(void)
{
	data = host_vmo_make(DATA_BYTES, true);
	bytes = host_vmo_bytes(data, NULL);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void test_calls(const struct host_node *at, uint64_t features, uint16_t queue_size, uint32_t bs)
{
	static uint8_t out[BLOCK_TRANSFER_MAX], in[BLOCK_TRANSFER_MAX];
	struct block_info info;
	uint32_t count;
	uint64_t blocks = DISK_SECTORS / (bs / 512);

	if (!start(at, features, queue_size, bs))
		return;
	CHECK_INT(block_info(HOST_ENDPOINT, &info, 1, &count), OK);
	CHECK_INT(info.block_size, bs);
	CHECK_INT(info.blocks, blocks);
	CHECK_STR(info.serial, "model-disk");
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 256);
	CHECK_INT(block_write(HOST_ENDPOINT, 8, out, sizeof(out)), OK);
	CHECK_INT(block_read(HOST_ENDPOINT, 8, in, sizeof(in)), OK);
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK(!memcmp(disk.store + 8 * bs, out, sizeof(out)));
	CHECK(memcmp(disk.durable + 8 * bs, out, sizeof(out)));
	CHECK_INT(block_flush(HOST_ENDPOINT), OK);
	CHECK_INT(!memcmp(disk.durable + 8 * bs, out, sizeof(out)), features >> DISK_FLUSH & 1);
	CHECK_INT(block_read(HOST_ENDPOINT, blocks - 1, in, bs), OK);
	CHECK_INT(block_read(HOST_ENDPOINT, blocks, in, bs), ERR_RANGE);
	CHECK_INT(block_read(HOST_ENDPOINT, blocks - 1, in, 2 * bs), ERR_RANGE);
	CHECK_INT(block_read(HOST_ENDPOINT, UINT64_MAX, in, bs), ERR_RANGE);
	CHECK_INT(block_read(HOST_ENDPOINT, 0, in, bs + 1), ERR_INVALID);
	bool zeroes = features >> DISK_ZEROES & 1;
	CHECK_INT(block_clear(HOST_ENDPOINT, 8, blocks - 8, BLOCK_OP_WRITE_ZEROES), zeroes ? OK : ERR_UNSUPPORTED);
	if (zeroes) {
		CHECK_INT(block_read(HOST_ENDPOINT, 8, in, sizeof(in)), OK);
		for (size_t i = 0; i < sizeof(in); i++)
			CHECK(in[i] == 0);
	}
	CHECK_INT(block_clear(HOST_ENDPOINT, 8, 1, BLOCK_OP_FLUSH), ERR_INVALID);
	disk.fail = 1;
	CHECK_INT(block_read(HOST_ENDPOINT, 0, in, bs), ERR_IO);
	CHECK_INT(block_read(HOST_ENDPOINT, 0, in, bs), OK);
	CHECK_INT(disk.v.misuse, 0);
	CHECK_INT(host_dma_faults, 0);
	if (disk.v.misuse)
		printf("misuse: %s\n", disk.v.what);
}

/* Many callers at once: served in order, some too many, some dead */
static void test_callers(void)
{
	static uint8_t buffers[BLOCK_SYNC_MAX + 8][512];
	unsigned calls[BLOCK_SYNC_MAX + 8], waiting = 0, busy = 0;
	status_t status;
	uint64_t word;

	start(&over_mmio, FEATURES_ALL, 64, 512);
	host_async = true;
	for (unsigned i = 0; i < BLOCK_SYNC_MAX + 8; i++) {
		memset(buffers[i], (int)i, 512);
		status = block_write(HOST_ENDPOINT, i, buffers[i], 512);
		if (status == ERR_BUSY) {
			busy++;
			continue;
		}
		CHECK_INT(status, ERR_WOULD_BLOCK);
		calls[waiting++] = host_last_call;
	}
	CHECK_INT(waiting, BLOCK_SYNC_MAX);
	CHECK_INT(busy, 8);
	host_caller_kill(calls[5]);
	host_caller_kill(calls[6]);
	while (step())
		;
	CHECK_INT(host_replies(), 0);
	for (unsigned i = 0; i < waiting; i++) {
		if (i == 5 || i == 6)
			continue;
		CHECK(host_answered(calls[i], &status, &word));
		CHECK_INT(status, OK);
		CHECK(!memcmp(disk.store + 512 * i, buffers[i], 512));
	}
	host_async = false;
	/* a restart lets them go */
	host_async = true;
	CHECK_INT(block_read(HOST_ENDPOINT, 0, buffers[0], 512), ERR_WOULD_BLOCK);
	unsigned call = host_last_call;
	restart();
	CHECK(host_answered(call, &status, &word));
	CHECK_INT(status, ERR_PEER_DIED);
	host_async = false;
	CHECK_INT(block_read(HOST_ENDPOINT, 0, buffers[0], 512), OK);
}

/* Long calls do not keep a short one waiting: each has its turn at the device. */
static void test_turns(void)
{
	static uint8_t large[2][BLOCK_TRANSFER_MAX], small[512];
	unsigned calls[3];
	status_t status;
	uint64_t word;

	start(&over_mmio, FEATURES_ALL, 64, 512);
	for (size_t i = 0; i < BLOCK_TRANSFER_MAX; i++)
		disk.store[i] = (uint8_t)(i * 7 + i / 512);
	host_async = true;
	for (unsigned i = 0; i < 2; i++) {
		CHECK_INT(block_read(HOST_ENDPOINT, 0, large[i], BLOCK_TRANSFER_MAX), ERR_WOULD_BLOCK);
		calls[i] = host_last_call;
	}
	CHECK_INT(block_read(HOST_ENDPOINT, 3, small, 512), ERR_WOULD_BLOCK);
	calls[2] = host_last_call;
	host_caller_kill(calls[0]); /* with pieces under way */
	while (!host_answered(calls[2], &status, &word))
		CHECK(step());
	CHECK_INT(status, OK);
	CHECK(!memcmp(small, disk.store + 3 * 512, 512));
	CHECK(!host_answered(calls[1], &status, &word));
	while (step())
		;
	CHECK(host_answered(calls[1], &status, &word));
	CHECK_INT(status, OK);
	CHECK(!memcmp(large[1], disk.store, BLOCK_TRANSFER_MAX));
	/* an error of one piece is the call's */
	disk.fail = 1;
	host_async = false;
	CHECK_INT(block_read(HOST_ENDPOINT, 0, large[0], BLOCK_TRANSFER_MAX), ERR_IO);
	CHECK_INT(block_read(HOST_ENDPOINT, 0, large[0], BLOCK_TRANSFER_MAX), OK);
	CHECK(!memcmp(large[0], disk.store, BLOCK_TRANSFER_MAX));
}

static void test_windows(void)
{
	handle_t window, inner, none;
	uint8_t block[512] = {0};
	struct block_info info;
	uint32_t count;

	start(&over_mmio, FEATURES_ALL, 64, 512);
	CHECK_INT(block_window(HOST_ENDPOINT, 100, 10, false, &window), OK);
	CHECK_INT(block_window(window, 2, 3, true, &inner), OK);
	CHECK_INT(block_window(inner, 1, 3, false, &none), ERR_RANGE);
	CHECK_INT(block_window(inner, UINT64_MAX, 2, false, &none), ERR_RANGE);
	CHECK_INT(block_write(window, 9, block, 512), OK);
	CHECK_INT(block_write(window, 10, block, 512), ERR_RANGE);
	CHECK_INT(block_write(inner, 0, block, 512), ERR_ACCESS);
	disk.store[102 * 512] = 77;
	CHECK_INT(block_read(inner, 0, block, 512), OK);
	CHECK_INT(block[0], 77);
	restart();
	CHECK_INT(block_info(inner, &info, 1, &count), OK);
	CHECK_INT(info.blocks, 3);
	CHECK(info.features & BLOCK_FEATURE_READ_ONLY);
	/* A driver that ran wild before it died: a window that is not what it was is lost, not larger. */
	state.windows[0].blocks = 1000;
	state.windows[1].read_only = 0;
	restart();
	CHECK_INT(block_read(window, 0, block, 512), ERR_ACCESS);
	CHECK_INT(block_write(inner, 0, block, 512), ERR_ACCESS);
	CHECK_INT(block_read(inner, 0, block, 512), ERR_ACCESS);
	CHECK_INT(block_info(inner, &info, 1, &count), ERR_ACCESS);
	/* They are never given out again, and there are only so many. */
	for (unsigned i = 2; i < BLOCK_WINDOWS_MAX; i++) {
		CHECK_INT(block_window(HOST_ENDPOINT, i, 1, false, &none), OK);
		(void)host_object_close(none);
	}
	CHECK_INT(block_window(HOST_ENDPOINT, 0, 1, false, &none), ERR_BUSY);
	/* A driver killed while it writes an entry leaves one that is neither good nor free. */
	memset(&state.windows[5], 0, sizeof(state.windows[5]));
	state.windows[5].base = 3;
	CHECK_INT(block_window(HOST_ENDPOINT, 0, 1, false, &none), ERR_BUSY);
	state.windows[6] = (struct block_state_window){0};
	CHECK_INT(block_window(HOST_ENDPOINT, 0, 1, false, &none), OK);
	(void)host_object_close(none);
	(void)host_object_close(window);
	(void)host_object_close(inner);
}

/* ---- rings: every byte is checked, also what is durable ---- */

struct job {
	struct block_request rq;
	bool busy;
	uint32_t promise[AREA]; /* of a flush: what had been answered when it was queued */
};
static struct job jobs[DEPTH];
static uint32_t versions[AREA];
static uint8_t locked[AREA];
static uint64_t reads, writes, flushes;

static void fill(uint8_t *at, uint32_t block, uint32_t version)
{
	for (unsigned i = 0; i < 512; i++)
		at[i] = version ? (uint8_t)(block * 7 + version * 13 + i * (version | 1)) : 0;
	if (version) {
		memcpy(at, &block, 4);
		memcpy(at + 4, &version, 4);
	}
}

static uint32_t version_at(const uint8_t *at)
{
	uint32_t version;

	memcpy(&version, at + 4, 4);
	return version;
}

static bool same(const uint8_t *at, uint32_t block, uint32_t version)
{
	uint8_t want[512];

	fill(want, block, version);
	return !memcmp(at, want, 512);
}

static void job_start(unsigned number)
{
	struct job *job = &jobs[number];
	uint32_t kind = dice(16), count = 1 + dice(SLOT_BYTES / 512), block = dice(AREA - count + 1);

	job->rq = (struct block_request){.id = number, .block = block, .count = count, .offset = number * SLOT_BYTES};
	if (kind < 2) {
		job->rq.op = BLOCK_OP_FLUSH;
		memcpy(job->promise, versions, sizeof(versions));
	} else {
		for (uint32_t i = 0; i < count; i++) {
			if (locked[block + i])
				return;
		}
		memset(locked + block, 1, count);
		job->rq.op = kind < 9 ? BLOCK_OP_WRITE : BLOCK_OP_READ;
		for (uint32_t i = 0; i < count; i++)
			fill(bytes + job->rq.offset + 512 * i, block + i,
			     kind < 9 ? versions[block + i] + 1 : 0xeeeeeeee);
	}
	job->busy = CHECK_INT(block_queue_submit(&queue, &job->rq), OK);
}

static void job_end(const struct block_answer *a)
{
	if (!CHECK(a->id < DEPTH && jobs[a->id].busy))
		return;
	struct job *job = &jobs[a->id];
	const struct block_request *rq = &job->rq;

	job->busy = false;
	CHECK_INT(a->result, OK);
	if (rq->op == BLOCK_OP_FLUSH) {
		for (uint32_t i = 0; i < AREA; i++)
			CHECK(job->promise[i] == 0 || version_at(disk.durable + 512 * i) >= job->promise[i]);
		flushes++;
		return;
	}
	for (uint32_t i = 0; i < rq->count; i++) {
		uint32_t block = (uint32_t)rq->block + i;

		if (rq->op == BLOCK_OP_WRITE)
			CHECK(same(disk.store + 512 * block, block, ++versions[block]));
		else
			CHECK(same(bytes + rq->offset + 512 * i, block, versions[block]));
	}
	memset(locked + rq->block, 0, rq->count);
	*(rq->op == BLOCK_OP_WRITE ? &writes : &reads) += 1;
}

static void poll_all(void)
{
	struct block_answer answer;
	status_t status;

	while ((status = block_queue_poll(&queue, &answer)) == OK)
		job_end(&answer);
	CHECK_INT(status, ERR_WOULD_BLOCK);
}

/* restarts: one in so many steps, 0: never */
static void workload(unsigned steps, unsigned restarts)
{
	memset(versions, 0, sizeof(versions));
	memset(locked, 0, sizeof(locked));
	memset(jobs, 0, sizeof(jobs));
	memset(disk.store, 0, sizeof(disk.store));
	memset(disk.durable, 0, sizeof(disk.durable));
	reads = writes = flushes = 0;
	CHECK_INT(block_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	for (unsigned i = 0; i < steps && !checks_failed; i++) {
		switch (dice(6)) {
		case 0:
			for (unsigned j = dice(DEPTH); j < DEPTH; j++) {
				if (!jobs[j].busy)
					job_start(j);
			}
			break;
		case 1: block_queue_kick(&queue); break;
		case 2: (void)host_doorbell_run(); break;
		case 3: (void)disk_model_take(&disk); break;
		case 4: (void)disk_model_run(&disk, dice(DISK_PENDING)); break;
		default:
			if (dice(3) == 0)
				poll_all();
			else
				(void)irqs_run();
		}
		if (restarts && dice(restarts) == 0)
			restart();
	}
	block_queue_kick(&queue);
	while (block_queue_pending(&queue) && !checks_failed) {
		CHECK_INT(block_queue_wait(&queue, host_time + 10000000000ull), OK);
		poll_all();
	}
	for (uint32_t i = 0; i < AREA; i++)
		CHECK(same(disk.store + 512 * i, i, versions[i]));
	block_queue_close(&queue);
	CHECK_INT(host_kept(), 0);
	CHECK_INT(disk.v.misuse, 0);
	CHECK_INT(host_dma_faults, 0);
	if (disk.v.misuse)
		printf("misuse: %s\n", disk.v.what);
}

static void test_rings(void)
{
	static const uint64_t features[] = {FEATURES_ALL, FEATURES_ALL & ~(1ull << 28), FEATURES_ALL & ~(1ull << 29),
					    FEATURES_ALL & ~(3ull << 28)};

	for (unsigned i = 0; i < 8 && !checks_failed; i++) {
		unsigned open = host_handles_open();

		start(i % 2 ? &over_pci : &over_mmio, features[i / 2], i < 4 ? 256 : 16, 512);
		workload(20000, 0);
		CHECK(writes > 500 && reads > 500);
		CHECK(host_handles_open() <= open + 1); /* the doorbell */
		workload(20000, 200);
		CHECK(writes > 100 && reads > 100 && flushes > 10);
	}
}

/* ---- bad clients ---- */

static status_t request(const struct block_request *rq)
{
	return block_queue_do(&queue, rq, host_time + 1000000000);
}

static handle_t dup(handle_t handle)
{
	handle_t copy = HANDLE_NONE;

	CHECK_INT(handle_dup(handle, RIGHTS_ALL, &copy), OK);
	return copy;
}

static void test_bad_requests(void)
{
	const struct block_request good = {.op = BLOCK_OP_READ, .count = 1};
	struct block_request rq;

	start(&over_mmio, FEATURES_ALL, 64, 512);
	CHECK_INT(block_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	CHECK_INT(request(&good), OK);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t end = DATA_BYTES;

		rq = good;
		rq.op = dice(4) ? dice(7) : dice(1000);
		rq.block = dice(3) ? dice(DISK_SECTORS + 16) : seed * 0x9e3779b97f4a7c15ull;
		rq.count = dice(3) ? dice(600) : (uint32_t)seed;
		rq.offset = dice(3) ? dice(DATA_BYTES / 512 + 4) * 512 : (uint32_t)(seed >> 7);
		status_t status = request(&rq);
		bool moves = rq.op == BLOCK_OP_READ || rq.op == BLOCK_OP_WRITE;
		if (status == OK && rq.op != BLOCK_OP_FLUSH)
			CHECK(rq.op >= 1 && rq.op <= 5 && rq.count && rq.block + rq.count <= DISK_SECTORS);
		if (status == OK && moves)
			CHECK(rq.offset % 512 == 0 && rq.offset + 512ull * rq.count <= end);
	}
	/* Rings that cannot be */
	for (unsigned i = 0; i < 200; i++) {
		_Atomic uint32_t *words[] = {&queue.requests.shared->tail, &queue.requests.shared->head,
					     &queue.answers.shared->head, &queue.answers.shared->tail};

		atomic_store(words[dice(4)], (uint32_t)seed);
		(void)block_queue_submit(&queue, &good);
		block_queue_kick(&queue);
		(void)notification_signal(queue.doorbell, queue.doorbell_bits);
		for (unsigned j = 0; j < 20; j++)
			(void)step();
		CHECK(!host_ended);
		if (dice(4) == 0)
			restart();
		block_queue_close(&queue);
		CHECK_INT(block_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
		CHECK_INT(request(&good), OK);
	}
	block_queue_close(&queue);
	/* Memory that is too small, in pieces, not there; objects that run out */
	handle_t small = host_vmo_make(4096, false), nt = host_notification_make(), bell,
		 pieces = host_vmo_make(65536, false);
	uint64_t bits;
	unsigned open = host_handles_open();
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(data), dup(nt), 1, 1024, &bell, &bits), ERR_INVALID);
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(data), dup(nt), 1, 0, &bell, &bits), ERR_INVALID);
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(data), dup(nt), 0, 4, &bell, &bits), ERR_INVALID);
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(pieces), dup(nt), 1, 4, &bell, &bits), ERR_INVALID);
	CHECK_INT(host_kept(), 0);
	for (unsigned call = 0; call < HOST_CALL_COUNT; call++) {
		if (call == HOST_DMA_ALLOC)
			continue;
		handle_t a = dup(small), b = dup(data), c = dup(nt);

		host_fail(call, 1, ERR_NO_MEMORY);
		CHECK_INT(block_attach(HOST_ENDPOINT, a, b, c, 1, 4, &bell, &bits), ERR_NO_MEMORY);
		host_fail(call, 0, OK);
		(void)host_object_close(a), (void)host_object_close(b), (void)host_object_close(c);
	}
	CHECK_INT(host_kept(), 0);
	CHECK_INT(host_handles_open(), open);
	/* A client that is gone without a word: the next one takes its place. */
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(data), dup(nt), 1, 4, &bell, &bits), OK);
	(void)host_object_close(bell);
	(void)host_object_close(nt);
	handle_t window;
	CHECK_INT(block_window(HOST_ENDPOINT, 0, 1, false, &window), OK);
	CHECK_INT(block_queue_open(&queue, window, data, DEPTH, HANDLE_NONE, 0), OK);
	CHECK_INT(host_kept(), 1);
	block_queue_close(&queue);
	/* One that takes its memory back: the next instance goes on without it. */
	nt = host_notification_make();
	CHECK_INT(block_attach(HOST_ENDPOINT, dup(small), dup(data), dup(nt), 1, 4, &bell, &bits), OK);
	host_object_revoke(small);
	restart();
	CHECK_INT(host_kept(), 0);
	CHECK_INT(block_flush(HOST_ENDPOINT), OK);
	(void)host_object_close(bell), (void)host_object_close(nt), (void)host_object_close(window);
	(void)host_object_close(pieces);
}

/* ---- bad devices ---- */

static void test_bad_devices(void)
{
	struct block_info info;
	uint32_t count;

	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.v.stuck = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_TIMED_OUT);
	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.v.refuses = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_UNSUPPORTED);
	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.v.restless = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_IO);
	disk_model_init(&disk, FEATURES_ALL, 0, 512);
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_NOT_FOUND);
	disk_model_init(&disk, FEATURES_ALL, 1, 512);
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_UNSUPPORTED);
	disk_model_init(&disk, FEATURES_ALL, 64, 100);
	CHECK(host_bind(&over_mmio, DRIVER_FRESH) != OK);
	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.v.type = 1;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_NOT_FOUND);
	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.v.features &= ~(1ull << 32);
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_UNSUPPORTED);
	memset(&state, 0, sizeof(state));
	disk_model_init(&disk, FEATURES_ALL, 64, 512);
	disk.swallows = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_TIMED_OUT);

	/* One that stops answering later: noticed, and the next instance does what was asked. */
	start(&over_mmio, FEATURES_ALL, 64, 512);
	CHECK_INT(block_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	disk.swallows = true;
	const struct block_request rq = {.op = BLOCK_OP_READ, .count = 1};
	CHECK_INT(block_queue_submit(&queue, &rq), OK);
	block_queue_kick(&queue);
	for (unsigned i = 0; i < 100 && !host_ended; i++) {
		(void)step();
		host_time += 1000000000;
		(void)host_timer_run();
	}
	CHECK(host_ended);
	disk.swallows = false;
	restart();
	struct block_answer answer;
	CHECK_INT(block_queue_wait(&queue, host_time + 1000000000), OK);
	CHECK_INT(block_queue_poll(&queue, &answer), OK);
	CHECK_INT(answer.result, OK);
	CHECK_INT(block_info(HOST_ENDPOINT, &info, 1, &count), OK);
	block_queue_close(&queue);

	/* Lies in the used ring: each ends the driver, none reaches a client. */
	for (unsigned lie = 0; lie < 6; lie++) {
		start(&over_mmio, FEATURES_ALL, 64, 512);
		host_async = true;
		static uint8_t block[512];
		CHECK_INT(block_read(HOST_ENDPOINT, 0, block, 512), ERR_WOULD_BLOCK);
		(void)disk_model_take(&disk);
		uint16_t head = disk.pending[0].head, *index = virtio_model_used_index(&disk.v, 0);
		uint32_t *entry = virtio_model_used_entry(&disk.v, 0, *index);
		entry[0] = head, entry[1] = 513;
		switch (lie) {
		case 0: entry[0] = 64; break;
		case 1: entry[0] = (head + 1u) % 64; break;
		case 2: entry[0] = UINT32_MAX; break;
		case 3: entry[1] = 514; break;
		case 4: *index = (uint16_t)(*index + 40); break;
		default: break; /* the result is still what the driver put there */
		}
		*index = (uint16_t)(*index + 1);
		disk.v.isr = 1;
		host_irq(0);
		CHECK(host_ended);
		host_async = false;
		restart();
		CHECK_INT(block_read(HOST_ENDPOINT, 0, block, 512), OK);
	}
}

int main(void)
{
	data_make();
	test_calls(&over_mmio, FEATURES_ALL, 256, 512);
	test_calls(&over_mmio, FEATURES_ALL, 256, 4096);
	test_calls(&over_mmio, 1ull << DISK_FLUSH, 16, 512);
	test_calls(&over_mmio, 0, 24, 512);
	test_calls(&over_pci, FEATURES_ALL, 1024, 2048);
	test_callers();
	test_turns();
	test_windows();
	test_rings();
	test_bad_requests();
	test_bad_devices();
	return check_end();
}
