/* SPDX-License-Identifier: BSD-2-Clause */
/* The small virtio devices: random numbers, a console. With loop=1 what the first console sends comes out of a second
 * one (serial:2), and back. */
#include <string.h>

#include "protocols/rng.h"
#include "protocols/serial.h"
#include "tests/system/lib/devices.h"
#include "tests/system/lib/make.h"

static void case_rng(void)
{
	static uint8_t first[RNG_TRANSFER_MAX], second[RNG_TRANSFER_MAX];
	uint32_t index, equal = 0, ones = 0;
	handle_t rng;

	REQUIRE(devices_up());
	rng = device_open("rng:0", &index);
	REQUIRE(rng != HANDLE_NONE);
	CHECK_OK(rng_read_until(rng, now() + DEVICE_TIMEOUT, first, sizeof(first)));
	CHECK_OK(rng_read_until(rng, now() + DEVICE_TIMEOUT, second, sizeof(second)));
	for (uint32_t i = 0; i < sizeof(first); i++) {
		equal += first[i] == second[i];
		ones += (uint32_t)__builtin_popcount(first[i]);
	}
	/* 16 and 16384 expected; out of these bounds once in longer than anybody will test */
	CHECK(equal < 100);
	CHECK(ones > 15000 && ones < 17800);
	CHECK_OK(rng_read_until(rng, now() + DEVICE_TIMEOUT, first, 1));
	CHECK_OK(rng_read_until(rng, now() + DEVICE_TIMEOUT, first, 0));
	for (unsigned i = 0; i < 4; i++) {
		status_t status;

		CHECK(device_restart(index));
		do
			status = rng_read_until(rng, now() + DEVICE_TIMEOUT, second, 64);
		while (status == ERR_PEER_DIED);
		CHECK_OK(status);
		CHECK(memcmp(first, second, 64));
	}
	shut(rng);
}

static bool write_all(handle_t serial, const uint8_t *bytes, uint32_t size, uint64_t *id)
{
	while (size) {
		uint32_t count = 0;
		status_t status = serial_write_until(serial, now() + DEVICE_TIMEOUT, *id, 0, bytes, size, &count);

		if (status == ERR_PEER_DIED)
			continue; /* the same once more: the id says so */
		if (!CHECK_OK(status))
			return false;
		++*id;
		bytes += count;
		size -= count;
	}
	return true;
}

static void case_console(void)
{
	static uint8_t bytes[20000];
	struct serial_counters before = {0}, after = {0};
	uint32_t index;
	uint64_t id = 1;
	handle_t console;

	REQUIRE(devices_up());
	console = device_open("serial:1", &index);
	REQUIRE(console != HANDLE_NONE);
	CHECK_OK(serial_counters_get_until(console, now() + DEVICE_TIMEOUT, &before));
	REQUIRE(write_all(console, bytes, sizeof(bytes), &id));
	CHECK_OK(serial_drain_until(console, now() + DEVICE_TIMEOUT));
	CHECK_OK(serial_counters_get_until(console, now() + DEVICE_TIMEOUT, &after));
	CHECK_EQ(after.sent - before.sent, sizeof(bytes));
	CHECK(device_restart(index));
	REQUIRE(write_all(console, bytes, sizeof(bytes), &id));
	CHECK_OK(serial_drain_until(console, now() + DEVICE_TIMEOUT));
	shut(console);
}

static void case_loop(void)
{
	static uint8_t out[30000], in[30000];
	uint64_t state = 5, id = 1, read_id = 1;
	uint32_t index, sent = 0, got = 0;
	handle_t from, to;

	if (!test_option("loop", 0)) {
		test_skip("needs two consoles that are connected");
		return;
	}
	REQUIRE(devices_up());
	from = device_open("serial:1", &index);
	to = device_open("serial:2", &index);
	REQUIRE(from != HANDLE_NONE && to != HANDLE_NONE);
	sleep_ns(100 * MS); /* what the case before has sent */
	CHECK_OK(serial_discard(to, SERIAL_QUEUE_INPUT));
	for (uint32_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)random_next(&state);
	while (got < sizeof(in) && !test_failures()) {
		uint32_t count = 0, piece = sizeof(out) - sent < 1000 ? sizeof(out) - sent : 1000;

		REQUIRE(write_all(from, out + sent, piece, &id));
		sent += piece;
		while (got < sent) {
			REQUIRE_OK(serial_read_until(to, now() + DEVICE_TIMEOUT, read_id++, 0, in + got,
						     sizeof(in) - got, &count));
			got += count;
		}
	}
	CHECK(!memcmp(in, out, sizeof(in)));
	shut(to);
	shut(from);
}

TEST_CASES("virtio", {"rng", case_rng}, {"console", case_console}, {"loop", case_loop});
