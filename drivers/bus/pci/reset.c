/* SPDX-License-Identifier: BSD-2-Clause */
/* Function level reset (PCI Express Base 4.0, 6.6.2; Advanced Capabilities for Conventional PCI), or through D3hot. */
#include "drivers/bus/pci/reset.h"

#include "drivers/bus/pci/capability.h"

#define MS 1000000ull

#define PENDING_NS      (100 * MS) /* until what it had sent has been answered; then no longer */
#define PENDING_POLL_NS MS
#define FLR_NS          (100 * MS)  /* nobody may access it meanwhile */
#define POWER_NS        (10 * MS)   /* into D3hot, and out of it */
#define READY_NS        (1000 * MS) /* it may ask to be tried again for so long */
#define READY_POLL_NS   (5 * MS)

enum phase { PHASE_PENDING, PHASE_DOWN, PHASE_READY };

static void way_find(const struct pci_config *config, uint16_t address, struct pci_reset *reset)
{
	struct pci_caps caps;

	pci_caps_read(config, address, &caps);
	reset->offset = pci_caps_find(&caps, PCI_CAP_PCIE, 0);
	if (reset->offset) {
		reset->devctl_offset = reset->offset + PCI_PCIE_DEVCTL;
		reset->way = PCI_RESET_PCIE;
		if (pci_read32(config, address, reset->offset + PCI_PCIE_DEVCAP) & PCI_PCIE_DEVCAP_FLR)
			return;
	}
	reset->offset = pci_caps_find(&caps, PCI_CAP_AF, 0);
	reset->way = PCI_RESET_AF;
	if (reset->offset &&
	    (pci_read8(config, address, reset->offset + PCI_AF_CAPS) & PCI_AF_CAPS_FLR) == PCI_AF_CAPS_FLR)
		return;
	reset->offset = pci_caps_find(&caps, PCI_CAP_POWER, 0);
	reset->way = PCI_RESET_POWER;
	if (reset->offset && !(pci_read16(config, address, reset->offset + PCI_POWER_STATUS) & PCI_POWER_KEEPS))
		return;
	reset->way = PCI_RESET_NONE;
}

static void save(const struct pci_config *config, uint16_t address, struct pci_reset *reset)
{
	reset->cache_line = pci_read16(config, address, PCI_CACHE_LINE); /* and latency timer */
	reset->interrupt_line = pci_read8(config, address, PCI_INTERRUPT_LINE);
	if (reset->devctl_offset)
		reset->devctl = pci_read16(config, address, reset->devctl_offset) & (uint16_t)~PCI_PCIE_DEVCTL_FLR;
}

static void put_back(const struct pci_config *config, const struct pci_reset *reset)
{
	uint16_t address = reset->function->address;

	pci_write16(config, address, PCI_COMMAND, PCI_COMMAND_INTX_OFF);
	pci_bars_write(config, reset->function);
	pci_write16(config, address, PCI_CACHE_LINE, (uint16_t)reset->cache_line);
	pci_write8(config, address, PCI_INTERRUPT_LINE, reset->interrupt_line);
	if (reset->devctl_offset)
		pci_write16(config, address, reset->devctl_offset, reset->devctl);
	pci_write16(config, address, PCI_COMMAND, reset->command);
}

status_t pci_reset_begin(const struct pci_config *config, const struct pci_function *function, uint64_t now,
			 struct pci_reset *reset)
{
	uint16_t command = pci_read16(config, function->address, PCI_COMMAND);
	uint16_t keep = PCI_COMMAND_INTX_OFF;

	*reset = (struct pci_reset){0};
	if (pci_can_decode(function))
		keep |= PCI_COMMAND_MEMORY;
	reset->command = command & keep;
	pci_write16(config, function->address, PCI_COMMAND, reset->command);
	way_find(config, function->address, reset);
	if (function->kind != PCI_FUNCTION || reset->way == PCI_RESET_NONE)
		return ERR_UNSUPPORTED;
	save(config, function->address, reset);
	reset->function = function;
	reset->phase = PHASE_PENDING;
	reset->deadline = now + PENDING_NS;
	reset->next = now;
	return OK;
}

static bool is_pending(const struct pci_config *config, const struct pci_reset *reset)
{
	uint16_t address = reset->function->address;

	switch (reset->way) {
	case PCI_RESET_PCIE: return pci_read16(config, address, reset->offset + PCI_PCIE_DEVSTA) & PCI_PCIE_DEVSTA_BUSY;
	case PCI_RESET_AF: return pci_read8(config, address, reset->offset + PCI_AF_STATUS) & PCI_AF_STATUS_BUSY;
	default: return false;
	}
}

static void power(const struct pci_config *config, const struct pci_reset *reset, uint16_t state)
{
	uint32_t at = reset->offset + PCI_POWER_STATUS;
	uint16_t status = pci_read16(config, reset->function->address, at);

	pci_write16(config, reset->function->address, at, (uint16_t)((status & 0x7ffcu) | state));
}

static void trigger(const struct pci_config *config, const struct pci_reset *reset)
{
	uint16_t address = reset->function->address;

	switch (reset->way) {
	case PCI_RESET_PCIE:
		pci_write16(config, address, reset->devctl_offset, reset->devctl | PCI_PCIE_DEVCTL_FLR);
		break;
	case PCI_RESET_AF: pci_write8(config, address, reset->offset + PCI_AF_CONTROL, PCI_AF_CONTROL_FLR); break;
	default: power(config, reset, PCI_POWER_D3HOT);
	}
}

static status_t step_pending(const struct pci_config *config, uint64_t now, struct pci_reset *reset)
{
	if (now < reset->deadline && is_pending(config, reset)) {
		reset->next = now + PENDING_POLL_NS;
		return ERR_WOULD_BLOCK;
	}
	trigger(config, reset);
	reset->phase = PHASE_DOWN;
	reset->next = now + (reset->way == PCI_RESET_POWER ? POWER_NS : FLR_NS);
	return ERR_WOULD_BLOCK;
}

static status_t step_ready(const struct pci_config *config, uint64_t now, struct pci_reset *reset)
{
	const struct pci_function *f = reset->function;

	if (pci_read16(config, f->address, PCI_VENDOR) == f->vendor) {
		put_back(config, reset);
		reset->function = NULL;
		return OK;
	}
	if (now >= reset->deadline) {
		reset->function = NULL;
		return ERR_TIMED_OUT;
	}
	reset->next = now + READY_POLL_NS;
	return ERR_WOULD_BLOCK;
}

status_t pci_reset_step(const struct pci_config *config, uint64_t now, struct pci_reset *reset)
{
	if (now < reset->next)
		return ERR_WOULD_BLOCK;
	switch (reset->phase) {
	case PHASE_PENDING: return step_pending(config, now, reset);
	case PHASE_DOWN:
		if (reset->way == PCI_RESET_POWER)
			power(config, reset, 0);
		reset->phase = PHASE_READY;
		reset->next = now + (reset->way == PCI_RESET_POWER ? POWER_NS : 0);
		reset->deadline = reset->next + READY_NS;
		return reset->next > now ? ERR_WOULD_BLOCK : step_ready(config, now, reset);
	default: return step_ready(config, now, reset);
	}
}
