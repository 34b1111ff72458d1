/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A network interface's client: frames through rings in shared memory, whatever becomes of the driver. When that
 * dies, frames on their way are lost;
 * empty buffers are supplied again to the next instance, and the buffers of frames that were to be sent come back as
 * if they had been.
 *
 * A buffer is a piece of the data memory: the interface's headroom, then room for a frame. Not for several threads at
 * once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/net.h"
#include "sys/lib/session.h"

#define NET_QUEUE_DEPTH_MAX 256

struct net_queue_buffer {
	uint32_t offset, length, cookie; /* the caller's */
	uint16_t next;
	uint8_t state;
};

/* The fields are the library's own. */
struct net_queue {
	handle_t device, memory, notification, doorbell;
	uint64_t bits, doorbell_bits, data_bytes;
	bool own_notification;
	uint32_t depth, epoch, headroom;
	struct session_shared *shared;
	size_t bytes;
	struct ring rings[SESSION_RINGS_MAX];
	uint32_t recoveries;
	uint64_t lost; /* frames' buffers that were under way when a driver died, both ways */
	struct net_queue_buffer rx[NET_QUEUE_DEPTH_MAX], tx[NET_QUEUE_DEPTH_MAX];
	uint16_t rx_free, tx_free, tx_back; /* lists; tx_back: lost ones that net_queue_sent still has to tell */
	uint32_t tx_out;
	struct net_slot parts[NET_PARTS_MAX]; /* of the frame that is coming in */
	uint16_t part_buffers[NET_PARTS_MAX];
	uint32_t part_count;
	bool part_bad;
};

/* Arguments as those of block_queue_open. */
status_t net_queue_open(struct net_queue *q, handle_t device, handle_t data, uint32_t depth, handle_t notification,
			uint64_t bits);
void net_queue_close(struct net_queue *q);

/* An empty buffer with room for `length` bytes behind the headroom. ERR_WOULD_BLOCK: `depth` of them are with the
 * driver. */
status_t net_queue_supply(struct net_queue *q, uint32_t offset, uint32_t length, uint32_t cookie);

/* A frame in `count` buffers, all or nothing: slots as in net.idl, MORE is set here. ERR_WOULD_BLOCK: no room now. */
status_t net_queue_send(struct net_queue *q, const struct net_slot *slots, uint32_t count);
/* The driver looks at what was supplied and sent. */
void net_queue_kick(struct net_queue *q);

/* A buffer of a frame that was sent comes back. ERR_WOULD_BLOCK: none now. */
status_t net_queue_sent(struct net_queue *q, uint32_t *cookie);

/* A whole frame, in up to NET_PARTS_MAX buffers, which are the caller's again. ERR_WOULD_BLOCK: none now.
 * ERR_PROTOCOL, of both: the driver breaks the
 * rules; its next instance may do better. */
status_t net_queue_receive(struct net_queue *q, struct net_slot *slots, uint32_t *count);

/* Until there may be something to receive, a buffer back, or another state of the link. ERR_TIMED_OUT; ERR_CLOSED:
 * the device is given up. */
status_t net_queue_wait(struct net_queue *q, uint64_t deadline);
