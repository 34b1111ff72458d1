/* SPDX-License-Identifier: BSD-2-Clause */
/* Record ring. Records are padded to 8 bytes and may wrap around the end of the buffer. */
#include "kernel/log/ring.h"

#include <string.h>

_Static_assert(sizeof(struct log_record) % 8 == 0, "records stay 8-byte aligned");
_Static_assert(LOG_RING_BYTES / 8 <= UINT16_MAX + 1, "offsets fit into at[]");

static uint32_t record_bytes(size_t len)
{
	return (uint32_t)(sizeof(struct log_record) + ((len + 7) & ~7ul));
}

static void ring_put(struct log_ring *ring, uint32_t at, const void *from, size_t size)
{
	size_t tail = LOG_RING_BYTES - at, n = size < tail ? size : tail;

	memcpy(ring->bytes + at, from, n);
	memcpy(ring->bytes, (const uint8_t *)from + n, size - n);
}

static void ring_get(const struct log_ring *ring, uint32_t at, void *to, size_t size)
{
	size_t tail = LOG_RING_BYTES - at, n = size < tail ? size : tail;

	memcpy(to, ring->bytes + at, n);
	memcpy((uint8_t *)to + n, ring->bytes, size - n);
}

static uint32_t record_at(const struct log_ring *ring, uint64_t number)
{
	return (uint32_t)ring->at[number % LOG_RING_RECORDS] * 8;
}

static void drop_oldest(struct log_ring *ring)
{
	struct log_record record;

	ring_get(ring, record_at(ring, ring->first), &record, sizeof(record));
	ring->used -= record_bytes(record.len);
	ring->first++;
}

void log_ring_add(struct log_ring *ring, uint64_t time_ns, uint64_t koid, int level, const char *text, size_t len)
{
	static const uint8_t padding[8];
	struct log_record record = {.time_ns = time_ns, .koid = koid, .level = (uint16_t)level};
	uint32_t size, at = ring->head;

	if (len > LOG_LINE_MAX)
		len = LOG_LINE_MAX;
	record.len = (uint16_t)len;
	size = record_bytes(len);
	while (ring->used + size > LOG_RING_BYTES || ring->next - ring->first == LOG_RING_RECORDS)
		drop_oldest(ring);
	ring->at[ring->next++ % LOG_RING_RECORDS] = (uint16_t)(at / 8);
	ring_put(ring, at, &record, sizeof(record));
	at = (at + (uint32_t)sizeof(record)) % LOG_RING_BYTES;
	ring_put(ring, at, text, len);
	at = (at + (uint32_t)len) % LOG_RING_BYTES;
	ring_put(ring, at, padding, (8 - len % 8) % 8);
	ring->head = (ring->head + size) % LOG_RING_BYTES;
	ring->used += size;
}

size_t log_ring_copy(const struct log_ring *ring, uint64_t *position, void *buf, size_t size)
{
	uint64_t number = *position, lost = 0;
	size_t copied = 0;

	if (number > ring->next) /* never given out */
		number = ring->next;
	if (number < ring->first) {
		lost = ring->first - number;
		number = ring->first;
	}
	for (; number < ring->next; number++, lost = 0) {
		uint32_t at = record_at(ring, number), bytes;
		struct log_record record;

		ring_get(ring, at, &record, sizeof(record));
		bytes = record_bytes(record.len);
		if (size - copied < bytes)
			break;
		record.lost = lost > UINT32_MAX ? UINT32_MAX : (uint32_t)lost;
		ring_get(ring, at, (uint8_t *)buf + copied, bytes);
		memcpy((uint8_t *)buf + copied, &record, sizeof(record));
		copied += bytes;
	}
	if (copied || !lost) /* nothing fitted: what was lost must still be told next time */
		*position = number;
	return copied;
}
