/* SPDX-License-Identifier: BSD-2-Clause */
/* The ns16550 driver and the serial class library, unchanged, against a software UART: interrupts,
 * queues, waiting and dying callers, restarts of the driver, and devices gone mad. */
#include "tests/unit/uart_model.h"

#include <libfdt.h>
#include <stdlib.h>

#include "sys/driver/host/host.h"
#include "sys/driver/serial_port.h"
#include "tests/unit/check.h"

static struct uart_model model;
static struct serial_state state;
static struct host_model regs = {
	.size = 0x100,
	.read = uart_model_read,
	.write = uart_model_write,
	.ctx = &model,
};

static void props_plain(void *fdt)
{
	fdt_property_u32(fdt, "clock-frequency", 3686400);
	fdt_property_u32(fdt, "current-speed", 9600);
}

static void props_dw(void *fdt)
{
	fdt_property_u32(fdt, "clock-frequency", 24000000);
	fdt_property_u32(fdt, "reg-shift", 2);
	fdt_property_u32(fdt, "reg-io-width", 4);
}

static const struct host_node plain = {.match = 2, .props = props_plain, .regs = {&regs}, .state = &state, .irqs = 1};
static const struct host_node dw = {
	.match = 0, .props = props_dw, .console = "115200n8", .regs = {&regs}, .state = &state, .irqs = 1};

/* One step of the world. Interrupts are level-triggered. */
static bool step(void)
{
	bool progress = uart_model_tick(&model);

	host_time += 100000;
	for (int i = 0; i < 100 && uart_model_irq(&model); i++) {
		host_irq(0);
		progress = true;
	}
	CHECK(!uart_model_irq(&model)); /* no storm */
	return host_timer_run() || progress || host_timer != DEADLINE_NEVER;
}

static void run(void)
{
	while (step())
		;
}

static const struct host_node *start(bool is_dw)
{
	const struct host_node *node = is_dw ? &dw : &plain;

	memset(&state, 0, sizeof(state));
	uart_model_reset(&model, is_dw, is_dw ? 2 : 0, is_dw ? 4 : 1);
	host_step = step;
	host_async = false;
	CHECK_INT(host_bind(node, DRIVER_FRESH), OK);
	return node;
}

static void type(const char *text)
{
	for (; *text; text++) {
		uart_model_receive(&model, (uint8_t)*text);
		run();
	}
}

/* ---- plain use ------------------------------------------------------------------------------------ */

static void test_write(bool is_dw)
{
	static uint8_t data[200000];
	uint32_t count, done = 0;

	start(is_dw);
	CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, "hello", 5, &count), OK);
	CHECK_INT(count, 5);
	run();
	CHECK_INT(model.out_count, 5);
	CHECK(!memcmp(model.out, "hello", 5));
	CHECK_INT(model.ier & 2, 0); /* nothing to send: no such interrupt */

	/* Much more than fits */
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	model.out_count = 0;
	while (done < sizeof(data)) {
		size_t n = sizeof(data) - done < 60000 ? sizeof(data) - done : 60000;

		if (!CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, data + done, n, &count), OK) || !CHECK(count > 0))
			break;
		done += count;
	}
	CHECK_INT(serial_drain(HOST_ENDPOINT), OK);
	CHECK_INT(model.out_count, sizeof(data));
	CHECK(!memcmp(model.out, data, sizeof(data)));
	CHECK(!model.shifting && !model.tx_count);
	/* Not blocking, into a full queue */
	done = 0;
	while (serial_write(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, data, 1000, &count) == OK)
		done += count;
	CHECK(done >= SERIAL_BUFFER_BYTES && done <= SERIAL_BUFFER_BYTES + MODEL_FIFO);
	CHECK_INT(serial_write(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, data, 1, &count), ERR_WOULD_BLOCK);
	CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, data, 0, &count), OK);
	CHECK_INT(serial_discard(HOST_ENDPOINT, SERIAL_QUEUE_OUTPUT), OK);
	CHECK_INT(serial_drain(HOST_ENDPOINT), OK);
	CHECK_INT(model.misuse, 0);
}

