/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A malicious network device: the input says what it does to the virtio-net driver, the class library and a client's
 * queue. It may write anything into
 * all memory that it was given, change its configuration, interrupt when it likes. Frames may be lost or made up; a
 * client never sees bytes outside of its
 * buffers, nor a buffer that it does not expect.
 */
// fuzz-sources: tests/unit/virtio_net_model.c tests/unit/virtio_model.c drivers/net/virtio_net.c sys/lib/net_queue.c sys/lib/ipc.c sys/driver/host/host.c sys/driver/host/objects.c sys/driver/device.c sys/driver/virtio/*.c sys/driver/net_port.c sys/driver/session_port.c build/release/sys/protocols/net.c build/release/sys/protocols/pci.c libfdt
// fuzz-runs: 4000
#include <stdlib.h>
#include <string.h>

#include "protocols/net.h"
#include "protocols/pci.h"
#include "sys/driver/host/host.h"
#include "sys/driver/host/objects.h"
#include "sys/driver/net_port.h"
#include "sys/lib/net_queue.h"
#include "sys/lib/syscall.h"
#include "tests/unit/virtio_net_model.h"

#define DEPTH      16
#define BUFFER     2048u
#define ROOM       1600u
#define DATA_BYTES (2 * DEPTH * BUFFER)
#define STEPS_MAX  2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nic_model nic;
static struct net_state state;
static struct host_model mmio = {.size = 0x200, .read = virtio_model_read, .write = virtio_model_write, .ctx = &nic.v};
static struct host_model bar = {
	.size = MODEL_BAR_SIZE, .read = virtio_model_bar_read, .write = virtio_model_bar_write, .ctx = &nic.v};
static const struct host_node nodes[2] = {{.match = 0, .regs = {&mmio}, .state = &state, .irqs = 1},
					  {.match = 1,
					   .regs = {[4] = &bar},
					   .state = &state,
					   .irqs = 1,
					   .config = &pci_protocol,
					   .config_ops = &virtio_model_pci_ops,
					   .config_ctx = &nic.v}};
static const struct host_node *node;
static struct net_queue queue;
static bool open, supplied[DEPTH], sending[DEPTH];

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
	for (int i = 0; i < 8 && nic.v.isr && !host_ended; i++)
		host_irq(0);
}

static bool step(void)
{
	bool progress = !host_ended && host_doorbell_run();

	host_time += 100000;
	progress |= nic_model_take(&nic);
	progress |= nic_model_deliver(&nic);
	irqs();
	return progress && !host_ended;
}

static void delayed(void)
{
	(void)nic_model_take(&nic);
}

static bool bind(enum driver_start start)
{
	return host_bind(node, start) == OK && !host_ended;
}

static void supply(void)
{
	for (uint32_t i = 0; i < DEPTH; i++) {
		if (!supplied[i])
			supplied[i] = net_queue_supply(&queue, i * BUFFER, ROOM, i) == OK;
	}
}

static void send(void)
{
	struct net_slot slots[4] = {{0}};
	uint32_t count = 1 + take(1) % 4, first = take(1) % (DEPTH - 4);

	for (uint32_t i = 0; i < count; i++) {
		if (sending[first + i])
			return;
		slots[i] = (struct net_slot){
			.offset = (DEPTH + first + i) * BUFFER, .length = take(2), .cookie = first + i};
	}
	slots[0].flags = take(1) & 1;
	slots[0].gso = (uint8_t)(take(1) % 3);
	slots[0].gso_size = (uint16_t)take(1);
	if (net_queue_send(&queue, slots, count) != OK)
		return;
	for (uint32_t i = 0; i < count; i++)
		sending[first + i] = true;
}

