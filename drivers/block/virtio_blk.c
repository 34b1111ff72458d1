/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio block devices (section 5.2 of Virtio 1.2): one queue, as many requests at a time as it has room for. */
#include <string.h>

#include "sys/driver/block_port.h"
#include "sys/driver/virtio/virtio.h"

#define F_SIZE_MAX     (1ull << 1)
#define F_RO           (1ull << 5)
#define F_BLK_SIZE     (1ull << 6)
#define F_FLUSH        (1ull << 9)
#define F_TOPOLOGY     (1ull << 10)
#define F_DISCARD      (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)
#define FEATURES       (F_SIZE_MAX | F_RO | F_BLK_SIZE | F_FLUSH | F_TOPOLOGY | F_DISCARD | F_WRITE_ZEROES)

/* Fields of the configuration (section 5.2.4) */
enum {
	CAPACITY = 0,
	SIZE_MAX_BYTES = 8,
	BLK_SIZE = 20,
	TOPOLOGY_OPT_IO = 28, /* u32, after two bytes and a u16 */
	MAX_DISCARD_SECTORS = 36,
	MAX_WRITE_ZEROES_SECTORS = 48,
};

/* Types and results of requests (section 5.2.6) */
enum {
	T_IN = 0,
	T_OUT = 1,
	T_FLUSH = 4,
	T_GET_ID = 8,
	T_DISCARD = 11,
	T_WRITE_ZEROES = 13,

	S_OK = 0,
	S_IOERR = 1,
	S_UNSUPP = 2,
	S_NONE = 0xff, /* what the driver puts there */
};

#define SECTOR          512u
#define ID_BYTES        20
#define ID_WAIT_NS      1000000000ull
#define ID_STEP_NS      20000ull
#define CHAIN_MAX       3          /* header, data, result */
#define MAX_BYTES       (1u << 20) /* of one request; nothing of ours needs more */
#define STOP_WAIT_STEPS 400
#define STOP_STEP_NS    1000000ull

/* In memory that the device reads and writes, one for each request */
struct request {
	uint32_t type, reserved;
	uint64_t sector;
	struct {
		uint64_t sector;
		uint32_t count, flags;
	} range; /* of DISCARD and WRITE_ZEROES */
	uint8_t id[ID_BYTES];
	uint8_t result;
	uint8_t pad[11];
};
_Static_assert(sizeof(struct request) == 64, "its size says where the next one is");

struct disk {
	struct virtio virtio;
	struct virtqueue queue;
	struct block_port port;
	struct dma memory;
	struct request *requests;
	uint32_t sectors; /* of a block */
	struct {
		uint16_t index;   /* of the request */
		uint32_t written; /* by the device, when all is well */
	} heads[VIRTQUEUE_MAX];
};

static struct disk disk;

/* ---- requests -------------------------------------------------------------------------------- */

/* data: bytes at `bus`, between the header and the result */
static status_t request_add(struct disk *d, uint16_t index, uint32_t type, const struct virtio_buffer *data)
{
	struct request *r = &d->requests[index];
	uint64_t bus = d->memory.bus + index * sizeof(*r);
	struct virtio_buffer buffers[CHAIN_MAX] = {{bus, 16, false}};
	uint16_t count = 1, head;

	r->type = type;
	r->result = S_NONE;
	if (data)
		buffers[count++] = *data;
	buffers[count++] = (struct virtio_buffer){bus + offsetof(struct request, result), 1, true};
	status_t status = virtqueue_add(&d->queue, buffers, count, &head);
	if (status != OK)
		return status;
	d->heads[head].index = index;
	d->heads[head].written = 1 + (data && data->device_writes ? data->length : 0);
	return OK;
}

static status_t submit(void *hw, const struct block_io *io)
{
	struct disk *d = hw;
	struct request *r = &d->requests[io->index];
	struct virtio_buffer data = {io->bus, io->count * d->sectors * SECTOR, io->op == BLOCK_OP_READ};

	r->sector = io->block * d->sectors;
	switch (io->op) {
	case BLOCK_OP_READ: return request_add(d, io->index, T_IN, &data);
	case BLOCK_OP_WRITE: return request_add(d, io->index, T_OUT, &data);
	case BLOCK_OP_FLUSH: r->sector = 0; return request_add(d, io->index, T_FLUSH, NULL);
	default: break;
	}
	r->range.sector = r->sector;
	r->range.count = io->count * d->sectors;
	r->range.flags = 0;
	r->sector = 0;
	data = (struct virtio_buffer){d->memory.bus + io->index * sizeof(*r) + offsetof(struct request, range),
				      sizeof(r->range), false};
	return request_add(d, io->index, io->op == BLOCK_OP_DISCARD ? T_DISCARD : T_WRITE_ZEROES, &data);
}

static void kick(void *hw)
{
	struct disk *d = hw;

	virtqueue_kick(&d->queue);
}

static const struct block_hw hw = {.submit = submit, .kick = kick};

static status_t result_of(struct disk *d, uint16_t head, uint32_t written)
{
	/* read once: the device may change it at any time */
	uint8_t result = *(volatile uint8_t *)&d->requests[d->heads[head].index].result;

	switch (result) {
	case S_OK: return written == d->heads[head].written ? OK : ERR_IO;
	case S_IOERR: return ERR_IO;
	case S_UNSUPP: return ERR_UNSUPPORTED;
	default: virtio_fail(&d->virtio, "the device gives a result that there is not"); return ERR_IO;
	}
}

static void complete(struct disk *d)
{
	uint16_t head;
	uint32_t written;

	do {
		while (virtqueue_take(&d->queue, &head, &written)) {
			status_t status = result_of(d, head, written);

			if (d->virtio.broken)
				return; /* the next instance asks again */
			block_port_done(&d->port, d->heads[head].index, status);
		}
	} while (!virtqueue_sleep(&d->queue));
}

