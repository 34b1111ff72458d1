/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is behind a host bridge: its functions, what they need of address space, and where that is. All of this is
 * pure: the hardware is reached through struct pci_config alone.
 *
 *   pci_windows_read   the host's windows of addresses
 *   pci_scan           finds functions, numbers buses, sizes base addresses; everything is off afterwards
 *   pci_assign         gives addresses to what fits, and says what does not
 *   pci_program        writes them into functions and bridges and lets those decode
 *   pci_record_*       the same for an instance that finds the work done
 *
 * Devices are not trusted: whatever a configuration space says ends in a function that is left out or reported without what it asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/bus/pci/config.h"
#include "sys/abi/status.h"

#define PCI_PAGE          4096ull
#define PCI_WINDOWS_MAX   16u
#define PCI_FUNCTIONS_MAX 512u
#define PCI_BARS          6u
#define PCI_BRIDGE_BARS   2u
#define PCI_ROOT          0xffffu /* instead of a bridge's index: on the host's own bus */

enum pci_bar_kind {
	PCI_BAR_NONE = 0, /* not there, or the upper half of the one before */
	PCI_BAR_PORTS,    /* I/O */
	PCI_BAR_MEM32,
	PCI_BAR_MEM64,
	PCI_BAR_MALFORMED, /* takes no address as the specification says */
};

struct pci_bar {
	uint64_t base; /* as the function's bus sees it; 0: it has none */
	uint64_t size;
	uint8_t kind; /* enum pci_bar_kind */
	uint8_t prefetch;
	uint8_t room; /* enum pci_room: of the bridges' windows, where it lies */
	uint8_t reserved[5];
};

/* Kinds of address space. Behind bridges there are two: below 4 GiB, and prefetchable wherever. */
enum pci_room {
	PCI_ROOM_MEM = 0,
	PCI_ROOM_PREF = 1,
	PCI_BRIDGE_ROOMS = 2,
	PCI_ROOM_HIGH = 2, /* above 4 GiB and not prefetchable: on the host's own bus only */
	PCI_ROOM_NONE = 3,
};

enum pci_kind {
	PCI_FUNCTION = 0,
	PCI_BRIDGE = 1,  /* its buses are numbered */
	PCI_UNKNOWN = 2, /* a header of an unknown type: nothing of it is used */
};

/* Part of the memory that outlives an instance: fixed layout, no pointers. */
struct pci_function {
	uint16_t address;
	uint16_t parent; /* index of the bridge above; PCI_ROOT */
	uint8_t kind;    /* enum pci_kind */
	uint8_t revision;
	uint8_t pin; /* 0: no interrupt; 1 to 4 */
	uint8_t bars_bad;
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint32_t class; /* class, subclass, programming interface */

	/* bridges */
	uint8_t secondary, subordinate; /* 0: nothing behind it is reached, as bus numbers ran out */
	uint8_t pref;                   /* it has a prefetchable window of 64 bits */
	uint8_t only_first;             /* a link: only device 0 can be behind it */
	uint64_t window_base[PCI_BRIDGE_ROOMS];
	uint64_t window_size[PCI_BRIDGE_ROOMS]; /* 0: closed */

	struct pci_bar bars[PCI_BARS];
};

struct pci_window {
	uint64_t base; /* as the bus sees it */
	uint64_t phys; /* as the CPU sees it */
	uint64_t size;
	bool prefetch;
	bool low; /* whole below 4 GiB */
};

struct pci_host {
	uint8_t first_bus, last_bus;
	uint32_t window_count;
	struct pci_window windows[PCI_WINDOWS_MAX]; /* of memory, page-aligned, apart from each other */
};

struct pci_bus {
	struct pci_host host;
	const struct pci_config *config;
	struct pci_function *functions; /* PCI_FUNCTIONS_MAX; a bridge comes before what is behind it */
	uint32_t count;
	/* What went wrong while scanning: for people */
	uint32_t left_out;     /* functions that are not listed */
	uint16_t left_address; /* the first of them */
	bool full;             /* there were more than PCI_FUNCTIONS_MAX; else it never became ready */

	/* Below a bridge (PCI_ROOT: index PCI_FUNCTIONS_MAX): first function, and the next beside each. PCI_ROOT: none */
	uint16_t first[PCI_FUNCTIONS_MAX + 1];
	uint16_t next[PCI_FUNCTIONS_MAX];
	bool gone[PCI_FUNCTIONS_MAX]; /* of an earlier assignment: it does not answer any more */
};

/* ---- windows.c ------------------------------------------------------------------------------------- */

/* One entry: the first cell of the bus' own address, and three numbers. */
#define PCI_WINDOW_CELLS 7u
/* A list of big-endian cells. What is malformed or overlaps an earlier one is left out; returns how many were. I/O is left alone. */
uint32_t pci_windows_read(struct pci_host *host, const void *cells, size_t len);
/* The window of the host that holds the whole range; NULL without */
const struct pci_window *pci_window_of(const struct pci_host *host, uint64_t base, uint64_t size);

/* ---- scan.c ---------------------------------------------------------------------------------------- */

/* bus->host, config and functions are set. From here on no function decodes addresses or reaches memory. */
void pci_scan(struct pci_bus *bus);
/* Fills `first` and `next` out of the functions' `parent`. */
void pci_link(struct pci_bus *bus);
uint32_t pci_find(const struct pci_bus *bus, uint16_t address); /* index; UINT32_MAX without */

/* ---- size.c ---------------------------------------------------------------------------------------- */

/* Decoding is off. The registers are 0 afterwards. */
void pci_bars_size(const struct pci_config *config, struct pci_function *function);
/* Registers of base addresses that its header has */
uint32_t pci_bar_count(const struct pci_function *function);

/* ---- assign.c -------------------------------------------------------------------------------------- */

void pci_assign(struct pci_bus *bus);

/* ---- program.c ------------------------------------------------------------------------------------- */

void pci_program(const struct pci_bus *bus);
/* Decodes memory only if every one of its base addresses has its place: the others would answer somewhere. */
bool pci_can_decode(const struct pci_function *function);
/* The command register after that: bridges forward, functions decode, nobody masters the bus or interrupts. */
uint16_t pci_command_of(const struct pci_function *function);
void pci_bars_write(const struct pci_config *config, const struct pci_function *function);
bool pci_bars_differ(const struct pci_config *config, const struct pci_function *function);
void pci_bridge_write(const struct pci_config *config, const struct pci_function *bridge);
bool pci_bridge_differs(const struct pci_config *config, const struct pci_function *bridge);

/* ---- intx.c ---------------------------------------------------------------------------------------- */

/* On the host's own bus: the function's line leaves there as this pin of that device. pin 0: none */
void pci_intx(const struct pci_bus *bus, uint32_t index, uint16_t *address, uint8_t *pin);
