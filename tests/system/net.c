/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network interface as its client sees it, over a devmgr of the test's own, with QEMU's user network as the peer:
 * it answers ARP and ICMP echo
 * requests to 10.0.2.2. The driver is killed at random moments while packets flow.   kills=N, pings=N, seed=N
 */
#include <string.h>

#include "protocols/net.h"
#include "sys/lib/net_queue.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/echo.h"
#include "tests/system/lib/make.h"

#define DEPTH      64
#define BUFFER     2048
#define ROOM       1600                   /* for a frame in one */
#define DATA_BYTES (2ul * DEPTH * BUFFER) /* receiving ones first */
#define WINDOW     16                     /* echo requests under way */

static uint8_t peer_mac[6];
static handle_t device, data;
static uint8_t *bytes;
static uint32_t device_index;
static struct net_info info;
static struct net_queue queue;

static bool up(void)
{
	void *at;

	if (device != HANDLE_NONE)
		return true;
	if (!devices_up())
		return false;
	device = device_open("net:0", &device_index);
	data = dma_memory(DATA_BYTES, &at);
	bytes = at;
	return device != HANDLE_NONE && bytes && CHECK_OK(net_info_until(device, now() + DEVICE_TIMEOUT, &info));
}

/* Buffers of the second half, for sending */
static uint32_t tx_free[DEPTH], tx_free_count;

static bool open(void)
{
	if (!CHECK_OK(net_queue_open(&queue, device, data, DEPTH, HANDLE_NONE, 0)))
		return false;
	for (uint32_t i = 0; i < DEPTH; i++) {
		CHECK_OK(net_queue_supply(&queue, i * BUFFER, ROOM, i));
		tx_free[i] = DEPTH + i;
	}
	tx_free_count = DEPTH;
	CHECK_STATUS(net_queue_supply(&queue, 0, ROOM, 0), ERR_WOULD_BLOCK);
	net_queue_kick(&queue);
	return !test_failures();
}

static uint8_t *frame_at(uint32_t buffer)
{
	return bytes + buffer * BUFFER + info.headroom;
}

static bool sent_take(void)
{
	uint32_t cookie;
	status_t status;

	while ((status = net_queue_sent(&queue, &cookie)) == OK) {
		if (!CHECK(cookie >= DEPTH && cookie < 2 * DEPTH) || !CHECK(tx_free_count < DEPTH))
			return false;
		tx_free[tx_free_count++] = cookie;
	}
	return CHECK_STATUS(status, ERR_WOULD_BLOCK);
}

static bool frame_send(const void *frame, uint32_t size)
{
	if (!tx_free_count)
		return false;
	uint32_t buffer = tx_free[--tx_free_count];
	const struct net_slot slot = {.offset = buffer * BUFFER, .length = size, .cookie = buffer};

	memcpy(frame_at(buffer), frame, size);
	return CHECK_OK(net_queue_send(&queue, &slot, 1));
}

