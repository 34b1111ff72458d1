/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio network device in software: see virtio_net_model.h. */
#include "tests/unit/virtio_net_model.h"

#include <string.h>

#define HEADER sizeof(struct nic_header)

static void forget(struct virtio_model *v)
{
	struct nic_model *n = (struct nic_model *)v;

	n->rx_count = n->frame_count = 0;
	n->promiscuous = false;
}

void nic_model_init(struct nic_model *n, uint64_t features, uint16_t queue_size)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 1, 2, 3};

	memset(n, 0, sizeof(*n));
	n->v.reset = forget;
	virtio_model_init(&n->v, 1, features, queue_size, 3);
	memcpy(n->v.config, mac, 6);
	n->v.config[6] = 1;
}

static bool has(const struct nic_model *n, unsigned feature)
{
	return n->v.accepted >> feature & 1;
}

static void checksum(struct nic_model *n, struct nic_frame *f)
{
	uint32_t sum = 0, end = f->header.csum_start + f->header.csum_offset + 2u;

	if (!has(n, NIC_CSUM) || end > f->size) {
		virtio_model_misuse(&n->v, "a checksum where it cannot be");
		return;
	}
	for (uint32_t i = f->header.csum_start; i < f->size; i++)
		sum += (i - f->header.csum_start) % 2 ? f->bytes[i] : (uint32_t)f->bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f->bytes[end - 2] = (uint8_t)(~sum >> 8);
	f->bytes[end - 1] = (uint8_t)~sum;
}

static void frame_take(struct nic_model *n, const struct model_chain *c)
{
	struct nic_frame *f = &n->frames[(n->frame_first + n->frame_count) % NIC_FRAMES];

	if (c->writable || c->readable_bytes < HEADER + 14 || c->readable_bytes > HEADER + NIC_FRAME_MAX) {
		virtio_model_misuse(&n->v, "a frame of a bad size");
		return;
	}
	f->size = c->readable_bytes - (uint32_t)HEADER;
	(void)virtio_model_get(c, 0, &f->header, HEADER);
	(void)virtio_model_get(c, HEADER, f->bytes, f->size);
	if (f->header.gso && (!has(n, NIC_HOST_TSO4) || !(f->header.flags & 1) || !f->header.gso_size))
		virtio_model_misuse(&n->v, "a segment that the device cannot cut");
	if (f->header.gso == 0 && f->size > 1514 + 4)
		virtio_model_misuse(&n->v, "a frame that is too long");
	if (f->header.flags & 1)
		checksum(n, f);
	n->sent++;
	n->frame_count++;
}

static void command_do(struct nic_model *n, const struct model_chain *c)
{
	uint8_t command[3];
	const uint8_t ack = 0;

	if (c->readable_bytes != 3 || c->writable_bytes != 1 || virtio_model_get(c, 0, command, 3) != 3 || command[0] ||
	    command[1]) {
		virtio_model_misuse(&n->v, "a bad command");
		return;
	}
	n->promiscuous = command[2];
	(void)virtio_model_put(c, 0, &ack, 1);
}

bool nic_model_take(struct nic_model *n)
{
	struct model_chain c;
	bool any = false;

	while (n->rx_count < MODEL_QUEUE_MAX && virtio_model_pop(&n->v, 0, &n->rx[n->rx_count])) {
		n->rx_count++;
		any = true;
	}
	while (n->frame_count < NIC_FRAMES && virtio_model_pop(&n->v, 1, &c)) {
		frame_take(n, &c);
		virtio_model_push(&n->v, 1, c.head, 0);
		any = true;
	}
	while (virtio_model_pop(&n->v, 2, &c)) {
		command_do(n, &c);
		virtio_model_push(&n->v, 2, c.head, 1);
		any = true;
	}
	return any;
}

/* Into as many buffers as it needs. */
static void frame_put(struct nic_model *n, struct nic_frame *f, unsigned buffers)
{
	uint32_t at = 0;

	f->header.buffers = (uint16_t)buffers;
	f->header.flags = f->header.flags & 1 && has(n, NIC_GUEST_CSUM) ? 2 : 0; /* checked */
	if (!has(n, NIC_GUEST_TSO4))
		f->header.gso = 0;
	for (unsigned i = 0; i < buffers; i++) {
		const struct model_chain *c = &n->rx[i];
		uint32_t skip = i ? 0 : (uint32_t)HEADER;

		if (!i)
			(void)virtio_model_put(c, 0, &f->header, HEADER);
		uint32_t put = virtio_model_put(c, skip, f->bytes + at, f->size - at);
		at += put;
		virtio_model_push(&n->v, 0, c->head, skip + put);
	}
	n->rx_count -= buffers;
	memmove(n->rx, n->rx + buffers, n->rx_count * sizeof(n->rx[0]));
	n->received++;
}

bool nic_model_deliver(struct nic_model *n)
{
	struct nic_frame *f = &n->frames[n->frame_first];
	uint64_t room = 0;
	unsigned buffers = 0;

	if (!n->frame_count)
		return false;
	while (buffers < n->rx_count && room < HEADER + f->size)
		room += n->rx[buffers++].writable_bytes;
	bool fits = room >= HEADER + f->size && (buffers == 1 || has(n, NIC_MRG));

	if (fits && (f->size <= 1518 || has(n, NIC_GUEST_TSO4)))
		frame_put(n, f, buffers);
	else
		n->dropped++;
	n->frame_count--;
	n->frame_first = (n->frame_first + 1) % NIC_FRAMES;
	return true;
}
