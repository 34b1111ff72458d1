/* SPDX-License-Identifier: BSD-2-Clause */
/* Split virtqueues (section 2.7), with indirect descriptors and event indices where the device has them. */
#include <stdatomic.h>
#include <string.h>

#include "sys/driver/virtio/transport.h"

struct vring_desc {
	uint64_t bus;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};
enum {
	DESC_NEXT = 1 << 0,
	DESC_WRITE = 1 << 1,
	DESC_INDIRECT = 1 << 2,
};

/* After the entries, with EVENT_IDX: in avail used_event, in used avail_event */
struct vring_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[];
};
struct vring_used_entry {
	uint32_t id;
	uint32_t length;
};
struct vring_used {
	uint16_t flags;
	uint16_t index;
	struct vring_used_entry ring[];
};
_Static_assert(sizeof(struct vring_desc) == 16 && sizeof(struct vring_used_entry) == 8, "the device's layout");

#define USED_NO_NOTIFY 1u

static volatile uint16_t *used_event(const struct virtqueue *q)
{
	return &q->avail->ring[q->size];
}

static uint16_t avail_event(const struct virtqueue *q)
{
	const volatile void *behind = &q->used->ring[q->size];

	return *(const volatile uint16_t *)behind;
}

static size_t align_up(size_t value, size_t to)
{
	return (value + to - 1) & ~(to - 1);
}

/* Alignments: section 2.7. */
static status_t memory_place(struct virtqueue *q, struct virtio_queue_place *place)
{
	size_t avail = sizeof(struct vring_desc) * q->size;
	size_t used = align_up(avail + sizeof(struct vring_avail) + sizeof(uint16_t) * (q->size + 1u), 4);
	size_t tables = align_up(used + sizeof(struct vring_used) + sizeof(struct vring_used_entry) * q->size +
					 sizeof(uint16_t),
				 sizeof(struct vring_desc));
	size_t size = tables + (q->indirect ? sizeof(struct vring_desc) * q->size * q->chain_max : 0);
	status_t status = OK;

	if (q->memory.cpu && q->memory.size < size)
		device_dma_free(q->v->dev, &q->memory);
	if (q->memory.cpu)
		memset(q->memory.cpu, 0, q->memory.size);
	else
		status = device_dma_alloc(q->v->dev, size, &q->memory);
	if (status != OK)
		return status;
	uint8_t *cpu = q->memory.cpu;
	q->desc = (struct vring_desc *)cpu;
	q->avail = (volatile struct vring_avail *)(cpu + avail);
	q->used = (const volatile struct vring_used *)(cpu + used);
	q->tables = q->indirect ? (struct vring_desc *)(cpu + tables) : NULL;
	q->tables_bus = q->memory.bus + tables;
	*place = (struct virtio_queue_place){q->memory.bus, q->memory.bus + avail, q->memory.bus + used};
	return OK;
}

status_t virtqueue_init(struct virtqueue *q, struct virtio *v, uint16_t index, uint16_t size_max, uint16_t chain_max)
{
	uint32_t offered = v->transport->queue_size_max(v, index);
	struct virtio_queue_place place;

	if (!offered)
		return ERR_NOT_FOUND;
	if (size_max > VIRTQUEUE_MAX)
		size_max = VIRTQUEUE_MAX;
	*q = (struct virtqueue){.v = v, .index = index, .chain_max = chain_max, .memory = q->memory};
	/* A power of two, as split queues have to be: the device's offer should be one. */
	for (q->size = 1; q->size * 2u <= offered && q->size * 2u <= size_max; q->size *= 2)
		;
	q->indirect = chain_max > 1 && virtio_has(v, VIRTIO_F_INDIRECT_DESC);
	if (!q->indirect && chain_max > q->size)
		return ERR_UNSUPPORTED;
	for (uint16_t i = 0; i < q->size; i++)
		q->heads[i].next = (uint16_t)(i + 1);
	q->free_count = q->size;
	status_t status = memory_place(q, &place);
	if (status == OK)
		status = v->transport->queue_enable(q, &place);
	return status;
}

uint32_t virtqueue_depth(const struct virtqueue *q, uint16_t chain)
{
	return q->indirect ? q->size : q->size / chain;
}

bool virtqueue_room(const struct virtqueue *q, uint16_t chain)
{
	return q->free_count >= (q->indirect ? 1 : chain);
}

/* ---- to the device ------------------------------------------------------------------------------------- */

