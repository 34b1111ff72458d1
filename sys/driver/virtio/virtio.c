/* SPDX-License-Identifier: BSD-2-Clause */
/* Taking a virtio device: reset, features, configuration, interrupts (chapters 2 and 3). */
#include "sys/driver/virtio/transport.h"

#define RESET_TRIES      1000 /* of RESET_STEP_NS: one second */
#define RESET_STEP_NS    1000000ull
#define GENERATION_TRIES 64

/* Always taken when offered. ACCESS_PLATFORM and ORDER_PLATFORM ask for nothing that this driver library does not do
 * anyway: bus addresses and full fences. */
#define OWN_FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM)

void virtio_fail(struct virtio *v, const char *reason)
{
	v->broken = true;
	device_fail(v->dev, reason);
}

static void status_add(struct virtio *v, uint8_t bits)
{
	v->transport->status_set(v, v->transport->status_get(v) | bits);
}

static status_t status_clear(struct virtio *v)
{
	v->transport->status_set(v, 0);
	for (unsigned i = 0; v->transport->status_get(v) != 0; i++) {
		if (i == RESET_TRIES)
			return ERR_TIMED_OUT;
		device_delay(RESET_STEP_NS);
	}
	return OK;
}

status_t virtio_reset(struct virtio *v)
{
	status_t status = status_clear(v);

	if (status != ERR_TIMED_OUT || !v->transport->bus_reset)
		return status;
	status = v->transport->bus_reset(v);
	return status == OK ? status_clear(v) : status;
}

status_t virtio_restart(struct virtio *v)
{
	status_t status = virtio_reset(v);

	if (status == OK && v->transport->bus_enable)
		status = v->transport->bus_enable(v);
	if (status != OK)
		return status;
	status_add(v, VIRTIO_ACKNOWLEDGE);
	status_add(v, VIRTIO_DRIVER);
	return OK;
}

status_t virtio_open(struct virtio *v, struct device *dev, enum virtio_type type)
{
	*v = (struct virtio){
		.dev = dev,
		.transport = device_match(dev) == VIRTIO_MATCH_PCI ? &virtio_pci : &virtio_mmio,
	};
	status_t status = v->transport->open(v, type);
	if (status == OK)
		status = virtio_restart(v);
	return status == OK ? device_dma_quiet(dev) : status;
}

uint64_t virtio_offered(struct virtio *v)
{
	uint64_t low = v->transport->features_get(v, 0);

	return low | (uint64_t)v->transport->features_get(v, 1) << 32;
}

status_t virtio_negotiate(struct virtio *v, uint64_t wanted, uint64_t needed)
{
	uint64_t offered = virtio_offered(v);

	needed |= VIRTIO_F_VERSION_1;
	v->features = offered & (wanted | needed | OWN_FEATURES);
	if (!virtio_has(v, needed)) {
		status_add(v, VIRTIO_FAILED);
		return ERR_UNSUPPORTED;
	}
	v->transport->features_set(v, 0, (uint32_t)v->features);
	v->transport->features_set(v, 1, (uint32_t)(v->features >> 32));
	status_add(v, VIRTIO_FEATURES_OK);
	/* The device may refuse the set as a whole (section 3.1.1, step 6). */
	return v->transport->status_get(v) & VIRTIO_FEATURES_OK ? OK : ERR_UNSUPPORTED;
}

void virtio_start(struct virtio *v)
{
	status_add(v, VIRTIO_DRIVER_OK);
}

uint32_t virtio_irq(struct virtio *v)
{
	uint32_t why = v->transport->irq_take(v);

	/* Said by a configuration interrupt (section 2.1.2): only a reset helps, and the next instance does one. */
	if (why & VIRTIO_IRQ_CONFIG && v->transport->status_get(v) & VIRTIO_NEEDS_RESET)
		virtio_fail(v, "the device asks to be reset");
	return why;
}

uint8_t virtio_config8(struct virtio *v, uint32_t offset)
{
	const volatile uint8_t *at = v->transport->config(v, offset, 1);

	return at ? mmio_read8(at) : 0;
}

uint16_t virtio_config16(struct virtio *v, uint32_t offset)
{
	const volatile uint8_t *at = v->transport->config(v, offset, 2);

	return at ? mmio_read16(at) : 0;
}

uint32_t virtio_config32(struct virtio *v, uint32_t offset)
{
	const volatile uint8_t *at = v->transport->config(v, offset, 4);

	return at ? mmio_read32(at) : 0;
}

uint64_t virtio_config64(struct virtio *v, uint32_t offset)
{
	uint64_t low = virtio_config32(v, offset);

	return low | (uint64_t)virtio_config32(v, offset + 4) << 32;
}

status_t virtio_config_read(struct virtio *v, void (*read)(struct virtio *v, void *out), void *out)
{
	for (unsigned i = 0; i < GENERATION_TRIES; i++) {
		uint32_t before = v->transport->generation(v);

		read(v, out);
		if (v->transport->generation(v) == before)
			return OK;
	}
	return ERR_IO;
}
