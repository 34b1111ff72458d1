/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The class library of disks: the protocol `block`, clients' windows and rings, calls that wait. A driver
 * gives requests to its device and says when they are done.
 *
 *   driver .bind:  the device's own, then block_port_init with what it can do
 *   hw .submit:    a request for the device; hw .kick: that was all for now
 *   driver .irq:   block_port_done for each request that the device has finished, then block_port_serve
 *   driver .timer: block_port_timer
 *   driver .ops:   &block_port_ops, with the port as context
 *   manifest:      .state_bytes = BLOCK_STATE_BYTES; .dma_bytes: the driver's own and BLOCK_PORT_DMA_BYTES
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/block.h"
#include "sys/driver/block_state.h"
#include "sys/driver/driver.h"
#include "sys/driver/session_port.h"

#define BLOCK_IOS_MAX        256 /* requests with the device at a time, at most */
#define BLOCK_SESSIONS_MAX   64
#define BLOCK_SYNC_ACTIVE    8 /* pieces of calls that the device has at a time, at most; each has a buffer */
#define BLOCK_SYNC_BYTES     131072u
#define BLOCK_SYNC_MAX       64 /* calls; more get ERR_BUSY */
#define BLOCK_PORT_DMA_BYTES (BLOCK_SYNC_ACTIVE * BLOCK_SYNC_BYTES)

/* One request as the driver sees it: checked, of this disk. FLUSH has no blocks, only READ and WRITE have data. */
struct block_io {
	uint64_t block;
	uint64_t bus; /* of the data, in one piece */
	uint32_t count;
	uint8_t op;     /* enum block_op */
	uint16_t index; /* below the depth; among those with the driver each is there once */

	/* the port's */
	uint8_t owner; /* a session's number, or BLOCK_IO_SYNC + a piece's */
	bool busy;
	uint16_t next;
	uint64_t id;
};
#define BLOCK_IO_SYNC BLOCK_SESSIONS_MAX

struct block_hw {
	/* There is room: the port gives at most info.depth at a time. Anything but OK is the request's result, and it
	 * is done with. */
	status_t (*submit)(void *hw, const struct block_io *io);
	void (*kick)(void *hw);
};

struct block_session {
	struct session_port port;
	uint64_t base, blocks; /* its window */
	bool read_only;
	bool closing; /* until its last request has ended */
	uint32_t inflight;
	handle_t reply; /* of detach */
};

/* A caller who waits */
struct block_sync {
	handle_t reply;
	uint8_t op; /* enum block_op */
	uint32_t under_way;
	status_t status;
	uint64_t block, left;
	uint64_t moved; /* bytes given to the device */
};

/* Of a call, with the device */
struct block_piece {
	struct dma bounce;
	uint64_t at; /* bytes of the call before it */
	uint32_t count;
	uint8_t call;
	bool busy;
};

struct block_port {
	struct device *dev;
	const struct block_hw *hw;
	void *hw_context;
	struct block_info info;
	struct block_state *state;
	handle_t doorbell;
	uint64_t doorbell_bits;

	struct block_io ios[BLOCK_IOS_MAX];
	uint16_t io_free; /* list of those for sessions */
	uint32_t io_limit;
	bool submitted; /* since the last kick */

	struct block_session sessions[BLOCK_SESSIONS_MAX];
	uint64_t session_mask, dirty_mask; /* in use; with answers to show */
	unsigned turn;

	struct block_sync calls[BLOCK_SYNC_MAX];
	struct block_piece pieces[BLOCK_SYNC_ACTIVE];
	uint64_t calls_open, calls_more; /* those that there are; of them, with pieces that the device has not had */
	unsigned piece_count; /* that have their buffer: the first one always, others when they were needed */
	unsigned piece_most;
	unsigned call_turn; /* whose piece is the next */

	uint32_t with_device;
	uint64_t finished, finished_seen; /* for the watchdog */
	bool watched;
};

extern const struct block_ops block_port_ops;

/* info: of the whole disk. Attachments of the last instance are taken over. ERR_NO_MEMORY: the manifest does not ask
 * for the state memory. */
status_t block_port_init(struct block_port *port, struct device *dev, const struct block_hw *hw, void *hw_context,
			 const struct block_info *info);

/* The disk's name of the last instance, if that found one (asking a disk for it may take long) */
bool block_port_serial_known(struct device *dev, char serial[32]);

/* The device has finished a request. status: OK, ERR_IO or ERR_UNSUPPORTED */
void block_port_done(struct block_port *port, uint16_t index, status_t status);
/* After the last block_port_done: answers are shown, further requests taken. */
void block_port_serve(struct block_port *port);
void block_port_timer(struct block_port *port);
/* Of the requests that the device has */
uint32_t block_port_busy(const struct block_port *port);

/* ---- between the library's files ---- */

void block_io_start(struct block_port *port, struct block_io *io);
/* The device looks at what was started. */
void block_io_kick(struct block_port *port);
/* Half of the device's depth at most is for calls. ERR_NO_MEMORY: not even one buffer */
status_t block_sync_init(struct block_port *port);
void block_sync_start(struct block_port *port);
void block_sync_done(struct block_port *port, unsigned number, status_t status);
/* The window of a caller's handle. ERR_ACCESS: it is lost. */
struct block_window {
	uint64_t base, blocks;
	bool read_only;
};
status_t block_window_find(const struct block_port *port, uint64_t badge, struct block_window *out);
status_t block_sync_call(struct block_port *port, struct ipc_request *rq, enum block_op op, uint64_t block,
			 uint64_t count);
