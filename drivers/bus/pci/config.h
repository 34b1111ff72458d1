/* SPDX-License-Identifier: BSD-2-Clause */
/* Access to configuration spaces: of the hardware through ECAM, or of a model. Everything else here works through this. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/bus/pci/regs.h"

/* Where a function is: bus, device, function as in a requester id */
#define PCI_ADDRESS(bus, device, function) ((uint16_t)((bus) << 8 | (device) << 3 | (function)))
#define PCI_ADDRESS_BUS(address)           ((uint8_t)((address) >> 8))
#define PCI_ADDRESS_DEVICE(address)        ((uint8_t)((address) >> 3 & 31))
#define PCI_ADDRESS_FUNCTION(address)      ((uint8_t)((address)&7))

struct pci_config {
	/* width 1, 2 or 4; offset a multiple of it. What nobody answers reads as all ones. */
	uint32_t (*read)(void *ctx, uint16_t address, uint32_t offset, unsigned width);
	void (*write)(void *ctx, uint16_t address, uint32_t offset, unsigned width, uint32_t value);
	void (*wait)(void *ctx, uint64_t ns);
	void *ctx;
};

static inline uint8_t pci_read8(const struct pci_config *config, uint16_t address, uint32_t offset)
{
	return (uint8_t)config->read(config->ctx, address, offset, 1);
}

static inline uint16_t pci_read16(const struct pci_config *config, uint16_t address, uint32_t offset)
{
	return (uint16_t)config->read(config->ctx, address, offset, 2);
}

static inline uint32_t pci_read32(const struct pci_config *config, uint16_t address, uint32_t offset)
{
	return config->read(config->ctx, address, offset, 4);
}

static inline void pci_write8(const struct pci_config *config, uint16_t address, uint32_t offset, uint8_t value)
{
	config->write(config->ctx, address, offset, 1, value);
}

static inline void pci_write16(const struct pci_config *config, uint16_t address, uint32_t offset, uint16_t value)
{
	config->write(config->ctx, address, offset, 2, value);
}

static inline void pci_write32(const struct pci_config *config, uint16_t address, uint32_t offset, uint32_t value)
{
	config->write(config->ctx, address, offset, 4, value);
}

/* Is a function there? Vendors ffff and 0000 are none; 0001 says that the function is not ready yet. */
enum pci_presence { PCI_ABSENT, PCI_NOT_READY, PCI_PRESENT };
enum pci_presence pci_presence(const struct pci_config *config, uint16_t address);

/* Waits for a function that is not ready, for at most *budget_ns, and takes off what that took. */
enum pci_presence pci_presence_await(const struct pci_config *config, uint16_t address, uint64_t *budget_ns);
