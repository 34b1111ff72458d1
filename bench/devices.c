/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Costs of devices in instructions, everything counted: client, kernel, driver. The disk is one that answers at once,
 * the two network
 * interfaces are connected with each other (bench/devices.toml). docs/benchmarks.md says what each line counts.
 */
#include <string.h>

#include "bench/measure.h"
#include "bench/report.h"
#include "protocols/block.h"
#include "protocols/net.h"
#include "protocols/rng.h"
#include "protocols/rtc.h"
#include "protocols/serial.h"
#include "sys/lib/block_queue.h"
#include "sys/lib/net_queue.h"
#include "sys/lib/server.h"
#include "tests/system/lib/device.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/internal.h"
#include "tests/system/lib/make.h"

const char test_group[] = "bench";

#define PRIO_BENCH 96
#define PRIO_HIGH  100
#define READ_BYTES 4096
#define DEPTH      32
#define PACKETS    32
#define BUFFER     2048
#define FRAME      1514
#define RECOVERIES 20

/* The device's answer comes when the host has time for it: the smallest sample is one that was not disturbed, the
 * same each time. */
static uint64_t lowest(const struct samples *s)
{
	uint64_t value = s->count ? s->value[0] : 0;

	for (unsigned i = 1; i < s->count; i++)
		value = s->value[i] < value ? s->value[i] : value;
	return value;
}

/* ---- interrupt to a driver's handler --------------------------------------------------------- */

enum { ALARM_LOW = 2, ALARM_HIGH = 3, IRQ_ENABLED = 4, ALARM_CLEAR = 5, INTERRUPT_CLEAR = 7 };

struct shared {
	uint64_t handled;
	volatile uint32_t flag;
};

struct handler {
	volatile uint32_t *regs;
	struct shared *shared;
};

static void on_irq(void *ctx)
{
	struct handler *h = ctx;

	h->shared->handled = read_instret();
	h->regs[ALARM_CLEAR] = 0;
	h->regs[INTERRUPT_CLEAR] = 0;
	h->shared->flag = 1;
}

/* The loop that drivers have (sys/driver/main.c), around a handler that stamps */
static void irq_child(const struct child_args *args)
{
	static struct server server;
	struct handler h = {
		.regs = map(args->h[1], 0, PAGE_SIZE, MAP_READ | MAP_WRITE),
		.shared = map(args->h[2], 0, PAGE_SIZE, MAP_READ | MAP_WRITE),
	};
	handle_t ep = make_endpoint();

	server_init(&server, ep, args->thread);
	CHECK_OK(server_add_irq(&server, args->h[0], on_irq, &h, NULL));
	(void)server_run(&server);
}

static void bench_irq(void)
{
	handle_t vmo = make_vmo(PAGE_SIZE);
	struct shared *shared = map(vmo, 0, PAGE_SIZE, MAP_READ | MAP_WRITE);
	struct samples s = {0};
	struct child c;
	struct rtc rtc;

	if (!rtc_open(&rtc) || !shared)
		return;
	const struct child_spec spec = {.run = irq_child, .h = {rtc.irq, rtc.vmo, vmo}, .prio = PRIO_HIGH};
	thread_set_prio(HANDLE_NONE, PRIO_HIGH);
	if (CHECK_OK(child_start(&c, &spec)) && CHECK(thread_await_blocked(c.thread))) {
		thread_set_prio(HANDLE_NONE, PRIO_BENCH);
		rtc.regs[IRQ_ENABLED] = 1;
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t resumed = 0, start;

			shared->flag = 0;
			rtc.regs[ALARM_HIGH] = 0;
			start = raise_wait(&rtc.regs[ALARM_LOW], 1, &shared->flag, &resumed);
			sample_add(&s, i, shared->handled - start - STAMP_OVERHEAD - 1);
		}
		report_samples("irq_to_driver", &s, NO_BUDGET);
	}
	child_kill(&c);
	rtc_close(&rtc);
	(void)vmo_unmap(HANDLE_NONE, shared, PAGE_SIZE);
	shut(vmo);
}

/* ---- disk ---- */

static handle_t disk, disk_data;
static uint8_t *disk_bytes;
static uint32_t disk_index, block_size;
static struct block_queue queue;

static bool disk_open(void)
{
	struct block_info info;
	uint32_t count;
	void *at;

	disk = device_open("block:0", &disk_index);
	disk_data = dma_memory(DEPTH * READ_BYTES, &at);
	disk_bytes = at;
	if (disk == HANDLE_NONE || !at || !CHECK_OK(block_info_until(disk, now() + DEVICE_TIMEOUT, &info, 1, &count)))
		return false;
	block_size = info.block_size;
	return CHECK_OK(block_queue_open(&queue, disk, disk_data, DEPTH, HANDLE_NONE, 0));
}

