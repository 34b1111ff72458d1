/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net driver, the net class library and the clients' queue, unchanged, against a network device in
 * software whose cable ends in itself. */
#include "protocols/net.h"

#include <stdlib.h>

#include "protocols/pci.h"
#include "sys/driver/host/host.h"
#include "sys/driver/host/objects.h"
#include "sys/driver/net_port.h"
#include "sys/lib/net_queue.h"
#include "sys/lib/syscall.h"
#include "tests/unit/check.h"
#include "tests/unit/virtio_net_model.h"

#define DEPTH      32
#define BUFFER     4096u
#define ROOM       1536u /* behind the headroom, of a receive buffer */
#define DATA_BYTES (BUFFER * DEPTH * 2)

static struct nic_model nic;
static struct net_state state;
static struct host_model mmio = {.size = 0x200, .read = virtio_model_read, .write = virtio_model_write, .ctx = &nic.v};
static struct host_model bar = {
	.size = MODEL_BAR_SIZE, .read = virtio_model_bar_read, .write = virtio_model_bar_write, .ctx = &nic.v};
static const struct host_node over_mmio = {.match = 0, .regs = {&mmio}, .state = &state, .irqs = 1};
static const struct host_node over_pci = {.match = 1,
					  .regs = {[4] = &bar},
					  .state = &state,
					  .irqs = 1,
					  .config = &pci_protocol,
					  .config_ops = &virtio_model_pci_ops,
					  .config_ctx = &nic.v};
static const struct host_node *node;
static uint64_t seed = 1;
static struct net_queue queue;
static struct net_info info;
static handle_t data;
static uint8_t *bytes;

#define FEATURES_ALL                                                                                             \
	(1ull << NIC_CSUM | 1ull << NIC_GUEST_CSUM | 1ull << NIC_MAC | 1ull << NIC_GUEST_TSO4 |                  \
	 1ull << NIC_HOST_TSO4 | 1ull << NIC_MRG | 1ull << NIC_STATUS | 1ull << NIC_CTRL | 1ull << NIC_CTRL_RX | \
	 3ull << 28)

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

	for (int i = 0; i < 100 && nic.v.isr && !host_ended; i++) {
		host_irq(0);
		any = true;
	}
	CHECK(!nic.v.isr || host_ended); /* no storm */
	return any;
}

static bool step(void)
{
	bool progress = host_doorbell_run();

	host_time += 10000;
	progress |= nic_model_take(&nic);
	progress |= nic_model_deliver(&nic);
	return irqs_run() || progress;
}

static void delayed(void)
{
	(void)nic_model_take(&nic);
}

static bool start(const struct host_node *at, uint64_t features, uint16_t queue_size)
{
	memset(&state, 0, sizeof(state));
	nic_model_init(&nic, features, queue_size);
	virtio_model_pci_init(&nic.v, 0x1041);
	node = at;
	host_step = step;
	host_delay = delayed;
	return CHECK_INT(host_bind(node, DRIVER_FRESH), OK) && CHECK_INT(net_info(HOST_ENDPOINT, &info), OK);
}

static void restart(void)
{
	CHECK_INT(host_bind(node, DRIVER_RESTART), OK);
}

static handle_t dup(handle_t handle)
{
	handle_t copy = HANDLE_NONE;

	CHECK_INT(handle_dup(handle, RIGHTS_ALL, &copy), OK);
	return copy;
}

/* ---- frames: the first words say what the rest is -------------------------------------------- */

struct mark {
	uint8_t ethernet[14];
	uint8_t csum[2];
	uint32_t number, size;
};

static uint8_t byte_at(uint32_t number, uint32_t i)
{
	return (uint8_t)(number * 17 + i * 31 + (i >> 8));
}

/* In `count` pieces of the transmit buffers from `first` on */
static void frame_fill(uint32_t number, uint32_t size, uint32_t first, uint32_t count, struct net_slot *slots)
{
	static uint8_t frame[NIC_FRAME_MAX];
	const struct mark mark = {.number = number, .size = size};
	uint32_t at = 0, piece = (size + count - 1) / count;

	for (uint32_t i = 0; i < size; i++)
		frame[i] = byte_at(number, i);
	memcpy(frame, &mark, sizeof(mark));
	for (uint32_t i = 0; i < count; i++) {
		uint32_t n = size - at < piece ? size - at : piece;

		slots[i] = (struct net_slot){.offset = (DEPTH + first + i) * BUFFER, .length = n, .cookie = first + i};
		memcpy(bytes + slots[i].offset + info.headroom, frame + at, n);
		at += n;
	}
}

