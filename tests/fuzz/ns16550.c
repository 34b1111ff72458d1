/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A malicious serial port: every register reads as the input says, interrupts come when it likes, the driver dies and its state memory holds
 * anything. The driver and the serial class library have to stay within their memory, answer their callers and come to an end.
 */
// fuzz-sources: drivers/serial/ns16550.c sys/driver/host/host.c sys/driver/host/objects.c sys/driver/device.c sys/driver/serial_port.c sys/driver/serial_state.c sys/lib/ipc.c build/release/sys/protocols/serial.c build/release/sys/protocols/pci.c libfdt
// fuzz-runs: 20000
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "sys/driver/host/host.h"
#include "sys/driver/serial_port.h"

#define OPERATIONS_MAX 400
#define BUFFERS        64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *at, *end;
static uint64_t accesses;

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && at < end; i++)
		value |= (uint32_t)*at++ << (8 * i);
	return value;
}

static void require(bool good)
{
	if (!good)
		abort();
}

static uint64_t device_read(void *ctx, uint64_t offset, unsigned width)
{
	(void)ctx;
	(void)offset;
	/* Whatever a register says, nothing is asked for without end. */
	require(++accesses < 1000000);
	return take(width);
}

static void device_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	(void)ctx;
	(void)offset;
	(void)width;
	(void)value;
	require(++accesses < 1000000);
}

/* Only an instance that has bound is served or heard. */
static bool bound;

static struct serial_state state;
static struct host_model regs = {.size = 0x100, .read = device_read, .write = device_write};

static void props_dw(void *fdt)
{
	fdt_property_u32(fdt, "clock-frequency", 24000000);
	fdt_property_u32(fdt, "reg-shift", 2);
	fdt_property_u32(fdt, "reg-io-width", 4);
}

static const struct host_node nodes[2] = {
	{.match = 2, .regs = {&regs}, .state = &state, .irqs = 1},
	{.match = 0, .props = props_dw, .console = "115200n8", .regs = {&regs}, .state = &state, .irqs = 1},
};

static bool step(void)
{
	host_time += 1000000;
	if (!bound || host_ended)
		return false;
	if (at < end)
		host_irq(0);
	return (!host_ended && host_timer_run()) || at < end;
}

static void delayed(void)
{
	host_time += 1000000;
}

/* Buffers of calls that wait have to stay. */
static uint8_t buffers[BUFFERS][256];

static void operation(unsigned number)
{
	struct serial_line line;
	struct serial_counters counters;
	uint8_t *buffer = buffers[number % BUFFERS];
	uint32_t count = 0, id = take(1) % 4, size = take(1);

	switch (take(1) % 11) {
	case 0: (void)serial_write(HOST_ENDPOINT, id, take(1) % 2, buffer, size, &count); break;
	case 1: (void)serial_read(HOST_ENDPOINT, id, take(1) % 2, buffer, size, &count); break;
	case 2:
	case 4: (void)serial_drain(HOST_ENDPOINT); break;
	case 3: (void)serial_discard(HOST_ENDPOINT, take(1) % 4); break;
	case 5:
		line = (struct serial_line){.baud = take(4),
					    .data_bits = (uint8_t)take(1),
					    .stop_bits = (uint8_t)take(1),
					    .parity = (uint8_t)take(1)};
		(void)serial_line_set(HOST_ENDPOINT, &line);
		break;
	case 6: (void)serial_line_get(HOST_ENDPOINT, &line); break;
	case 7: (void)serial_counters_get(HOST_ENDPOINT, &counters); break;
	case 8: host_caller_kill(host_last_call); break;
	case 9: host_irq(0); break;
	default: (void)host_timer_run();
	}
	require(count <= 256);
}

/* Answers are taken as they come, so that there is room for further calls. */
static void collect(void)
{
	status_t status;
	uint64_t word;

	for (unsigned i = 0; i < HOST_CALLS_MAX; i++) {
		if (host_answered(i, &status, &word))
			require(status <= OK && status >= ERR_LAST);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct host_node *node;

	at = data;
	end = data + size;
	accesses = 0;
	node = &nodes[take(1) % 2];
	memset(&state, 0, sizeof(state));
	memset(buffers, 'x', sizeof(buffers));
	host_step = step;
	host_delay = delayed;
	host_async = true;
	bound = false;
	bound = host_bind(node, DRIVER_FRESH) == OK;
	for (unsigned i = 0; i < OPERATIONS_MAX && at < end; i++) {
		if (bound && !host_ended && take(1) < 250) {
			operation(i);
			collect();
			continue;
		}
		/* Dead: what it left is not to be believed. */
		for (unsigned n = take(1) % 16; n; n--)
			((uint8_t *)&state)[take(2) % sizeof(state)] = (uint8_t)take(1);
		bound = false;
		bound = host_bind(node, DRIVER_RESTART) == OK;
	}
	/* An instance with nothing in its hands, so that inputs do not follow from one another */
	bound = false;
	(void)host_bind(node, DRIVER_RESTART);
	collect();
	require(host_replies() == 0);
	return 0;
}
