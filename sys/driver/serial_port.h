/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The class library of serial lines: queues, readers and writers that wait, the protocol `serial`. A
 * UART driver fills in struct serial_hw, hands over what it receives and fetches what it is to send.
 *
 *   driver .irq:   read the device → serial_port_received; room in the device → serial_port_peek, write,
 *                  serial_port_sent; at the end serial_port_serve
 *   driver .timer: serial_port_timer
 *   driver .ops:   &serial_port_ops, with the port as context
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/serial.h"
#include "sys/driver/driver.h"
#include "sys/driver/serial_state.h"

#define SERIAL_WAITERS_MAX 32 /* callers of each kind that wait at once; more get ERR_BUSY */

struct serial_hw {
	/* Bytes wait to be sent: fill the device, and go on when it has room again. */
	void (*send)(void *hw);
	/* Has everything given to the device left it? */
	bool (*idle)(void *hw);
	/* The format as far as the driver knows it: unknown rates and lengths stay 0 */
	void (*line_get)(void *hw, struct serial_line *line);
	/* Called when nothing is being sent; line is checked (lengths, parity) but for the rate. */
	status_t (*line_set)(void *hw, const struct serial_line *line);
};

/* What the device said about a received byte, or instead of one */
enum {
	SERIAL_ERROR_OVERRUN = 1 << 0,
	SERIAL_ERROR_PARITY = 1 << 1,
	SERIAL_ERROR_FRAMING = 1 << 2,
	SERIAL_ERROR_BREAK = 1 << 3,
};

struct serial_waiter {
	handle_t reply;
	uint64_t badge, id;
	uint32_t len;
	bool set_line; /* a drain that goes on to set the format */
	struct serial_line line;
};

/* First come, first served */
struct serial_waiters {
	struct serial_waiter list[SERIAL_WAITERS_MAX];
	uint32_t count;
};

struct serial_port {
	struct device *dev;
	struct serial_state *state;
	const struct serial_hw *hw;
	void *hw_context;
	struct serial_waiters readers, writers, drainers;
};

extern const struct serial_ops serial_port_ops;

/* Takes over what the last instance left. ERR_NO_MEMORY: the manifest's state_bytes is not SERIAL_STATE_BYTES. */
status_t serial_port_init(struct serial_port *port, struct device *dev, const struct serial_hw *hw, void *hw_context);

/* Did an earlier client choose the line's format? The driver sets it again at bind. */
bool serial_port_line_chosen(const struct serial_port *port, struct serial_line *line);

void serial_port_received(struct serial_port *port, uint8_t byte);
void serial_port_error(struct serial_port *port, uint32_t errors);

/* The next byte to send; false: there is none. It counts as sent, and goes, with serial_port_sent. */
bool serial_port_peek(const struct serial_port *port, uint8_t *byte);
void serial_port_sent(struct serial_port *port);
/* Likewise many at a time, for devices that take a buffer; returns how many there are. */
uint32_t serial_port_peek_many(const struct serial_port *port, uint8_t *bytes, uint32_t max);
void serial_port_sent_many(struct serial_port *port, uint32_t count);

/* Answers those whose turn has come; after every interrupt. */
void serial_port_serve(struct serial_port *port);
void serial_port_interrupted(struct serial_port *port);
void serial_port_timer(struct serial_port *port);

/* Waits, for a fraction of a second, until what is queued has left: for driver.unbind. */
void serial_port_finish(struct serial_port *port);

/* Reads "115200n8": what /chosen/stdout-path says after the colon. false: not of that form. */
bool serial_line_parse(const char *options, struct serial_line *line);