static void arp_ask(void)
{
	struct arp a;

	arp_make(&a, info.mac);
	(void)frame_send(&a, sizeof(a));
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool arp_seen;
static volatile uint32_t answers;
static uint32_t wrong;

static void frame_look(const uint8_t *frame, uint32_t size)
{
	uint32_t number;

	switch (echo_look(frame, size, peer_mac, &number)) {
	case FRAME_ARP: arp_seen = true; break;
	case FRAME_WRONG: wrong++; break;
	case FRAME_ECHO: answers++; break;
	case FRAME_OTHER: break;
	}
}

static bool receive_all(void)
{
	struct net_slot slots[NET_PARTS_MAX];
	uint32_t count;
	status_t status;

	while ((status = net_queue_receive(&queue, slots, &count)) == OK) {
		if (!CHECK_EQ(count, 1) || !CHECK(slots[0].cookie < DEPTH))
			return false;
		frame_look(bytes + slots[0].offset, slots[0].length);
		CHECK_OK(net_queue_supply(&queue, slots[0].cookie * BUFFER, ROOM, slots[0].cookie));
	}
	net_queue_kick(&queue);
	return CHECK_STATUS(status, ERR_WOULD_BLOCK) && sent_take();
}

static bool peer_find(void)
{
	arp_seen = false;
	for (uint64_t end = now() + DEVICE_TIMEOUT; !arp_seen && now() < end;) {
		arp_ask();
		net_queue_kick(&queue);
		(void)net_queue_wait(&queue, now() + 100 * MS);
		if (!receive_all())
			return false;
	}
	return CHECK(arp_seen);
}

/* Keeps a window of echo requests under way; what is lost is asked for anew. */
static void pings(uint32_t count, struct killer *killer)
{
	static struct echo e;
	uint32_t next = 0, begun = answers, shown = 0;
	uint64_t quiet_since = now();

	while ((killer ? killer->done < killer->kills : answers - begun < count) && !test_failures()) {
		uint32_t before = answers;

		for (; next - shown < WINDOW && tx_free_count; next++) {
			echo_make(&e, info.mac, peer_mac, next);
			if (!frame_send(&e, sizeof(e)))
				break;
		}
		net_queue_kick(&queue);
		if (killer)
			killer->go = 1;
		status_t status = net_queue_wait(&queue, now() + 20 * MS);
		if (status != ERR_TIMED_OUT)
			CHECK_OK(status);
		if (!receive_all())
			return;
		shown += answers - before;
		if (status == ERR_TIMED_OUT)
			shown = next; /* the rest is lost */
		if (answers != before)
			quiet_since = now();
		CHECK(now() - quiet_since < DEVICE_TIMEOUT);
	}
}

/* ---- cases ---- */

static void case_info(void)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

	REQUIRE(up());
	CHECK(!memcmp(info.mac, mac, 6));
	CHECK(info.link_up && info.mtu >= 1500 && info.rx_depth >= 64 && info.tx_depth >= 64);
	print("  mtu %u, features %x, depths %u and %u, headroom %u", info.mtu, info.features, info.rx_depth,
	      info.tx_depth, info.headroom);
}

static void case_echo(void)
{
	struct net_counters before, after;
	uint32_t count, wanted = (uint32_t)test_option("pings", 1000);

	REQUIRE(up());
	REQUIRE_OK(net_counters_get(device, &before, 1, &count));
	REQUIRE(open());
	REQUIRE(peer_find());
	answers = wrong = 0;
	pings(wanted, NULL);
	CHECK_EQ(wrong, 0);
	REQUIRE_OK(net_counters_get(device, &after, 1, &count));
	CHECK(after.rx_packets - before.rx_packets >= wanted);
	CHECK(after.tx_packets - before.tx_packets >= wanted);
	CHECK_EQ(after.tx_errors, before.tx_errors);
	net_queue_close(&queue);
}

/* Frames that cannot be: their buffers come back, nothing else happens. */
static void case_bad_frames(void)
{
	struct net_counters before, after;
	uint32_t count, cookie, back = 0;
	struct net_slot many[NET_PARTS_MAX + 3];
	static const struct net_slot bad[] = {
		{.offset = 0, .length = 0},
		{.offset = 0, .length = 5},
		{.offset = DATA_BYTES, .length = 60},
		{.offset = DATA_BYTES - 60, .length = 60}, /* the headroom counts */
		{.offset = ~0u, .length = 60},
		{.offset = 0, .length = ~0u},
		{.offset = 0, .length = 60, .flags = NET_PACKET_CHECKSUM, .csum_start = 58, .csum_offset = 2},
		{.offset = 0, .length = 60, .gso = NET_GSO_TCP4},
		{.offset = 0, .length = 60, .gso = 77},
	};

	REQUIRE(up());
	REQUIRE_OK(net_counters_get(device, &before, 1, &count));
	REQUIRE(open());
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_OK(net_queue_send(&queue, &bad[i], 1));
	/* a frame in more pieces than there may be, past the library */
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		uint16_t at = queue.tx_free;

		many[i] = (struct net_slot){
			.length = 60, .cookie = at, .flags = i + 1 < ARRAY_SIZE(many) ? NET_PACKET_MORE : 0u};
		queue.tx_free = queue.tx[at].next;
		queue.tx[at].state = 1;
		queue.tx_out++;
		CHECK_OK(ring_put(&queue.rings[0], &many[i]));
	}
	net_queue_kick(&queue);
	while (back < ARRAY_SIZE(bad) + ARRAY_SIZE(many)) {
		status_t status = net_queue_sent(&queue, &cookie);

		if (status == ERR_WOULD_BLOCK && CHECK_OK(net_queue_wait(&queue, now() + DEVICE_TIMEOUT)))
			continue;
		if (!CHECK_OK(status))
			break;
		back++;
	}
	REQUIRE_OK(net_counters_get(device, &after, 1, &count));
	CHECK_EQ(after.tx_errors - before.tx_errors, ARRAY_SIZE(bad) + 1);
	CHECK_EQ(after.tx_packets, before.tx_packets);
	answers = wrong = 0;
	pings(100, NULL);
	CHECK_EQ(wrong, 0);
	/* Indices that cannot be: not served any more, until it attaches anew. */
	atomic_store(&queue.rings[1].shared->tail, queue.rings[1].own + DEPTH + 1);
	CHECK_OK(notification_signal(queue.doorbell, ~0ull));
	CHECK_OK(net_info(device, &info));
	net_queue_close(&queue);
	REQUIRE(open());
	REQUIRE(peer_find());
	pings(100, NULL);
	net_queue_close(&queue);
}

