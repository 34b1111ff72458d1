/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules for a driver's writes. */
#include "drivers/bus/pci/guard.h"

#include "drivers/bus/pci/capability.h"

#define HEADER_END 0x40u

status_t pci_guard_access(uint32_t offset, uint32_t width)
{
	if ((width != 1 && width != 2 && width != 4) || offset % width)
		return ERR_INVALID;
	return offset < PCI_CONFIG_SIZE ? OK : ERR_RANGE;
}

/* A register of 32 bits by what a driver may do with its bits */
struct rule {
	uint32_t change; /* as it likes */
	uint32_t clear;  /* flags that it may clear by writing 1 */
	uint32_t flags;  /* all such flags */
};

#define RULE_NONE ((struct rule){0, 0, 0})
#define RULE_ALL  ((struct rule){UINT32_MAX, 0, 0})
#define STATUS    0xffff0000u /* the upper half of a register */

/* Command and status. Memory decoding only where every base address has its place. */
static struct rule rule_command(const struct pci_function *f)
{
	uint32_t command = PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF;

	if (pci_can_decode(f))
		command |= PCI_COMMAND_MEMORY;
	return (struct rule){command, 0xf900u << 16, STATUS};
}

/* Device control and status alone: the link is shared with the bridge above, reset is an operation of its own. */
static struct rule rule_pcie(uint32_t from_start)
{
	return from_start == PCI_PCIE_DEVCTL ? (struct rule){PCI_PCIE_DEVCTL_DRIVER, 0xfu << 16, STATUS} : RULE_NONE;
}

static uint32_t msi_size(uint16_t control)
{
	uint32_t size = control & PCI_MSI_64 ? 14 : 10;

	return control & PCI_MSI_MASKS ? size + 10 : size;
}

/* Bytes of a capability that decides over addresses, messages or power; 0: of one that is the driver's affair */
static uint32_t guarded_size(const struct pci_config *config, uint16_t address, const struct pci_cap *cap)
{
	switch (cap->id) {
	case PCI_CAP_POWER: return 8;
	case PCI_CAP_MSI: return msi_size(pci_read16(config, address, cap->offset + 2));
	case PCI_CAP_MSIX: return 12;
	case PCI_CAP_PCIE:
		return PCI_PCIE_VERSION(pci_read16(config, address, cap->offset + PCI_PCIE_FLAGS)) > 1
			       ? PCI_PCIE_SIZE
			       : PCI_PCIE_SIZE_1;
	case PCI_CAP_AF: return 6;
	case PCI_CAP_HYPERTRANSPORT:
	case PCI_CAP_FPB: return 36;
	/* Up to 63 entries of at most 5 words, and a head */
	case PCI_CAP_EA: return 4 + 4 * 5 * (pci_read8(config, address, cap->offset + 2) & 63u) + 4;
	default: return 0;
	}
}

/* In the part that conventional PCI has: what no guarded capability covers is the device's own. */
static struct rule rule_device(const struct pci_config *config, uint16_t address, const struct pci_caps *caps,
			       uint32_t offset)
{
	for (uint32_t i = 0; i < caps->count; i++) {
		const struct pci_cap *cap = &caps->list[i];

		if (cap->id & PCI_CAP_EXTENDED || offset + 4 <= cap->offset ||
		    offset >= cap->offset + guarded_size(config, address, cap))
			continue;
		return cap->id == PCI_CAP_PCIE ? rule_pcie(offset - cap->offset) : RULE_NONE;
	}
	return RULE_ALL;
}

/* In the extended part only what is known to be harmless: many capabilities there decide over the isolation of functions. Nothing
 * says how long one is; it ends where the next begins. */
static struct rule rule_extended(const struct pci_caps *caps, uint32_t offset)
{
	const struct pci_cap *nearest = NULL;

	for (uint32_t i = 0; i < caps->count; i++) {
		const struct pci_cap *cap = &caps->list[i];

		if (cap->id & PCI_CAP_EXTENDED && cap->offset <= offset && (!nearest || cap->offset > nearest->offset))
			nearest = cap;
	}
	if (!nearest)
		return RULE_NONE;
	switch (nearest->id & 0xffff) {
	case PCI_EXT_AER:
	case PCI_EXT_VENDOR:
	case PCI_EXT_DVSEC: return offset == nearest->offset ? RULE_NONE : RULE_ALL;
	default: return RULE_NONE;
	}
}

static struct rule rule_of(const struct pci_config *config, const struct pci_function *f, uint32_t offset)
{
	struct pci_caps caps;

	if (f->kind != PCI_FUNCTION)
		return RULE_NONE;
	if (offset < HEADER_END)
		return offset == PCI_COMMAND ? rule_command(f) : RULE_NONE;
	pci_caps_read(config, f->address, &caps);
	if (caps.malformed)
		return RULE_NONE; /* nobody can say what is where */
	return offset < PCI_CONFIG_PCI ? rule_device(config, f->address, &caps, offset) : rule_extended(&caps, offset);
}

status_t pci_guard_write(const struct pci_config *config, const struct pci_function *function, uint32_t offset,
			 uint32_t width, uint32_t *value)
{
	uint32_t at = offset & ~3u, shift = 8 * (offset - at);
	uint32_t mask = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
	struct rule rule = rule_of(config, function, at);
	uint32_t change = rule.change >> shift & mask, clear = rule.clear >> shift & mask;

	if (!(change | clear))
		return ERR_ACCESS;
	*value &= change | clear;
	if ((change | clear) != mask) {
		uint32_t now = config->read(config->ctx, function->address, offset, width);

		*value |= now & mask & ~(change | clear | rule.flags >> shift);
	}
	return OK;
}
