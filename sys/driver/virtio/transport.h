/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between virtio over MMIO and over PCI. */
#pragma once

#include "sys/driver/virtio/virtio.h"

/* Device status (section 2.1) */
enum {
	VIRTIO_ACKNOWLEDGE = 1 << 0,
	VIRTIO_DRIVER = 1 << 1,
	VIRTIO_DRIVER_OK = 1 << 2,
	VIRTIO_FEATURES_OK = 1 << 3,
	VIRTIO_NEEDS_RESET = 1 << 6,
	VIRTIO_FAILED = 1 << 7,
};

/* Where the three parts of a queue are, as the device sees them */
struct virtio_queue_place {
	uint64_t desc, avail, used;
};

struct virtio_transport {
	/* Registers are mapped and are those of a device of this type. */
	status_t (*open)(struct virtio *v, enum virtio_type type);
	/* A device that does not answer its reset is reset by its bus. NULL: no way */
	status_t (*bus_reset)(struct virtio *v);
	/* It has been reset, and may reach memory again. NULL: nothing to do */
	status_t (*bus_enable)(struct virtio *v);
	uint8_t (*status_get)(struct virtio *v);
	void (*status_set)(struct virtio *v, uint8_t status);
	uint32_t (*features_get)(struct virtio *v, uint32_t word);
	void (*features_set)(struct virtio *v, uint32_t word, uint32_t features);
	uint32_t (*generation)(struct virtio *v);
	uint32_t (*irq_take)(struct virtio *v);
	/* 0: no such queue */
	uint16_t (*queue_size_max)(struct virtio *v, uint16_t index);
	status_t (*queue_enable)(struct virtqueue *q, const struct virtio_queue_place *place);
	void (*queue_notify)(struct virtqueue *q);
	/* Address of `width` bytes of the configuration, NULL outside of it */
	volatile uint8_t *(*config)(struct virtio *v, uint32_t offset, uint32_t width);
};

extern const struct virtio_transport virtio_mmio, virtio_pci;