static uint32_t received, last_flags;

static void frame_check(const struct net_slot *slots, uint32_t count)
{
	static uint8_t frame[NIC_FRAME_MAX + BUFFER];
	struct mark mark;
	uint32_t size = 0;

	for (uint32_t i = 0; i < count; i++) {
		CHECK(slots[i].cookie < DEPTH);
		memcpy(frame + size, bytes + slots[i].offset, slots[i].length);
		size += slots[i].length;
	}
	memcpy(&mark, frame, sizeof(mark));
	if (!CHECK_INT(mark.size, size))
		return;
	for (uint32_t i = sizeof(mark); i < size; i++) {
		if (!CHECK(frame[i] == byte_at(mark.number, i)))
			return;
	}
	last_flags = slots[0].flags;
	if (last_flags & NET_PACKET_CHECKED) {
		uint32_t sum = 0;

		for (uint32_t i = 14; i < size; i++)
			sum += (i - 14) % 2 ? frame[i] : (uint32_t)frame[i] << 8;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		CHECK_INT(sum, 0xffff);
	}
	received++;
}

static bool tx_used[DEPTH];

static void supply_all(void)
{
	for (uint32_t i = 0; i < DEPTH; i++)
		CHECK_INT(net_queue_supply(&queue, i * BUFFER, ROOM, i), OK);
	net_queue_kick(&queue);
	memset(tx_used, 0, sizeof(tx_used));
}

static void take_all(void)
{
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t count, cookie;

	while (net_queue_receive(&queue, slots, &count) == OK) {
		frame_check(slots, count);
		for (uint32_t i = 0; i < count; i++)
			CHECK_INT(net_queue_supply(&queue, slots[i].cookie * BUFFER, ROOM, slots[i].cookie), OK);
	}
	while (net_queue_sent(&queue, &cookie) == OK) {
		CHECK(cookie < DEPTH && tx_used[cookie]);
		tx_used[cookie] = false;
	}
}

/* A frame in free transmit buffers that are neighbours. false: there are not enough. */
static bool frame_send(uint32_t number, uint32_t size, uint32_t count, uint32_t flags)
{
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t first = dice(DEPTH - count + 1);

	for (uint32_t i = 0; i < count; i++) {
		if (tx_used[first + i])
			return false;
	}
	frame_fill(number, size, first, count, slots);
	slots[0].flags = flags & NET_PACKET_CHECKSUM;
	if (flags & NET_PACKET_CHECKSUM)
		slots[0].csum_start = 14;
	if (size > 1514) {
		slots[0].gso = NET_GSO_TCP4;
		slots[0].gso_size = 1460;
		slots[0].header_length = 54;
	}
	CHECK_INT(net_queue_send(&queue, slots, count), OK);
	for (uint32_t i = 0; i < count; i++)
		tx_used[first + i] = true;
	return true;
}

static void frames_send(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		while (!frame_send(i, 100, 1, 0))
			;
	}
}

static void settle(void)
{
	net_queue_kick(&queue);
	for (unsigned idle = 0; idle < 3;) {
		idle = step() ? 0 : idle + 1;
		take_all();
		net_queue_kick(&queue);
	}
}

