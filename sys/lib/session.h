/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings between a client and a server that may die and come back. The memory is the long-lived side's, the client's;
 * it starts with this
 * page, then come the rings that the protocol names, each at a multiple of RING_LINE (session_ring_offset).
 *
 *   server comes (again)    writes server_epoch, a number that no earlier instance used, and signals the client; it
 * touches no ring yet
 *   client sees it          makes the rings empty, queues again what was not answered, writes client_epoch =
 * server_epoch, rings the doorbell
 *   server sees that        attaches to the rings and works
 *
 * Only one server instance lives at a time, so nobody writes into rings that are being made empty. Each end believes
 * nothing that the other
 * writes: epochs are only compared, rings check their indices (ring.h).
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/lib/ring.h"

#define SESSION_RINGS_MAX 4

struct session_shared {
	/* written by the server */
	_Alignas(RING_LINE) _Atomic uint32_t server_epoch; /* 0: none yet */
	/* written by the client */
	_Alignas(RING_LINE) _Atomic uint32_t client_epoch; /* the rings are prepared for this one */
	_Alignas(RING_LINE) uint8_t reserved[RING_LINE];
};
_Static_assert(sizeof(struct session_shared) == 3 * RING_LINE, "shared layout");

/* A ring's place when those before it have these shapes. */
static inline size_t session_ring_offset(unsigned index, const uint32_t *slot_counts, const uint32_t *slot_sizes)
{
	size_t at = sizeof(struct session_shared);

	for (unsigned i = 0; i < index; i++)
		at += (ring_bytes(slot_counts[i], slot_sizes[i]) + RING_LINE - 1) & ~(size_t)(RING_LINE - 1);
	return at;
}
