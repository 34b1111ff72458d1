/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio network device in software (section 5.1 of Virtio 1.2) whose cable ends in itself: what is sent comes
 * back, in as many receive buffers as it
 * needs. Checksums are filled in as asked; long segments come back as they are.
 */
#pragma once

#include "tests/unit/virtio_model.h"

#define NIC_CSUM       0
#define NIC_GUEST_CSUM 1
#define NIC_MAC        5
#define NIC_GUEST_TSO4 7
#define NIC_HOST_TSO4  11
#define NIC_MRG        15
#define NIC_STATUS     16
#define NIC_CTRL       17
#define NIC_CTRL_RX    18

#define NIC_FRAMES    64
#define NIC_FRAME_MAX (66 * 1024)

struct nic_header {
	uint8_t flags, gso;
	uint16_t header_length, gso_size, csum_start, csum_offset, buffers;
};

struct nic_frame {
	uint32_t size;
	struct nic_header header;
	uint8_t bytes[NIC_FRAME_MAX];
};

struct nic_model {
	struct virtio_model v;
	struct nic_frame frames[NIC_FRAMES];
	unsigned frame_first, frame_count;
	struct model_chain rx[MODEL_QUEUE_MAX];
	unsigned rx_count;
	bool promiscuous;
	uint64_t sent, received, dropped;
};

void nic_model_init(struct nic_model *n, uint64_t features, uint16_t queue_size);
/* Takes empty buffers; frames that were sent; a command. */
bool nic_model_take(struct nic_model *n);
/* Delivers the oldest frame. */
bool nic_model_deliver(struct nic_model *n);
