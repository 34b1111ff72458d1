/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A malicious disk: the input says what the device does to the virtio-blk driver, the class library and a client's
 * queue. It may write anything into all
 * memory that it was given, the used ring and clients' data included, change its configuration, interrupt when it
 * likes. Nothing may come of that but
 * errors and new instances.
 */
// fuzz-sources: tests/unit/virtio_blk_model.c tests/unit/virtio_model.c drivers/block/virtio_blk.c sys/lib/block_queue.c sys/lib/ipc.c sys/driver/host/host.c sys/driver/host/objects.c sys/driver/device.c sys/driver/virtio/*.c sys/driver/block_port.c sys/driver/block_state.c sys/driver/block_sync.c sys/driver/session_port.c build/release/sys/protocols/block.c build/release/sys/protocols/pci.c libfdt
// fuzz-runs: 3000
#include <stdlib.h>
#include <string.h>

#include "protocols/block.h"
#include "protocols/pci.h"
#include "sys/driver/block_port.h"
#include "sys/driver/host/host.h"
#include "sys/driver/host/objects.h"
#include "sys/lib/block_queue.h"
#include "sys/lib/syscall.h"
#include "tests/unit/virtio_blk_model.h"

#define DEPTH      16
#define DATA_BYTES 65536u
#define STEPS_MAX  2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct disk_model disk;
static struct block_state state;
static struct host_model mmio = {.size = 0x200, .read = virtio_model_read, .write = virtio_model_write, .ctx = &disk.v};
static struct host_model bar = {
	.size = MODEL_BAR_SIZE, .read = virtio_model_bar_read, .write = virtio_model_bar_write, .ctx = &disk.v};
static const struct host_node nodes[2] = {{.match = 0, .regs = {&mmio}, .state = &state, .irqs = 1},
					  {.match = 1,
					   .regs = {[4] = &bar},
					   .state = &state,
					   .irqs = 1,
					   .config = &pci_protocol,
					   .config_ops = &virtio_model_pci_ops,
					   .config_ctx = &disk.v}};
static const struct host_node *node;
static struct block_queue queue;
static bool open, pending[DEPTH];

static const uint8_t *at, *end;

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && at < end; i++)
		value |= (uint32_t)*at++ << (8 * i);
	return value;
}

static void irqs(void)
{
	for (int i = 0; i < 8 && disk.v.isr && !host_ended; i++)
		host_irq(0);
}

static bool step(void)
{
	bool progress = !host_ended && host_doorbell_run();

	host_time += 100000;
	progress |= disk_model_take(&disk);
	progress |= disk_model_run(&disk, 0);
	irqs();
	return progress && !host_ended;
}

static void delayed(void)
{
	(void)disk_model_take(&disk);
	(void)disk_model_run(&disk, 0);
}

static bool bind(enum driver_start start)
{
	return host_bind(node, start) == OK && !host_ended;
}

static void submit(void)
{
	struct block_request rq = {.op = take(1) % 8, .block = take(2), .count = take(1), .offset = take(1) * 512};

	for (unsigned i = 0; i < DEPTH; i++) {
		if (pending[i])
			continue;
		rq.id = i;
		pending[i] = block_queue_submit(&queue, &rq) == OK;
		return;
	}
}

static void poll(void)
{
	struct block_answer answer;

	while (block_queue_poll(&queue, &answer) == OK) {
		if (answer.id >= DEPTH || !pending[answer.id])
			abort(); /* an answer to nothing */
		pending[answer.id] = false;
	}
}

static void call(void)
{
	static uint8_t buffer[4096];
	uint32_t kind = take(1);

	if (kind & 1)
		(void)block_read(HOST_ENDPOINT, take(1), buffer, 512u * (1 + kind % 8));
	else
		(void)block_write(HOST_ENDPOINT, take(1), buffer, 512u * (1 + kind % 8));
}

static void lie(void)
{
	uint16_t *index = virtio_model_used_index(&disk.v, 0);
	uint32_t *entry = index ? virtio_model_used_entry(&disk.v, 0, *index) : NULL;

	if (!entry)
		return;
	entry[0] = take(1) | (take(1) & 1 ? take(4) : 0);
	entry[1] = take(2);
	*index = (uint16_t)(*index + (int8_t)take(1));
	disk.v.isr |= 1;
	irqs();
}

static void scribble(void)
{
	size_t from = take(3);

	for (unsigned n = 1 + take(1) % 8; n; n--) {
		uint8_t *byte = host_dma_byte(from++);

		if (byte)
			*byte = (uint8_t)take(1);
	}
}

static void act(handle_t memory)
{
	switch (take(1) % 12) {
	case 0: submit(); break;
	case 1: block_queue_kick(&queue); break;
	case 2: (void)host_doorbell_run(); break;
	case 3: (void)disk_model_take(&disk); break;
	case 4:
		(void)disk_model_run(&disk, take(1));
		irqs();
		break;
	case 5: lie(); break;
	case 6: scribble(); break;
	case 7:
		disk.v.config[take(1) % MODEL_CONFIG_MAX] = (uint8_t)take(1);
		disk.v.generation += take(1) & 1;
		disk.v.isr |= take(1) & 3;
		irqs();
		break;
	case 8: poll(); break;
	case 9: call(); break;
	case 10:
		disk.v.isr |= take(1) & 3;
		irqs();
		break;
	default:
		if (!bind(DRIVER_RESTART))
			host_ended = true;
	}
	if (!open && !host_ended) {
		memset(pending, 0, sizeof(pending));
		open = block_queue_open(&queue, HOST_ENDPOINT, memory, DEPTH, HANDLE_NONE, 0) == OK;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	handle_t memory;
	unsigned tries = 0;

	at = data;
	end = data + size;
	host_objects_reset();
	memset(&state, 0, sizeof(state));
	memset(pending, 0, sizeof(pending));
	host_step = step;
	host_delay = delayed;
	host_async = false;
	uint32_t shape = take(1);
	disk_model_init(&disk, (uint64_t)take(4) << 0 | 3ull << 28, (uint16_t)(8u << shape % 6),
			512u << (shape / 8 % 4));
	virtio_model_pci_init(&disk.v, 0x1042);
	node = &nodes[shape >> 7];
	memory = host_vmo_make(DATA_BYTES, true);
	if (!bind(DRIVER_FRESH))
		return 0;
	open = block_queue_open(&queue, HOST_ENDPOINT, memory, DEPTH, HANDLE_NONE, 0) == OK;
	for (unsigned i = 0; i < STEPS_MAX && at < end && open; i++) {
		act(memory);
		/* The driver gave up: devmgr starts the next one, as long as it has patience. */
		if (host_ended && (++tries > 20 || !bind(DRIVER_RESTART)))
			return 0;
	}
	return 0;
}
