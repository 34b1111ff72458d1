/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives QEMU's `edu` and the registers of an `igb` for the tests of the PCI bus driver: what it has of its function, and what it must not have. */
#include <string.h>

#include "drivers/test/pci_function.h"
#include "protocols/rtc.h"
#include "sys/driver/driver.h"
#include "sys/driver/pci.h"
#include "sys/lib/log.h"
#include "sys/lib/syscall.h"

enum { EDU, IGB };

enum {
	EDU_ID = 0x00,
	EDU_LIVE = 0x04,
	EDU_IRQ_STATUS = 0x24,
	EDU_IRQ_RAISE = 0x60,
	EDU_IRQ_ACK = 0x64,
	EDU_DMA_SOURCE = 0x80,
	EDU_DMA_TARGET = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
	EDU_BUFFER = 0x40000,

	IGB_STATUS = 0x08,
	IGB_LEDS = 0xe00, /* a register that keeps what is written, until a reset */
};

#define DMA_BYTES 256u

static struct device *self;
static struct regs regs;
static uint64_t kind, result, interrupts;

static void expect(bool good, int line)
{
	if (good)
		return;
	result++;
	device_log(self, LOG_ERROR, "line %d: not as it must be", line);
}
#define EXPECT(condition) expect((condition), __LINE__)

static void registers(void)
{
	if (kind == EDU) {
		EXPECT(reg_read32(&regs, EDU_ID) == 0x010000ed);
		reg_write32(&regs, EDU_LIVE, 0x12345678);
		EXPECT(reg_read32(&regs, EDU_LIVE) == 0xedcba987);
	} else {
		EXPECT(reg_read32(&regs, IGB_STATUS) != 0xffffffff && reg_read32(&regs, IGB_STATUS) & 0x80000);
	}
}

static void rules(void)
{
	uint32_t bar = pci_config_read(self, 0x10, 4), ids = pci_config_read(self, 0, 4), offset = 0;

	EXPECT(ids == (kind == EDU ? 0x11e81234 : 0x10c98086));
	EXPECT(pci_config_read(self, 2, 2) == ids >> 16 && pci_config_read(self, 3, 1) == ids >> 24);
	/* Addresses, and what is beyond */
	for (uint32_t at = 0; at < 0x40; at += 4)
		EXPECT(at == 4 || pci_config_write(self, at, 4, 0xffffffff) == ERR_ACCESS);
	EXPECT(pci_config_read(self, 0x10, 4) == bar);
	EXPECT(pci_config_write(self, 1, 2, 0) == ERR_INVALID && pci_config_write(self, 4, 3, 0) == ERR_INVALID);
	EXPECT(pci_config_write(self, 4096, 4, 0) == ERR_RANGE &&
	       pci_config_write(self, UINT32_MAX - 3, 4, 0) == ERR_RANGE);
	/* The command register: ports stay off */
	uint32_t command = pci_config_read(self, 4, 2);
	EXPECT(command & 2);
	EXPECT(pci_config_write(self, 4, 2, command | 1) == OK && !(pci_config_read(self, 4, 2) & 1));
	EXPECT(pci_config_write(self, 4, 2, command) == OK && pci_config_read(self, 4, 2) == command);
	EXPECT(pci_config_master(self, true) == OK && pci_config_read(self, 4, 2) & 4);
	EXPECT(pci_config_master(self, false) == OK && !(pci_config_read(self, 4, 2) & 4));
	/* Messages for interrupts would go to any address. */
	EXPECT(pci_config_capability(self, 5, &offset));
	EXPECT(pci_config_write(self, offset + 4, 4, 0x80000000) == ERR_ACCESS);
	EXPECT(!pci_config_capability(self, 5, &offset));
	offset = 0;
	EXPECT(!pci_config_capability(self, 0x7f, &offset));
	registers();
}

static void reset(void)
{
	status_t status;

	if (kind != IGB) {
		EXPECT(pci_config_reset(self) == ERR_UNSUPPORTED);
		return;
	}
	reg_write32(&regs, IGB_LEDS, 0x01020304);
	EXPECT(reg_read32(&regs, IGB_LEDS) == 0x01020304);
	EXPECT(pci_config_master(self, true) == OK);
	/* The bus driver dies all the time in one of the cases. */
	while ((status = pci_config_reset(self)) == ERR_PEER_DIED)
		;
	EXPECT(status == OK);
	EXPECT(reg_read32(&regs, IGB_LEDS) != 0x01020304);
	EXPECT(!(pci_config_read(self, 4, 2) & 4));
	registers();
}

