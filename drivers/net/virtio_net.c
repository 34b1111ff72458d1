/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio network devices (section 5.1 of Virtio 1.2): one pair of queues, mergeable receive buffers, offloads. */
#include "sys/driver/net_port.h"
#include "sys/driver/virtio/virtio.h"

#define F_CSUM       (1ull << 0)
#define F_GUEST_CSUM (1ull << 1)
#define F_MTU        (1ull << 3)
#define F_MAC        (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_GUEST_TSO6 (1ull << 8)
#define F_HOST_TSO4  (1ull << 11)
#define F_HOST_TSO6  (1ull << 12)
#define F_MRG_RXBUF  (1ull << 15)
#define F_STATUS     (1ull << 16)
#define F_CTRL_VQ    (1ull << 17)
#define F_CTRL_RX    (1ull << 18)
#define F_SPEED      (1ull << 63)
/* Long frames are taken only if they may come in several buffers: else each buffer would have to hold 64 KiB. */
#define FEATURES                                                                                                  \
	(F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | F_HOST_TSO4 | F_HOST_TSO6 | F_MRG_RXBUF | F_STATUS | F_CTRL_VQ | \
	 F_CTRL_RX | F_SPEED)
#define FEATURES_LONG      (F_GUEST_TSO4 | F_GUEST_TSO6)
#define FEATURES_LONG_NEED (F_MRG_RXBUF | F_GUEST_CSUM)

/* Fields of the configuration (section 5.1.4) */
enum {
	MAC = 0,
	STATUS = 6,
	MTU = 10,
	SPEED = 12,
	STATUS_LINK_UP = 1,
};

enum { QUEUE_RX, QUEUE_TX, QUEUE_CONTROL };

/* Before each frame (section 5.1.6) */
struct header {
	uint8_t flags, gso;
	uint16_t header_length, gso_size, csum_start, csum_offset, buffers;
};
_Static_assert(sizeof(struct header) == 12, "the device's layout");
enum {
	H_NEEDS_CSUM = 1,
	H_DATA_VALID = 2,
	H_GSO_NONE = 0,
	H_GSO_TCP4 = 1,
	H_GSO_TCP6 = 4,
};

/* A command to the device (section 5.1.6.5) */
struct command {
	uint8_t class, number, value, ack;
};
enum {
	C_RX = 0,
	C_RX_PROMISCUOUS = 0,
	C_OK = 0,
	C_NONE = 0xff,
};
#define COMMAND_WAIT_NS 1000000000ull
#define COMMAND_STEP_NS 10000ull

#define MTU_DEFAULT 1500
#define CHAIN_MAX   (NET_PARTS_MAX + 1)

struct nic {
	struct virtio virtio;
	struct virtqueue rx, tx, control;
	struct net_port port;
	struct dma memory; /* a header for each frame that is sent, then a command */
	struct header *headers;
	uint16_t rx_tags[VIRTQUEUE_MAX], tx_tags[VIRTQUEUE_MAX]; /* by head */
	/* the frame that is coming in */
	struct net_slot frame;
	uint16_t buffers_left;
	struct net_info info;
};

static struct nic nic;

/* ---- to the device --------------------------------------------------------------------------- */

static void header_fill(struct header *h, const struct net_slot *slot)
{
	*h = (struct header){0};
	if (slot->flags & NET_PACKET_CHECKSUM) {
		h->flags = H_NEEDS_CSUM;
		h->csum_start = slot->csum_start;
		h->csum_offset = slot->csum_offset;
	}
	if (slot->gso != NET_GSO_NONE) {
		h->gso = slot->gso == NET_GSO_TCP4 ? H_GSO_TCP4 : H_GSO_TCP6;
		h->gso_size = slot->gso_size;
		h->header_length = slot->header_length;
	}
}

static status_t send(void *hw, const struct net_frame *frame)
{
	struct nic *n = hw;
	struct virtio_buffer buffers[CHAIN_MAX] = {
		{n->memory.bus + frame->tag * sizeof(struct header), sizeof(struct header), false}};
	uint16_t head;

	for (unsigned i = 0; i < frame->count; i++)
		buffers[i + 1] = (struct virtio_buffer){frame->pieces[i].bus, frame->pieces[i].length, false};
	if (!virtqueue_room(&n->tx, (uint16_t)(frame->count + 1)))
		return ERR_WOULD_BLOCK;
	header_fill(&n->headers[frame->tag], frame->slot);
	status_t status = virtqueue_add(&n->tx, buffers, (uint16_t)(frame->count + 1), &head);
	if (status == OK)
		n->tx_tags[head] = frame->tag;
	return status;
}

static status_t supply(void *hw, const struct net_piece *piece, uint16_t tag)
{
	struct nic *n = hw;
	const struct virtio_buffer buffer = {piece->bus, piece->length, true};
	uint16_t head;
	status_t status = virtqueue_add(&n->rx, &buffer, 1, &head);

	if (status == OK)
		n->rx_tags[head] = tag;
	return status;
}

