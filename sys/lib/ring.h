/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single-producer single-consumer rings of fixed-size slots in memory that two processes share.
 *
 * Indices run freely (modulo 2^32) and are taken modulo the number of slots only to find a slot, so
 * that full and empty differ. Each end keeps its own index and the last good value of the peer's in
 * private memory; what the peer writes is believed only after a check, and slots are copied out, as
 * the peer may change them at any time. A peer that breaks the rules breaks the ring (ERR_PROTOCOL
 * from then on), never this end.
 *
 *   producer                                         consumer
 *     while (ring_put(&r, &item) == OK) ...            while (ring_take(&r, &item) == OK) ...
 *     if (ring_publish(&r)) signal the consumer        if (ring_release(&r)) signal the producer
 *     if full and ring_wait_begin(&r): sleep           if empty and ring_wait_begin(&r): sleep
 *
 * A wait can end for nothing, and a hostile peer can fail to signal: waits need a deadline where
 * that matters.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sys/abi/status.h"

#define RING_LINE 64 /* bytes of a cache line: what the two ends write lies apart */

/* At the start of the shared memory; the slots follow. All zero is an empty ring. */
struct ring_shared {
	/* written by the producer */
	_Alignas(RING_LINE) _Atomic uint32_t tail; /* slots ever filled */
	_Atomic uint32_t producer_waits;           /* set by the producer, cleared by who wakes it */
	/* written by the consumer */
	_Alignas(RING_LINE) _Atomic uint32_t head; /* slots ever emptied */
	_Atomic uint32_t consumer_waits;           /* set by the consumer, cleared by who wakes it */
};
_Static_assert(offsetof(struct ring_shared, head) == RING_LINE, "shared layout");
_Static_assert(sizeof(struct ring_shared) == 2 * RING_LINE, "shared layout");

enum ring_end { RING_PRODUCER, RING_CONSUMER };

/* One end; private. */
struct ring {
	struct ring_shared *shared;
	uint8_t *slots;
	uint32_t slot_count; /* a power of two */
	uint32_t slot_size;  /* bytes */
	enum ring_end end;
	bool broken;
	uint32_t own;  /* this end's index, ahead of the shared one until published or released */
	uint32_t peer; /* the peer's index when last looked at */
};

static inline size_t ring_bytes(uint32_t slot_count, uint32_t slot_size)
{
	return sizeof(struct ring_shared) + (size_t)slot_count * slot_size;
}

static inline _Atomic uint32_t *ring_own_index(const struct ring *r)
{
	return r->end == RING_PRODUCER ? &r->shared->tail : &r->shared->head;
}

static inline _Atomic uint32_t *ring_peer_index(const struct ring *r)
{
	return r->end == RING_PRODUCER ? &r->shared->head : &r->shared->tail;
}

/* Slots between the two indices as this end sees them: those it may not touch (producer) or may
 * read (consumer). */
static inline uint32_t ring_used(const struct ring *r)
{
	return r->end == RING_PRODUCER ? r->own - r->peer : r->peer - r->own;
}

/* Looks at the peer's index. Acquire pairs with the peer's release: its slots are then ours to read
 * or write. */
static inline status_t ring_look(struct ring *r)
{
	uint32_t peer = atomic_load_explicit(ring_peer_index(r), memory_order_acquire);
	/* The peer can only have moved from where it was last seen towards where this end is (or,
	 * for a producer, was allowed to go); anything else is no index. */
	uint32_t moved = peer - r->peer;
	uint32_t room = r->end == RING_PRODUCER ? ring_used(r) : r->slot_count - ring_used(r);

	if (r->broken || moved > room) {
		r->broken = true;
		return ERR_PROTOCOL;
	}
	r->peer = peer;
	return OK;
}

/* Memory of at least ring_bytes, aligned to RING_LINE. An end that comes back after a restart goes
 * on where the ring says it was. ERR_INVALID for the shape, ERR_PROTOCOL for indices that cannot
 * be. */