static void case_attach(void)
{
	static struct net_queue other_queue;
	handle_t other;
	uint32_t index;

	REQUIRE(up());
	REQUIRE(open());
	other = device_open("net:0", &index);
	/* One client at a time; a second one has to wait until the first is gone. */
	CHECK_STATUS(net_queue_open(&other_queue, other, data, DEPTH, HANDLE_NONE, 0), ERR_BUSY);
	CHECK_STATUS(net_detach(other), ERR_BUSY);
	REQUIRE(peer_find());
	net_queue_close(&queue);
	REQUIRE_OK(net_queue_open(&other_queue, other, data, DEPTH, HANDLE_NONE, 0));
	net_queue_close(&other_queue);
	shut(other);
	REQUIRE(open());
	REQUIRE(peer_find());
	net_queue_close(&queue);
}

static void case_promiscuous(void)
{
	REQUIRE(up());
	CHECK_OK(net_promiscuous(device, true));
	CHECK(device_restart(device_index));
	CHECK_OK(net_promiscuous(device, false));
}

static void case_kills(void)
{
	static struct killer killer;
	struct devmgr_node before, after;

	REQUIRE(up());
	REQUIRE(device_await(device_index, DEVMGR_STATE_RUNNING));
	REQUIRE(device_node(device_index, &before));
	REQUIRE(open());
	REQUIRE(peer_find());
	answers = wrong = 0;
	killer = (struct killer){.index = device_index,
				 .kills = test_option("kills", 30),
				 .seed = test_option("seed", 42),
				 .progress = &answers,
				 .pause_ns = test_option("pause_us", 8000) * 1000};
	REQUIRE(killer_start(&killer));
	pings(0, &killer);
	killer.stop = 1;
	killer_wait(&killer);
	uint32_t meanwhile = answers;
	/* Traffic goes on: nothing is lost any more. */
	REQUIRE(peer_find());
	pings(200, NULL);
	CHECK_EQ(wrong, 0);
	CHECK(queue.recoveries > 0 && meanwhile > 0);
	/* Every buffer is accounted for. */
	for (uint64_t end = now() + DEVICE_TIMEOUT; tx_free_count < DEPTH && now() < end;) {
		(void)net_queue_wait(&queue, now() + 10 * MS);
		REQUIRE(receive_all());
	}
	CHECK_EQ(tx_free_count, DEPTH);
	print("  %u kills, %u recoveries, %u answers meanwhile, %lu buffers given up", killer.done, queue.recoveries,
	      meanwhile, queue.lost);
	net_queue_close(&queue);
	REQUIRE(device_await(device_index, DEVMGR_STATE_RUNNING));
	REQUIRE(device_node(device_index, &after));
	CHECK(after.restarts > before.restarts);
}

TEST_CASES("net", {"info", case_info}, {"echo", case_echo}, {"bad_frames", case_bad_frames}, {"attach", case_attach},
	   {"promiscuous", case_promiscuous}, {"kills", case_kills});