static void dma_go(uint64_t source, uint64_t target, bool to_memory)
{
	mmio_write64(regs.base + EDU_DMA_SOURCE, source);
	mmio_write64(regs.base + EDU_DMA_TARGET, target);
	mmio_write64(regs.base + EDU_DMA_COUNT, DMA_BYTES);
	mmio_write64(regs.base + EDU_DMA_COMMAND, to_memory ? 3 : 1);
	for (unsigned i = 0; i < 2000 && mmio_read64(regs.base + EDU_DMA_COMMAND) & 1; i++)
		device_delay(1000000);
	EXPECT(!(mmio_read64(regs.base + EDU_DMA_COMMAND) & 1));
}

static void dma(void)
{
	struct dma memory;
	status_t status = device_dma_quiet(self);

	if (status == OK)
		status = device_dma_alloc(self, 4096, &memory);
	EXPECT(status == OK);
	if (status != OK)
		return;
	uint8_t *bytes = memory.cpu;
	for (unsigned i = 0; i < DMA_BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + 1);
	EXPECT(pci_config_master(self, true) == OK);
	dma_to_device(&memory, 0, 4096);
	dma_go(memory.bus, EDU_BUFFER, false);
	dma_go(EDU_BUFFER, memory.bus + 2048, true);
	dma_from_device(&memory, 0, 4096);
	EXPECT(!memcmp(bytes, bytes + 2048, DMA_BYTES));
	/* Without mastering nothing arrives. */
	EXPECT(pci_config_master(self, false) == OK);
	dma_go(EDU_BUFFER, memory.bus + 1024, true);
	dma_from_device(&memory, 0, 4096);
	for (unsigned i = 0; i < DMA_BYTES; i++)
		EXPECT(!bytes[1024 + i]);
	device_dma_free(self, &memory);
}

static void hold(void)
{
	static struct dma memory;

	EXPECT(device_dma_quiet(self) == OK);
	EXPECT(device_dma_alloc(self, PCI_HOLD_BYTES, &memory) == OK);
	EXPECT(pci_config_master(self, true) == OK);
}

static status_t set(void *ctx, struct ipc_request *rq, uint64_t what)
{
	(void)ctx, (void)rq;
	result = 0;
	switch (what) {
	case PCI_DO_RULES: rules(); return OK;
	case PCI_DO_REGISTERS: registers(); return OK;
	case PCI_DO_RAISE: reg_write32(&regs, EDU_IRQ_RAISE, 1); return OK;
	case PCI_DO_COUNT: result = interrupts; return OK;
	case PCI_DO_RESET: reset(); return OK;
	case PCI_DO_DMA: dma(); return OK;
	case PCI_DO_HOLD: hold(); return OK;
	case PCI_DO_DIE: __asm__ volatile("sw zero, 8(zero)"); return OK;
	default: return ERR_UNSUPPORTED;
	}
}

static status_t get(void *ctx, struct ipc_request *rq, uint64_t *out)
{
	(void)ctx, (void)rq;
	*out = result;
	return OK;
}

static void irq(struct device *dev, uint32_t index)
{
	uint32_t status;

	(void)dev, (void)index;
	if (kind != EDU)
		return;
	status = reg_read32(&regs, EDU_IRQ_STATUS);
	interrupts += status != 0;
	reg_write32(&regs, EDU_IRQ_ACK, status);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	self = dev;
	kind = device_match(dev);
	if (!pci_config_present(dev) || device_u32(dev, "vendor-id", 0) != (kind == EDU ? 0x1234 : 0x8086))
		return ERR_STATE;
	/* Whatever the last instance was doing, the function reaches no memory now, and has no say on the interrupt's line. */
	uint32_t command = pci_config_read(dev, 4, 2);
	if (command & 4 || !(command & 0x400))
		return ERR_STATE;
	return device_regs(dev, 0, &regs);
}

static const struct rtc_ops ops = {
	.get = get,
	.set = set,
};

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.protocol = &rtc_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "test_pci_function",
	.class = DRIVER_CLASS_OTHER,
	.dma_bytes = 65536,
	.matches = {DRIVER_PCI("1234", "11e8", EDU), DRIVER_PCI("8086", "10c9", IGB)},
};