static inline status_t ring_attach(struct ring *r, void *memory, size_t bytes, uint32_t slot_count, uint32_t slot_size,
				   enum ring_end end)
{
	if (slot_count == 0 || (slot_count & (slot_count - 1)) || slot_count > 1u << 30 || slot_size == 0 ||
	    (uintptr_t)memory % RING_LINE || bytes < ring_bytes(slot_count, slot_size))
		return ERR_INVALID;
	*r = (struct ring){
		.shared = memory,
		.slots = (uint8_t *)memory + sizeof(struct ring_shared),
		.slot_count = slot_count,
		.slot_size = slot_size,
		.end = end,
	};
	r->own = atomic_load_explicit(ring_own_index(r), memory_order_acquire);
	r->peer = atomic_load_explicit(ring_peer_index(r), memory_order_acquire);
	r->broken = ring_used(r) > slot_count;
	return r->broken ? ERR_PROTOCOL : OK;
}

static inline uint8_t *ring_slot(const struct ring *r)
{
	return r->slots + (size_t)(r->own & (r->slot_count - 1)) * r->slot_size;
}

/* Fills the next slot; seen by the consumer after ring_publish. ERR_WOULD_BLOCK: full. */
static inline status_t ring_put(struct ring *r, const void *item)
{
	if (ring_used(r) == r->slot_count) {
		status_t status = ring_look(r);

		if (status != OK)
			return status;
		if (ring_used(r) == r->slot_count)
			return ERR_WOULD_BLOCK;
	}
	if (r->broken)
		return ERR_PROTOCOL;
	memcpy(ring_slot(r), item, r->slot_size);
	r->own++;
	return OK;
}

/* Copies the next slot out; it is the producer's again after ring_release. ERR_WOULD_BLOCK: empty.
 */
static inline status_t ring_take(struct ring *r, void *item)
{
	if (ring_used(r) == 0) {
		status_t status = ring_look(r);

		if (status != OK)
			return status;
		if (ring_used(r) == 0)
			return ERR_WOULD_BLOCK;
	}
	if (r->broken)
		return ERR_PROTOCOL;
	memcpy(item, ring_slot(r), r->slot_size);
	r->own++;
	return OK;
}

static inline _Atomic uint32_t *ring_own_flag(const struct ring *r)
{
	return r->end == RING_PRODUCER ? &r->shared->producer_waits : &r->shared->consumer_waits;
}

static inline _Atomic uint32_t *ring_peer_flag(const struct ring *r)
{
	return r->end == RING_PRODUCER ? &r->shared->consumer_waits : &r->shared->producer_waits;
}

/* Shows the peer how far this end is. True: the peer waits for that and must be signalled. */
static inline bool ring_show(struct ring *r)
{
	/* Nothing new since the last time: what the peer waits for has not come. */
	if (atomic_load_explicit(ring_own_index(r), memory_order_relaxed) == r->own)
		return false;
	atomic_store_explicit(ring_own_index(r), r->own, memory_order_release);
	/* The index must be out before the flag is looked at: see ring_wait_begin. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(ring_peer_flag(r), memory_order_relaxed) == 0)
		return false;
	return atomic_exchange_explicit(ring_peer_flag(r), 0, memory_order_relaxed) != 0;
}

static inline bool ring_publish(struct ring *r)
{
	return ring_show(r);
}

static inline bool ring_release(struct ring *r)
{
	return ring_show(r);
}

/*
 * Before sleeping because the ring is full (producer) or empty (consumer): true if there still is
 * nothing to do, and the peer will signal. Set flag, then look; the peer moves its index, then
 * looks at the flag. With a full fence on both sides one of the two sees the other's store, so no
 * wake-up is lost. Publish or release before it.
 */
static inline bool ring_wait_begin(struct ring *r)
{
	uint32_t blocked = r->end == RING_PRODUCER ? r->slot_count : 0;

	atomic_store_explicit(ring_own_flag(r), 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (ring_look(r) == OK && ring_used(r) == blocked)
		return true;
	atomic_store_explicit(ring_own_flag(r), 0, memory_order_relaxed);
	return false;
}
