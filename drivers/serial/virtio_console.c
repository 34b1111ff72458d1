/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio consoles (section 5.3 of Virtio 1.2): the first port, as a serial line. */
#include "sys/driver/serial_port.h"
#include "sys/driver/virtio/virtio.h"

enum { QUEUE_RX, QUEUE_TX };

#define RX_BUFFERS   16
#define RX_BYTES     128
#define TX_BYTES     2048
#define MEMORY_BYTES (RX_BUFFERS * RX_BYTES + TX_BYTES)

struct console {
	struct virtio virtio;
	struct virtqueue rx, tx;
	struct serial_port port;
	struct dma memory;                  /* receive buffers, then what is being sent */
	uint16_t rx_buffers[VIRTQUEUE_MAX]; /* by head */
	bool sending;
};

static struct console console;

static status_t rx_supply(struct console *c, uint16_t buffer)
{
	const struct virtio_buffer b = {c->memory.bus + buffer * RX_BYTES, RX_BYTES, true};
	uint16_t head;
	status_t status = virtqueue_add(&c->rx, &b, 1, &head);

	if (status == OK)
		c->rx_buffers[head] = buffer;
	return status;
}

/* One buffer at a time. The bytes are sent when the device has been told of them: an instance that dies before that
 * leaves them to the next. */
static void send(void *hw)
{
	struct console *c = hw;
	uint8_t *bytes = (uint8_t *)c->memory.cpu + RX_BUFFERS * RX_BYTES;
	uint32_t count;
	uint16_t head;

	if (c->sending || c->virtio.broken)
		return;
	count = serial_port_peek_many(&c->port, bytes, TX_BYTES);
	if (!count)
		return;
	const struct virtio_buffer b = {c->memory.bus + RX_BUFFERS * RX_BYTES, count, false};
	dma_to_device(&c->memory, RX_BUFFERS * RX_BYTES, count);
	if (virtqueue_add(&c->tx, &b, 1, &head) != OK)
		return;
	c->sending = true;
	virtqueue_kick(&c->tx);
	serial_port_sent_many(&c->port, count);
}

static void sent(struct console *c)
{
	uint16_t head;
	uint32_t written;

	do {
		while (virtqueue_take(&c->tx, &head, &written))
			c->sending = false;
	} while (!virtqueue_sleep(&c->tx));
}

static bool idle(void *hw)
{
	struct console *c = hw;

	sent(c); /* at the end of the system no interrupt says so */
	return !c->sending;
}

/* There is no line: any format will do. */
static void line_get(void *hw, struct serial_line *line)
{
	(void)hw;
	line->data_bits = 8;
	line->stop_bits = 1;
}

static status_t line_set(void *hw, const struct serial_line *line)
{
	(void)hw;
	return line->data_bits == 8 ? OK : ERR_UNSUPPORTED;
}

static const struct serial_hw serial_hw = {.send = send, .idle = idle, .line_get = line_get, .line_set = line_set};

static void receive(struct console *c)
{
	uint16_t head;
	uint32_t written;

	do {
		while (virtqueue_take(&c->rx, &head, &written)) {
			uint16_t buffer = c->rx_buffers[head];
			const uint8_t *bytes = (const uint8_t *)c->memory.cpu + buffer * RX_BYTES;

			dma_from_device(&c->memory, buffer * RX_BYTES, written);
			for (uint32_t i = 0; i < written; i++)
				serial_port_received(&c->port, bytes[i]);
			(void)rx_supply(c, buffer); /* it has just made room */
		}
	} while (!virtqueue_sleep(&c->rx));
	virtqueue_kick(&c->rx);
}

static void irq(struct device *dev, uint32_t index)
{
	struct console *c = &console;

	(void)dev, (void)index;
	if (!virtio_irq(&c->virtio))
		return;
	serial_port_interrupted(&c->port);
	receive(c);
	sent(c);
	send(c);
	serial_port_serve(&c->port);
}

static void timer(struct device *dev)
{
	(void)dev;
	serial_port_timer(&console.port);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct console *c = &console;
	status_t status = virtio_open(&c->virtio, dev, VIRTIO_CONSOLE);

	(void)start;
	c->rx = c->tx = (struct virtqueue){0};
	c->sending = false;
	if (status == OK)
		status = virtio_negotiate(&c->virtio, 0, 0);
	if (status == OK)
		status = virtqueue_init(&c->rx, &c->virtio, QUEUE_RX, RX_BUFFERS, 1);
	if (status == OK)
		status = virtqueue_init(&c->tx, &c->virtio, QUEUE_TX, RX_BUFFERS, 1);
	if (status == OK)
		status = device_dma_alloc(dev, MEMORY_BYTES, &c->memory);
	if (status == OK)
		status = serial_port_init(&c->port, dev, &serial_hw, c);
	if (status != OK)
		return status;
	virtio_start(&c->virtio);
	for (uint16_t i = 0; i < RX_BUFFERS && rx_supply(c, i) == OK; i++)
		;
	(void)virtqueue_sleep(&c->rx);
	(void)virtqueue_sleep(&c->tx);
	virtqueue_kick(&c->rx);
	device_set_context(dev, &c->port);
	send(c); /* goes on with what the last instance left */
	return OK;
}

static void unbind(struct device *dev)
{
	(void)dev;
	serial_port_finish(&console.port);
	(void)virtio_reset(&console.virtio);
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
	DRIVER_MANIFEST_HEAD,         .name = "virtio_console",
	.class = DRIVER_CLASS_SERIAL, .state_bytes = SERIAL_STATE_BYTES,
	.dma_bytes = 32u << 10,       .matches = {VIRTIO_MATCHES("3", "1043", "1003")},
};
