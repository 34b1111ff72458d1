/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio over PCI by vendor capabilities (section 4.1). Interrupts come by the function's pin. */
#include "protocols/pci.h"
#include "sys/driver/virtio/transport.h"

enum {
	PCI_DEVICE_ID = 0x02,
	PCI_SUBSYSTEM_ID = 0x2e,
	PCI_CAP_VENDOR = 0x09,
	PCI_CAPS_MAX = 48,         /* as many as fit into the first 256 bytes */
	DEVICE_ID_MODERN = 0x1040, /* plus the type; below are transitional devices */
};

/* A capability (section 4.1.4) */
enum {
	CAP_LENGTH = 2,
	CAP_TYPE = 3,
	CAP_BAR = 4,
	CAP_OFFSET = 8,
	CAP_SIZE = 12,
	CAP_NOTIFY_STEP = 16,

	CAP_COMMON = 1,
	CAP_NOTIFY = 2,
	CAP_ISR = 3,
	CAP_DEVICE = 4,
};

/* The common configuration (section 4.1.4.3) */
enum {
	DEVICE_FEATURES_SEL = 0,
	DEVICE_FEATURES = 4,
	DRIVER_FEATURES_SEL = 8,
	DRIVER_FEATURES = 12,
	CONFIG_VECTOR = 16,
	STATUS = 20,
	CONFIG_GENERATION = 21,
	QUEUE_SEL = 22,
	QUEUE_SIZE = 24,
	QUEUE_VECTOR = 26,
	QUEUE_READY = 28,
	QUEUE_NOTIFY_OFFSET = 30,
	QUEUE_DESC = 32,
	QUEUE_AVAIL = 40,
	QUEUE_USED = 48,
	COMMON_SIZE = 56,

	NO_VECTOR = 0xffff,
	BARS = 6,
};

static uint32_t config_get(struct virtio *v, uint32_t offset, uint32_t width)
{
	uint32_t value;

	return pci_read(v->pci.config, offset, width, &value) == OK ? value : UINT32_MAX;
}

/* The registers that a capability points to. */
static status_t cap_map(struct virtio *v, uint32_t cap, uint32_t size_min, struct regs *out)
{
	uint32_t bar = config_get(v, cap + CAP_BAR, 1);
	uint32_t offset = config_get(v, cap + CAP_OFFSET, 4), size = config_get(v, cap + CAP_SIZE, 4);
	struct regs regs;

	if (out->base || bar >= BARS || size < size_min)
		return OK; /* the first of a kind that can be used is to be used */
	status_t status = device_regs(v->dev, bar, &regs);
	if (status == ERR_NOT_FOUND)
		return OK; /* in a BAR that is not memory */
	if (status != OK)
		return status;
	if (offset > regs.size || size > regs.size - offset || offset % 4)
		return ERR_BAD_FORMAT;
	*out = (struct regs){regs.base + offset, size, 0, 4};
	return OK;
}

static status_t cap_use(struct virtio *v, uint32_t cap)
{
	switch (config_get(v, cap + CAP_TYPE, 1)) {
	case CAP_COMMON: return cap_map(v, cap, COMMON_SIZE, &v->pci.common);
	case CAP_NOTIFY:
		if (!v->pci.notify.base)
			v->pci.notify_step = config_get(v, cap + CAP_NOTIFY_STEP, 4);
		return cap_map(v, cap, 2, &v->pci.notify);
	case CAP_ISR: return cap_map(v, cap, 1, &v->pci.isr);
	case CAP_DEVICE: return cap_map(v, cap, 1, &v->pci.device);
	default: return OK;
	}
}

static bool type_is(struct virtio *v, enum virtio_type type)
{
	uint32_t id = config_get(v, PCI_DEVICE_ID, 2);

	return id >= DEVICE_ID_MODERN ? id - DEVICE_ID_MODERN == type : config_get(v, PCI_SUBSYSTEM_ID, 2) == type;
}

