/* SPDX-License-Identifier: BSD-2-Clause */
/* A network interface's client: see net_queue.h. */
#include "sys/lib/net_queue.h"

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define PROBE_NS 2000000000ull
#define NONE     UINT16_MAX

enum { TX, RX_FREE, TX_DONE, RX, RINGS };
enum { BUFFER_FREE, BUFFER_OUT, BUFFER_HELD }; /* held: part of a frame that is not whole yet */

static size_t ring_at(const struct net_queue *q, unsigned ring)
{
	const uint32_t counts[] = {q->depth, q->depth, q->depth, q->depth};
	const uint32_t sizes[] = {sizeof(struct net_slot), sizeof(struct net_slot), sizeof(struct net_slot),
				  sizeof(struct net_slot)};

	return session_ring_offset(ring, counts, sizes);
}

static void doorbell_ring(struct net_queue *q)
{
	(void)notification_signal(q->doorbell, q->doorbell_bits);
}

static uint16_t buffer_take(struct net_queue_buffer *list, uint16_t *head)
{
	uint16_t at = *head;

	if (at != NONE)
		*head = list[at].next;
	return at;
}

static void buffer_give(struct net_queue_buffer *list, uint16_t *head, uint16_t at)
{
	list[at].state = BUFFER_FREE;
	list[at].next = *head;
	*head = at;
}

/* ---- a new instance -------------------------------------------------------------------------- */

/* Buffers that the dead one had: empty ones, and those of frames that never reached the caller, go to the next;
 * frames to be sent are given up. */
static void buffers_recover(struct net_queue *q)
{
	for (uint16_t i = 0; i < q->depth; i++) {
		struct net_queue_buffer *b = &q->rx[i];

		if (b->state == BUFFER_FREE)
			continue;
		const struct net_slot slot = {.offset = b->offset, .length = b->length, .cookie = i};
		q->lost += b->state == BUFFER_HELD;
		b->state = BUFFER_OUT;
		(void)ring_put(&q->rings[RX_FREE], &slot);
	}
	for (uint16_t i = 0; i < q->depth; i++) {
		if (q->tx[i].state != BUFFER_OUT)
			continue;
		q->lost++;
		q->tx[i].state = BUFFER_HELD;
		q->tx[i].next = q->tx_back;
		q->tx_back = i;
	}
	q->part_count = 0;
	q->part_bad = false;
}

static void recover(struct net_queue *q, uint32_t epoch)
{
	q->recoveries += q->epoch != 0;
	q->epoch = epoch;
	for (unsigned i = 0; i < RINGS; i++) {
		struct ring_shared *shared = (struct ring_shared *)((uint8_t *)q->shared + ring_at(q, i));

		atomic_store_explicit(&shared->tail, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->producer_waits, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->head, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->consumer_waits, 0, memory_order_relaxed);
		/* Cannot fail: shape and memory were good at open, and the indices are zero. */
		(void)ring_attach(&q->rings[i], shared, q->bytes - ring_at(q, i), q->depth, sizeof(struct net_slot),
				  i < TX_DONE ? RING_PRODUCER : RING_CONSUMER);
	}
	buffers_recover(q);
	(void)ring_publish(&q->rings[RX_FREE]);
	atomic_store_explicit(&q->shared->client_epoch, epoch, memory_order_release);
	doorbell_ring(q);
}

static void epoch_check(struct net_queue *q)
{
	uint32_t epoch = atomic_load_explicit(&q->shared->server_epoch, memory_order_acquire);

	if (__builtin_expect(epoch != q->epoch, 0))
		recover(q, epoch);
}

/* ---- to the driver --------------------------------------------------------------------------- */

status_t net_queue_supply(struct net_queue *q, uint32_t offset, uint32_t length, uint32_t cookie)
{
	uint16_t at;

	if (!length || (uint64_t)offset + q->headroom + length > q->data_bytes)
		return ERR_INVALID;
	epoch_check(q);
	at = buffer_take(q->rx, &q->rx_free);
	if (at == NONE)
		return ERR_WOULD_BLOCK;
	q->rx[at] = (struct net_queue_buffer){offset, length, cookie, NONE, BUFFER_OUT};
	const struct net_slot slot = {.offset = offset, .length = length, .cookie = at};
	/* There is room: as many buffers as the ring has slots. A ring that the driver broke waits for its next
	 * instance. */
	(void)ring_put(&q->rings[RX_FREE], &slot);
	return OK;
}

