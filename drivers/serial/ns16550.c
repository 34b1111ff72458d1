/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UARTs of the 16550 family, and Synopsys' DW_apb_uart with its two peculiarities: LCR cannot be
 * written while the UART is busy, and such an attempt raises an interrupt (IIR 7) that only reading USR ends.
 *
 * The line's format is the firmware's until a client sets another one: nothing else is then written to
 * LCR and the divisor. FIFOs are not cleared on a restart, so that no byte in them is lost.
 */
#include "sys/driver/serial_port.h"

enum {
	RBR = 0,
	THR = 0,
	DLL = 0,
	IER = 1,
	DLM = 1,
	IIR = 2,
	FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
	USR = 0x1f, /* DW */
};
enum {
	IER_RX = 1 << 0,
	IER_TX = 1 << 1,
	IER_LINE = 1 << 2,

	IIR_ID = 0xf,
	IIR_NONE = 0x1,
	IIR_BUSY = 0x7, /* DW */
	IIR_TIMEOUT = 0xc,
	IIR_FIFOS = 0xc0,

	FCR_ENABLE = 1 << 0,
	FCR_CLEAR = 3 << 1,
	FCR_TRIGGER_HALF = 2 << 6,

	LCR_STOP2 = 1 << 2,
	LCR_PARITY = 1 << 3,
	LCR_EVEN = 1 << 4,
	LCR_BREAK = 1 << 6,
	LCR_DLAB = 1 << 7,

	MCR_DTR = 1 << 0,
	MCR_RTS = 1 << 1,
	MCR_OUT2 = 1 << 3, /* switches the interrupt through on PCs */
	MCR_AUTOFLOW = 1 << 5,

	LSR_DATA = 1 << 0,
	LSR_OVERRUN = 1 << 1,
	LSR_PARITY = 1 << 2,
	LSR_FRAMING = 1 << 3,
	LSR_BREAK = 1 << 4,
	LSR_TX_READY = 1 << 5,
	LSR_TX_IDLE = 1 << 6,
	LSR_GONE = 0xff, /* no UART answers this: nobody is there */
};
enum { PLAIN = 0, DW = 1 }; /* data of the manifest */

#define FIFO_BYTES     16
#define FIFO_MAX       256
#define RX_BURST       256 /* bytes taken for one interrupt, so that a stuck device cannot hold the loop */
#define EVENTS_MAX     16  /* causes looked at for one interrupt */
#define LCR_TRIES      1000
#define BAUD_ERROR_MAX 33 /* 1/33: what a receiver forgives */

struct uart {
	struct serial_port port;
	struct device *dev;
	struct regs regs;
	bool dw;
	uint8_t ier;
	uint32_t fifo, clock_hz;
	struct serial_line line; /* as the firmware left it, if the tree knows */
};

static struct uart uart;

static uint8_t read(struct uart *u, uint32_t reg)
{
	return (uint8_t)reg_read(&u->regs, reg);
}

static void ier_set(struct uart *u, uint8_t ier)
{
	if (ier != u->ier)
		reg_write(&u->regs, IER, ier);
	u->ier = ier;
}

static uint8_t lsr_read(struct uart *u)
{
	uint8_t lsr = read(u, LSR);

	if (lsr == LSR_GONE) {
		device_fail(u->dev, "the device does not answer any more");
		return 0;
	}
	if (lsr & (LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK))
		serial_port_error(&u->port, (lsr & LSR_OVERRUN ? SERIAL_ERROR_OVERRUN : 0u) |
						    (lsr & LSR_PARITY ? SERIAL_ERROR_PARITY : 0u) |
						    (lsr & LSR_FRAMING ? SERIAL_ERROR_FRAMING : 0u) |
						    (lsr & LSR_BREAK ? SERIAL_ERROR_BREAK : 0u));
	return lsr;
}

/* Takes LSR as just read (reading it clears what it reported), returns it as read last. */
static uint8_t receive(struct uart *u, uint8_t lsr)
{
	for (int i = 0; i < RX_BURST && (lsr & LSR_DATA); i++) {
		uint8_t byte = read(u, RBR);

		/* A break comes with a zero byte that nobody sent. */
		if (!(lsr & LSR_BREAK))
			serial_port_received(&u->port, byte);
		lsr = lsr_read(u);
	}
	return lsr;
}