static void test_read(bool is_dw)
{
	struct serial_counters counters;
	char buffer[100];
	uint32_t count;

	start(is_dw);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, buffer, 100, &count), ERR_WOULD_BLOCK);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer, 0, &count), OK);
	type("some words");
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer, 4, &count), OK);
	CHECK_INT(count, 4);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer + 4, 90, &count), OK);
	CHECK_INT(count, 6);
	CHECK(!memcmp(buffer, "some words", 10));

	/* Nobody reads: bounded, the newest are dropped and counted */
	for (unsigned i = 0; i < SERIAL_BUFFER_BYTES + 100; i++) {
		uart_model_receive(&model, (uint8_t)i);
		run();
	}
	CHECK_INT(serial_counters_get(HOST_ENDPOINT, &counters), OK);
	CHECK_INT(counters.dropped, 100);
	CHECK_INT(counters.received, SERIAL_BUFFER_BYTES + 110);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer, 2, &count), OK);
	CHECK_INT(buffer[1], 1);
	CHECK_INT(serial_discard(HOST_ENDPOINT, SERIAL_QUEUE_INPUT), OK);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, buffer, 100, &count), ERR_WOULD_BLOCK);

	/* Errors of the line */
	for (int i = 0; i < MODEL_FIFO + 3; i++)
		uart_model_receive(&model, 'x');
	run();
	model.lsr_errors = 0x04 | 0x08;
	run();
	CHECK_INT(serial_counters_get(HOST_ENDPOINT, &counters), OK);
	CHECK_INT(counters.overruns, 1);
	CHECK_INT(counters.parity_errors, 1);
	CHECK_INT(counters.framing_errors, 1);
	CHECK_INT(counters.waiting, 0);
	/* A character timeout without a character */
	model.timeout_bug = true;
	run();
	CHECK_INT(model.misuse, 0);
}

static void test_waiting(void)
{
	char buffers[SERIAL_WAITERS_MAX + 1][8];
	unsigned calls[SERIAL_WAITERS_MAX + 1];
	uint32_t count;
	status_t status;
	uint64_t word;

	start(false);
	host_async = true;
	for (int i = 0; i < SERIAL_WAITERS_MAX; i++) {
		CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffers[i], 2, &count), ERR_WOULD_BLOCK);
		calls[i] = host_last_call;
	}
	CHECK_INT(host_replies(), SERIAL_WAITERS_MAX);
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffers[0], 2, &count), ERR_BUSY);
	/* In the order of their calls, a dead one passed over without losing a byte */
	host_caller_kill(calls[1]);
	uart_model_receive(&model, 'a');
	uart_model_receive(&model, 'b');
	uart_model_receive(&model, 'c');
	run();
	CHECK(host_answered(calls[0], &status, &word));
	CHECK_INT(status, OK);
	CHECK_INT((uint32_t)word, 2);
	CHECK(!memcmp(buffers[0], "ab", 2));
	CHECK(host_answered(calls[2], &status, &word));
	CHECK_INT((uint32_t)word, 1);
	CHECK_INT(buffers[2][0], 'c');
	CHECK_INT(host_replies(), SERIAL_WAITERS_MAX - 3);
	/* All die; new ones find room again, and nothing leaks. */
	for (int i = 3; i < SERIAL_WAITERS_MAX; i++)
		host_caller_kill(calls[i]);
	for (int i = 0; i < SERIAL_WAITERS_MAX; i++) {
		CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffers[i], 2, &count), ERR_WOULD_BLOCK);
		calls[i] = host_last_call;
	}
	CHECK_INT(host_replies(), SERIAL_WAITERS_MAX);
	/* The driver dies: all hear of it. */
	CHECK_INT(host_bind(&plain, DRIVER_RESTART), OK);
	for (int i = 0; i < SERIAL_WAITERS_MAX; i++) {
		CHECK(host_answered(calls[i], &status, &word));
		CHECK_INT(status, ERR_PEER_DIED);
	}
	CHECK_INT(host_replies(), 0);
	/* Waiting to drain, twice; the line is set only then */
	struct serial_line line = {.baud = 115200, .data_bits = 7, .stop_bits = 2, .parity = 2};
	CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, "abc", 3, &count), OK);
	CHECK_INT(serial_drain(HOST_ENDPOINT), ERR_WOULD_BLOCK);
	calls[0] = host_last_call;
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), ERR_WOULD_BLOCK);
	calls[1] = host_last_call;
	CHECK_INT(model.divisor_writes, 0);
	run();
	CHECK(host_answered(calls[0], &status, &word) && status == OK);
	CHECK(host_answered(calls[1], &status, &word) && status == OK);
	CHECK_INT(model.divisor_writes, 1);
	CHECK_INT(model.misuse, 0);
}

