/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio over MMIO, register layout version 2 (section 4.2.2). */
#include "sys/driver/virtio/transport.h"

enum {
	MAGIC = 0x000,
	VERSION = 0x004,
	DEVICE_ID = 0x008,
	DEVICE_FEATURES = 0x010,
	DEVICE_FEATURES_SEL = 0x014,
	DRIVER_FEATURES = 0x020,
	DRIVER_FEATURES_SEL = 0x024,
	QUEUE_SEL = 0x030,
	QUEUE_SIZE_MAX = 0x034,
	QUEUE_SIZE = 0x038,
	QUEUE_READY = 0x044,
	QUEUE_NOTIFY = 0x050,
	IRQ_STATUS = 0x060,
	IRQ_ACK = 0x064,
	STATUS = 0x070,
	QUEUE_DESC = 0x080,
	QUEUE_AVAIL = 0x090,
	QUEUE_USED = 0x0a0,
	CONFIG_GENERATION = 0x0fc,
	CONFIG = 0x100,
};

#define MAGIC_VALUE 0x74726976u /* "virt" */
#define IRQ_KNOWN   (VIRTIO_IRQ_QUEUE | VIRTIO_IRQ_CONFIG)

static status_t open(struct virtio *v, enum virtio_type type)
{
	status_t status = device_regs(v->dev, 0, &v->regs);

	if (status != OK)
		return status;
	if (v->regs.size < CONFIG)
		return ERR_BAD_FORMAT;
	if (reg_read32(&v->regs, MAGIC) != MAGIC_VALUE || reg_read32(&v->regs, DEVICE_ID) != type)
		return ERR_NOT_FOUND;
	return reg_read32(&v->regs, VERSION) == 2 ? OK : ERR_UNSUPPORTED;
}

static uint8_t status_get(struct virtio *v)
{
	return (uint8_t)reg_read32(&v->regs, STATUS);
}

static void status_set(struct virtio *v, uint8_t status)
{
	reg_write32(&v->regs, STATUS, status);
}

static uint32_t features_get(struct virtio *v, uint32_t word)
{
	reg_write32(&v->regs, DEVICE_FEATURES_SEL, word);
	return reg_read32(&v->regs, DEVICE_FEATURES);
}

static void features_set(struct virtio *v, uint32_t word, uint32_t features)
{
	reg_write32(&v->regs, DRIVER_FEATURES_SEL, word);
	reg_write32(&v->regs, DRIVER_FEATURES, features);
}

static uint32_t generation(struct virtio *v)
{
	return reg_read32(&v->regs, CONFIG_GENERATION);
}

static uint32_t irq_take(struct virtio *v)
{
	uint32_t why = reg_read32(&v->regs, IRQ_STATUS) & IRQ_KNOWN;

	if (why)
		reg_write32(&v->regs, IRQ_ACK, why);
	return why;
}

static uint16_t queue_size_max(struct virtio *v, uint16_t index)
{
	reg_write32(&v->regs, QUEUE_SEL, index);
	uint32_t max = reg_read32(&v->regs, QUEUE_SIZE_MAX);
	return max > UINT16_MAX ? UINT16_MAX : (uint16_t)max;
}

static void address_set(struct virtio *v, uint32_t offset, uint64_t bus)
{
	reg_write32(&v->regs, offset, (uint32_t)bus);
	reg_write32(&v->regs, offset + 4, (uint32_t)(bus >> 32));
}

static status_t queue_enable(struct virtqueue *q, const struct virtio_queue_place *place)
{
	struct virtio *v = q->v;

	reg_write32(&v->regs, QUEUE_SEL, q->index);
	if (reg_read32(&v->regs, QUEUE_READY))
		return ERR_STATE;
	reg_write32(&v->regs, QUEUE_SIZE, q->size);
	address_set(v, QUEUE_DESC, place->desc);
	address_set(v, QUEUE_AVAIL, place->avail);
	address_set(v, QUEUE_USED, place->used);
	reg_write32(&v->regs, QUEUE_READY, 1);
	return OK;
}

static void queue_notify(struct virtqueue *q)
{
	reg_write32(&q->v->regs, QUEUE_NOTIFY, q->index);
}

static volatile uint8_t *config(struct virtio *v, uint32_t offset, uint32_t width)
{
	uint64_t size = v->regs.size - CONFIG;

	return width <= size && offset <= size - width ? v->regs.base + CONFIG + offset : NULL;
}

const struct virtio_transport virtio_mmio = {
	.open = open,
	.status_get = status_get,
	.status_set = status_set,
	.features_get = features_get,
	.features_set = features_set,
	.generation = generation,
	.irq_take = irq_take,
	.queue_size_max = queue_size_max,
	.queue_enable = queue_enable,
	.queue_notify = queue_notify,
	.config = config,
};