static status_t open(struct virtio *v, enum virtio_type type)
{
	uint32_t cap = 0;

	v->pci.config = device_handle(v->dev, "config");
	if (v->pci.config == HANDLE_NONE)
		return ERR_BAD_FORMAT;
	/* The last instance's requests end here, even if the device never answers its reset. ERR_BUSY: that one has
	 * asked for a reset of the
	 * function, which is still under way. */
	status_t status = pci_master(v->pci.config, false);
	if (status == ERR_BUSY)
		status = pci_reset(v->pci.config);
	if (status != OK)
		return status;
	if (!type_is(v, type))
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < PCI_CAPS_MAX; i++) {
		status = pci_capability(v->pci.config, PCI_CAP_VENDOR, cap, &cap);
		if (status == ERR_NOT_FOUND)
			break;
		if (status == OK)
			status = cap_use(v, cap);
		if (status != OK)
			return status;
	}
	return v->pci.common.base && v->pci.notify.base && v->pci.isr.base ? OK : ERR_UNSUPPORTED; /* legacy only */
}

static status_t bus_reset(struct virtio *v)
{
	return pci_reset(v->pci.config);
}

static status_t bus_enable(struct virtio *v)
{
	return pci_master(v->pci.config, true);
}

static uint8_t status_get(struct virtio *v)
{
	return mmio_read8(v->pci.common.base + STATUS);
}

static void status_set(struct virtio *v, uint8_t status)
{
	mmio_write8(v->pci.common.base + STATUS, status);
	/* Pins, not messages (section 4.1.5.1.2): a reset forgets it. */
	if (status == VIRTIO_ACKNOWLEDGE)
		mmio_write16(v->pci.common.base + CONFIG_VECTOR, NO_VECTOR);
}

static uint32_t features_get(struct virtio *v, uint32_t word)
{
	reg_write32(&v->pci.common, DEVICE_FEATURES_SEL, word);
	return reg_read32(&v->pci.common, DEVICE_FEATURES);
}

static void features_set(struct virtio *v, uint32_t word, uint32_t features)
{
	reg_write32(&v->pci.common, DRIVER_FEATURES_SEL, word);
	reg_write32(&v->pci.common, DRIVER_FEATURES, features);
}

static uint32_t generation(struct virtio *v)
{
	return mmio_read8(v->pci.common.base + CONFIG_GENERATION);
}

/* Reading it acknowledges (section 4.1.4.5). */
static uint32_t irq_take(struct virtio *v)
{
	return mmio_read8(v->pci.isr.base) & (VIRTIO_IRQ_QUEUE | VIRTIO_IRQ_CONFIG);
}

static uint16_t queue_size_max(struct virtio *v, uint16_t index)
{
	mmio_write16(v->pci.common.base + QUEUE_SEL, index);
	return mmio_read16(v->pci.common.base + QUEUE_SIZE);
}

static void address_set(struct virtio *v, uint32_t offset, uint64_t bus)
{
	reg_write32(&v->pci.common, offset, (uint32_t)bus);
	reg_write32(&v->pci.common, offset + 4, (uint32_t)(bus >> 32));
}

static status_t queue_enable(struct virtqueue *q, const struct virtio_queue_place *place)
{
	struct virtio *v = q->v;
	volatile uint8_t *common = v->pci.common.base;

	mmio_write16(common + QUEUE_SEL, q->index);
	if (mmio_read16(common + QUEUE_READY))
		return ERR_STATE;
	uint64_t at = (uint64_t)mmio_read16(common + QUEUE_NOTIFY_OFFSET) * v->pci.notify_step;
	if (at > v->pci.notify.size - 2 || at % 2)
		return ERR_BAD_FORMAT;
	q->doorbell = v->pci.notify.base + at;
	mmio_write16(common + QUEUE_SIZE, q->size);
	mmio_write16(common + QUEUE_VECTOR, NO_VECTOR);
	address_set(v, QUEUE_DESC, place->desc);
	address_set(v, QUEUE_AVAIL, place->avail);
	address_set(v, QUEUE_USED, place->used);
	mmio_write16(common + QUEUE_READY, 1);
	return OK;
}

static void queue_notify(struct virtqueue *q)
{
	mmio_write16(q->doorbell, q->index);
}

static volatile uint8_t *config(struct virtio *v, uint32_t offset, uint32_t width)
{
	uint64_t size = v->pci.device.size;

	return width <= size && offset <= size - width ? v->pci.device.base + offset : NULL;
}

const struct virtio_transport virtio_pci = {
	.open = open,
	.bus_reset = bus_reset,
	.bus_enable = bus_enable,
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