static void test_line(bool is_dw)
{
	struct serial_line line = {0};

	start(is_dw);
	CHECK_INT(serial_line_get(HOST_ENDPOINT, &line), OK);
	CHECK_INT(line.baud, is_dw ? 115200 : 9600);
	CHECK_INT(line.data_bits, 8);
	CHECK_INT(model.divisor_writes, 0); /* the firmware's setting is left alone */
	line = (struct serial_line){.baud = 57600, .data_bits = 8, .stop_bits = 1, .parity = 1};
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), OK);
	CHECK_INT(model.dll | model.dlm << 8, is_dw ? 26 : 4);
	CHECK_INT(model.lcr, 0x0b);
	/* The next instance sets it again. */
	model.dll = 0;
	CHECK_INT(host_bind(is_dw ? &dw : &plain, DRIVER_RESTART), OK);
	CHECK_INT(model.dll, is_dw ? 26 : 4);
	line.baud = 4000000; /* too far off */
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), ERR_UNSUPPORTED);
	line.baud = 0;
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), ERR_INVALID);
	line.baud = 9600;
	line.data_bits = 9;
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), ERR_INVALID);
	/* While a byte comes in, a DW refuses; the driver gets through. */
	line.data_bits = 8;
	line.parity = 0;
	uart_model_receive(&model, 'x');
	CHECK_INT(serial_line_set(HOST_ENDPOINT, &line), OK);
	CHECK_INT(model.lcr, 3);
	run(); /* IIR 7, if it came to that, is gone */
	CHECK(!model.busy_pending);
	CHECK_INT(model.misuse, 0);
	/* A dead instance left the divisor latch open and a break on the line. */
	model.lcr = 0xc3;
	CHECK_INT(host_bind(is_dw ? &dw : &plain, DRIVER_RESTART), OK);
	CHECK_INT(model.lcr & 0xc0, 0);

	CHECK(serial_line_parse("115200n8", &line) && line.baud == 115200 && line.data_bits == 8);
	CHECK(serial_line_parse("9600e7r", &line) && line.parity == 2 && line.data_bits == 7);
	CHECK(!serial_line_parse("", &line));
	CHECK(!serial_line_parse("99999999999", &line));
	CHECK(!serial_line_parse("9600x", &line));
}

/* ---- restarts ------------------------------------------------------------------------------------------ */

static void test_restart(void)
{
	char buffer[64];
	uint32_t count;

	start(true);
	type("typed before");
	CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, "0123456789abcdefghijklmnop", 26, &count), OK);
	CHECK(model.out_count == 0 && model.tx_count == MODEL_FIFO);
	CHECK_INT(host_bind(&dw, DRIVER_RESTART), OK);
	run();
	CHECK_INT(model.out_count, 26);
	CHECK(!memcmp(model.out, "0123456789abcdefghijklmnop", 26));
	CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer, 64, &count), OK);
	CHECK_INT(count, 12);
	CHECK(!memcmp(buffer, "typed before", 12));

	/* Calls with an id are done once, however often they are sent. */
	CHECK_INT(serial_write(HOST_ENDPOINT, 77, 0, "once", 4, &count), OK);
	CHECK_INT(host_bind(&dw, DRIVER_RESTART), OK);
	count = 0;
	CHECK_INT(serial_write(HOST_ENDPOINT, 77, 0, "once", 4, &count), OK);
	CHECK_INT(count, 4);
	CHECK_INT(serial_write(HOST_ENDPOINT, 78, 0, "more", 4, &count), OK);
	run();
	CHECK_INT(model.out_count, 34);
	CHECK(!memcmp(model.out + 26, "oncemore", 8));
	type("xyz");
	CHECK_INT(serial_read(HOST_ENDPOINT, 77, 0, buffer, 2, &count), OK); /* another operation */
	CHECK_INT(count, 2);
	CHECK_INT(host_bind(&dw, DRIVER_RESTART), OK);
	CHECK_INT(serial_read(HOST_ENDPOINT, 77, 0, buffer, 2, &count), OK);
	CHECK_INT(count, 2);
	CHECK_INT(serial_read(HOST_ENDPOINT, 79, 0, buffer, 2, &count), OK);
	CHECK_INT(count, 1);
	CHECK_INT(buffer[0], 'z');
	/* Noted, and dead before the index moved */
	CHECK_INT(serial_write(HOST_ENDPOINT, 80, 0, "late", 4, &count), OK);
	run();
	state.tx.head -= 4;
	state.tx.tail -= 4;
	CHECK_INT(host_bind(&dw, DRIVER_RESTART), OK);
	CHECK_INT(serial_write(HOST_ENDPOINT, 80, 0, "late", 4, &count), OK);
	run();
	CHECK_INT(model.out_count, 42);
	CHECK(!memcmp(model.out + 34, "latelate", 8));
	CHECK_INT(model.misuse, 0);
}

