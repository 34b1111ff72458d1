/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration spaces in software: functions with registers that keep, clear or refuse what is written, and bridges that
 * forward by their own registers. It counts what no hardware forgives ("violations"): base addresses that move while they are decoded, two
 * bridges that claim one bus, accesses to a function in its reset.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/bus/pci/bus.h"

#define MODEL_FUNCTIONS_MAX 600

struct model_function {
	int bridge;    /* index of the one above, -1: on the host's bus */
	uint8_t place; /* device << 3 | function */
	bool absent;
	int not_ready;                                        /* vendor reads as 0001 so often; -1: always */
	uint8_t now[PCI_CONFIG_SIZE], fresh[PCI_CONFIG_SIZE]; /* fresh: after a reset */
	uint8_t writable[PCI_CONFIG_SIZE], clears[PCI_CONFIG_SIZE];
	uint32_t next_cap, next_extended, last_cap, last_extended;
	uint32_t pcie, af, power; /* offsets of capabilities */
	uint64_t down_until;      /* in reset until then */
	uint64_t reset_ns;        /* how long the function takes for it, beyond what the specification allows to ask */
	unsigned resets;
	uint32_t bar_odd; /* base addresses that read back odd values, by bit */
};

struct model {
	uint8_t first_bus;
	int count;
	struct model_function *functions[MODEL_FUNCTIONS_MAX];
	uint64_t time;
	unsigned violations;
	unsigned writes;
	unsigned write_limit; /* later ones have no effect: the instance has died; 0: none */
};

extern struct model model;
extern const struct pci_config model_config;

void model_clear(uint8_t first_bus);
/* Header type 0; returns its number */
int model_add(int bridge, unsigned device, unsigned function, uint16_t vendor, uint16_t id, uint32_t class);
/* pcie_type: 0 for a conventional bridge */
int model_add_bridge(int bridge, unsigned device, unsigned function, unsigned pcie_type, bool pref64);
struct model_function *model_at(int number);

/* flags: low bits of the register */
void model_bar(int number, unsigned index, uint64_t size, uint32_t flags);
uint32_t model_cap(int number, uint8_t id, unsigned size);
uint32_t model_cap_extended(int number, uint16_t id, unsigned size);
void model_pcie(int number, unsigned type, bool flr);
void model_af(int number);
void model_power(int number, bool keeps);
void model_writable(int number, uint32_t offset, uint32_t bytes);
void model_poke(int number, uint32_t offset, unsigned width,
		uint32_t value); /* its registers, and what they are after a reset */
uint32_t model_peek(int number, uint32_t offset, unsigned width);

/* Looks at the hardware alone: all that is decoded is on pages of its own, within the host's windows, and reached through
 * every bridge above. Prints the first fault. */
bool model_sound(const struct pci_host *host);