static void test_frames(const struct host_node *at, uint64_t features, uint16_t queue_size)
{
	struct net_counters counters;
	uint32_t count, sent = 0;
	bool merge = features >> NIC_MRG & 1, csum = features >> NIC_CSUM & 1, tso = features >> NIC_HOST_TSO4 & 1;

	if (!start(at, features, queue_size))
		return;
	CHECK_INT(info.link_up, 1);
	CHECK_INT(!!(info.features & NET_FEATURE_TX_CHECKSUM), csum);
	CHECK_INT(!!(info.features & NET_FEATURE_RX_MERGE), merge && features >> NIC_GUEST_TSO4 & 1);
	CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	supply_all();
	received = 0;
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t size = 24 + dice(1490), parts = 1 + dice(4);

		if (tso && dice(8) == 0) {
			size = 1514 + dice(12000);
			parts = (size + BUFFER - 64) / (BUFFER - 64) + dice(3);
		}
		sent += frame_send(i, size, parts, size > 1514 || (csum && dice(2)) ? NET_PACKET_CHECKSUM : 0);
		if (dice(3) == 0)
			net_queue_kick(&queue);
		if (dice(3) == 0)
			(void)step();
		if (dice(3) == 0)
			take_all();
	}
	settle();
	CHECK(sent > 1000);
	CHECK_INT(received + nic.dropped, sent);
	CHECK(received > 800);
	CHECK_INT(net_counters_get(HOST_ENDPOINT, &counters, 1, &count), OK);
	CHECK_INT(counters.tx_packets, sent);
	CHECK_INT(counters.rx_packets, received);
	CHECK_INT(counters.tx_errors + counters.rx_errors, 0);
	for (uint32_t i = 0; i < DEPTH; i++)
		CHECK(!tx_used[i]);
	net_queue_close(&queue);
	CHECK_INT(host_kept(), 0);
	CHECK_INT(nic.v.misuse, 0);
	CHECK_INT(host_dma_faults, 0);
	if (nic.v.misuse)
		printf("misuse: %s\n", nic.v.what);
}

static void test_restarts(const struct host_node *at)
{
	uint32_t sent = 0;

	start(at, FEATURES_ALL, 64);
	CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	supply_all();
	received = 0;
	for (uint32_t i = 0; i < 20000 && !checks_failed; i++) {
		uint32_t size = 24 + dice(3000), parts = 1 + dice(3);

		switch (dice(6)) {
		case 0: sent += frame_send(i, size, parts, size > 1514 ? NET_PACKET_CHECKSUM : 0); break;
		case 1: net_queue_kick(&queue); break;
		case 2: (void)host_doorbell_run(); break;
		case 3: (void)nic_model_take(&nic); break;
		case 4:
			(void)nic_model_deliver(&nic);
			if (dice(2))
				(void)irqs_run();
			break;
		default: take_all();
		}
		if (dice(100) == 0)
			restart();
	}
	settle();
	CHECK(queue.recoveries > 50);
	CHECK(received > 500 && received <= sent);
	uint32_t before = received;
	frames_send(10);
	settle();
	CHECK_INT(received - before, 10);
	net_queue_close(&queue);
	CHECK_INT(nic.v.misuse, 0);
	CHECK_INT(host_dma_faults, 0);
	if (nic.v.misuse)
		printf("misuse: %s\n", nic.v.what);
}

static void test_others(void)
{
	handle_t other;

	start(&over_mmio, FEATURES_ALL, 64);
	CHECK_INT(net_promiscuous(HOST_ENDPOINT, true), OK);
	CHECK(nic.promiscuous);
	restart();
	CHECK(nic.promiscuous);
	CHECK_INT(net_promiscuous(HOST_ENDPOINT, false), OK);
	CHECK(!nic.promiscuous);
	/* The cable is pulled: told to the client. */
	CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	(void)host_notification_take(queue.notification);
	nic.v.config[6] = 0;
	nic.v.isr |= 2;
	CHECK(irqs_run());
	CHECK_INT(net_info(HOST_ENDPOINT, &info), OK);
	CHECK(!info.link_up);
	CHECK(host_notification_take(queue.notification) != 0);
	/* One client at a time */
	CHECK_INT(device_mint(host_device(), 7, &other), OK);
	CHECK_INT(net_attach(other, dup(data), dup(data), dup(queue.notification), 1, 4, NULL, NULL), ERR_BUSY);
	CHECK_INT(net_detach(other), ERR_BUSY);
	net_queue_close(&queue);
	CHECK_INT(net_detach(other), OK);
	CHECK_INT(net_queue_open(&queue, other, data, DEPTH, HANDLE_NONE, 0), OK);
	net_queue_close(&queue);
	(void)host_object_close(other);
	start(&over_mmio, 0, 64);
	CHECK_INT(net_promiscuous(HOST_ENDPOINT, true), ERR_UNSUPPORTED);
	CHECK(info.mac[0] == 2); /* of its own choice */
}