/* Whatever the last instance wrote into the memory, the next one stays inside of it. */
static void test_state_garbage(void)
{
	char buffer[64];
	uint32_t count;
	int kept = 0;

	srand(5);
	for (int round = 0; round < 300; round++) {
		start(false);
		uint32_t *words = (uint32_t *)(void *)&state;
		for (int i = 0; i < 1 + round % 20; i++)
			words[(unsigned)rand() % (offsetof(struct serial_state, rx_bytes) / 4)] =
				round % 3 ? (uint32_t)rand() : (uint32_t)rand() % 100000;
		if (host_bind(&plain, DRIVER_RESTART) != OK) {
			memset(&state, 0, sizeof(state));
			CHECK_INT(host_bind(&plain, DRIVER_RESTART), OK);
		}
		kept += serial_ring_used(&state.tx) != 0;
		CHECK(serial_ring_used(&state.tx) <= SERIAL_RING_BYTES);
		CHECK(serial_ring_used(&state.rx) <= SERIAL_RING_BYTES);
		model.out_count = 0;
		run();
		CHECK_INT(serial_write(HOST_ENDPOINT, 0, 0, "!", 1, &count), OK);
		run();
		CHECK(model.out_count >= 1 && model.out[model.out_count - 1] == '!');
		type("?");
		CHECK_INT(serial_read(HOST_ENDPOINT, 0, 0, buffer, 64, &count), OK);
	}
	CHECK(kept > 0); /* some garbage passes for a state */
}

/* Everything at random, the driver replaced at random; what goes in comes out, in order, once. */
static void test_random(bool is_dw, unsigned seed)
{
	static uint8_t sent[MODEL_OUT], typed[MODEL_OUT], got[MODEL_OUT];
	unsigned sent_count = 0, typed_count = 0, got_count = 0;
	uint64_t id = 1;
	uint32_t count;

	srand(seed);
	const struct host_node *node = start(is_dw);
	for (int i = 0; i < 60000; i++) {
		uint8_t data[64];
		size_t n = (size_t)rand() % sizeof(data);
		status_t status;

		switch (rand() % 8) {
		case 0:
		case 1:
			for (size_t k = 0; k < n; k++)
				data[k] = (uint8_t)rand();
			if (sent_count + n > MODEL_OUT)
				break;
			status = serial_write(HOST_ENDPOINT, rand() % 2 ? id++ : 0, SERIAL_MODE_NONBLOCK, data, n,
					      &count);
			CHECK(status == OK || status == ERR_WOULD_BLOCK);
			if (status == OK) {
				memcpy(sent + sent_count, data, count);
				sent_count += count;
			}
			break;
		case 2:
			status = serial_read(HOST_ENDPOINT, rand() % 2 ? id++ : 0, SERIAL_MODE_NONBLOCK, data, n,
					     &count);
			CHECK(status == OK || status == ERR_WOULD_BLOCK);
			if (status == OK) {
				memcpy(got + got_count, data, count);
				got_count += count;
			}
			break;
		case 3:
		case 4:
			if (typed_count == MODEL_OUT || model.late >= 0)
				break;
			if (rand() % 4 == 0)
				model.late = (uint8_t)i;
			else if (!uart_model_receive(&model, (uint8_t)i))
				break;
			typed[typed_count++] = (uint8_t)i;
			break;
		case 5:
			if (rand() % 50 == 0)
				CHECK_INT(host_bind(node, DRIVER_RESTART), OK);
			break;
		default: (void)step(); break;
		}
	}
	run();
	if (model.late >= 0) /* nobody asked any more */
		typed_count--;
	while (serial_read(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, got + got_count,
			   MODEL_OUT - got_count < 4096 ? MODEL_OUT - got_count : 4096, &count) == OK &&
	       count)
		got_count += count;
	CHECK(sent_count > 10000 && got_count > 5000);
	CHECK_INT(model.out_count, sent_count);
	CHECK(!memcmp(model.out, sent, sent_count));
	CHECK_INT(got_count, typed_count);
	CHECK(!memcmp(got, typed, typed_count));
	CHECK_INT(model.misuse, 0);
}