static void kick(void *hw)
{
	struct nic *n = hw;

	virtqueue_kick(&n->rx);
	virtqueue_kick(&n->tx);
}

/* Rare, and answered at once by devices: waited for. */
static status_t promiscuous(void *hw, bool on)
{
	struct nic *n = hw;
	uint64_t bus = n->memory.bus + NET_TAGS * sizeof(struct header);
	struct command *c = (struct command *)(n->headers + NET_TAGS);
	const struct virtio_buffer buffers[] = {{bus, 2, false}, {bus + 2, 1, false}, {bus + 3, 1, true}};
	uint16_t head;
	uint32_t written;

	if (!virtio_has(&n->virtio, F_CTRL_VQ | F_CTRL_RX))
		return ERR_UNSUPPORTED;
	*c = (struct command){C_RX, C_RX_PROMISCUOUS, on, C_NONE};
	status_t status = virtqueue_add(&n->control, buffers, 3, &head);
	if (status != OK)
		return status;
	virtqueue_kick(&n->control);
	for (uint64_t waited = 0; !virtqueue_take(&n->control, &head, &written); waited += COMMAND_STEP_NS) {
		if (n->virtio.broken)
			return ERR_IO;
		if (waited >= COMMAND_WAIT_NS) {
			virtio_fail(&n->virtio, "the device has stopped answering");
			return ERR_IO;
		}
		device_delay(COMMAND_STEP_NS);
	}
	(void)virtqueue_sleep(&n->control);
	return *(volatile uint8_t *)&c->ack == C_OK ? OK : ERR_UNSUPPORTED;
}

/* ---- from the device ------------------------------------------------------------------------- */

/* The header of a frame's first buffer. The client can write there, too: it is copied once, and a bad one costs its
 * frame only. */
static bool frame_begin(struct nic *n, uint16_t tag, uint32_t written)
{
	const volatile struct header *at = net_port_buffer(&n->port, tag, sizeof(struct header));

	n->frame = (struct net_slot){0};
	n->buffers_left = 1;
	if (!at || written <= sizeof(struct header))
		return false;
	struct header h = {at->flags,      at->gso,         at->header_length, at->gso_size,
			   at->csum_start, at->csum_offset, at->buffers};
	if (virtio_has(&n->virtio, F_MRG_RXBUF)) {
		if (!h.buffers || h.buffers > NET_TAGS)
			return false;
		n->buffers_left = h.buffers;
	}
	if (h.flags & (H_DATA_VALID | H_NEEDS_CSUM) && virtio_has(&n->virtio, F_GUEST_CSUM))
		n->frame.flags = NET_PACKET_CHECKED;
	if (h.flags & H_NEEDS_CSUM && n->frame.flags) {
		n->frame.flags |= NET_PACKET_CHECKSUM;
		n->frame.csum_start = h.csum_start;
		n->frame.csum_offset = h.csum_offset;
	}
	if (h.gso == H_GSO_TCP4 || h.gso == H_GSO_TCP6) {
		n->frame.gso = h.gso == H_GSO_TCP4 ? NET_GSO_TCP4 : NET_GSO_TCP6;
		n->frame.gso_size = h.gso_size;
		n->frame.header_length = h.header_length;
	}
	return true;
}

static void receive(struct nic *n, uint16_t tag, uint32_t written)
{
	struct net_slot slot;
	uint32_t skip = 0;

	if (!n->buffers_left) {
		skip = sizeof(struct header);
		if (!frame_begin(n, tag, written))
			written = skip; /* an empty frame */
	}
	n->buffers_left--;
	slot = n->frame;
	slot.flags |= n->buffers_left ? NET_PACKET_MORE : 0u;
	net_port_received(&n->port, tag, skip, written - skip, &slot);
}

static void complete(struct nic *n)
{
	uint16_t head;
	uint32_t written;

	do {
		while (virtqueue_take(&n->rx, &head, &written))
			receive(n, n->rx_tags[head], written);
	} while (!virtqueue_sleep(&n->rx));
	do {
		while (virtqueue_take(&n->tx, &head, &written))
			net_port_sent(&n->port, n->tx_tags[head]);
	} while (!virtqueue_sleep(&n->tx));
}

static void link_read(struct virtio *v, void *out)
{
	*(bool *)out = !virtio_has(v, F_STATUS) || virtio_config16(v, STATUS) & STATUS_LINK_UP;
}

static void irq(struct device *dev, uint32_t index)
{
	struct nic *n = &nic;
	uint32_t why = virtio_irq(&n->virtio);
	bool up;

	(void)dev, (void)index;
	if (why & VIRTIO_IRQ_CONFIG && virtio_config_read(&n->virtio, link_read, &up) == OK)
		net_port_link(&n->port, up);
	if (!why || n->virtio.broken)
		return;
	complete(n);
	if (!n->virtio.broken)
		net_port_serve(&n->port);
}