status_t net_queue_send(struct net_queue *q, const struct net_slot *slots, uint32_t count)
{
	if (!count || count > NET_PARTS_MAX)
		return ERR_INVALID;
	epoch_check(q);
	if (q->depth - q->tx_out < count)
		return ERR_WOULD_BLOCK;
	for (uint32_t i = 0; i < count; i++) {
		uint16_t at = buffer_take(q->tx, &q->tx_free);
		struct net_slot slot = slots[i];

		q->tx[at] = (struct net_queue_buffer){slot.offset, slot.length, slot.cookie, NONE, BUFFER_OUT};
		q->tx_out++;
		slot.cookie = at;
		slot.flags = (slot.flags & ~(uint32_t)NET_PACKET_MORE) | (i + 1 < count ? NET_PACKET_MORE : 0u);
		(void)ring_put(&q->rings[TX], &slot);
	}
	return OK;
}

void net_queue_kick(struct net_queue *q)
{
	epoch_check(q);
	bool waits = ring_publish(&q->rings[TX]);

	waits |= ring_publish(&q->rings[RX_FREE]);
	if (waits)
		doorbell_ring(q);
}

/* ---- from the driver ---- */

/* A slot, and the driver is told once the ring is empty if it waits for that. */
static status_t take(struct net_queue *q, unsigned ring, struct net_slot *slot)
{
	status_t status = ring_take(&q->rings[ring], slot);

	if (status == OK && ring_used(&q->rings[ring]) == 0 && ring_release(&q->rings[ring]))
		doorbell_ring(q);
	return status;
}

status_t net_queue_sent(struct net_queue *q, uint32_t *cookie)
{
	struct net_slot slot;
	status_t status;
	uint16_t at;

	epoch_check(q);
	at = buffer_take(q->tx, &q->tx_back);
	while (at == NONE) {
		status = take(q, TX_DONE, &slot);
		if (status != OK)
			return status;
		/* Anything else the driver made up. */
		if (slot.cookie < q->depth && q->tx[slot.cookie].state == BUFFER_OUT)
			at = (uint16_t)slot.cookie;
	}
	*cookie = q->tx[at].cookie;
	buffer_give(q->tx, &q->tx_free, at);
	q->tx_out--;
	return OK;
}

/* Is what the driver says inside of the buffer? */
static bool part_good(const struct net_queue *q, const struct net_queue_buffer *b, const struct net_slot *slot)
{
	uint64_t size = (uint64_t)q->headroom + b->length;

	return slot->offset >= b->offset && slot->offset - b->offset <= size && slot->length &&
	       slot->length <= size - (slot->offset - b->offset);
}

/* The frame's buffers go back to the driver. */
static void frame_drop(struct net_queue *q)
{
	for (uint32_t i = 0; i < q->part_count; i++) {
		uint16_t at = q->part_buffers[i];
		struct net_queue_buffer *b = &q->rx[at];
		const struct net_slot slot = {.offset = b->offset, .length = b->length, .cookie = at};

		b->state = BUFFER_OUT;
		(void)ring_put(&q->rings[RX_FREE], &slot);
	}
	q->part_count = 0;
	q->part_bad = false;
}

static void part_add(struct net_queue *q, const struct net_slot *slot)
{
	struct net_queue_buffer *b = &q->rx[slot->cookie];

	if (q->part_count == NET_PARTS_MAX) {
		frame_drop(q);
		q->part_bad = true; /* and what follows of it */
	}
	b->state = BUFFER_HELD;
	if (!part_good(q, b, slot))
		q->part_bad = true;
	q->parts[q->part_count] = *slot;
	q->parts[q->part_count].cookie = b->cookie;
	q->part_buffers[q->part_count++] = (uint16_t)slot->cookie;
}

status_t net_queue_receive(struct net_queue *q, struct net_slot *slots, uint32_t *count)
{
	struct net_slot slot;

	epoch_check(q);
	for (;;) {
		status_t status = take(q, RX, &slot);

		if (status != OK)
			return status;
		if (slot.cookie >= q->depth || q->rx[slot.cookie].state != BUFFER_OUT)
			continue;
		part_add(q, &slot);
		if (slot.flags & NET_PACKET_MORE)
			continue;
		if (q->part_bad) {
			frame_drop(q);
			net_queue_kick(q);
			continue;
		}
		break;
	}
	for (uint32_t i = 0; i < q->part_count; i++) {
		slots[i] = q->parts[i];
		buffer_give(q->rx, &q->rx_free, q->part_buffers[i]);
	}
	*count = q->part_count;
	q->part_count = 0;
	return OK;
}

