/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio device in software: see virtio_model.h. */
#include "tests/unit/virtio_model.h"

#include <string.h>

#include "protocols/pci.h"
#include "sys/driver/host/objects.h"

enum {
	S_ACKNOWLEDGE = 1,
	S_DRIVER = 2,
	S_DRIVER_OK = 4,
	S_FEATURES_OK = 8,

	D_NEXT = 1,
	D_WRITE = 2,
	D_INDIRECT = 4,

	F_INDIRECT = 28,
	F_EVENT = 29,
	F_VERSION_1 = 32,
};

struct descriptor {
	uint64_t bus;
	uint32_t length;
	uint16_t flags, next;
};

void virtio_model_misuse(struct virtio_model *m, const char *what)
{
	if (!m->misuse++)
		m->what = what;
}

void virtio_model_init(struct virtio_model *m, uint32_t type, uint64_t features, uint16_t queue_size, unsigned queues)
{
	void (*reset)(struct virtio_model *) = m->reset;

	memset(m, 0, sizeof(*m));
	m->reset = reset;
	m->type = type;
	m->features = features | 1ull << F_VERSION_1;
	for (unsigned i = 0; i < queues; i++)
		m->queues[i].size_max = queue_size;
}

static bool has(const struct virtio_model *m, unsigned feature)
{
	return m->accepted >> feature & 1;
}

static void reset(struct virtio_model *m)
{
	for (unsigned i = 0; i < MODEL_QUEUES; i++)
		m->queues[i] = (struct model_queue){.size_max = m->queues[i].size_max};
	m->status = 0;
	m->accepted = 0;
	m->isr = 0;
	m->resets++;
	if (m->reset)
		m->reset(m);
}

static void status_set(struct virtio_model *m, uint8_t status)
{
	if (status == 0) {
		reset(m);
		return;
	}
	if (m->status & ~status)
		virtio_model_misuse(m, "status bits cleared without a reset");
	if (status & S_FEATURES_OK && !(m->status & S_FEATURES_OK) &&
	    (m->refuses || m->accepted & ~m->features || !has(m, F_VERSION_1)))
		status &= (uint8_t)~S_FEATURES_OK;
	if (status & S_DRIVER_OK && !(status & S_FEATURES_OK))
		virtio_model_misuse(m, "DRIVER_OK before the features are settled");
	m->status = status;
}

static struct model_queue *selected(struct virtio_model *m)
{
	static struct model_queue none;

	none = (struct model_queue){0};
	return m->select_queue < MODEL_QUEUES ? &m->queues[m->select_queue] : &none;
}

static void features_set(struct virtio_model *m, uint32_t value)
{
	if (m->status & S_FEATURES_OK)
		virtio_model_misuse(m, "features after FEATURES_OK");
	if (m->select_driver == 0)
		m->accepted = (m->accepted & ~0xffffffffull) | value;
	else if (m->select_driver == 1)
		m->accepted = (m->accepted & 0xffffffff) | (uint64_t)value << 32;
}

static uint32_t features_get(const struct virtio_model *m)
{
	return m->select_device > 1 ? 0 : (uint32_t)(m->features >> (32 * m->select_device));
}

static void half_set(uint64_t *address, bool high, uint32_t value)
{
	*address = high ? (*address & 0xffffffff) | (uint64_t)value << 32 : (*address & ~0xffffffffull) | value;
}

static void enable(struct virtio_model *m, struct model_queue *q)
{
	if (!(m->status & S_FEATURES_OK) || m->status & S_DRIVER_OK)
		virtio_model_misuse(m, "a queue enabled at the wrong time");
	if (!q->size || q->size > q->size_max || q->size & (q->size - 1))
		virtio_model_misuse(m, "a queue of a bad size");
	if (q->desc % 16 || q->avail % 2 || q->used % 4)
		virtio_model_misuse(m, "a queue badly aligned");
	if (q->ready)
		virtio_model_misuse(m, "a queue enabled twice");
	q->ready = true;
}

static void notify(struct virtio_model *m, uint32_t queue)
{
	m->notifications++;
	if (!(m->status & S_DRIVER_OK) || queue >= MODEL_QUEUES || !m->queues[queue].ready)
		virtio_model_misuse(m, "a notification of a queue that is not there");
	else
		m->queues[queue].notified = true;
}

