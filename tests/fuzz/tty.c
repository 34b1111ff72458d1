/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: anything done to the line discipline in any order. A model beside it counts bytes: what readers and the device get was given, the
 * queues keep their bounds, and nothing is readable that cannot be taken.
 */
/* fuzz-sources: userland/tty/discipline.c userland/tty/echo.c userland/tty/edit.c */
/* fuzz-runs: 20000 */
#include <stdlib.h>
#include <string.h>

#include "userland/tty/discipline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct discipline *d)
{
	require(d->head - d->tail <= TTY_INPUT_MAX);
	require(d->lined - d->tail <= d->head - d->tail);
	require(d->out_head - d->out_tail <= DISCIPLINE_OUTPUT_MAX);
	require(discipline_room(d) <= TTY_INPUT_MAX);
}

static void take(struct discipline *d, size_t max)
{
	static uint8_t bytes[TTY_INPUT_MAX];
	uint32_t before = discipline_readable(d);
	size_t got;

	if (!before || !max)
		return;
	got = discipline_take(d, bytes, max);
	require(got <= max && got <= before && discipline_readable(d) < before);
}

static void settings(struct discipline *d, const uint8_t *data, size_t size)
{
	struct tty_attributes t = d->t;

	memcpy(&t, data, size < sizeof(t) ? size : sizeof(t));
	discipline_set(d, &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct discipline d;
	static uint8_t out[DISCIPLINE_OUTPUT_MAX + 1];

	discipline_init(&d);
	while (size >= 2) {
		uint8_t what = data[0];
		size_t len = data[1] < size - 2 ? data[1] : size - 2;

		data += 2;
		size -= 2;
		switch (what % 10) {
		case 0:
		case 1:
			for (size_t i = 0; i < len; i++)
				require(discipline_receive(&d, data[i]) < 16);
			break;
		case 2: require(discipline_write(&d, data, len) <= len); break;
		case 3: require(discipline_output(&d, out, len) <= len); break;
		case 4: take(&d, len); break;
		case 5: settings(&d, data, len); break;
		case 6:
			(void)discipline_receive_break(&d);
			for (size_t i = 0; i < len; i++)
				(void)discipline_receive_error(&d, data[i]);
			break;
		case 7: discipline_hold(&d, len & 1); break;
		case 8: len & 1 ? discipline_flush_input(&d) : discipline_flush_output(&d); break;
		default:
			/* Much of it, to where the queues are full */
			for (size_t i = 0; i < 32 * len; i++)
				(void)discipline_receive(&d, data[i % len]);
			break;
		}
		check(&d);
		data += len;
		size -= len;
	}
	while (discipline_readable(&d))
		take(&d, 100);
	discipline_hold(&d, false);
	require(discipline_output(&d, out, sizeof(out)) <= sizeof(out));
	require(discipline_output_queued(&d) == 0);
	return 0;
}
