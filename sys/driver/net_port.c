/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames and empty buffers between a client's rings and the device. */
#include "sys/driver/net_port.h"

#include <string.h>

#include "sys/lib/syscall.h"

#define STATE_MAGIC 0x766e65740001ull
#define TAG_NONE    UINT16_MAX
#define FRAME_MIN   14             /* an Ethernet header */
#define FRAME_MAX   (65535u + 18u) /* a long segment with headers */
#define BATCH       64             /* slots taken from a ring before the other one's turn */
#define ROUNDS      32             /* of batches, before interrupts' turn */

enum { TX, RX_FREE, TX_DONE, RX };

static const struct session_shape shape = {
	.rings = 4,
	.ring =
		{
			[TX] = {sizeof(struct net_slot), RING_CONSUMER},
			[RX_FREE] = {sizeof(struct net_slot), RING_CONSUMER},
			[TX_DONE] = {sizeof(struct net_slot), RING_PRODUCER},
			[RX] = {sizeof(struct net_slot), RING_PRODUCER},
		},
};

static bool live(const struct net_port *port)
{
	return port->attached && port->session.live;
}

/* ---- to the client --------------------------------------------------------------------------- */

/* There is room: nothing is taken from the client without. */
static void give(struct net_port *port, unsigned ring, const struct net_slot *slot)
{
	if (live(port) && ring_put(&port->session.rings[ring], slot) != OK)
		session_port_break(&port->session);
}

static void done_give(struct net_port *port, uint32_t offset, uint32_t cookie)
{
	const struct net_slot slot = {.offset = offset, .cookie = cookie};

	port->tx_out--;
	give(port, TX_DONE, &slot);
}

void net_port_sent(struct net_port *port, uint16_t tag)
{
	struct net_tx *tx = &port->tx[tag];

	if (!tx->busy)
		return;
	tx->busy = false;
	for (unsigned i = 0; i < tx->count; i++)
		done_give(port, tx->slots[i].offset, tx->slots[i].cookie);
	tx->next = port->tx_free;
	port->tx_free = tag;
}

void net_port_received(struct net_port *port, uint16_t tag, uint32_t skip, uint32_t length, const struct net_slot *slot)
{
	struct net_rx *rx = &port->rx[tag];
	struct net_slot out = *slot;

	if (!rx->busy)
		return;
	rx->busy = false;
	rx->next = port->rx_free;
	port->rx_free = tag;
	port->rx_out--;
	out.offset = rx->offset + skip;
	out.length = length;
	out.cookie = rx->cookie;
	port->state->counters.rx_bytes += length;
	if (!length)
		port->state->counters.rx_errors++;
	else if (!(out.flags & NET_PACKET_MORE))
		port->state->counters.rx_packets++;
	give(port, RX, &out);
}

const volatile void *net_port_buffer(const struct net_port *port, uint16_t tag, uint32_t size)
{
	const struct net_rx *rx = &port->rx[tag];

	if (!rx->busy || !session_port_holds(&port->session, rx->offset, size))
		return NULL;
	return (const uint8_t *)port->session.data.cpu + rx->offset;
}

static void show(struct net_port *port)
{
	if (!live(port))
		return;
	bool waits = ring_publish(&port->session.rings[RX]);

	waits |= ring_publish(&port->session.rings[TX_DONE]);
	if (waits)
		session_port_signal(&port->session);
}

void net_port_link(struct net_port *port, bool up)
{
	if (port->info.link_up == up)
		return;
	port->info.link_up = up;
	if (port->attached)
		session_port_signal(&port->session);
}

/* ---- from the client ------------------------------------------------------------------------- */

/* Will what is taken now find room in the ring in which it goes back? */
static bool room(struct net_port *port, unsigned ring, uint32_t out)
{
	struct ring *r = &port->session.rings[ring];

	if (ring_used(r) + out < port->session.depth)
		return true;
	if (ring_look(r) != OK) {
		session_port_break(&port->session);
		return false;
	}
	return ring_used(r) + out < port->session.depth;
}

/* A slot, if there is one and room for it later; *more: there may be further ones at once. When false, the client
 * will ring. */
static bool slot_take(struct net_port *port, unsigned from, unsigned back, uint32_t *out, struct net_slot *slot)
{
	struct ring *ring = &port->session.rings[from];

	for (;;) {
		if (!port->session.live)
			return false;
		if (!room(port, back, *out)) {
			/* What is out comes back and brings it here again; else the client has to make room. */
			if (*out || !port->session.live || ring_wait_begin(&port->session.rings[back]))
				return false;
			continue;
		}
		status_t status = ring_take(ring, slot);
		if (status == OK) {
			++*out;
			return true;
		}
		if (status != ERR_WOULD_BLOCK) {
			session_port_break(&port->session);
			return false;
		}
		if (ring_release(ring))
			session_port_signal(&port->session);
		if (ring_wait_begin(ring))
			return false;
	}
}