/* `depth` reads of 4 KiB, queued together; all of them answered */
static uint64_t reads(unsigned depth, uint32_t op)
{
	struct block_answer answer;
	uint64_t start = read_instret();

	for (unsigned i = 0; i < depth; i++) {
		const struct block_request rq = {
			.id = i, .op = op, .block = i * 64, .count = READ_BYTES / block_size, .offset = i * READ_BYTES};

		CHECK_OK(block_queue_submit(&queue, &rq));
	}
	block_queue_kick(&queue);
	for (unsigned done = 0; done < depth;) {
		status_t status = block_queue_poll(&queue, &answer);

		if (status == ERR_WOULD_BLOCK) {
			CHECK_OK(block_queue_wait(&queue, DEADLINE_NEVER));
			continue;
		}
		CHECK_OK(status);
		CHECK_OK(answer.result);
		done++;
	}
	return read_instret() - start - STAMP_OVERHEAD;
}

static uint64_t blk_reads(const char *name, unsigned depth, uint32_t op, uint64_t budget)
{
	struct samples s = {0};

	for (unsigned i = 0; i < ROUNDS; i++)
		sample_add(&s, i, reads(depth, op) / depth);
	report_figure(name, lowest(&s), "instr", budget);
	return lowest(&s);
}

static void bench_disk(void)
{
	static uint8_t buffer[READ_BYTES];
	struct samples s = {0};
	uint64_t one, many;

	one = blk_reads("blk_read_4k", 1, BLOCK_OP_READ, 5000);
	many = blk_reads("blk_read_4k_depth32", DEPTH, BLOCK_OP_READ, 5000);
	(void)blk_reads("blk_write_4k", 1, BLOCK_OP_WRITE, 5000);
	/* On a hart that runs 10^9 instructions in a second, as this one does */
	report_figure("blk_reads_per_second", 1000000000 / one, "1/s", NO_BUDGET);
	report_figure("blk_reads_per_second_depth32", 1000000000 / many, "1/s", NO_BUDGET);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start = read_instret();

		CHECK_OK(block_read(disk, 0, buffer, sizeof(buffer)));
		sample_add(&s, i, read_instret() - start - STAMP_OVERHEAD);
	}
	report_figure("blk_call_read_4k", lowest(&s), "instr", NO_BUDGET);
}

/* ---- network ---- */

struct nic {
	handle_t device, data;
	uint32_t index;
	uint8_t *bytes;
	struct net_info info;
	struct net_queue queue;
};
static struct nic nics[2];

static bool nic_attach(struct nic *n, handle_t notification, uint64_t bits)
{
	if (!CHECK_OK(net_queue_open(&n->queue, n->device, n->data, PACKETS, notification, bits)))
		return false;
	for (uint32_t i = 0; i < PACKETS; i++)
		CHECK_OK(net_queue_supply(&n->queue, i * BUFFER, BUFFER - 64, i));
	net_queue_kick(&n->queue);
	return true;
}

static bool nic_open(struct nic *n, const char *name)
{
	void *at;

	n->device = device_open(name, &n->index);
	n->data = dma_memory(2 * PACKETS * BUFFER, &at);
	n->bytes = at;
	return n->device != HANDLE_NONE && at &&
	       CHECK_OK(net_info_until(n->device, now() + DEVICE_TIMEOUT, &n->info)) && nic_attach(n, HANDLE_NONE, 0);
}

/* `count` frames from one interface to the other; all received, all buffers back on both sides */
static uint64_t packets(unsigned count, uint32_t size)
{
	struct nic *from = &nics[0], *to = &nics[1];
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t parts, cookie;
	unsigned received = 0, back = 0;
	uint64_t start = read_instret();

	for (uint32_t i = 0; i < count; i++) {
		const struct net_slot slot = {.offset = (PACKETS + i) * BUFFER, .length = size, .cookie = i};

		CHECK_OK(net_queue_send(&from->queue, &slot, 1));
	}
	net_queue_kick(&from->queue);
	while (received < count) {
		status_t status = net_queue_receive(&to->queue, slots, &parts);

		if (status == ERR_WOULD_BLOCK) {
			net_queue_kick(&to->queue);
			CHECK_OK(net_queue_wait(&to->queue, DEADLINE_NEVER));
			continue;
		}
		CHECK_OK(status);
		CHECK_OK(net_queue_supply(&to->queue, slots[0].cookie * BUFFER, BUFFER - 64, slots[0].cookie));
		received++;
	}
	net_queue_kick(&to->queue);
	while (back < count) {
		status_t status = net_queue_sent(&from->queue, &cookie);

		if (status == ERR_WOULD_BLOCK) {
			CHECK_OK(net_queue_wait(&from->queue, DEADLINE_NEVER));
			continue;
		}
		CHECK_OK(status);
		back++;
	}
	return read_instret() - start - STAMP_OVERHEAD;
}