/* ---- devices gone mad -------------------------------------------------------------------------------------- */

static uint64_t mad_read(void *ctx, uint64_t offset, unsigned width)
{
	unsigned mode = *(unsigned *)ctx;

	(void)width;
	switch (mode) {
	case 0: return (uint64_t)rand();
	case 1: return offset == 5 ? 0x61 : (uint64_t)rand(); /* always data, always ready */
	case 2: return 0xffffffff;                            /* nobody there */
	case 3: return 0;
	case 4: return offset == 5 ? 0x02 : 0xc7; /* busy for ever */
	default: return offset == 5 ? (uint64_t)rand() & 0x7f : 0xcc;
	}
}

static void mad_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	(void)ctx, (void)offset, (void)width, (void)value;
}

static bool mad_step(void)
{
	static unsigned steps;

	host_time += 100000;
	host_irq(0);
	(void)host_timer_run();
	return ++steps % 20;
}

static void test_mad(void)
{
	static unsigned mode;
	static struct host_model mad = {.size = 0x100, .read = mad_read, .write = mad_write, .ctx = &mode};
	static const struct host_node nodes[] = {
		{.match = 2, .regs = {&mad}, .state = &state, .irqs = 1},
		{.match = 0, .props = props_dw, .regs = {&mad}, .state = &state, .irqs = 1},
	};
	char buffer[600];
	uint32_t count;
	int bound = 0;

	srand(9);
	host_step = mad_step;
	host_async = false;
	for (int round = 0; round < 600; round++) {
		struct serial_line line = {.baud = 9600, .data_bits = 8, .stop_bits = 1};

		mode = (unsigned)round % 6;
		if (host_bind(&nodes[round / 6 % 2], round % 5 ? DRIVER_RESTART : DRIVER_FRESH) != OK)
			continue;
		bound++;
		for (int i = 0; i < 20; i++) {
			host_irq(0);
			(void)serial_write(HOST_ENDPOINT, 0, i % 2, buffer, sizeof(buffer), &count);
			(void)serial_read(HOST_ENDPOINT, 0, SERIAL_MODE_NONBLOCK, buffer, sizeof(buffer), &count);
			CHECK(serial_ring_used(&state.tx) <= SERIAL_RING_BYTES);
			CHECK(serial_ring_used(&state.rx) <= SERIAL_RING_BYTES);
		}
		host_async = true;
		(void)serial_line_set(HOST_ENDPOINT, &line);
		host_async = false;
		driver.unbind(host_device());
	}
	CHECK(bound > 100);
	/* A device that vanishes ends the driver, in order. */
	start(false);
	regs.read = mad_read;
	regs.ctx = &mode;
	mode = 2;
	host_irq(0);
	CHECK(host_ended);
	CHECK_INT(host_bind(&plain, DRIVER_RESTART), ERR_NOT_FOUND);
	regs.read = uart_model_read;
	regs.ctx = &model;
}

/* Descriptions that make no sense are refused before a register is touched. */
static void props_far(void *fdt)
{
	fdt_property_u32(fdt, "reg-offset", 0x1000);
}
static void props_wide(void *fdt)
{
	fdt_property_u32(fdt, "reg-io-width", 4);
}
static void props_apart(void *fdt)
{
	fdt_property_u32(fdt, "reg-shift", 40);
}
static void props_end(void *fdt)
{
	fdt_property_u32(fdt, "reg-offset", 0xfa);
}

static void test_description(void)
{
	void (*const bad[])(void *) = {props_far, props_wide, props_apart, props_end};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct host_node node = plain;

		node.props = bad[i];
		CHECK_INT(host_bind(&node, DRIVER_FRESH), ERR_BAD_FORMAT);
	}
	struct host_node node = plain;
	node.regs[0] = NULL;
	CHECK_INT(host_bind(&node, DRIVER_FRESH), ERR_NOT_FOUND);
	node = plain;
	node.state = NULL;
	CHECK_INT(host_bind(&node, DRIVER_FRESH), ERR_NO_MEMORY);
}

int main(void)
{
	for (int is_dw = 0; is_dw < 2; is_dw++) {
		test_write(is_dw);
		test_read(is_dw);
		test_line(is_dw);
		for (unsigned seed = 0; seed < 4; seed++)
			test_random(is_dw, seed);
	}
	test_waiting();
	test_restart();
	test_state_garbage();
	test_mad();
	test_description();
	return check_end();
}