static bool offload_good(const struct net_port *port, const struct net_slot *slot, uint32_t bytes)
{
	uint32_t features = port->info.features;

	if (slot->flags & NET_PACKET_CHECKSUM &&
	    (!(features & NET_FEATURE_TX_CHECKSUM) || slot->csum_start + slot->csum_offset + 2u > bytes))
		return false;
	switch (slot->gso) {
	case NET_GSO_NONE: return true;
	case NET_GSO_TCP4:
		if (!(features & NET_FEATURE_TX_SEGMENT4))
			return false;
		break;
	case NET_GSO_TCP6:
		if (!(features & NET_FEATURE_TX_SEGMENT6))
			return false;
		break;
	default: return false;
	}
	return slot->flags & NET_PACKET_CHECKSUM && slot->gso_size && slot->header_length < bytes;
}

/* One part more of the frame. Those of a bad frame go back with its last one. */
static void part_add(struct net_port *port, const struct net_slot *slot)
{
	uint64_t end = (uint64_t)port->info.headroom + slot->length;

	if (port->part_count == NET_PARTS_MAX) {
		/* too many: the one before has nowhere to wait */
		done_give(port, port->parts[NET_PARTS_MAX - 1].offset, port->parts[NET_PARTS_MAX - 1].cookie);
		port->part_count--;
		port->part_bad = true;
	}
	if (!slot->length || slot->length > FRAME_MAX || !session_port_holds(&port->session, slot->offset, end))
		port->part_bad = true;
	port->parts[port->part_count++] = *slot;
	port->part_bytes += port->part_bad ? 0 : slot->length;
	port->part_whole = !(slot->flags & NET_PACKET_MORE);
	if (port->part_bytes > FRAME_MAX)
		port->part_bad = true;
}

static void frame_clear(struct net_port *port)
{
	port->part_count = port->part_bytes = 0;
	port->part_bad = port->part_whole = false;
}

static void frame_drop(struct net_port *port)
{
	for (uint32_t i = 0; i < port->part_count; i++)
		done_give(port, port->parts[i].offset, port->parts[i].cookie);
	frame_clear(port);
}

/* The whole frame to the device. false: it has no room. */
static bool frame_send(struct net_port *port)
{
	uint16_t tag = port->tx_free;
	struct net_frame frame = {
		.slot = &port->parts[0],
		.bytes = port->part_bytes,
		.count = (uint16_t)port->part_count,
		.tag = tag,
	};

	if (port->part_bad || frame.bytes < FRAME_MIN || !offload_good(port, frame.slot, frame.bytes)) {
		port->state->counters.tx_errors++;
		frame_drop(port);
		return true;
	}
	if (tag == TAG_NONE)
		return false;
	struct net_tx *tx = &port->tx[tag];
	for (uint32_t i = 0; i < port->part_count; i++) {
		const struct net_slot *slot = &port->parts[i];

		frame.pieces[i] = (struct net_piece){port->session.data.bus + slot->offset + port->info.headroom,
						     slot->length};
		tx->slots[i].offset = slot->offset;
		tx->slots[i].cookie = slot->cookie;
	}
	status_t status = port->hw->send(port->hw_context, &frame);
	if (status == ERR_WOULD_BLOCK)
		return false;
	if (status != OK) {
		port->state->counters.tx_dropped++;
		frame_drop(port);
		return true;
	}
	port->tx_free = tx->next;
	tx->busy = true;
	tx->count = frame.count;
	port->state->counters.tx_packets++;
	port->state->counters.tx_bytes += frame.bytes;
	port->kick = true;
	frame_clear(port);
	return true;
}

/* true: there may be more to take. */
static bool tx_pump(struct net_port *port)
{
	struct net_slot slot;

	for (unsigned i = 0; i < BATCH; i++) {
		if (port->part_whole) {
			if (!frame_send(port))
				return false;
			continue;
		}
		if (!slot_take(port, TX, TX_DONE, &port->tx_out, &slot))
			return false;
		part_add(port, &slot);
	}
	return true;
}

/* An empty buffer to the device. false: it has no room. */
static bool supply_give(struct net_port *port)
{
	const struct net_slot *slot = &port->supply;
	uint16_t tag = port->rx_free;
	uint64_t size = (uint64_t)slot->length + port->info.headroom;

	if (!slot->length || !session_port_holds(&port->session, slot->offset, size)) {
		session_port_break(&port->session); /* there is no ring to give it back in */
		return false;
	}
	if (tag == TAG_NONE)
		return false;
	const struct net_piece piece = {port->session.data.bus + slot->offset, (uint32_t)size};
	status_t status = port->hw->supply(port->hw_context, &piece, tag);
	if (status != OK)
		return false;
	struct net_rx *rx = &port->rx[tag];
	port->rx_free = rx->next;
	*rx = (struct net_rx){slot->offset, slot->length, slot->cookie, TAG_NONE, true};
	port->kick = true;
	port->supply_held = false;
	return true;
}

static bool rx_pump(struct net_port *port)
{
	for (unsigned i = 0; i < BATCH; i++) {
		if (!port->supply_held)
			port->supply_held = slot_take(port, RX_FREE, RX, &port->rx_out, &port->supply);
		if (!port->supply_held || !supply_give(port))
			return false;
	}
	return true;
}