status_t net_queue_wait(struct net_queue *q, uint64_t deadline)
{
	for (;;) {
		uint64_t now, until;
		struct net_info info;

		epoch_check(q);
		if (q->tx_back != NONE || !ring_wait_begin(&q->rings[RX]) || !ring_wait_begin(&q->rings[TX_DONE]))
			return OK;
		status_t status = clock_get(&now);
		if (status != OK)
			return status;
		until = deadline < now + PROBE_NS ? deadline : now + PROBE_NS;
		status = notification_wait(q->notification, until, NULL);
		if (status == OK)
			return OK;
		if (status != ERR_TIMED_OUT && status != ERR_WOULD_BLOCK)
			return status;
		if (until == deadline)
			return ERR_TIMED_OUT;
		/* Nobody signals that a device has been given up for good. */
		status = net_info_until(q->device, 0, &info);
		if (status == ERR_CLOSED)
			return ERR_CLOSED;
		doorbell_ring(q);
	}
}

/* ---- opening and closing --------------------------------------------------------------------- */

static status_t memory_make(struct net_queue *q)
{
	uint64_t size = (ring_at(q, RINGS) + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	void *at;
	/* All at once: the driver is not to find a page that cannot be had. */
	status_t status = vmo_create(size, VMO_COMMIT, HANDLE_NONE, &q->memory);

	if (status == OK)
		status = vmo_map(HANDLE_NONE, q->memory, 0, NULL, size, MAP_READ | MAP_WRITE, &at);
	if (status != OK)
		return status;
	q->shared = at;
	q->bytes = size;
	return OK;
}

static status_t attach(struct net_queue *q, handle_t data)
{
	handle_t memory = HANDLE_NONE, pinned = HANDLE_NONE, notification = HANDLE_NONE;
	status_t status = handle_dup(q->memory, (uint32_t)RIGHTS_SAME, &memory);

	if (status == OK)
		status = handle_dup(data, RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_PHYS | RIGHT_DUP | RIGHT_MOVE,
				    &pinned);
	if (status == OK)
		status = handle_dup(q->notification, RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE, &notification);
	if (status != OK) {
		const handle_t made[] = {memory, pinned, notification};

		return ipc_drop(made, 3, status);
	}
	return net_attach(q->device, memory, pinned, notification, q->bits, q->depth, &q->doorbell, &q->doorbell_bits);
}

static void lists_init(struct net_queue *q)
{
	q->rx_free = q->tx_free = q->tx_back = NONE;
	for (uint32_t i = q->depth; i-- > 0;) {
		buffer_give(q->rx, &q->rx_free, (uint16_t)i);
		buffer_give(q->tx, &q->tx_free, (uint16_t)i);
	}
}

static status_t interface_ask(struct net_queue *q, handle_t data)
{
	struct vmo_info vmo;
	struct net_info info;
	status_t status = vmo_info(data, &vmo);

	while (status == OK && (status = net_info(q->device, &info)) == ERR_PEER_DIED)
		status = OK;
	if (status != OK)
		return status;
	q->data_bytes = vmo.size;
	q->headroom = info.headroom;
	return OK;
}

status_t net_queue_open(struct net_queue *q, handle_t device, handle_t data, uint32_t depth, handle_t notification,
			uint64_t bits)
{
	status_t status;

	if (!depth || depth > NET_QUEUE_DEPTH_MAX || depth & (depth - 1) || (notification != HANDLE_NONE && !bits))
		return ERR_INVALID;
	*q = (struct net_queue){.device = device, .depth = depth, .notification = notification, .bits = bits};
	lists_init(q);
	status = interface_ask(q, data);
	if (status == OK && notification == HANDLE_NONE) {
		status = notification_create(&q->notification);
		q->own_notification = status == OK;
		q->bits = 1;
	}
	if (status == OK)
		status = memory_make(q);
	if (status == OK)
		do
			status = attach(
				q, data); /* replaces an attachment that a driver made and died before it said so */
		while (status == ERR_PEER_DIED);
	if (status == OK)
		recover(q, atomic_load_explicit(&q->shared->server_epoch, memory_order_acquire));
	else
		net_queue_close(q);
	return status;
}

void net_queue_close(struct net_queue *q)
{
	if (q->doorbell != HANDLE_NONE) {
		while (net_detach(q->device) == ERR_PEER_DIED)
			;
		ipc_close(q->doorbell);
	}
	if (q->shared)
		(void)vmo_unmap(HANDLE_NONE, q->shared, q->bytes);
	ipc_close(q->memory);
	if (q->own_notification)
		ipc_close(q->notification);
	*q = (struct net_queue){0};
}