static uint64_t config_read(struct virtio_model *m, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	m->generation += m->restless;
	if (offset + width <= MODEL_CONFIG_MAX)
		memcpy(&value, m->config + offset, width);
	return value;
}

/* ---- MMIO ------------------------------------------------------------------------------------ */

uint64_t virtio_model_read(void *ctx, uint64_t offset, unsigned width)
{
	struct virtio_model *m = ctx;

	if (offset >= 0x100)
		return config_read(m, offset - 0x100, width);
	if (width != 4)
		virtio_model_misuse(m, "a register read that is not 32 bits wide");
	switch (offset) {
	case 0x000: return 0x74726976;
	case 0x004: return 2;
	case 0x008: return m->type;
	case 0x010: return features_get(m);
	case 0x034: return selected(m)->size_max;
	case 0x044: return selected(m)->ready;
	case 0x060: return m->isr;
	case 0x070: return m->stuck ? m->status | 0x80u : m->status;
	case 0x0fc: return m->generation;
	default: virtio_model_misuse(m, "a register read that is not there"); return 0;
	}
}

void virtio_model_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	struct virtio_model *m = ctx;
	struct model_queue *q = selected(m);

	if (width != 4)
		virtio_model_misuse(m, "a register written that is not 32 bits wide");
	switch (offset) {
	case 0x014: m->select_device = (uint32_t)value; break;
	case 0x020: features_set(m, (uint32_t)value); break;
	case 0x024: m->select_driver = (uint32_t)value; break;
	case 0x030: m->select_queue = (uint32_t)value; break;
	case 0x038: q->size = (uint16_t)value; break;
	case 0x044: enable(m, q); break;
	case 0x050: notify(m, (uint32_t)value); break;
	case 0x064: m->isr &= ~(uint32_t)value; break;
	case 0x070: status_set(m, (uint8_t)value); break;
	case 0x080: half_set(&q->desc, false, (uint32_t)value); break;
	case 0x084: half_set(&q->desc, true, (uint32_t)value); break;
	case 0x090: half_set(&q->avail, false, (uint32_t)value); break;
	case 0x094: half_set(&q->avail, true, (uint32_t)value); break;
	case 0x0a0: half_set(&q->used, false, (uint32_t)value); break;
	case 0x0a4: half_set(&q->used, true, (uint32_t)value); break;
	default: virtio_model_misuse(m, "a register written that is not there"); break;
	}
}

/* ---- PCI: common at 0, isr at 0x1000, device at 0x2000, notify at 0x3000 of BAR 4 ------------ */

uint64_t virtio_model_bar_read(void *ctx, uint64_t offset, unsigned width)
{
	struct virtio_model *m = ctx;
	uint64_t isr;

	if (offset >= 0x2000 && offset < 0x3000)
		return config_read(m, offset - 0x2000, width);
	switch (offset) {
	case 4: return features_get(m);
	case 20: return m->stuck ? m->status | 0x80u : m->status;
	case 21: return (uint8_t)m->generation;
	case 24: return selected(m)->ready ? selected(m)->size : selected(m)->size_max;
	case 28: return selected(m)->ready;
	case 30: return m->select_queue;
	case 0x1000:
		isr = m->isr;
		m->isr = 0;
		return isr;
	default: virtio_model_misuse(m, "a register read that is not there"); return 0;
	}
}

void virtio_model_bar_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	struct virtio_model *m = ctx;
	struct model_queue *q = selected(m);

	if (offset >= 0x3000) {
		if (width != 2 || offset != 0x3000 + 4 * value)
			virtio_model_misuse(m, "a notification at the wrong place");
		notify(m, (uint32_t)value);
		return;
	}
	switch (offset) {
	case 0: m->select_device = (uint32_t)value; break;
	case 8: m->select_driver = (uint32_t)value; break;
	case 12: features_set(m, (uint32_t)value); break;
	case 16:
	case 26:
		if (value != 0xffff)
			virtio_model_misuse(m, "a vector without MSI-X");
		break;
	case 20: status_set(m, (uint8_t)value); break;
	case 22: m->select_queue = (uint32_t)value; break;
	case 24: q->size = (uint16_t)value; break;
	case 28: enable(m, q); break;
	case 32: half_set(&q->desc, false, (uint32_t)value); break;
	case 36: half_set(&q->desc, true, (uint32_t)value); break;
	case 40: half_set(&q->avail, false, (uint32_t)value); break;
	case 44: half_set(&q->avail, true, (uint32_t)value); break;
	case 48: half_set(&q->used, false, (uint32_t)value); break;
	case 52: half_set(&q->used, true, (uint32_t)value); break;
	default: virtio_model_misuse(m, "a register written that is not there"); break;
	}
}

