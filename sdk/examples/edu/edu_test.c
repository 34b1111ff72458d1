/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver as it is, against an edu device made of software, kind and hostile; clients call it with the generated stubs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/edu.h"
#include "protocols/pci.h"
#include "sys/driver/host/host.h"
#include "sys/driver/host/objects.h"

static unsigned checks, failures;

#define CHECK(condition)                                                               \
	do {                                                                           \
		checks++;                                                              \
		if (!(condition)) {                                                    \
			failures++;                                                    \
			printf("%s:%d: FAILED: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                      \
	} while (0)

/* ---- the device ------------------------------------------------------------------------------------------- */

#define WORK_NS 100000000u

static struct {
	uint32_t id, liveness, factorial, status, irq_status;
	uint64_t source, target, count, command;
	uint64_t done; /* when what it does now is finished */
	uint8_t buffer[4096];
	bool master;  /* may reach memory */
	bool stuck;   /* never finishes anything */
	bool garbage; /* reads are random */
	unsigned misuse;
} model;

static void model_transfer(void)
{
	bool out = model.command & 2;
	uint64_t inside = (out ? model.source : model.target) - 0x40000, bus = out ? model.target : model.source;

	model.command &= ~1ull;
	if (model.command & 4)
		model.irq_status |= 0x100;
	if (inside > sizeof(model.buffer) || model.count > sizeof(model.buffer) - inside) {
		model.misuse++; /* the real one writes past its page */
		return;
	}
	void *memory = model.master ? host_dma_at(bus, model.count) : NULL;
	if (memory && out)
		memcpy(memory, model.buffer + inside, model.count);
	else if (memory)
		memcpy(model.buffer + inside, memory, model.count);
}

static void model_factorial(void)
{
	uint32_t result = 1;

	for (uint32_t n = model.factorial; n > 1; n--)
		result *= n;
	model.factorial = result;
	model.status &= ~1u;
	if (model.status & 0x80)
		model.irq_status |= 1;
}

/* What it does takes its time. */
static void model_run(void)
{
	if (model.stuck || host_time < model.done)
		return;
	if (model.command & 1)
		model_transfer();
	if (model.status & 1)
		model_factorial();
}

static uint64_t model_read(void *ctx, uint64_t offset, unsigned width)
{
	(void)ctx;
	model.misuse += offset < 0x80 ? width != 4 : width != 8;
	model_run();
	if (model.garbage)
		return (uint64_t)rand() << 32 | (uint64_t)rand();
	switch (offset) {
	case 0x00: return model.id;
	case 0x04: return model.liveness;
	case 0x08: return model.factorial;
	case 0x20: return model.status;
	case 0x24: return model.irq_status;
	case 0x98: return model.command;
	default: model.misuse++; return UINT64_MAX;
	}
}

static void model_write(void *ctx, uint64_t offset, unsigned width, uint64_t value)
{
	bool running = model.command & 1;

	(void)ctx;
	model.misuse += offset < 0x80 ? width != 4 : width != 8;
	model.misuse += running && offset >= 0x80; /* lost */
	switch (offset) {
	case 0x04: model.liveness = ~(uint32_t)value; break;
	case 0x08:
		model.misuse += model.status & 1;
		model.factorial = (uint32_t)value;
		model.status |= 1;
		model.done = host_time + WORK_NS;
		break;
	case 0x20: model.status = (model.status & 1) | ((uint32_t)value & 0x80); break;
	case 0x64: model.irq_status &= ~(uint32_t)value; break;
	case 0x80: model.source = value; break;
	case 0x88: model.target = value; break;
	case 0x90: model.count = value; break;
	case 0x98:
		model.command = value;
		model.done = host_time + WORK_NS;
		break;
	default: model.misuse++; break;
	}
}

/* The world goes on by a millisecond. */
static bool step(void)
{
	host_time += 1000000;
	model_run();
	for (int i = 0; i < 100 && model.irq_status; i++)
		host_irq(0);
	CHECK(!model.irq_status); /* acknowledged, or it would fire for ever */
	host_timer_run();
	return !host_ended;
}

static status_t config_master(void *ctx, struct ipc_request *rq, bool on)
{
	(void)ctx, (void)rq;
	model.master = on;
	return OK;
}

static const struct pci_ops config_ops = {.master = config_master};
static const struct host_model regs = {.size = 1 << 20, .read = model_read, .write = model_write};
static const struct host_node node = {.regs = {&regs}, .irqs = 1, .config = &pci_protocol, .config_ops = &config_ops};

static void device_make(void)
{
	memset(&model, 0, sizeof(model));
	model.id = 0x010000ed;
	host_step = step;
	host_async = false;
	host_dma_faults = 0;
	CHECK(host_bind(&node, DRIVER_FRESH) == OK);
	CHECK(model.master && host_dma_bytes() == EDU_BUFFER_BYTES);
}

/* ---- what it must do -------------------------------------------------------------------------------------- */

static void test_use(void)
{
	uint8_t data[EDU_BUFFER_BYTES], got[EDU_BUFFER_BYTES], major, minor;
	uint32_t result;

	device_make();
	CHECK(edu_identify(HOST_ENDPOINT, &major, &minor) == OK && major == 1 && minor == 0);
	CHECK(edu_factorial(HOST_ENDPOINT, 0, &result) == OK && result == 1);
	CHECK(edu_factorial(HOST_ENDPOINT, 12, &result) == OK && result == 479001600);
	CHECK(edu_factorial(HOST_ENDPOINT, 13, &result) == ERR_RANGE);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	CHECK(edu_store(HOST_ENDPOINT, 0, data, sizeof(data)) == OK);
	CHECK(edu_fetch(HOST_ENDPOINT, 0, got, sizeof(got)) == OK && !memcmp(data, got, sizeof(got)));
	CHECK(edu_store(HOST_ENDPOINT, 4095, "x", 1) == OK);
	CHECK(edu_fetch(HOST_ENDPOINT, 4090, got, 6) == OK && !memcmp(got, data + 4090, 5) && got[5] == 'x');
	CHECK(edu_fetch(HOST_ENDPOINT, 4095, got, 2) == ERR_RANGE);
	CHECK(edu_fetch(HOST_ENDPOINT, UINT32_MAX, got, 1) == ERR_RANGE);
	CHECK(edu_store(HOST_ENDPOINT, 0, NULL, 0) == ERR_RANGE);
	CHECK(model.misuse == 0 && host_dma_faults == 0 && !host_ended && host_replies() == 0);
}

/* Several callers, and one that dies while the device works for it */
static void test_callers(void)
{
	uint8_t got[16];
	uint32_t result = 0;
	status_t status;
	uint64_t word;

	device_make();
	host_async = true;
	CHECK(edu_fetch(HOST_ENDPOINT, 0, got, sizeof(got)) == ERR_WOULD_BLOCK);
	unsigned first = host_last_call;
	CHECK(edu_factorial(HOST_ENDPOINT, 5, &result) == ERR_BUSY);
	CHECK(edu_store(HOST_ENDPOINT, 0, got, 1) == ERR_BUSY);
	host_caller_kill(first);
	for (int i = 0; i < 200; i++)
		step();
	CHECK(host_replies() == 0);
	CHECK(edu_factorial(HOST_ENDPOINT, 5, &result) == ERR_WOULD_BLOCK);
	unsigned second = host_last_call;
	for (int i = 0; i < 200; i++)
		step();
	CHECK(host_answered(second, &status, &word) && status == OK && (uint32_t)word == 120);
	CHECK(model.misuse == 0 && !host_ended);
}

/* The driver dies at any moment of a transfer; the next one finds the device at work, and lets it reach nothing. */
static void test_restart(void)
{
	uint8_t got[6];
	status_t status;
	uint64_t word;

	for (int moment = 0; moment < 120; moment += 7) {
		device_make();
		CHECK(edu_store(HOST_ENDPOINT, 0, "before", 6) == OK);
		host_async = true;
		CHECK(edu_fetch(HOST_ENDPOINT, 0, got, sizeof(got)) == ERR_WOULD_BLOCK);
		unsigned call = host_last_call;
		for (int i = 0; i < moment; i++)
			step();
		bool done = host_answered(call, &status, &word);
		CHECK(done == (moment > 100));
		CHECK(host_bind(&node, DRIVER_RESTART) == OK);
		CHECK(done || (host_answered(call, &status, &word) && status == ERR_PEER_DIED));
		CHECK(!(model.command & 1) && !model.irq_status && model.master);
		CHECK(host_dma_bytes() == EDU_BUFFER_BYTES); /* the dead instance's page is free again */
		host_async = false;
		CHECK(edu_fetch(HOST_ENDPOINT, 0, got, sizeof(got)) == OK && !memcmp(got, "before", 6));
		CHECK(model.misuse == 0 && host_dma_faults == 0);
	}
}

static void test_hostile(void)
{
	uint8_t data[64] = {0};
	uint32_t result;

	device_make();
	model.id = 0xffffffff; /* nobody there */
	CHECK(host_bind(&node, DRIVER_FRESH) == ERR_NOT_FOUND);
	device_make();
	model.stuck = true;
	CHECK(edu_factorial(HOST_ENDPOINT, 3, &result) == ERR_TIMED_OUT && host_ended);
	CHECK(host_bind(&node, DRIVER_RESTART) == ERR_IO); /* and does not stop either */
	device_make();
	for (int i = 0; i < 1000; i++) { /* interrupts for no reason, also in the middle of work */
		model.irq_status = (uint32_t)rand();
		if (i % 100 == 0)
			CHECK(edu_store(HOST_ENDPOINT, 0, data, sizeof(data)) == OK);
		step();
	}
	CHECK(!host_ended && model.misuse == 0);
	for (int round = 0; round < 200; round++) {
		device_make();
		model.garbage = true;
		host_async = true;
		(void)edu_store(HOST_ENDPOINT, (uint32_t)rand() % 5000, data, 1 + (size_t)rand() % 63);
		(void)edu_fetch(HOST_ENDPOINT, (uint32_t)rand() % 5000, data, 1 + (size_t)rand() % 63);
		(void)edu_factorial(HOST_ENDPOINT, (uint32_t)rand() % 16, &result);
		for (int i = 0; i < 50; i++)
			host_irq(0);
		(void)host_bind(&node, DRIVER_RESTART);
		for (unsigned call = 0; call < HOST_CALLS_MAX; call++) {
			status_t status;
			uint64_t word;

			(void)host_answered(call, &status, &word);
		}
	}
}

int main(void)
{
	srand(1);
	test_use();
	test_callers();
	test_restart();
	test_hostile();
	printf("%u checks, %u failed\n", checks, failures);
	return failures != 0 || checks == 0;
}
