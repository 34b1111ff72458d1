/* SPDX-License-Identifier: BSD-2-Clause */
/* A PCI function's configuration space, through its bus driver. */
#include "sys/driver/pci.h"

#include "protocols/pci.h"
#include "sys/lib/syscall.h"

#define COMMAND          4u
#define COMMAND_INTX_OFF 0x0400u

/* A bus driver may be starting again. It takes up its work in a moment; a call that it had taken ends with ERR_PEER_DIED. */
#define TIMEOUT_NS 3000000000ull
#define TRIES      3

static uint64_t deadline(void)
{
	uint64_t now = 0;

	(void)clock_get(&now);
	return now + TIMEOUT_NS;
}

#define CALL(call)                                                                \
	({                                                                        \
		status_t status_ = ERR_PEER_DIED;                                 \
		for (int try = 0; status_ == ERR_PEER_DIED && try < TRIES; try++) \
			status_ = (call);                                         \
		status_;                                                          \
	})

bool pci_config_present(const struct device *dev)
{
	return device_config(dev) != HANDLE_NONE && device_flag(dev, "class-code");
}

uint32_t pci_config_read(struct device *dev, uint32_t offset, unsigned width)
{
	uint32_t value;
	status_t status = CALL(pci_read_until(device_config(dev), deadline(), offset, width, &value));

	return status == OK ? value : width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
}

status_t pci_config_write(struct device *dev, uint32_t offset, unsigned width, uint32_t value)
{
	return CALL(pci_write_until(device_config(dev), deadline(), offset, width, value));
}

bool pci_config_capability(struct device *dev, uint32_t id, uint32_t *offset)
{
	return CALL(pci_capability_until(device_config(dev), deadline(), id, *offset, offset)) == OK;
}

status_t pci_config_master(struct device *dev, bool on)
{
	return CALL(pci_master_until(device_config(dev), deadline(), on));
}

status_t pci_config_intx(struct device *dev, bool on)
{
	uint32_t command = pci_config_read(dev, COMMAND, 2);

	return pci_config_write(dev, COMMAND, 2, on ? command & ~COMMAND_INTX_OFF : command | COMMAND_INTX_OFF);
}

status_t pci_config_reset(struct device *dev)
{
	return CALL(pci_reset_until(device_config(dev), deadline()));
}