static void transmit(struct uart *u, uint8_t lsr)
{
	uint8_t byte;

	if (lsr & LSR_TX_READY) {
		for (uint32_t i = 0; i < u->fifo && serial_port_peek(&u->port, &byte); i++) {
			reg_write(&u->regs, THR, byte);
			serial_port_sent(&u->port);
		}
	}
	ier_set(u, (uint8_t)(IER_RX | IER_LINE | (serial_port_peek(&u->port, &byte) ? IER_TX : 0)));
}

static void send(void *hw)
{
	transmit(hw, lsr_read(hw));
}

static bool idle(void *hw)
{
	struct uart *u = hw;

	return lsr_read(u) & LSR_TX_IDLE;
}

/* ---- line format ------------------------------------------------------------------------------ */

/* ERR_IO: the UART stayed busy. */
static status_t lcr_write(struct uart *u, uint8_t lcr)
{
	for (int i = 0; i < LCR_TRIES; i++) {
		reg_write(&u->regs, LCR, lcr);
		if (read(u, LCR) == lcr)
			return OK;
		/* What keeps it busy is in the FIFOs, or comes in right now. */
		reg_write(&u->regs, FCR, FCR_ENABLE | FCR_CLEAR);
		reg_write(&u->regs, FCR, FCR_ENABLE | FCR_TRIGGER_HALF);
		(void)read(u, RBR);
	}
	return ERR_IO;
}

static status_t line_set(void *hw, const struct serial_line *line)
{
	struct uart *u = hw;
	uint64_t rate = (uint64_t)line->baud * 16;
	uint64_t divisor = rate ? (u->clock_hz + rate / 2) / rate : 0;

	if (!u->clock_hz || !divisor || divisor > 0xffff)
		return ERR_UNSUPPORTED;
	uint64_t real = u->clock_hz / divisor;
	if ((real > rate ? real - rate : rate - real) * BAUD_ERROR_MAX > rate)
		return ERR_UNSUPPORTED;

	uint8_t lcr = (uint8_t)((line->data_bits - 5) | (line->stop_bits == 2 ? LCR_STOP2 : 0) |
				(line->parity != SERIAL_PARITY_NONE ? LCR_PARITY : 0) |
				(line->parity == SERIAL_PARITY_EVEN ? LCR_EVEN : 0));
	status_t status = lcr_write(u, lcr | LCR_DLAB);
	if (status == OK) {
		reg_write(&u->regs, DLL, (uint32_t)divisor & 0xff);
		reg_write(&u->regs, DLM, (uint32_t)divisor >> 8);
	}
	/* Never leave DLAB set: data and interrupt enable would be unreachable. */
	status_t plain = lcr_write(u, lcr);
	return status != OK ? status : plain;
}

static void line_get(void *hw, struct serial_line *line)
{
	struct uart *u = hw;
	uint8_t lcr = read(u, LCR);

	*line = u->line;
	line->data_bits = (uint8_t)(5 + (lcr & 3));
	line->stop_bits = lcr & LCR_STOP2 ? 2 : 1;
	line->parity = !(lcr & LCR_PARITY) ? SERIAL_PARITY_NONE
		       : lcr & LCR_EVEN    ? SERIAL_PARITY_EVEN
					   : SERIAL_PARITY_ODD;
}

static const struct serial_hw hw = {
	.send = send,
	.idle = idle,
	.line_get = line_get,
	.line_set = line_set,
};

/* ---- the driver ----------------------------------------------------------------------------------- */

static void irq(struct device *dev, uint32_t index)
{
	struct uart *u = device_context(dev);

	(void)index;
	serial_port_interrupted(&u->port);
	for (int i = 0; i < EVENTS_MAX; i++) {
		uint8_t id = read(u, IIR) & IIR_ID;

		if (id == IIR_NONE)
			break;
		if (id == IIR_BUSY && u->dw) {
			(void)reg_read(&u->regs, USR);
			continue;
		}
		uint8_t lsr = lsr_read(u);
		/* A timeout without data is an old mistake of the block; reading ends it. */
		if (id == IIR_TIMEOUT && !(lsr & LSR_DATA))
			(void)read(u, RBR);
		lsr = receive(u, lsr);
		if (!id)
			(void)read(u, MSR);
		transmit(u, lsr);
	}
	serial_port_serve(&u->port);
}