static uint32_t table_fill(struct virtqueue *q, uint16_t head, const struct virtio_buffer *buffers, uint16_t count)
{
	struct vring_desc *table = q->tables + (size_t)head * q->chain_max;
	uint32_t writable = 0;

	for (uint16_t i = 0; i < count; i++) {
		table[i] = (struct vring_desc){
			.bus = buffers[i].bus,
			.length = buffers[i].length,
			.flags = (uint16_t)((i + 1u < count ? DESC_NEXT : 0) |
					    (buffers[i].device_writes ? DESC_WRITE : 0)),
			.next = (uint16_t)(i + 1),
		};
		writable += buffers[i].device_writes ? buffers[i].length : 0;
	}
	q->desc[head] = (struct vring_desc){
		.bus = q->tables_bus + (uint64_t)head * q->chain_max * sizeof(struct vring_desc),
		.length = (uint32_t)(count * sizeof(struct vring_desc)),
		.flags = DESC_INDIRECT,
	};
	q->free_head = q->heads[head].next;
	q->free_count--;
	q->heads[head].count = 1;
	return writable;
}

static uint32_t chain_fill(struct virtqueue *q, uint16_t head, const struct virtio_buffer *buffers, uint16_t count)
{
	uint32_t writable = 0;
	uint16_t at = head;

	for (uint16_t i = 0; i < count; i++) {
		uint16_t next = q->heads[at].next;

		q->desc[at] = (struct vring_desc){
			.bus = buffers[i].bus,
			.length = buffers[i].length,
			.flags = (uint16_t)((i + 1u < count ? DESC_NEXT : 0) |
					    (buffers[i].device_writes ? DESC_WRITE : 0)),
			.next = next,
		};
		writable += buffers[i].device_writes ? buffers[i].length : 0;
		at = next;
	}
	q->free_head = at;
	q->free_count = (uint16_t)(q->free_count - count);
	q->heads[head].count = count;
	return writable;
}

status_t virtqueue_add(struct virtqueue *q, const struct virtio_buffer *buffers, uint16_t count, uint16_t *head)
{
	if (q->v->broken)
		return ERR_IO;
	if (!count || count > q->chain_max)
		return ERR_INVALID;
	if (!virtqueue_room(q, count))
		return ERR_WOULD_BLOCK;
	uint16_t id = q->free_head;
	q->heads[id].writable = q->indirect ? table_fill(q, id, buffers, count) : chain_fill(q, id, buffers, count);
	q->outstanding++;
	q->avail->ring[q->avail_index & (q->size - 1)] = id;
	q->avail_index++;
	*head = id;
	return OK;
}

void virtqueue_kick(struct virtqueue *q)
{
	uint16_t told = q->avail_told, index = q->avail_index;

	if (told == index || q->v->broken)
		return;
	/* Entries and descriptors are there before the index (section 2.7.13.3), and the index before the device's
	 * wish is looked at (2.7.13.4.1). */
	atomic_thread_fence(memory_order_release);
	q->avail->index = index;
	q->avail_told = index;
	atomic_thread_fence(memory_order_seq_cst);
	bool wanted = virtio_has(q->v, VIRTIO_F_EVENT_IDX)
			      ? (uint16_t)(index - avail_event(q) - 1) < (uint16_t)(index - told)
			      : !(q->used->flags & USED_NO_NOTIFY);
	if (wanted)
		q->v->transport->queue_notify(q);
}

/* ---- from the device ------------------------------------------------------------------------- */

static void head_free(struct virtqueue *q, uint16_t head)
{
	struct virtqueue_head *h = &q->heads[head];
	uint16_t last = head;

	for (uint16_t i = 1; i < h->count; i++)
		last = q->heads[last].next;
	q->heads[last].next = q->free_head;
	q->free_head = head;
	q->free_count = (uint16_t)(q->free_count + h->count);
	h->count = 0;
	q->outstanding--;
}

bool virtqueue_take(struct virtqueue *q, uint16_t *head, uint32_t *written)
{
	uint16_t ahead = (uint16_t)(q->used->index - q->used_index);

	if (!ahead || q->v->broken)
		return false;
	if (ahead > q->outstanding) {
		virtio_fail(q->v, "the device says that it has done more than it was asked");
		return false;
	}
	/* The entry is read after the index that announced it. */
	atomic_thread_fence(memory_order_acquire);
	uint32_t id = q->used->ring[q->used_index & (q->size - 1)].id;
	uint32_t length = q->used->ring[q->used_index & (q->size - 1)].length;
	if (id >= q->size || !q->heads[id].count) {
		virtio_fail(q->v, "the device gives back what it was not given");
		return false;
	}
	if (length > q->heads[id].writable) {
		virtio_fail(q->v, "the device says that it wrote more than it was lent");
		return false;
	}
	q->used_index++;
	head_free(q, (uint16_t)id);
	*head = (uint16_t)id;
	*written = length;
	return true;
}

bool virtqueue_sleep(struct virtqueue *q)
{
	if (virtio_has(q->v, VIRTIO_F_EVENT_IDX))
		*used_event(q) = q->used_index;
	/* The wish is there before the index is looked at: section 2.7.14 */
	atomic_thread_fence(memory_order_seq_cst);
	return q->used->index == q->used_index || q->v->broken;
}
