/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio 1.2 devices as their drivers see them, over MMIO (version 2) or PCI (modern capabilities). Section numbers
 * below are those of the specification (OASIS, Virtual I/O Device Version 1.2).
 *
 *   bind:  virtio_open → virtio_negotiate → virtqueue_init for each queue → virtio_start
 *   irq:   virtio_irq, then virtqueue_take until it is empty and virtqueue_sleep says so
 *
 * Nothing that the device writes is trusted: heads are looked up among those that are outstanding, lengths are
 * bounded by what was
 * lent, and an index that jumps or an unknown head ends the driver (device_fail).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/driver/driver.h"

enum virtio_type {
	VIRTIO_NET = 1,
	VIRTIO_BLOCK = 2,
	VIRTIO_CONSOLE = 3,
	VIRTIO_RNG = 4,
};

/* What a driver's manifest lists: the name that the probe of a virtio,mmio slot gives a device, and a PCI function of
 * the modern kind and of the
 * transitional kind. `type` and the ids are strings. */
#define VIRTIO_MATCHES(type, modern, transitional)                                                \
	DRIVER_COMPATIBLE("virtio,device" type, 0), DRIVER_PCI("1af4", modern, VIRTIO_MATCH_PCI), \
		DRIVER_PCI("1af4", transitional, VIRTIO_MATCH_PCI)
#define VIRTIO_MATCH_PCI 1ull

/* Feature bits of every device (section 6); the first 24 are the device type's. */
#define VIRTIO_F_INDIRECT_DESC   (1ull << 28)
#define VIRTIO_F_EVENT_IDX       (1ull << 29)
#define VIRTIO_F_VERSION_1       (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33)
#define VIRTIO_F_ORDER_PLATFORM  (1ull << 36)

/* What virtio_irq says */
enum {
	VIRTIO_IRQ_QUEUE = 1 << 0,
	VIRTIO_IRQ_CONFIG = 1 << 1,
};

#define VIRTQUEUE_MAX 256 /* entries used of a queue; devices offer up to 32768 */

struct virtio_transport;

/* The fields are the library's own. */
struct virtio {
	struct device *dev;
	const struct virtio_transport *transport;
	uint64_t features; /* negotiated */
	bool broken;
	struct regs regs; /* mmio */
	struct {
		handle_t config;
		struct regs common, notify, isr, device;
		uint32_t notify_step;
	} pci;
};

/* Finds the device, checks that it is of that type and resets it; tells devmgr that it is quiet. ERR_NOT_FOUND: another
 * device or none. ERR_UNSUPPORTED: a legacy device. */
status_t virtio_open(struct virtio *v, struct device *dev, enum virtio_type type);

/* Stops the device and begins anew, as after virtio_open: it has let go of everything. */
status_t virtio_restart(struct virtio *v);

uint64_t virtio_offered(struct virtio *v);

/* Takes `wanted` and the library's own features as far as the device offers them. ERR_UNSUPPORTED: it lacks one that
 * is needed. */
status_t virtio_negotiate(struct virtio *v, uint64_t wanted, uint64_t needed);

static inline bool virtio_has(const struct virtio *v, uint64_t features)
{
	return (v->features & features) == features;
}

/* The queues are ready: the device may work. */
void virtio_start(struct virtio *v);

/* Stops the device; its queues are void afterwards. ERR_TIMED_OUT: it goes on. */
status_t virtio_reset(struct virtio *v);

/* Why the interrupt came: VIRTIO_IRQ_*, acknowledged by that. It may be shared: 0 is possible. */
uint32_t virtio_irq(struct virtio *v);

/* The device is out of order: ends the driver. */
void virtio_fail(struct virtio *v, const char *reason);

/* ---- the device's configuration: fields in their own width, 64-bit ones in two halves (section 4.2.2.2) ---- */

uint8_t virtio_config8(struct virtio *v, uint32_t offset);
uint16_t virtio_config16(struct virtio *v, uint32_t offset);
uint32_t virtio_config32(struct virtio *v, uint32_t offset);
uint64_t virtio_config64(struct virtio *v, uint32_t offset);

/* Fields that belong together: `read` is called until none changed meanwhile. ERR_IO: they never stand still. */
status_t virtio_config_read(struct virtio *v, void (*read)(struct virtio *v, void *out), void *out);

/* ---- queues ---------------------------------------------------------------------------------------- */

struct virtio_buffer {
	uint64_t bus;
	uint32_t length;    /* not 0 */
	bool device_writes; /* those that the device reads come first */
};

struct vring_desc;
struct vring_avail;
struct vring_used;

/* What the driver knows of a head by itself */
struct virtqueue_head {
	uint16_t next;     /* free descriptors, and a chain's, are linked here: the device cannot reach it */
	uint16_t count;    /* descriptors of the chain, 0: not outstanding */
	uint32_t writable; /* bytes that the device may write */
};

/* The fields are the library's own. */
struct virtqueue {
	struct virtio *v;
	uint16_t index, size;
	uint16_t chain_max; /* buffers of one request */
	bool indirect;
	struct dma memory;
	struct vring_desc *desc, *tables;
	uint64_t tables_bus;
	volatile struct vring_avail *avail;
	const volatile struct vring_used *used;
	volatile uint8_t *doorbell; /* pci */
	uint16_t free_head, free_count, outstanding;
	uint16_t avail_index, avail_told, used_index;
	struct virtqueue_head heads[VIRTQUEUE_MAX];
};

/* A queue that was made before (before virtio_restart, all zero the first time) keeps its memory. Number `index`, of
 * at most size_max entries (the device may offer less), whose requests have at most chain_max
 * buffers.
 * ERR_NOT_FOUND: the device has no such queue. */
status_t virtqueue_init(struct virtqueue *q, struct virtio *v, uint16_t index, uint16_t size_max, uint16_t chain_max);

/* Requests of `chain` buffers that fit at the same time */
uint32_t virtqueue_depth(const struct virtqueue *q, uint16_t chain);
/* Of one request more. */
bool virtqueue_room(const struct virtqueue *q, uint16_t chain);

/* A request; *head names it until virtqueue_take returns it. The device looks after virtqueue_kick. ERR_WOULD_BLOCK:
 * no room. */
status_t virtqueue_add(struct virtqueue *q, const struct virtio_buffer *buffers, uint16_t count, uint16_t *head);
void virtqueue_kick(struct virtqueue *q);

/* A request that the device has done with, and the bytes that it says it wrote, at most those that it was lent. */
bool virtqueue_take(struct virtqueue *q, uint16_t *head, uint32_t *written);

/* Before going back to the loop, with nothing left to take: an interrupt is wanted for the next one. false: one came
 * meanwhile. */
bool virtqueue_sleep(struct virtqueue *q);
