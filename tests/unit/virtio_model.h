/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio 1.2 device in software, over MMIO or PCI, for drivers on the host: registers, features, split queues with
 * indirect
 * descriptors and event indices. It counts what a driver must not do (misuse), and reaches only memory that was given
 * to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/driver/host/host.h"

#define MODEL_QUEUES     4
#define MODEL_QUEUE_MAX  256
#define MODEL_CHAIN_MAX  64
#define MODEL_CONFIG_MAX 128

struct model_queue {
	uint16_t size_max; /* what the device offers, 0: no such queue */
	uint16_t size;
	bool ready;
	uint64_t desc, avail, used;
	uint16_t avail_seen, used_index;
	bool notified;
};

struct virtio_model {
	uint32_t type;
	uint64_t features; /* offered */
	uint64_t accepted;
	uint8_t config[MODEL_CONFIG_MAX];
	uint32_t generation;
	uint8_t status;
	uint32_t isr;
	uint32_t select_device, select_driver, select_queue;
	struct model_queue queues[MODEL_QUEUES];
	bool stuck;    /* never ends a reset */
	bool restless; /* the configuration changes at each look */
	bool refuses;  /* does not accept any set of features */
	unsigned misuse, notifications, resets;
	const char *what; /* the first misuse */
	/* told of a reset, and of a notification */
	void (*reset)(struct virtio_model *m);
	/* PCI */
	uint8_t space[256];
	bool master;
};

struct model_part {
	uint8_t *at;
	uint32_t length;
};
struct model_chain {
	uint16_t head;
	unsigned readable, writable; /* parts of each kind; readable ones come first */
	uint32_t readable_bytes, writable_bytes;
	struct model_part parts[MODEL_CHAIN_MAX];
};

void virtio_model_init(struct virtio_model *m, uint32_t type, uint64_t features, uint16_t queue_size, unsigned queues);

extern const struct host_model virtio_model_mmio_template; /* ctx is to be set to the model */
uint64_t virtio_model_read(void *ctx, uint64_t offset, unsigned width);
void virtio_model_write(void *ctx, uint64_t offset, unsigned width, uint64_t value);

/* Over PCI: registers of BAR 4, and the configuration space */
#define MODEL_BAR_SIZE 0x4000
uint64_t virtio_model_bar_read(void *ctx, uint64_t offset, unsigned width);
void virtio_model_bar_write(void *ctx, uint64_t offset, unsigned width, uint64_t value);
void virtio_model_pci_init(struct virtio_model *m, uint16_t device_id);
struct pci_ops;
extern const struct pci_ops virtio_model_pci_ops;

/* The next request that the driver has made available. Bad descriptors are misuse, and end it. */
bool virtio_model_pop(struct virtio_model *m, unsigned queue, struct model_chain *chain);
bool virtio_model_waiting(const struct virtio_model *m, unsigned queue);
/* Done; interrupts as the driver wishes. */
void virtio_model_push(struct virtio_model *m, unsigned queue, uint16_t head, uint32_t written);

/* Bytes out of the readable parts, or into the writable ones, from `at` on; returns those moved. */
uint32_t virtio_model_get(const struct model_chain *chain, uint32_t at, void *out, uint32_t size);
uint32_t virtio_model_put(const struct model_chain *chain, uint32_t at, const void *bytes, uint32_t size);

/* The rings in memory, for a device that lies; NULL: not there */
uint16_t *virtio_model_used_index(struct virtio_model *m, unsigned queue);
uint32_t *virtio_model_used_entry(struct virtio_model *m, unsigned queue, uint16_t index); /* id, length */

void virtio_model_misuse(struct virtio_model *m, const char *what);
