/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: a hostile configuration space, through all that the bus driver does with one. Functions answer where they like, whatever
 * bridges say, keep any bits of what is written, and some give another answer each time. What comes out has to be an assignment that is possible.
 */
// fuzz-sources: drivers/bus/pci/assign.c drivers/bus/pci/capability.c drivers/bus/pci/config.c drivers/bus/pci/describe.c drivers/bus/pci/guard.c drivers/bus/pci/intx.c drivers/bus/pci/program.c drivers/bus/pci/record.c drivers/bus/pci/reset.c drivers/bus/pci/scan.c drivers/bus/pci/size.c drivers/bus/pci/windows.c libfdt
// fuzz-runs: 15000
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/bus/pci/describe.h"
#include "drivers/bus/pci/guard.h"
#include "drivers/bus/pci/record.h"
#include "drivers/bus/pci/reset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUNCTIONS 16
#define HEADER    64
#define ENTRY     (4 + 2 * HEADER)
#define WINDOWS   (2 * 4 * PCI_WINDOW_CELLS) /* bytes of the input: two entries */

enum { EVERY_BUS = 1, MOODY = 2, PLAIN_CAPS = 4 };

struct creature {
	uint8_t bus, place, flags, salt;
	uint8_t now[PCI_CONFIG_SIZE];
	uint8_t writable[HEADER];
};

static struct creature creatures[FUNCTIONS];
static unsigned creature_count;
static const uint8_t *input;
static size_t input_size, input_at;
static uint64_t time_ns;

static void require(int good)
{
	if (!good)
		abort();
}

static uint8_t input_next(void)
{
	return input_size ? input[input_at++ % input_size] : 0;
}

static struct creature *creature_at(uint16_t address)
{
	for (unsigned i = 0; i < creature_count; i++) {
		struct creature *c = &creatures[i];

		if (c->place == (uint8_t)address && (c->flags & EVERY_BUS || c->bus == PCI_ADDRESS_BUS(address)))
			return c;
	}
	return NULL;
}

static uint32_t config_read(void *ctx, uint16_t address, uint32_t offset, unsigned width)
{
	struct creature *c = creature_at(address);
	uint32_t value = 0;

	(void)ctx;
	require((width == 1 || width == 2 || width == 4) && offset % width == 0 && offset + width <= PCI_CONFIG_SIZE);
	for (unsigned i = width; i-- > 0;) {
		uint8_t byte = c ? c->now[offset + i] : 0xff;

		if (c && c->flags & MOODY && input_next() > 0xe0)
			byte = input_next();
		value = value << 8 | byte;
	}
	return value;
}

static void config_write(void *ctx, uint16_t address, uint32_t offset, unsigned width, uint32_t value)
{
	struct creature *c = creature_at(address);

	(void)ctx;
	require((width == 1 || width == 2 || width == 4) && offset % width == 0 && offset + width <= PCI_CONFIG_SIZE);
	for (unsigned i = 0; c && i < width; i++) {
		uint8_t mask = offset + i < HEADER ? c->writable[offset + i] : c->salt;
		uint8_t *now = &c->now[offset + i];

		*now = (uint8_t)((*now & ~mask) | (value >> 8 * i & mask));
	}
}

static void config_wait(void *ctx, uint64_t ns)
{
	(void)ctx;
	time_ns += ns;
}

static const struct pci_config config = {config_read, config_write, config_wait, NULL};

static void creature_make(struct creature *c, const uint8_t *data)
{
	c->bus = data[0];
	c->place = data[1];
	c->flags = data[2];
	c->salt = data[3];
	memset(c->now, 0, sizeof(c->now));
	memcpy(c->now, data + 4, HEADER);
	memcpy(c->writable, data + 4 + HEADER, HEADER);
	/* The rest: the header again, in another order; or nothing */
	for (uint32_t i = HEADER; !(c->flags & PLAIN_CAPS) && i < PCI_CONFIG_SIZE; i++)
		c->now[i] = c->now[(i * (c->salt | 1u) + (i >> 6)) % HEADER];
}

static void describe_all(const struct pci_bus *bus)
{
	static uint8_t blob[PCI_PROPERTIES_MAX];
	char name[PCI_NAME_MAX];
	uint16_t address;
	uint8_t pin;

	for (uint32_t i = 0; i < bus->count; i++) {
		pci_name(&bus->functions[i], name);
		require(memchr(name, 0, sizeof(name)) != NULL);
		pci_intx(bus, i, &address, &pin);
		require(PCI_ADDRESS_BUS(address) == bus->host.first_bus && pin <= 4);
		require(pci_describe(&config, &bus->functions[i], blob, sizeof(blob)) == OK);
		require(fdt_check_full(blob, sizeof(blob)) == 0);
	}
}

/* Whatever is asked, addresses and buses stay. */
static void write_some(const struct pci_bus *bus)
{
	for (uint32_t i = 0; i < 64 && bus->count; i++) {
		const struct pci_function *f = &bus->functions[input_next() % bus->count];
		uint32_t offset = (uint32_t)input_next() << 4 ^ input_next(), width = 1u << input_next() % 3,
			 value = input_next() * 0x01010101u;

		if (pci_guard_access(offset, width) != OK || pci_guard_write(&config, f, offset, width, &value) != OK)
			continue;
		require(f->kind == PCI_FUNCTION);
		require(offset >= HEADER || (offset >= PCI_COMMAND && offset + width <= PCI_REVISION));
		config_write(NULL, f->address, offset, width, value);
	}
}

static void reset_some(const struct pci_bus *bus)
{
	for (uint32_t i = 0; i < bus->count && i < 8; i++) {
		struct pci_reset reset;
		uint64_t begin = time_ns;
		status_t status = pci_reset_begin(&config, &bus->functions[i], time_ns, &reset);

		require(status == OK || status == ERR_UNSUPPORTED);
		while (status == OK && (status = pci_reset_step(&config, time_ns, &reset)) == ERR_WOULD_BLOCK) {
			status = OK;
			require(reset.next >= time_ns && time_ns - begin < 3000000000ull);
			time_ns = reset.next > time_ns ? reset.next : time_ns + 1;
			if (!reset.function)
				break;
		}
		require(!reset.function);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pci_record record;
	static struct pci_bus bus, again;
	uint32_t repaired;

	if (size < 2 + WINDOWS)
		return 0;
	memset(&bus, 0, sizeof(bus));
	memset(&again, 0, sizeof(again));
	time_ns = 0;
	bus.host.first_bus = data[0] & 3;
	bus.host.last_bus = (uint8_t)(bus.host.first_bus + (data[1] & 7));
	(void)pci_windows_read(&bus.host, data + 2, WINDOWS);
	data += 2 + WINDOWS;
	size -= 2 + WINDOWS;
	for (creature_count = 0; creature_count < FUNCTIONS && size >= ENTRY; creature_count++) {
		creature_make(&creatures[creature_count], data);
		data += ENTRY;
		size -= ENTRY;
	}
	input = data;
	input_size = size;
	input_at = 0;

	bus.config = &config;
	bus.functions = record.functions;
	pci_record_open(&record);
	pci_scan(&bus);
	require(time_ns < 10000000000ull);
	pci_assign(&bus);
	pci_program(&bus);
	pci_record_close(&record, &bus);

	again.host = bus.host;
	again.config = &config;
	require(pci_record_load(&record, &again));
	(void)pci_record_restore(&again, &repaired);
	describe_all(&again);
	write_some(&again);
	reset_some(&again);
	return 0;
}