void net_port_serve(struct net_port *port)
{
	bool more = true;

	if (!port->attached || !session_port_ready(&port->session))
		return;
	show(port);
	for (unsigned i = 0; more && live(port) && i < ROUNDS; i++) {
		more = rx_pump(port);
		more |= live(port) && tx_pump(port);
	}
	if (more && live(port)) /* a client that is faster than this loop: others' turn, then it goes on */
		(void)notification_signal(port->doorbell, port->doorbell_bits);
	if (port->kick)
		port->hw->kick(port->hw_context);
	port->kick = false;
	if (!live(port))
		return;
	/* What was taken is the client's again, also when the rings are not empty yet. */
	bool waits = ring_release(&port->session.rings[TX]);

	waits |= ring_release(&port->session.rings[RX_FREE]);
	if (waits)
		session_port_signal(&port->session);
	show(port);
}

static void doorbell(struct device *dev)
{
	net_port_serve(device_context(dev));
}

/* ---- attaching ------------------------------------------------------------------------------- */

static void tags_init(struct net_port *port)
{
	port->tx_free = port->rx_free = TAG_NONE;
	for (uint16_t i = NET_TAGS; i-- > 0;) {
		port->tx[i] = (struct net_tx){.next = port->tx_free};
		port->rx[i] = (struct net_rx){.next = port->rx_free};
		port->tx_free = port->rx_free = i;
	}
	port->tx_out = port->rx_out = 0;
	port->supply_held = port->kick = false;
	frame_clear(port);
}

/* The device lets go of the client's memory. */
static status_t session_end(struct net_port *port)
{
	status_t status;

	if (!port->attached)
		return OK;
	status = port->hw->restart(port->hw_context);
	if (status != OK) {
		device_fail(port->dev, "the device does not let go of its buffers");
		return status;
	}
	tags_init(port);
	session_port_close(&port->session);
	port->attached = false;
	return OK;
}

static status_t op_attach(void *ctx, struct ipc_request *rq, handle_t memory, handle_t data, handle_t notification,
			  uint64_t bits, uint32_t depth, handle_t *out_doorbell, uint64_t *out_bits)
{
	struct net_port *port = ctx;
	const struct session_offer offer = {rq->msg.badge, bits, depth, memory, data, notification};

	if (port->attached && port->session.badge != rq->msg.badge && !session_port_abandoned(&port->session))
		return ERR_BUSY;
	status_t status = session_end(port);
	if (status == OK)
		status = handle_dup(port->doorbell, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE, out_doorbell);
	if (status != OK)
		return status;
	*out_bits = port->doorbell_bits;
	status = session_port_open(&port->session, port->dev, &shape, 0, &offer);
	if (status != OK) {
		(void)handle_close(*out_doorbell);
		*out_doorbell = HANDLE_NONE;
		return status;
	}
	port->attached = true;
	return OK;
}

static status_t op_detach(void *ctx, struct ipc_request *rq)
{
	struct net_port *port = ctx;

	if (port->attached && port->session.badge != rq->msg.badge)
		return ERR_BUSY;
	return session_end(port);
}

static status_t op_info(void *ctx, struct ipc_request *rq, struct net_info *info)
{
	const struct net_port *port = ctx;

	(void)rq;
	*info = port->info;
	return OK;
}

static status_t op_promiscuous(void *ctx, struct ipc_request *rq, bool on)
{
	struct net_port *port = ctx;

	(void)rq;
	if (!port->hw->promiscuous)
		return ERR_UNSUPPORTED;
	status_t status = port->hw->promiscuous(port->hw_context, on);
	if (status == OK)
		port->state->promiscuous = on;
	return status;
}

static status_t op_counters_get(void *ctx, struct ipc_request *rq, size_t room_count, uint32_t *count)
{
	const struct net_port *port = ctx;

	if (!room_count)
		return OK;
	*count = 1;
	return ipc_lease_write(rq, NET_COUNTERS_GET_LEASE_COUNTERS, 0, &port->state->counters,
			       sizeof(struct net_counters));
}

const struct net_ops net_port_ops = {
	.info = op_info,
	.attach = op_attach,
	.detach = op_detach,
	.promiscuous = op_promiscuous,
	.counters_get = op_counters_get,
};

status_t net_port_init(struct net_port *port, struct device *dev, const struct net_hw *hw, void *hw_context,
		       const struct net_info *info)
{
	if (driver_manifest.state_bytes != NET_STATE_BYTES || !device_state(dev))
		return ERR_NO_MEMORY;
	*port = (struct net_port){
		.dev = dev, .hw = hw, .hw_context = hw_context, .info = *info, .state = device_state(dev)};
	tags_init(port);
	if (port->state->magic != STATE_MAGIC)
		*port->state = (struct net_state){.magic = STATE_MAGIC};
	status_t status = device_doorbell(dev, doorbell, &port->doorbell, &port->doorbell_bits);
	if (status != OK)
		return status;
	device_set_context(dev, port);
	port->attached = session_port_reopen(&port->session, dev, &shape, 0) == OK;
	if (port->state->promiscuous == 1 && hw->promiscuous)
		status = hw->promiscuous(hw_context, true);
	return status;
}