static void receive(void)
{
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t count, cookie;

	while (net_queue_receive(&queue, slots, &count) == OK) {
		if (!count || count > NET_PARTS_MAX)
			abort();
		for (uint32_t i = 0; i < count; i++) {
			uint32_t c = slots[i].cookie;

			if (c >= DEPTH || !supplied[c] || slots[i].offset < c * BUFFER ||
			    slots[i].offset + slots[i].length > c * BUFFER + queue.headroom + ROOM)
				abort(); /* outside of the buffer */
			supplied[c] = false;
		}
	}
	while (net_queue_sent(&queue, &cookie) == OK) {
		if (cookie >= DEPTH || !sending[cookie])
			abort();
		sending[cookie] = false;
	}
	supply();
}

static void lie(void)
{
	unsigned number = take(1) % 3;
	uint16_t *index = virtio_model_used_index(&nic.v, number);
	uint32_t *entry = index ? virtio_model_used_entry(&nic.v, number, *index) : NULL;

	if (!entry)
		return;
	entry[0] = take(1) | (take(1) & 1 ? take(4) : 0);
	entry[1] = take(2);
	*index = (uint16_t)(*index + (int8_t)take(1));
	nic.v.isr |= 1;
	irqs();
}

static void scribble(void)
{
	size_t from = take(3);

	for (unsigned n = 1 + take(1) % 12; n; n--) {
		uint8_t *byte = host_dma_byte(from++);

		if (byte)
			*byte = (uint8_t)take(1);
	}
}

/* A frame with a header of the device's choice */
static void header_lie(void)
{
	struct nic_header header;

	if (!nic.rx_count)
		return;
	const struct model_chain c = nic.rx[0];
	header = (struct nic_header){(uint8_t)take(1),  (uint8_t)take(1),  (uint16_t)take(2), (uint16_t)take(2),
				     (uint16_t)take(1), (uint16_t)take(1), (uint16_t)take(1)};
	(void)virtio_model_put(&c, 0, &header, sizeof(header));
	nic.rx_count--;
	memmove(nic.rx, nic.rx + 1, nic.rx_count * sizeof(nic.rx[0]));
	virtio_model_push(&nic.v, 0, c.head, take(2) % 2000);
	irqs();
}

static void attach(handle_t memory)
{
	memset(supplied, 0, sizeof(supplied));
	memset(sending, 0, sizeof(sending));
	open = net_queue_open(&queue, HOST_ENDPOINT, memory, DEPTH, HANDLE_NONE, 0) == OK;
	if (open)
		supply();
}

static void act(void)
{
	switch (take(1) % 12) {
	case 0: send(); break;
	case 1: net_queue_kick(&queue); break;
	case 2: (void)host_doorbell_run(); break;
	case 3: (void)nic_model_take(&nic); break;
	case 4:
		(void)nic_model_deliver(&nic);
		irqs();
		break;
	case 5: lie(); break;
	case 6: scribble(); break;
	case 7:
		nic.v.config[take(1) % MODEL_CONFIG_MAX] = (uint8_t)take(1);
		nic.v.isr |= take(1) & 3;
		irqs();
		break;
	case 8: receive(); break;
	case 9: header_lie(); break;
	case 10: (void)net_promiscuous(HOST_ENDPOINT, take(1) & 1); break;
	default:
		if (!bind(DRIVER_RESTART))
			host_ended = true;
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
	host_step = step;
	host_delay = delayed;
	host_async = false;
	uint32_t shape = take(1);
	nic_model_init(&nic, (uint64_t)take(4) | 3ull << 28, (uint16_t)(8u << shape % 6));
	virtio_model_pci_init(&nic.v, 0x1041);
	node = &nodes[shape >> 7];
	memory = host_vmo_make(DATA_BYTES, true);
	if (!bind(DRIVER_FRESH))
		return 0;
	attach(memory);
	for (unsigned i = 0; i < STEPS_MAX && at < end && open; i++) {
		act();
		/* The driver gave up: devmgr starts the next one, as long as it has patience. */
		if (host_ended && (++tries > 20 || !bind(DRIVER_RESTART)))
			return 0;
	}
	return 0;
}
