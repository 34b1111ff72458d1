/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk's client: see block_queue.h. */
#include "sys/lib/block_queue.h"

#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

/* How long to sleep before asking whether the device is still served at all */
#define PROBE_NS 2000000000ull

#define REQUEST_SIZE sizeof(struct block_request)
#define ANSWER_SIZE  sizeof(struct block_answer)

enum { LIST_FREE = BLOCK_QUEUE_DEPTH_MAX, LIST_WAITING, LIST_DONE };
enum { SLOT_FREE, SLOT_WAITING, SLOT_DONE };

/* ---- lists of slots, in order -------------------------------------------------------------------------- */

static void slot_append(struct block_queue *q, uint32_t list, uint32_t slot)
{
	uint16_t last = q->slots[list].previous;

	q->slots[slot].previous = last;
	q->slots[slot].next = (uint16_t)list;
	q->slots[last].next = (uint16_t)slot;
	q->slots[list].previous = (uint16_t)slot;
}

static void slot_remove(struct block_queue *q, uint32_t slot)
{
	struct block_queue_slot *s = &q->slots[slot];

	q->slots[s->previous].next = s->next;
	q->slots[s->next].previous = s->previous;
}

static void slots_init(struct block_queue *q)
{
	for (uint32_t list = LIST_FREE; list <= LIST_DONE; list++)
		q->slots[list].next = q->slots[list].previous = (uint16_t)list;
	for (uint32_t i = 0; i < q->depth; i++) {
		q->slots[i].state = SLOT_FREE;
		slot_append(q, LIST_FREE, i);
	}
}

/* ---- rings ----------------------------------------------------------------------------------- */

static size_t ring_at(const struct block_queue *q, unsigned ring)
{
	const uint32_t counts[] = {q->depth, q->depth}, sizes[] = {REQUEST_SIZE, ANSWER_SIZE};

	return session_ring_offset(ring, counts, sizes);
}

static void doorbell_ring(struct block_queue *q)
{
	(void)notification_signal(q->doorbell, q->doorbell_bits);
}

/* An answer to a slot that waits for one; anything else is dropped: the driver made it up. */
static bool settle(struct block_queue *q, const struct block_answer *a, uint32_t *slot)
{
	uint32_t number = (uint32_t)a->id;

	if (number >= q->depth || q->slots[number].state != SLOT_WAITING || q->slots[number].request.id != a->id)
		return false;
	q->slots[number].result = a->result;
	slot_remove(q, number);
	*slot = number;
	return true;
}

/* The client's part of what session.h says. */
static void recover(struct block_queue *q, uint32_t epoch)
{
	struct block_answer a;
	uint32_t slot;

	/* What the last instance had shown is answered. */
	while (q->epoch && ring_take(&q->answers, &a) == OK) {
		if (!settle(q, &a, &slot))
			continue;
		q->slots[slot].state = SLOT_DONE;
		slot_append(q, LIST_DONE, slot);
	}
	q->recoveries += q->epoch != 0;
	q->epoch = epoch;
	for (unsigned i = 0; i < 2; i++) {
		struct ring_shared *shared = (struct ring_shared *)((uint8_t *)q->shared + ring_at(q, i));

		atomic_store_explicit(&shared->tail, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->producer_waits, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->head, 0, memory_order_relaxed);
		atomic_store_explicit(&shared->consumer_waits, 0, memory_order_relaxed);
	}
	/* Cannot fail: shape and memory were good at open, and the indices are zero. */
	(void)ring_attach(&q->requests, (uint8_t *)q->shared + ring_at(q, 0), q->bytes - ring_at(q, 0), q->depth,
			  REQUEST_SIZE, RING_PRODUCER);
	(void)ring_attach(&q->answers, (uint8_t *)q->shared + ring_at(q, 1), q->bytes - ring_at(q, 1), q->depth,
			  ANSWER_SIZE, RING_CONSUMER);
	for (slot = q->slots[LIST_WAITING].next; slot != LIST_WAITING; slot = q->slots[slot].next)
		(void)ring_put(&q->requests, &q->slots[slot].request);
	(void)ring_publish(&q->requests);
	atomic_store_explicit(&q->shared->client_epoch, epoch, memory_order_release);
	doorbell_ring(q);
}

static void epoch_check(struct block_queue *q)
{
	uint32_t epoch = atomic_load_explicit(&q->shared->server_epoch, memory_order_acquire);

	if (__builtin_expect(epoch != q->epoch, 0))
		recover(q, epoch);
}

/* ---- the caller's side ----------------------------------------------------------------------- */

status_t block_queue_submit(struct block_queue *q, const struct block_request *request)
{
	uint32_t slot = q->slots[LIST_FREE].next;
	struct block_queue_slot *s = &q->slots[slot];

	if (slot == LIST_FREE)
		return ERR_WOULD_BLOCK;
	epoch_check(q);
	slot_remove(q, slot);
	uint64_t uses = (s->request.id >> 32) + 1;
	s->request = *request;
	s->request.id = uses << 32 | slot;
	s->id = request->id;
	s->state = SLOT_WAITING;
	slot_append(q, LIST_WAITING, slot);
	q->pending++;
	/* There is room: as many slots as the ring has. A ring that the driver broke waits for its next instance, as
	 * the request then does. */
	(void)ring_put(&q->requests, &s->request);
	return OK;
}

