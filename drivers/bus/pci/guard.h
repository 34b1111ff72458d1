/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a function's driver may write into its configuration space. Its own: enabling, and registers of the
 * device's own making. Not its own: what decides over addresses, buses, interrupt messages and power, or concerns the bridge above.
 */
#pragma once

#include "drivers/bus/pci/bus.h"

/* Offset and width are those of an access that can be: ERR_INVALID width, or not aligned; ERR_RANGE beyond the space. */
status_t pci_guard_access(uint32_t offset, uint32_t width);

/* ERR_ACCESS: not the driver's. Else *value is what is to be written: fields that are not the driver's are as they were. */
status_t pci_guard_write(const struct pci_config *config, const struct pci_function *function, uint32_t offset,
			 uint32_t width, uint32_t *value);