static void capability(struct virtio_model *m, unsigned at, unsigned next, uint8_t type, uint32_t offset, uint32_t size)
{
	uint8_t *cap = m->space + at;

	cap[0] = 0x09;
	cap[1] = (uint8_t)next;
	cap[2] = 20;
	cap[3] = type;
	cap[4] = 4;
	memcpy(cap + 8, &offset, 4);
	memcpy(cap + 12, &size, 4);
}

void virtio_model_pci_init(struct virtio_model *m, uint16_t device_id)
{
	const uint16_t vendor = 0x1af4, subsystem = (uint16_t)m->type;
	const uint32_t step = 4;

	memset(m->space, 0, sizeof(m->space));
	memcpy(m->space, &vendor, 2);
	memcpy(m->space + 2, &device_id, 2);
	memcpy(m->space + 0x2e, &subsystem, 2);
	m->space[0x34] = 0x40;
	capability(m, 0x40, 0x58, 1, 0, 0x38);
	capability(m, 0x58, 0x70, 3, 0x1000, 1);
	capability(m, 0x70, 0x88, 4, 0x2000, 0x100);
	capability(m, 0x88, 0, 2, 0x3000, 0x1000);
	memcpy(m->space + 0x88 + 16, &step, 4);
}

static status_t pci_op_read(void *ctx, struct ipc_request *rq, uint32_t offset, uint32_t width, uint32_t *value)
{
	struct virtio_model *m = ctx;

	(void)rq;
	if (width > 4 || !width || offset > sizeof(m->space) - width)
		return ERR_RANGE;
	memcpy(value, m->space + offset, width);
	return OK;
}

static status_t pci_op_capability(void *ctx, struct ipc_request *rq, uint32_t id, uint32_t after, uint32_t *offset)
{
	struct virtio_model *m = ctx;
	uint8_t at = after ? m->space[(after + 1) & 0xff] : m->space[0x34];

	(void)rq;
	for (unsigned i = 0; at && i < 48; i++, at = m->space[(at + 1) & 0xff]) {
		if (m->space[at] != id)
			continue;
		*offset = at;
		return OK;
	}
	return ERR_NOT_FOUND;
}

static status_t pci_op_master(void *ctx, struct ipc_request *rq, bool on)
{
	struct virtio_model *m = ctx;

	(void)rq;
	m->master = on;
	return OK;
}

static status_t pci_op_reset(void *ctx, struct ipc_request *rq)
{
	struct virtio_model *m = ctx;

	(void)rq;
	m->master = false;
	reset(m);
	return OK;
}

const struct pci_ops virtio_model_pci_ops = {
	.read = pci_op_read,
	.capability = pci_op_capability,
	.master = pci_op_master,
	.reset = pci_op_reset,
};

/* ---- queues ---------------------------------------------------------------------------------- */

static uint16_t *avail_at(const struct model_queue *q, unsigned word)
{
	return host_dma_at(q->avail + 2ull * word, 2);
}

uint16_t *virtio_model_used_index(struct virtio_model *m, unsigned queue)
{
	return m->queues[queue].ready ? host_dma_at(m->queues[queue].used + 2, 2) : NULL;
}

uint32_t *virtio_model_used_entry(struct virtio_model *m, unsigned queue, uint16_t index)
{
	const struct model_queue *q = &m->queues[queue];

	return q->ready ? host_dma_at(q->used + 4 + 8ull * (index % q->size), 8) : NULL;
}

bool virtio_model_waiting(const struct virtio_model *m, unsigned queue)
{
	const struct model_queue *q = &m->queues[queue];
	const uint16_t *index = q->ready && m->status & S_DRIVER_OK ? avail_at(q, 1) : NULL;

	return index && *index != q->avail_seen;
}