void block_queue_kick(struct block_queue *q)
{
	epoch_check(q);
	if (ring_publish(&q->requests))
		doorbell_ring(q);
}

static void slot_finish(struct block_queue *q, uint32_t slot, struct block_answer *answer)
{
	struct block_queue_slot *s = &q->slots[slot];

	*answer = (struct block_answer){.id = s->id, .result = s->result};
	s->state = SLOT_FREE;
	slot_append(q, LIST_FREE, slot);
	q->pending--;
}

status_t block_queue_poll(struct block_queue *q, struct block_answer *answer)
{
	struct block_answer a;
	uint32_t slot;

	epoch_check(q);
	slot = q->slots[LIST_DONE].next;
	if (slot != LIST_DONE) {
		slot_remove(q, slot);
		slot_finish(q, slot, answer);
		return OK;
	}
	for (;;) {
		status_t status = ring_take(&q->answers, &a);

		/* Who has a loop of his own goes to sleep there: with the next answer he is to be woken. */
		if (status == ERR_WOULD_BLOCK && !q->own_notification && !ring_wait_begin(&q->answers))
			continue;
		if (status != OK)
			return status;
		bool good = settle(q, &a, &slot);
		if (ring_used(&q->answers) == 0 && ring_release(&q->answers))
			doorbell_ring(q);
		if (good) {
			slot_finish(q, slot, answer);
			return OK;
		}
	}
}

/* As block_queue_wait; *taken: bits that came meanwhile. */
static status_t wait_for_answer(struct block_queue *q, uint64_t deadline, uint64_t *taken)
{
	for (;;) {
		uint64_t now, until, bits;
		struct block_info info;
		uint32_t count;

		epoch_check(q);
		if (q->slots[LIST_DONE].next != LIST_DONE || !ring_wait_begin(&q->answers))
			return OK;
		status_t status = clock_get(&now);
		if (status != OK)
			return status;
		until = deadline < now + PROBE_NS ? deadline : now + PROBE_NS;
		status = notification_wait(q->notification, until, &bits);
		if (status == OK) {
			*taken |= bits;
			continue;
		}
		if (status != ERR_TIMED_OUT && status != ERR_WOULD_BLOCK)
			return status;
		if (until == deadline)
			return ERR_TIMED_OUT;
		/* Nobody signals that a device has been given up for good. */
		status = block_info_until(q->device, 0, &info, 1, &count);
		if (status == ERR_CLOSED)
			return ERR_CLOSED;
		doorbell_ring(q);
	}
}

status_t block_queue_wait(struct block_queue *q, uint64_t deadline)
{
	uint64_t taken = 0;
	status_t status = wait_for_answer(q, deadline, &taken);

	/* A caller's own notification has other bits too, and a loop that counts on all of them. */
	if (taken && !q->own_notification)
		(void)notification_signal(q->notification, taken);
	return status;
}

status_t block_queue_do(struct block_queue *q, const struct block_request *request, uint64_t deadline)
{
	struct block_answer answer;
	status_t status = block_queue_submit(q, request);

	if (status != OK)
		return status;
	block_queue_kick(q);
	while ((status = block_queue_poll(q, &answer)) == ERR_WOULD_BLOCK) {
		status = block_queue_wait(q, deadline);
		if (status != OK)
			return status;
	}
	return status == OK ? answer.result : status;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static status_t memory_make(struct block_queue *q)
{
	uint64_t size = (ring_at(q, 2) + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
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

static status_t attach(struct block_queue *q, handle_t data)
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
	return block_attach(q->device, memory, pinned, notification, q->bits, q->depth, &q->doorbell,
			    &q->doorbell_bits);
}

status_t block_queue_open(struct block_queue *q, handle_t device, handle_t data, uint32_t depth, handle_t notification,
			  uint64_t bits)
{
	status_t status = OK;

	if (!depth || depth > BLOCK_QUEUE_DEPTH_MAX || depth & (depth - 1) || (notification != HANDLE_NONE && !bits))
		return ERR_INVALID;
	*q = (struct block_queue){.device = device, .depth = depth, .notification = notification, .bits = bits};
	slots_init(q);
	if (notification == HANDLE_NONE) {
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
		block_queue_close(q);
	return status;
}

void block_queue_close(struct block_queue *q)
{
	if (q->doorbell != HANDLE_NONE) {
		/* Idempotent: a driver that dies meanwhile is asked again. */
		while (block_detach(q->device) == ERR_PEER_DIED)
			;
		ipc_close(q->doorbell);
	}
	if (q->shared)
		(void)vmo_unmap(HANDLE_NONE, q->shared, q->bytes);
	ipc_close(q->memory);
	if (q->own_notification)
		ipc_close(q->notification);
	*q = (struct block_queue){0};
}