static void timer(struct device *dev)
{
	struct uart *u = device_context(dev);

	serial_port_timer(&u->port);
}

static void unbind(struct device *dev)
{
	struct uart *u = device_context(dev);

	serial_port_finish(&u->port);
	ier_set(u, 0);
}

static status_t regs_open(struct uart *u)
{
	status_t status = device_regs(u->dev, 0, &u->regs);
	uint32_t offset = device_u32(u->dev, "reg-offset", 0);
	uint32_t shift = device_u32(u->dev, "reg-shift", 0);
	uint32_t width = device_u32(u->dev, "reg-io-width", 1);

	if (status != OK)
		return status;
	if (offset >= u->regs.size || shift > 4 || (width != 1 && width != 2 && width != 4) || width > 1u << shift ||
	    offset % width)
		return ERR_BAD_FORMAT;
	u->regs.base += offset;
	u->regs.size -= offset;
	u->regs.shift = (uint8_t)shift;
	u->regs.width = (uint8_t)width;
	return regs_hold(&u->regs, u->dw ? USR : MSR) ? OK : ERR_BAD_FORMAT;
}

/* What the tree says about the line that the firmware set up */
static void line_learn(struct uart *u)
{
	const char *console = device_console(u->dev);

	u->clock_hz = device_clock_hz(u->dev, 0);
	if (!console || !serial_line_parse(console, &u->line))
		u->line.baud = device_u32(u->dev, "current-speed", 0);
}

static status_t device_prepare(struct uart *u, enum driver_start start)
{
	uint8_t lcr = read(u, LCR);
	struct serial_line chosen;

	/* An instance that died may have left access to the divisor, or a break, behind. */
	if (lcr & (LCR_DLAB | LCR_BREAK)) {
		status_t status = lcr_write(u, lcr & (uint8_t) ~(LCR_DLAB | LCR_BREAK));
		if (status != OK)
			return status;
	}
	reg_write(&u->regs, IER, 0);
	u->ier = 0;
	reg_write(&u->regs, MCR,
		  MCR_DTR | MCR_RTS | MCR_OUT2 | (device_flag(u->dev, "auto-flow-control") ? MCR_AUTOFLOW : 0u));
	reg_write(&u->regs, FCR, FCR_ENABLE | FCR_TRIGGER_HALF);
	uint32_t fifo = device_u32(u->dev, "fifo-size", FIFO_BYTES);
	u->fifo = (read(u, IIR) & IIR_FIFOS) != IIR_FIFOS || !fifo ? 1 : fifo > FIFO_MAX ? FIFO_MAX : fifo;
	if (u->dw)
		(void)reg_read(&u->regs, USR);
	if (start == DRIVER_RESTART && serial_port_line_chosen(&u->port, &chosen))
		return line_set(u, &chosen);
	return OK;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct uart *u = &uart;

	u->dev = dev;
	u->dw = device_match(dev) == DW;
	status_t status = regs_open(u);
	if (status == OK)
		status = serial_port_init(&u->port, dev, &hw, u);
	if (status != OK)
		return status;
	if (read(u, LSR) == LSR_GONE)
		return ERR_NOT_FOUND;
	line_learn(u);
	status = device_prepare(u, start);
	if (status != OK)
		return status;
	device_set_context(dev, u);
	transmit(u, receive(u, lsr_read(u))); /* goes on with what the last instance left, and enables interrupts */
	return OK;
}

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.timer = timer,
	.unbind = unbind,
	.protocol = &serial_protocol,
	.ops = &serial_port_ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "ns16550",
	.class = DRIVER_CLASS_SERIAL,
	.state_bytes = SERIAL_STATE_BYTES,
	.matches =
		{
			DRIVER_COMPATIBLE_WITHOUT("starfive,jh7110-uart", DW, DRIVER_LEFT_ON),
			DRIVER_COMPATIBLE_WITHOUT("snps,dw-apb-uart", DW, DRIVER_LEFT_ON),
			DRIVER_COMPATIBLE_WITHOUT("ns16550a", PLAIN, DRIVER_LEFT_ON),
			DRIVER_COMPATIBLE_WITHOUT("ns16550", PLAIN, DRIVER_LEFT_ON),
		},
};
