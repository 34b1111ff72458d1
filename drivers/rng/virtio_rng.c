/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio entropy devices (section 5.4 of Virtio 1.2): a queue of buffers to be filled. */
#include <string.h>

#include "protocols/rng.h"
#include "sys/driver/virtio/virtio.h"
#include "sys/lib/syscall.h"

#define WAITING_MAX 32 /* calls that wait; more get ERR_BUSY */

struct waiting {
	handle_t reply;
	uint32_t length, done;
};

static struct virtio virtio;
static struct virtqueue queue;
static struct dma memory;
static struct waiting calls[WAITING_MAX]; /* in order; the device works for the first */
static unsigned call_count;
static bool asked;

static void ask(void)
{
	uint16_t head;

	if (!call_count || asked || virtio.broken)
		return;
	const struct virtio_buffer buffer = {memory.bus, calls[0].length - calls[0].done, true};
	if (virtqueue_add(&queue, &buffer, 1, &head) != OK)
		return; /* one at a time: there is room, unless the device has failed */
	asked = true;
	virtqueue_kick(&queue);
}

static void first_done(status_t status)
{
	(void)rng_read_reply(calls[0].reply, status);
	call_count--;
	memmove(calls, calls + 1, call_count * sizeof(calls[0]));
}

/* The device may give less than it was asked for, but not nothing. */
static void filled(uint32_t written)
{
	struct waiting *call = &calls[0];

	asked = false;
	if (!written) {
		virtio_fail(&virtio, "the device gives no bytes");
		return;
	}
	dma_from_device(&memory, 0, written);
	status_t status = lease_write(call->reply, RNG_READ_LEASE_DATA, call->done, memory.cpu, written);
	memset(memory.cpu, 0, written); /* whose they are, no one else is to know */
	call->done += written;
	if (status != OK || call->done == call->length)
		first_done(status);
}

static void irq(struct device *dev, uint32_t index)
{
	uint16_t head;
	uint32_t written;

	(void)dev, (void)index;
	if (!virtio_irq(&virtio))
		return;
	do {
		while (virtqueue_take(&queue, &head, &written))
			filled(written);
	} while (!virtqueue_sleep(&queue));
	ask();
}

static status_t op_read(void *ctx, struct ipc_request *rq, size_t length)
{
	struct waiting call = {.length = (uint32_t)length};

	(void)ctx;
	if (!length)
		return OK;
	if (call_count == WAITING_MAX)
		return ERR_BUSY;
	status_t status = ipc_request_save(rq, &call.reply);
	if (status != OK)
		return status;
	calls[call_count++] = call;
	ask();
	return IPC_DEFERRED;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	status_t status = virtio_open(&virtio, dev, VIRTIO_RNG);

	(void)start;
	queue = (struct virtqueue){0};
	call_count = 0;
	asked = false;
	if (status == OK)
		status = virtio_negotiate(&virtio, 0, 0);
	if (status == OK)
		status = virtqueue_init(&queue, &virtio, 0, 8, 1);
	if (status == OK)
		status = device_dma_alloc(dev, RNG_TRANSFER_MAX, &memory);
	if (status != OK)
		return status;
	virtio_start(&virtio);
	(void)virtqueue_sleep(&queue);
	return OK;
}

static void unbind(struct device *dev)
{
	(void)dev;
	(void)virtio_reset(&virtio);
}

static const struct rng_ops ops = {.read = op_read};

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.unbind = unbind,
	.protocol = &rng_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "virtio_rng",
	.class = DRIVER_CLASS_RNG,
	.dma_bytes = 16u << 10,
	.matches = {VIRTIO_MATCHES("4", "1044", "1005")},
};
