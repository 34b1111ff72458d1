/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's attachment as a driver's class library sees it: rings in the client's memory (sys/lib/session.h), its
 * data memory that the device
 * reaches, and where to signal it. devmgr keeps all that for the driver's next instance (device_keep).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/driver/driver.h"
#include "sys/driver/keep.h"
#include "sys/lib/session.h"

/* The protocol's rings, in their order; `end` is the driver's. */
struct session_shape {
	uint32_t rings;
	struct {
		uint32_t slot_size;
		enum ring_end end;
	} ring[SESSION_RINGS_MAX];
};

/* What `attach` brought */
struct session_offer {
	uint64_t badge, bits;
	uint32_t depth;
	handle_t memory, data, notification;
};

struct session_port {
	struct device *dev;
	const struct session_shape *shape;
	uint32_t slot; /* with devmgr */
	uint64_t badge, bits;
	uint32_t depth;
	handle_t notification;
	struct session_shared *shared;
	size_t bytes;
	struct dma data;
	bool live;   /* the client has prepared the rings for this instance */
	bool broken; /* it broke the rules: not served until it attaches anew */
	struct ring rings[SESSION_RINGS_MAX];
};

#define SESSION_DEPTH_MAX 1024

/* Takes the offer's handles over, also on an error. Slot: for devmgr, below KEEP_MAX. The client is told that an
 * instance is there.
 * ERR_INVALID: memory or depth do not fit. */
status_t session_port_open(struct session_port *s, struct device *dev, const struct session_shape *shape, uint32_t slot,
			   const struct session_offer *offer);

/* The same with what the last instance kept in that slot. ERR_NOT_FOUND: nothing. */
status_t session_port_reopen(struct session_port *s, struct device *dev, const struct session_shape *shape,
			     uint32_t slot);

/* The device no longer reaches the data: everything is given back. */
void session_port_close(struct session_port *s);

/* May the rings be used? Looks whether the client has prepared them, the first time. */
bool session_port_ready(struct session_port *s);

/* The client broke the rules: its rings are not touched any more. */
void session_port_break(struct session_port *s);

void session_port_signal(struct session_port *s);

/* Is nobody left who could wait for its signals? */
bool session_port_abandoned(const struct session_port *s);

/* Bytes from `offset` on, inside of the data memory? */
static inline bool session_port_holds(const struct session_port *s, uint64_t offset, uint64_t size)
{
	return offset <= s->data.size && size <= s->data.size - offset;
}