/* Slots that cannot be, and rings: the driver goes on. */
static void test_bad_clients(void)
{
	start(&over_mmio, FEATURES_ALL, 64);
	for (unsigned i = 0; i < 300 && !checks_failed; i++) {
		CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
		supply_all();
		for (unsigned j = 0; j < 40; j++) {
			struct net_slot slot = {
				.offset = dice(3) ? dice(DATA_BYTES + 4096) : (uint32_t)seed,
				.length = dice(3) ? dice(3000) : (uint32_t)(seed >> 9),
				.cookie = dice(DEPTH),
				.flags = dice(8),
				.csum_start = (uint16_t)dice(2000),
				.csum_offset = (uint16_t)dice(100),
				.gso_size = (uint16_t)dice(2),
				.header_length = (uint16_t)dice(100),
				.gso = (uint8_t)dice(4),
			};
			(void)ring_put(&queue.rings[dice(20) ? 0 : 1], &slot);
			(void)ring_publish(&queue.rings[0]);
			(void)ring_publish(&queue.rings[1]);
			if (dice(40) == 0)
				atomic_store(dice(2) ? &queue.rings[dice(4)].shared->tail
						     : &queue.rings[dice(4)].shared->head,
					     (uint32_t)seed);
			/* headers of frames that come in lie in its memory */
			bytes[dice(DEPTH) * BUFFER + dice(12)] = (uint8_t)seed;
			(void)notification_signal(queue.doorbell, queue.doorbell_bits);
			(void)step();
			/* what a device says of long segments is not checked here, only what it is given */
			nic.v.misuse = 0;
		}
		CHECK(!host_ended);
		CHECK_INT(host_dma_faults, 0);
		if (dice(4) == 0)
			restart();
		net_queue_close(&queue);
	}
	CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
	supply_all();
	received = 0;
	frames_send(10);
	settle();
	CHECK_INT(received, 10);
	net_queue_close(&queue);
}

/* A device that says wrong things of buffers: frames are lost, or the driver ends; the client sees no frame outside
 * of its buffers. */
static void test_bad_devices(void)
{
	for (unsigned lie = 0; lie < 6; lie++) {
		start(&over_mmio, FEATURES_ALL, 64);
		CHECK_INT(net_queue_open(&queue, HOST_ENDPOINT, data, DEPTH, HANDLE_NONE, 0), OK);
		supply_all();
		(void)host_doorbell_run();
		(void)nic_model_take(&nic);
		CHECK_INT(nic.rx_count, DEPTH);
		const struct model_chain *c = &nic.rx[0];
		struct nic_header header = {.buffers = 1};
		bool ends = false;
		uint32_t written = 100;

		switch (lie) {
		case 0: header.buffers = 0; break;
		case 1: header.buffers = 60000; break;
		case 2: written = 12; break;
		case 3: written = 0; break;
		case 4:
			written = ROOM + 100;
			ends = true;
			break;
		default: header.buffers = 3; break; /* and two that never come */
		}
		(void)virtio_model_put(c, 0, &header, sizeof(header));
		virtio_model_push(&nic.v, 0, c->head, written);
		(void)irqs_run();
		CHECK_INT(host_ended, ends);
		struct net_slot slots[NET_PARTS_MAX];
		uint32_t count;
		CHECK_INT(net_queue_receive(&queue, slots, &count), ERR_WOULD_BLOCK);
		restart();
		received = 0;
		CHECK(frame_send(1, 100, 1, 0));
		settle();
		CHECK_INT(received, 1);
		net_queue_close(&queue);
	}
	nic_model_init(&nic, FEATURES_ALL, 64);
	nic.v.stuck = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_TIMED_OUT);
	nic_model_init(&nic, FEATURES_ALL, 64);
	nic.v.restless = true;
	CHECK_INT(host_bind(&over_mmio, DRIVER_FRESH), ERR_IO);
}

int main(void)
{
	data = host_vmo_make(DATA_BYTES, true);
	bytes = host_vmo_bytes(data, NULL);
	test_frames(&over_mmio, FEATURES_ALL, 256);
	test_frames(&over_mmio, FEATURES_ALL & ~(3ull << 28), 64);
	test_frames(&over_mmio, FEATURES_ALL & ~(1ull << NIC_MRG), 256);
	test_frames(&over_mmio, 3ull << 28, 256);
	test_frames(&over_mmio, 0, 128);
	test_frames(&over_pci, FEATURES_ALL, 256);
	test_restarts(&over_mmio);
	test_restarts(&over_pci);
	test_others();
	test_bad_clients();
	test_bad_devices();
	return check_end();
}
