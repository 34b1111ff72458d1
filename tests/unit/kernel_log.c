/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log ring against a plain list of what was written: wrapping, loss, readers of every pace,
 * and wild positions.
 */
#include <stdlib.h>

#include "tests/unit/check.h"

#include "kernel/log/ring.h"

static struct log_ring ring;

/* The text of record n: its length walks through all values, so records wrap at every offset. */
static size_t text_of(uint64_t n, char *text)
{
	size_t len = (size_t)(n * 37 % (LOG_LINE_MAX + 1));

	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + (n + i) % 26);
	return len;
}

static void add(uint64_t n)
{
	char text[LOG_LINE_MAX];
	size_t len = text_of(n, text);

	log_ring_add(&ring, n * 1000, n % 7, (int)(n % 4), text, len);
}

/* Checks the records in buf, the first of which must be `number`; returns how many. */
static uint64_t check_records(const uint8_t *buf, size_t size, uint64_t number, uint32_t lost)
{
	uint64_t count = 0;

	for (size_t at = 0; at < size; count++) {
		struct log_record record;
		char text[LOG_LINE_MAX];
		size_t len = text_of(number + count, text);

		memcpy(&record, buf + at, sizeof(record));
		at += sizeof(record);
		CHECK_INT(record.time_ns, (number + count) * 1000);
		CHECK_INT(record.koid, (number + count) % 7);
		CHECK_INT(record.level, (number + count) % 4);
		CHECK_INT(record.lost, count ? 0 : lost);
		if (!CHECK_INT(record.len, len))
			return count;
		CHECK(!memcmp(buf + at, text, len));
		at += len;
		for (; at % 8; at++)
			CHECK(buf[at] == 0);
		CHECK(at <= size);
	}
	return count;
}

static void test_empty(void)
{
	uint8_t buf[64];
	uint64_t position = 0;

	ring = (struct log_ring){0};
	CHECK_INT(log_ring_copy(&ring, &position, buf, sizeof(buf)), 0);
	CHECK_INT(position, 0);
	position = 77; /* nobody gave this out */
	CHECK_INT(log_ring_copy(&ring, &position, buf, sizeof(buf)), 0);
	CHECK_INT(position, 0);
}

/* A reader that keeps up sees every record once. */
static void test_follow(void)
{
	static uint8_t buf[8192];
	uint64_t position = 0, seen = 0;

	ring = (struct log_ring){0};
	for (uint64_t n = 0; n < 5000; n++) {
		add(n);
		if (n % 5 == 4) {
			size_t size = log_ring_copy(&ring, &position, buf, sizeof(buf));

			seen += check_records(buf, size, seen, 0);
			CHECK_INT(seen, n + 1);
			CHECK_INT(position, seen);
		}
	}
}

/* One that comes late learns how much it has missed, then reads on piece by piece. */
static void test_overrun(void)
{
	for (size_t room = 0; room < 1200; room += 40) {
		uint64_t position = 3, number = 0;
		uint8_t *buf = malloc(room);
		size_t size, total = 0;

		ring = (struct log_ring){0};
		for (uint64_t n = 0; n < 1000; n++)
			add(n);
		while ((size = log_ring_copy(&ring, &position, buf, room))) {
			if (!number) {
				number = ring.first;
				CHECK(number > 3);
				number += check_records(buf, size, number, (uint32_t)(number - 3));
			} else {
				number += check_records(buf, size, number, 0);
			}
			total += size;
			CHECK_INT(position, number);
		}
		if (room >= sizeof(struct log_record) + LOG_LINE_MAX) {
			CHECK_INT(number, 1000);
			CHECK(total > LOG_RING_BYTES - sizeof(struct log_record) - LOG_LINE_MAX - 8);
			CHECK(total <= LOG_RING_BYTES);
		}
		free(buf);
	}
}

/* Room for no record at all: the loss is told again when there is. */
static void test_loss_kept(void)
{
	uint8_t buf[1024];
	uint64_t position = 0;
	struct log_record record;

	ring = (struct log_ring){0};
	for (uint64_t n = 0; n < 3000; n++)
		add(n);
	CHECK_INT(log_ring_copy(&ring, &position, buf, 8), 0);
	CHECK(log_ring_copy(&ring, &position, buf, sizeof(buf)) > 0);
	memcpy(&record, buf, sizeof(record));
	CHECK_INT(record.lost, ring.first);
}

/* Records without text: their number is the limit, not their bytes. */
static void test_many_small(void)
{
	static uint8_t buf[LOG_RING_BYTES];
	uint64_t position = 0;

	ring = (struct log_ring){0};
	for (uint64_t n = 0; n < LOG_RING_RECORDS * 3 + 5; n++)
		log_ring_add(&ring, n, 0, 0, "", 0);
	CHECK_INT(ring.next - ring.first, LOG_RING_RECORDS);
	CHECK_INT(log_ring_copy(&ring, &position, buf, sizeof(buf)), LOG_RING_RECORDS * sizeof(struct log_record));
	CHECK_INT(position, ring.next);
}

static void test_long_line(void)
{
	static char text[LOG_LINE_MAX * 2];
	uint8_t buf[1024];
	uint64_t position = 0;
	struct log_record record;

	ring = (struct log_ring){0};
	memset(text, 'x', sizeof(text));
	log_ring_add(&ring, 0, 0, 0, text, sizeof(text));
	CHECK_INT(log_ring_copy(&ring, &position, buf, sizeof(buf)), sizeof(record) + LOG_LINE_MAX);
	memcpy(&record, buf, sizeof(record));
	CHECK_INT(record.len, LOG_LINE_MAX);
}

/* Positions come from user space: whatever they are, only whole records of the ring come back. */
static void test_wild_positions(void)
{
	static uint8_t buf[LOG_RING_BYTES];
	uint64_t state = 88172645463325252ull;

	ring = (struct log_ring){0};
	for (uint64_t n = 0; n < 700; n++)
		add(n);
	for (int i = 0; i < 500; i++) {
		uint64_t position, asked;
		size_t size;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		asked = position = i % 3 ? state % 800 : state;
		size = log_ring_copy(&ring, &position, buf, sizeof(buf));
		if (asked >= ring.next) {
			CHECK_INT(size, 0);
		} else {
			uint64_t first = asked < ring.first ? ring.first : asked;

			CHECK_INT(first + check_records(buf, size, first, (uint32_t)(first - asked)), 700);
		}
		CHECK_INT(position, 700);
	}
}

int main(void)
{
	test_empty();
	test_follow();
	test_overrun();
	test_loss_kept();
	test_many_small();
	test_long_line();
	test_wild_positions();
	return check_end();
}