/* ---- taking the device ----------------------------------------------------------------------- */

static void config_read(struct virtio *v, void *out)
{
	struct net_info *info = out;

	for (uint32_t i = 0; i < sizeof(info->mac); i++)
		info->mac[i] = virtio_has(v, F_MAC) ? virtio_config8(v, MAC + i) : 0;
	info->mtu = virtio_has(v, F_MTU) ? virtio_config16(v, MTU) : MTU_DEFAULT;
	info->megabits = virtio_has(v, F_SPEED) ? virtio_config32(v, SPEED) : 0;
	link_read(v, &info->link_up);
}

/* An address of one's own choice, the same each time (locally administered: IEEE 802, bit 1 of the first byte) */
static void mac_choose(struct device *dev, uint8_t mac[6])
{
	uint32_t hash = 2166136261u;

	for (const char *c = device_path(dev); *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	mac[0] = 0x02;
	for (unsigned i = 0; i < 4; i++)
		mac[i + 2] = (uint8_t)(hash >> (8 * i));
}

static void info_make(struct nic *n)
{
	struct virtio *v = &n->virtio;
	struct net_info *info = &n->info;

	if (!virtio_has(v, F_MAC))
		mac_choose(v->dev, info->mac);
	info->features = (virtio_has(v, F_CSUM) ? NET_FEATURE_TX_CHECKSUM : 0u) |
			 (virtio_has(v, F_CSUM | F_HOST_TSO4) ? NET_FEATURE_TX_SEGMENT4 : 0u) |
			 (virtio_has(v, F_CSUM | F_HOST_TSO6) ? NET_FEATURE_TX_SEGMENT6 : 0u) |
			 (virtio_has(v, F_GUEST_CSUM) ? NET_FEATURE_RX_CHECKSUM : 0u) |
			 (v->features & FEATURES_LONG ? NET_FEATURE_RX_MERGE : 0u) |
			 (virtio_has(v, F_STATUS) ? NET_FEATURE_LINK : 0u);
	info->rx_depth = virtqueue_depth(&n->rx, 1);
	info->tx_depth = virtqueue_depth(&n->tx, 2);
	info->headroom = sizeof(struct header);
}

/* From a device that was just reset to one that works */
static status_t device_start(struct nic *n)
{
	struct virtio *v = &n->virtio;
	bool longer = (virtio_offered(v) & FEATURES_LONG_NEED) == FEATURES_LONG_NEED;
	status_t status = virtio_negotiate(v, FEATURES | (longer ? FEATURES_LONG : 0), 0);

	if (status == OK)
		status = virtio_config_read(v, config_read, &n->info);
	if (status == OK)
		status = virtqueue_init(&n->rx, v, QUEUE_RX, NET_TAGS, 1);
	if (status == OK)
		status = virtqueue_init(&n->tx, v, QUEUE_TX, NET_TAGS, CHAIN_MAX);
	if (status == OK && virtio_has(v, F_CTRL_VQ))
		status = virtqueue_init(&n->control, v, QUEUE_CONTROL, 4, 3);
	if (status != OK)
		return status;
	n->buffers_left = 0;
	info_make(n);
	virtio_start(v);
	(void)virtqueue_sleep(&n->rx);
	(void)virtqueue_sleep(&n->tx);
	return OK;
}

static status_t restart(void *hw)
{
	struct nic *n = hw;
	status_t status = virtio_restart(&n->virtio);

	return status == OK ? device_start(n) : status;
}

static const struct net_hw net_hw = {
	.send = send, .supply = supply, .kick = kick, .restart = restart, .promiscuous = promiscuous};

static status_t bind(struct device *dev, enum driver_start start)
{
	struct nic *n = &nic;
	status_t status = virtio_open(&n->virtio, dev, VIRTIO_NET);

	n->rx = n->tx = n->control = (struct virtqueue){0};
	(void)start; /* the reset of virtio_open stops whatever was under way */
	if (status == OK)
		status = device_dma_alloc(dev, NET_TAGS * sizeof(struct header) + sizeof(struct command), &n->memory);
	if (status != OK)
		return status;
	n->headers = n->memory.cpu;
	status = device_start(n);
	return status == OK ? net_port_init(&n->port, dev, &net_hw, n, &n->info) : status;
}

static void unbind(struct device *dev)
{
	(void)dev;
	(void)virtio_reset(&nic.virtio);
}

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.unbind = unbind,
	.protocol = &net_protocol,
	.ops = &net_port_ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,           .name = "virtio_net",    .class = DRIVER_CLASS_NET,
	.state_bytes = NET_STATE_BYTES, .dma_bytes = 256u << 10, .matches = {VIRTIO_MATCHES("1", "1041", "1000")},
};
