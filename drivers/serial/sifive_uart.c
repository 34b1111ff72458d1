/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's UART (FU540-C000 manual, chapter "Universal Asynchronous Receiver/Transmitter"). The rate is the
 * firmware's until a client sets another one. */
#include "sys/driver/provider.h"
#include "sys/driver/serial_port.h"

enum {
	TXDATA = 0x00,
	RXDATA = 0x04,
	TXCTRL = 0x08,
	RXCTRL = 0x0c,
	IE = 0x10,
	IP = 0x14,
	DIV = 0x18,
	REGISTERS_END = 0x1c,
};
enum {
	CTRL_ENABLE = 1 << 0,
	TXCTRL_STOP2 = 1 << 1,
	TXCTRL_WATERMARK_1 = 1 << 16, /* the interrupt is pending while the queue holds less than one byte */
	IRQ_TX = 1 << 0,
	IRQ_RX = 1 << 1,
	DIV_MAX = 0xffff,
};
#define FIFO_STATE (1u << 31) /* txdata: full; rxdata: empty */

#define FIFO_BYTES     8
#define RX_BURST       256 /* bytes taken for one interrupt, so that a stuck device cannot hold the loop */
#define BAUD_ERROR_MAX 33

struct uart {
	struct serial_port port;
	struct device *dev;
	struct regs regs;
	uint32_t clock_hz;
	struct serial_line line;
};

static struct uart uart;

static void send(void *hw)
{
	struct uart *u = hw;
	uint8_t byte;

	for (int i = 0;
	     i < FIFO_BYTES && serial_port_peek(&u->port, &byte) && !(reg_read32(&u->regs, TXDATA) & FIFO_STATE); i++) {
		reg_write32(&u->regs, TXDATA, byte);
		serial_port_sent(&u->port);
	}
	reg_write32(&u->regs, IE, IRQ_RX | (serial_port_peek(&u->port, &byte) ? IRQ_TX : 0u));
}

/* The queue is empty. Of the shift register the block says nothing. */
static bool idle(void *hw)
{
	struct uart *u = hw;

	return reg_read32(&u->regs, IP) & IRQ_TX;
}

static void receive(struct uart *u)
{
	for (int i = 0; i < RX_BURST; i++) {
		uint32_t data = reg_read32(&u->regs, RXDATA);

		if (data & FIFO_STATE)
			break;
		serial_port_received(&u->port, (uint8_t)data);
	}
}

static void line_get(void *hw, struct serial_line *line)
{
	struct uart *u = hw;

	*line = u->line;
	line->data_bits = 8;
	line->stop_bits = reg_read32(&u->regs, TXCTRL) & TXCTRL_STOP2 ? 2 : 1;
	if (u->clock_hz)
		line->baud = u->clock_hz / ((reg_read32(&u->regs, DIV) & DIV_MAX) + 1);
}

static status_t line_set(void *hw, const struct serial_line *line)
{
	struct uart *u = hw;

	if (line->data_bits != 8 || line->parity != SERIAL_PARITY_NONE || !u->clock_hz || !line->baud)
		return ERR_UNSUPPORTED;
	uint32_t divisor = (uint32_t)(((uint64_t)u->clock_hz + line->baud / 2) / line->baud);
	if (divisor < 16 || divisor - 1 > DIV_MAX)
		return ERR_UNSUPPORTED;
	uint64_t real = u->clock_hz / divisor;
	if ((real > line->baud ? real - line->baud : line->baud - real) * BAUD_ERROR_MAX > line->baud)
		return ERR_UNSUPPORTED;
	reg_write32(&u->regs, DIV, divisor - 1);
	reg_write32(&u->regs, TXCTRL, CTRL_ENABLE | TXCTRL_WATERMARK_1 | (line->stop_bits == 2 ? TXCTRL_STOP2 : 0u));
	return OK;
}

static const struct serial_hw hw = {
	.send = send,
	.idle = idle,
	.line_get = line_get,
	.line_set = line_set,
};

static void irq(struct device *dev, uint32_t index)
{
	struct uart *u = device_context(dev);

	(void)index;
	serial_port_interrupted(&u->port);
	receive(u);
	send(u);
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
	reg_write32(&u->regs, IE, 0);
}

/* The firmware left it on; its rate may be unknown. */
static void clock_prepare(struct uart *u)
{
	struct device_use clock;
	uint64_t hz;

	u->clock_hz = device_u32(u->dev, "clock-frequency", 0);
	if (device_clock(u->dev, NULL, 0, &clock) == OK && device_clock_enable(&clock) == OK &&
	    device_clock_rate(&clock, &hz) == OK && hz <= UINT32_MAX)
		u->clock_hz = (uint32_t)hz;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct uart *u = &uart;
	const char *console = device_console(dev);
	struct serial_line chosen;

	u->dev = dev;
	status_t status = device_regs(dev, 0, &u->regs);
	if (status == OK && u->regs.size < REGISTERS_END)
		status = ERR_BAD_FORMAT;
	if (status == OK)
		status = serial_port_init(&u->port, dev, &hw, u);
	if (status != OK)
		return status;
	clock_prepare(u);
	if (!console || !serial_line_parse(console, &u->line))
		u->line.baud = device_u32(dev, "current-speed", 0);

	reg_write32(&u->regs, IE, 0);
	reg_write32(&u->regs, TXCTRL, (reg_read32(&u->regs, TXCTRL) & TXCTRL_STOP2) | CTRL_ENABLE | TXCTRL_WATERMARK_1);
	reg_write32(&u->regs, RXCTRL, CTRL_ENABLE);
	if (start == DRIVER_RESTART && serial_port_line_chosen(&u->port, &chosen))
		status = line_set(u, &chosen);
	if (status != OK)
		return status;
	device_set_context(dev, u);
	receive(u);
	send(u);
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
	.name = "sifive_uart",
	.class = DRIVER_CLASS_SERIAL,
	.state_bytes = SERIAL_STATE_BYTES,
	.matches =
		{
			DRIVER_COMPATIBLE_WITHOUT("sifive,uart0", 0, DRIVER_LEFT_ON),
		},
};