static void bench_net(void)
{
	static const struct {
		const char *name;
		unsigned count;
		uint32_t size;
	} cases[] = {{"net_packet", 1, FRAME},
		     {"net_packet_burst32", PACKETS, FRAME},
		     {"net_packet_60b_burst32", PACKETS, 60}};

	for (unsigned c = 0; c < ARRAY_SIZE(cases); c++) {
		struct samples s = {0};

		for (unsigned i = 0; i < ROUNDS; i++)
			sample_add(&s, i, packets(cases[c].count, cases[c].size) / cases[c].count);
		report_figure(cases[c].name, lowest(&s), "instr", NO_BUDGET);
		if (c == 1)
			report_figure("net_packets_per_second", 1000000000 / lowest(&s), "1/s", NO_BUDGET);
	}
}

/* ---- recovery ---- */

static handle_t rtc_device, rng_device, serial_device;

static bool probe_rtc(void)
{
	uint64_t ns;

	return rtc_get(rtc_device, &ns) == OK;
}

static bool probe_rng(void)
{
	uint8_t byte;

	return rng_read(rng_device, &byte, 1) == OK;
}

static bool probe_serial(void)
{
	struct serial_counters counters;

	return serial_counters_get(serial_device, &counters) == OK;
}

static bool probe_disk(void)
{
	(void)reads(1, BLOCK_OP_READ);
	return true;
}

/* A frame from the first interface to the second. false: it was lost with the driver. */
static bool probe_net(void)
{
	struct net_queue *from = &nics[0].queue, *to = &nics[1].queue;
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t parts, cookie, recoveries = from->recoveries;
	const struct net_slot slot = {.offset = PACKETS * BUFFER, .length = 60};

	while (net_queue_sent(from, &cookie) == OK)
		;
	CHECK_OK(net_queue_send(from, &slot, 1));
	net_queue_kick(from);
	while (net_queue_receive(to, slots, &parts) != OK) {
		if (from->recoveries != recoveries)
			return false;
		/* Both signal the same notification. */
		if (net_queue_wait(to, 0) != OK)
			CHECK_OK(net_queue_wait(from, DEADLINE_NEVER));
		while (net_queue_sent(from, &cookie) == OK)
			;
	}
	CHECK_OK(net_queue_supply(to, slots[0].cookie * BUFFER, BUFFER - 64, slots[0].cookie));
	net_queue_kick(to);
	return true;
}

static handle_t process_of(uint32_t index)
{
	struct devmgr_node node = {0};
	handle_t process = HANDLE_NONE, res = test_system_resource(SYSTEM_PROCESS);

	if (device_await(index, DEVMGR_STATE_RUNNING) && device_node(index, &node))
		CHECK_OK(process_open(res, node.pid, &process));
	shut(res);
	return process;
}

/* From the kill of the driver to the first request that succeeds. What is idle time counts nothing: on this machine 1
 * ns is 1 instruction. */
static void recovery(const char *name, uint32_t index, bool (*probe)(void))
{
	struct samples s = {0};

	for (unsigned i = 0; i < RECOVERIES && !test_failures(); i++) {
		handle_t process = process_of(index);
		uint64_t start = read_instret();

		CHECK_OK(process_kill(process, 1));
		while (!probe())
			;
		sample_add(&s, WARM_UP + i, read_instret() - start - STAMP_OVERHEAD);
		shut(process);
		/* devmgr's patience begins anew. */
		CHECK(device_restart(index));
		while (!probe())
			;
	}
	if (!s.count)
		return;
	/* In steps of 10 us: the periods of the drivers' CPU budgets begin at other moments each time. */
	report_figure(name, (lowest(&s) + 5000) / 10000 * 10, "us", NO_BUDGET);
}

static void bench_recovery(void)
{
	handle_t nt = make_notification();
	uint32_t index;

	rtc_device = device_open("rtc:0", &index);
	recovery("recovery_goldfish_rtc", index, probe_rtc);
	serial_device = device_open("serial:0", &index);
	recovery("recovery_ns16550", index, probe_serial);
	rng_device = device_open("rng:0", &index);
	recovery("recovery_virtio_rng", index, probe_rng);
	recovery("recovery_virtio_blk", disk_index, probe_disk);
	net_queue_close(&nics[0].queue);
	net_queue_close(&nics[1].queue);
	if (nic_attach(&nics[0], nt, 1) && nic_attach(&nics[1], nt, 2))
		recovery("recovery_virtio_net", nics[0].index, probe_net);
}

int main(void)
{
	images_prepare();
	thread_set_prio(HANDLE_NONE, PRIO_BENCH);
	bench_irq(); /* before devmgr has the clock that raises it */
	if (devices_up() && disk_open() && nic_open(&nics[0], "net:0") && nic_open(&nics[1], "net:1")) {
		bench_disk();
		bench_net();
		bench_recovery();
	}
	report_done();
	test_finish(test_failures());
}
