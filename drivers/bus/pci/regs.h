/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of a configuration space (PCI Local Bus 3.0 chapter 6, PCI-to-PCI Bridge 1.2 chapter 3, PCI Express Base 4.0 chapter 7), as far as
 * the bus driver and the drivers of functions use them. */
#pragma once

#define PCI_CONFIG_SIZE 4096u /* of one function, PCI Express */
#define PCI_CONFIG_PCI  256u  /* the part that conventional PCI has, too */

#define PCI_VENDOR           0x00
#define PCI_DEVICE           0x02
#define PCI_COMMAND          0x04
#define PCI_COMMAND_IO       0x0001u
#define PCI_COMMAND_MEMORY   0x0002u
#define PCI_COMMAND_MASTER   0x0004u
#define PCI_COMMAND_INTX_OFF 0x0400u
#define PCI_STATUS           0x06
#define PCI_STATUS_CAPS      0x0010u
#define PCI_REVISION         0x08
#define PCI_CLASS            0x09 /* 3 bytes: programming interface, subclass, class */
#define PCI_CACHE_LINE       0x0c
#define PCI_LATENCY          0x0d
#define PCI_HEADER           0x0e
#define PCI_HEADER_TYPE      0x7fu
#define PCI_HEADER_MULTI     0x80u
#define PCI_HEADER_FUNCTION  0
#define PCI_HEADER_BRIDGE    1
#define PCI_BAR(n)           (0x10u + 4u * (n))
#define PCI_BAR_IO           0x1u
#define PCI_BAR_TYPE         0x6u
#define PCI_BAR_TYPE_32      0x0u
#define PCI_BAR_TYPE_64      0x4u
#define PCI_BAR_PREFETCH     0x8u
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM        0x2e
#define PCI_CAPABILITIES     0x34
#define PCI_INTERRUPT_LINE   0x3c
#define PCI_INTERRUPT_PIN    0x3d

/* Of a bridge (header type 1) */
#define PCI_BRIDGE_PRIMARY         0x18
#define PCI_BRIDGE_SECONDARY       0x19
#define PCI_BRIDGE_SUBORDINATE     0x1a
#define PCI_BRIDGE_IO              0x1c /* base, limit: a byte each */
#define PCI_BRIDGE_MEM_BASE        0x20
#define PCI_BRIDGE_MEM_LIMIT       0x22
#define PCI_BRIDGE_PREF_BASE       0x24
#define PCI_BRIDGE_PREF_LIMIT      0x26
#define PCI_BRIDGE_PREF_64         0x1u /* low bits of PREF_BASE */
#define PCI_BRIDGE_PREF_BASE_HIGH  0x28
#define PCI_BRIDGE_PREF_LIMIT_HIGH 0x2c
#define PCI_BRIDGE_IO_HIGH         0x30

/* Capabilities */
#define PCI_CAP_POWER          0x01
#define PCI_CAP_VPD            0x03
#define PCI_CAP_MSI            0x05
#define PCI_CAP_HYPERTRANSPORT 0x08
#define PCI_CAP_VENDOR         0x09
#define PCI_CAP_PCIE           0x10
#define PCI_CAP_MSIX           0x11
#define PCI_CAP_AF             0x13
#define PCI_CAP_EA             0x14
#define PCI_CAP_FPB            0x15
#define PCI_EXT_AER            0x0001
#define PCI_EXT_VENDOR         0x000b
#define PCI_EXT_DVSEC          0x0023

#define PCI_POWER_STATUS 4 /* from the start of the capability */
#define PCI_POWER_STATE  0x0003u
#define PCI_POWER_D3HOT  0x0003u
#define PCI_POWER_KEEPS  0x0008u /* no soft reset: D3hot to D0 changes nothing */

#define PCI_PCIE_FLAGS          0x02
#define PCI_PCIE_TYPE(flags)    ((flags) >> 4 & 0xfu)
#define PCI_PCIE_ROOT_PORT      4u
#define PCI_PCIE_DOWNSTREAM     6u
#define PCI_PCIE_DEVCAP         0x04
#define PCI_PCIE_DEVCAP_FLR     0x10000000u
#define PCI_PCIE_DEVCTL         0x08
#define PCI_PCIE_DEVCTL_FLR     0x8000u
/* Error reporting (bits 0 to 3), relaxed ordering, no snoop, largest read request */
#define PCI_PCIE_DEVCTL_DRIVER  0x781fu
#define PCI_PCIE_DEVSTA         0x0a
#define PCI_PCIE_DEVSTA_BUSY    0x0020u /* transactions pending */
#define PCI_PCIE_VERSION(flags) ((flags)&0xfu)
#define PCI_PCIE_SIZE           0x3cu
#define PCI_PCIE_SIZE_1         0x14u /* of version 1 */

#define PCI_MSI_64    0x0080u /* of its control register, at 2 */
#define PCI_MSI_MASKS 0x0100u

#define PCI_AF_CAPS        3
#define PCI_AF_CAPS_FLR    0x3u /* transactions pending, and function level reset */
#define PCI_AF_CONTROL     4
#define PCI_AF_CONTROL_FLR 0x1u
#define PCI_AF_STATUS      5
#define PCI_AF_STATUS_BUSY 0x1u