static bool part_add(struct virtio_model *m, struct model_chain *c, const struct descriptor *d)
{
	void *at = host_dma_at(d->bus, d->length);
	bool writes = d->flags & D_WRITE;

	if (!d->length)
		virtio_model_misuse(m, "an empty descriptor");
	if (!at)
		virtio_model_misuse(m, "a descriptor of memory that the device may not reach");
	if (!writes && c->writable)
		virtio_model_misuse(m, "a part to read after one to write");
	if (!at || c->readable + c->writable == MODEL_CHAIN_MAX)
		return false;
	c->parts[c->readable + c->writable] = (struct model_part){at, d->length};
	if (writes) {
		c->writable++;
		c->writable_bytes += d->length;
	} else {
		c->readable++;
		c->readable_bytes += d->length;
	}
	return true;
}

/* A table of `count` descriptors at bus address `table`, from number `at` on */
static bool chain_walk(struct virtio_model *m, struct model_chain *c, uint64_t table, uint32_t count, uint32_t at,
		       bool indirect)
{
	for (uint32_t steps = 0; steps < count; steps++) {
		const struct descriptor *d = at < count ? host_dma_at(table + 16ull * at, 16) : NULL;

		if (!d) {
			virtio_model_misuse(m, "a descriptor outside of its table");
			return false;
		}
		if (d->flags & D_INDIRECT) {
			if (indirect || !has(m, F_INDIRECT) || d->length % 16 || d->flags & D_NEXT) {
				virtio_model_misuse(m, "a bad indirect descriptor");
				return false;
			}
			return chain_walk(m, c, d->bus, d->length / 16, 0, true);
		}
		if (!part_add(m, c, d))
			return false;
		if (!(d->flags & D_NEXT))
			return true;
		at = d->next;
	}
	virtio_model_misuse(m, "a chain that goes in circles");
	return false;
}

bool virtio_model_pop(struct virtio_model *m, unsigned queue, struct model_chain *chain)
{
	struct model_queue *q = &m->queues[queue];
	uint16_t *event;

	if (!virtio_model_waiting(m, queue))
		return false;
	if ((uint16_t)(*avail_at(q, 1) - q->avail_seen) > q->size)
		virtio_model_misuse(m, "more is available than the queue holds");
	*chain = (struct model_chain){.head = *avail_at(q, 2 + q->avail_seen % q->size)};
	q->avail_seen++;
	event = host_dma_at(q->used + 4 + 8ull * q->size, 2);
	if (has(m, F_EVENT) && event)
		*event = q->avail_seen;
	return chain_walk(m, chain, q->desc, q->size, chain->head, false);
}

void virtio_model_push(struct virtio_model *m, unsigned queue, uint16_t head, uint32_t written)
{
	struct model_queue *q = &m->queues[queue];
	uint32_t *entry = virtio_model_used_entry(m, queue, q->used_index);
	uint16_t *index = virtio_model_used_index(m, queue);

	if (!entry || !index)
		return;
	entry[0] = head;
	entry[1] = written;
	*index = ++q->used_index;
	bool wanted = has(m, F_EVENT) ? *avail_at(q, 2u + q->size) == (uint16_t)(q->used_index - 1)
				      : !(*avail_at(q, 0) & 1);
	if (wanted)
		m->isr |= 1;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static uint32_t move(const struct model_part *parts, unsigned count, uint32_t at, uint8_t *out, const uint8_t *in,
		     uint32_t size)
{
	uint32_t done = 0;

	for (unsigned i = 0; i < count && done < size; i++) {
		if (at >= parts[i].length) {
			at -= parts[i].length;
			continue;
		}
		uint32_t n = parts[i].length - at < size - done ? parts[i].length - at : size - done;
		if (out)
			memcpy(out + done, parts[i].at + at, n);
		else
			memcpy(parts[i].at + at, in + done, n);
		done += n;
		at = 0;
	}
	return done;
}

uint32_t virtio_model_get(const struct model_chain *chain, uint32_t at, void *out, uint32_t size)
{
	return move(chain->parts, chain->readable, at, out, NULL, size);
}

uint32_t virtio_model_put(const struct model_chain *chain, uint32_t at, const void *bytes, uint32_t size)
{
	return move(chain->parts + chain->readable, chain->writable, at, NULL, bytes, size);
}