static void irq(struct device *dev, uint32_t index)
{
	(void)dev, (void)index;
	if (!virtio_irq(&disk.virtio))
		return;
	complete(&disk);
	if (!disk.virtio.broken)
		block_port_serve(&disk.port);
}

static void timer(struct device *dev)
{
	(void)dev;
	block_port_timer(&disk.port);
}

/* ---- taking the device ----------------------------------------------------------------------- */

static void config_read(struct virtio *v, void *out)
{
	struct block_info *info = out;
	uint32_t size = virtio_has(v, F_BLK_SIZE) ? virtio_config32(v, BLK_SIZE) : SECTOR;
	uint32_t most = virtio_has(v, F_SIZE_MAX) ? virtio_config32(v, SIZE_MAX_BYTES) : MAX_BYTES;

	*info = (struct block_info){.block_size = size, .blocks = virtio_config64(v, CAPACITY)};
	if (size < SECTOR || size > 4096 || size & (size - 1))
		return; /* refused by block_port_init */
	uint32_t sectors = size / SECTOR;
	info->blocks /= sectors;
	info->max_blocks = (most < MAX_BYTES ? most : MAX_BYTES) / size;
	if (virtio_has(v, F_TOPOLOGY))
		info->preferred_blocks = virtio_config32(v, TOPOLOGY_OPT_IO);
	/* One limit for both in the protocol: the lower one of those that are there. */
	uint32_t discard = virtio_has(v, F_DISCARD) ? virtio_config32(v, MAX_DISCARD_SECTORS) : UINT32_MAX;
	uint32_t zeroes = virtio_has(v, F_WRITE_ZEROES) ? virtio_config32(v, MAX_WRITE_ZEROES_SECTORS) : UINT32_MAX;
	info->max_discard_blocks = (discard < zeroes ? discard : zeroes) / sectors;
	info->features = (virtio_has(v, F_RO) ? BLOCK_FEATURE_READ_ONLY : 0u) |
			 (virtio_has(v, F_FLUSH) ? BLOCK_FEATURE_CACHE : 0u) |
			 (virtio_has(v, F_DISCARD) ? BLOCK_FEATURE_DISCARD : 0u) |
			 (virtio_has(v, F_WRITE_ZEROES) ? BLOCK_FEATURE_WRITE_ZEROES : 0u);
}

/* Interrupts come only after bind: looked at until it is there. */
static status_t serial_read(struct disk *d, char serial[32])
{
	struct request *r = &d->requests[0];
	struct virtio_buffer data = {d->memory.bus + offsetof(struct request, id), ID_BYTES, true};
	uint16_t head;
	uint32_t written;
	uint64_t waited = 0;
	status_t status = request_add(d, 0, T_GET_ID, &data);

	if (status != OK)
		return status;
	virtqueue_kick(&d->queue);
	while (!virtqueue_take(&d->queue, &head, &written)) {
		if (d->virtio.broken)
			return ERR_IO;
		if (waited >= ID_WAIT_NS)
			return ERR_TIMED_OUT;
		device_delay(ID_STEP_NS);
		waited += ID_STEP_NS;
	}
	status = result_of(d, head, written);
	for (unsigned i = 0; status == OK && i < ID_BYTES && r->id[i]; i++)
		serial[i] = r->id[i] > ' ' && r->id[i] <= '~' ? (char)r->id[i] : '_';
	return d->virtio.broken || status == ERR_IO ? ERR_IO : OK; /* not every device has a name */
}

static status_t queue_make(struct disk *d, struct block_info *info)
{
	status_t status = virtio_config_read(&d->virtio, config_read, info);

	if (status == OK)
		status = virtqueue_init(&d->queue, &d->virtio, 0, VIRTQUEUE_MAX, CHAIN_MAX);
	if (status != OK)
		return status;
	info->depth = virtqueue_depth(&d->queue, CHAIN_MAX);
	d->sectors = info->block_size / SECTOR;
	status = device_dma_alloc(d->virtio.dev, info->depth * sizeof(struct request), &d->memory);
	d->requests = d->memory.cpu;
	return status;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct disk *d = &disk;
	struct block_info info;
	status_t status = virtio_open(&d->virtio, dev, VIRTIO_BLOCK);

	d->queue = (struct virtqueue){0};
	(void)start; /* the reset of virtio_open stops whatever was under way */
	if (status == OK)
		status = virtio_negotiate(&d->virtio, FEATURES, 0);
	if (status == OK)
		status = queue_make(d, &info);
	if (status != OK)
		return status;
	virtio_start(&d->virtio);
	if (!block_port_serial_known(dev, info.serial)) {
		status = serial_read(d, info.serial);
		if (status != OK)
			return status;
	}
	(void)virtqueue_sleep(&d->queue);
	return block_port_init(&d->port, dev, &hw, d, &info);
}

/* What the device has taken is finished; what is still in rings is the next start's. */
static void unbind(struct device *dev)
{
	(void)dev;
	for (unsigned i = 0; i < STOP_WAIT_STEPS && block_port_busy(&disk.port) && !disk.virtio.broken; i++) {
		device_delay(STOP_STEP_NS);
		complete(&disk);
	}
	(void)virtio_reset(&disk.virtio);
}

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.timer = timer,
	.unbind = unbind,
	.protocol = &block_protocol,
	.ops = &block_port_ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "virtio_blk",
	.class = DRIVER_CLASS_BLOCK,
	.state_bytes = BLOCK_STATE_BYTES,
	.dma_bytes = BLOCK_PORT_DMA_BYTES + (128u << 10),
	.matches = {VIRTIO_MATCHES("2", "1042", "1001")},
};
