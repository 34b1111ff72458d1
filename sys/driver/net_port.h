/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The class library of network interfaces: the protocol `net`, the client's rings, which buffers the device has. A
 * driver
 * gives frames and empty buffers to its device and says what became of them.
 *
 *   driver .bind:  the device's own, then net_port_init
 *   hw .send, .supply: something for the device; hw .kick: that was all for now
 *   driver .irq:   net_port_sent, net_port_received for what the device has finished, then net_port_serve
 *   driver .ops:   &net_port_ops, with the port as context
 *   manifest:      .state_bytes = NET_STATE_BYTES
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/net.h"
#include "sys/driver/driver.h"
#include "sys/driver/session_port.h"

#define NET_TAGS 256 /* frames, and empty buffers, with the device at a time, at most */

/* What outlives an instance */
struct net_state {
	uint64_t magic;
	struct net_counters counters;
	uint64_t promiscuous;
};
#define NET_STATE_BYTES sizeof(struct net_state)

/* A piece of memory of the frame, as the device sees it */
struct net_piece {
	uint64_t bus;
	uint32_t length;
};

/* A frame to send: checked. What it asks of the device is in `slot`, its first one. */
struct net_frame {
	const struct net_slot *slot;
	uint32_t bytes;
	uint16_t count, tag; /* of pieces; the tag comes back in net_port_sent */
	struct net_piece pieces[NET_PARTS_MAX];
};

struct net_hw {
	/* ERR_WOULD_BLOCK: no room; it is offered again after the next net_port_sent. Another error: it is dropped. */
	status_t (*send)(void *hw, const struct net_frame *frame);
	/* An empty buffer, headroom included. ERR_WOULD_BLOCK likewise, after net_port_received. */
	status_t (*supply)(void *hw, const struct net_piece *piece, uint16_t tag);
	void (*kick)(void *hw);
	/* The device is to forget every frame and buffer, and go on without. */
	status_t (*restart)(void *hw);
	/* May be NULL. */
	status_t (*promiscuous)(void *hw, bool on);
};

struct net_tx {
	uint16_t count, next;
	bool busy;
	struct {
		uint32_t offset, cookie;
	} slots[NET_PARTS_MAX];
};

struct net_rx {
	uint32_t offset, length, cookie;
	uint16_t next;
	bool busy;
};

struct net_port {
	struct device *dev;
	const struct net_hw *hw;
	void *hw_context;
	struct net_info info;
	struct net_state *state;
	handle_t doorbell;
	uint64_t doorbell_bits;

	struct session_port session;
	bool attached;
	bool kick; /* the device was given something since the last kick */

	struct net_tx tx[NET_TAGS];
	struct net_rx rx[NET_TAGS];
	uint16_t tx_free, rx_free;
	uint32_t tx_out, rx_out; /* slots taken and not given back */

	/* the frame that is being put together, or waits for room in the device */
	struct net_slot parts[NET_PARTS_MAX];
	uint32_t part_count, part_bytes;
	bool part_bad, part_whole;
	struct net_slot supply; /* likewise, an empty buffer */
	bool supply_held;
};

extern const struct net_ops net_port_ops;

status_t net_port_init(struct net_port *port, struct device *dev, const struct net_hw *hw, void *hw_context,
		       const struct net_info *info);

/* The frame has left, or was lost: its buffers go back. */
void net_port_sent(struct net_port *port, uint16_t tag);

/* A part of a frame that came: `length` bytes from `skip` on in the buffer `tag`; 0: the device gave something that
 * is no frame. slot: its flags and offload fields; MORE in all parts but the
 * last. */
void net_port_received(struct net_port *port, uint16_t tag, uint32_t skip, uint32_t length,
		       const struct net_slot *slot);

/* The driver's view of an empty buffer that the device has filled: `size` bytes from its start. The client may change
 * them at any time. */
const volatile void *net_port_buffer(const struct net_port *port, uint16_t tag, uint32_t size);

/* After the last of them: shows it to the client, and takes more. */
void net_port_serve(struct net_port *port);

/* The link went up or down. */
void net_port_link(struct net_port *port, bool up);
