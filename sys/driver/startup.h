/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What devmgr hands to a driver process, by name in its struct startup. These and the handles that
 * every process has (self, thread, quota) are all that a driver holds.
 */
#pragma once

#include <stdint.h>

/* vmo, read-only: a flattened device tree with devmgr's facts as properties of its root (below) and a copy of
 * the device's node, with its subnodes, called "node" */
#define DRIVER_HND_NODE    "node"
/* vmos of registers: "reg0" … in the order of the node's `reg`; "regmap": those of the syscon that
 * it names. vmo_info.offset says where in the first page they start. */
#define DRIVER_HND_REG     "reg"
#define DRIVER_HND_REGMAP  "regmap"
#define DRIVER_HND_IRQ     "irq"     /* "irq0" …: interrupts in the order of the node */
#define DRIVER_HND_CLASS   "class"   /* endpoint to receive the clients' calls from */
#define DRIVER_HND_MINT    "mint"    /* the same endpoint, to make handles of for clients; not to receive from */
#define DRIVER_HND_CONTROL "control" /* endpoint of devmgr, protocol `driver` */
#define DRIVER_HND_CONFIG \
	"config" /* endpoint of the driver of its bus, for this device; in a protocol of that kind of bus */
#define DRIVER_HND_STATE \
	"state" /* vmo of driver_manifest.state_bytes: what the last instance left in it, zero at first */

#define DRIVER_HND_PULSE "pulse" /* vmo: a u64 that counts answered pings */
#define DRIVER_HND_WAKE \
	"wake" /* notification of the driver's loop, the same for every instance: clients hold handles to it (doorbells) */
#define DRIVER_DOORBELL_BIT 63 /* of it: a client rings */

#define DRIVER_REGS_MAX 12
#define DRIVER_IRQS_MAX 16

/* Properties of the blob's root */
#define DRIVER_FACT_PATH      "veridian,path"        /* string: the node's path */
#define DRIVER_FACT_MATCH     "veridian,match"       /* cell: number of the manifest's entry that matched */
#define DRIVER_FACT_STDOUT    "veridian,stdout"      /* string: this is the console; its options ("115200n8") */
#define DRIVER_FACT_ALIASES   "veridian,aliases"     /* strings */
#define DRIVER_FACT_CLOCKS    "veridian,clock-rates" /* cells: Hz of each of the node's clocks, 0 unknown */
#define DRIVER_FACT_REGMAP    "veridian,regmap-size" /* cell: bytes of the regmap's registers */
#define DRIVER_FACT_REG_SIZES "veridian,reg-sizes"   /* cells: bytes of each reg */
/* For each entry of the node's `ranges` that the CPU reaches, 7 cells: the first cell of the address on its bus; that address, without the first of
 * three cells; the physical address; the size */
#define DRIVER_FACT_WINDOWS   "veridian,windows"
#define DRIVER_FACT_NODE      "node" /* name of the subnode */

/* argv[1] of the driver: how it comes into being; argv[2]: the how manieth instance it is, from 1, in decimal */
#define DRIVER_ARG_FRESH   "fresh"   /* nobody drove the device since the system started */
#define DRIVER_ARG_RESTART "restart" /* an earlier instance died: the device is in any state */

/* ---- other devices that the node needs (clocks …) and serves --------------------------------------------- */

#define DRIVER_REF_CELLS_MAX 4 /* of a specifier */

enum driver_ref_kind {
	DRIVER_REF_CLOCK = 0,
	DRIVER_REF_RESET = 1,
	DRIVER_REF_GPIO = 2,
	DRIVER_REF_SUPPLY = 3,
	DRIVER_REF_PHY = 4,
	DRIVER_REF_POWER_DOMAIN = 5,
	DRIVER_REF_IRQ = 6, /* interrupts whose controller is not the kernel's as well as those that are */
	/* A driver waits for these if they have a driver, and does without if not. */
	DRIVER_REF_ASSIGNED = 7, /* assigned-clocks: to be set up before the driver starts */
	DRIVER_REF_PARENT = 8,   /* assigned-clock-parents, by position */
	DRIVER_REF_PINCTRL = 9,
	DRIVER_REF_NVMEM = 10,
	DRIVER_REF_DMA = 11,
	DRIVER_REF_MBOX = 12,
	DRIVER_REF_KINDS
};

enum driver_ref_state {
	DRIVER_REF_EMPTY = 0, /* an entry of the list that names nothing */
	DRIVER_REF_FIXED =
		1, /* needs nobody: a fixed clock, a supply that is always on, the kernel's interrupt controller */
	DRIVER_REF_DRIVEN = 2,   /* served by a driver: driver.provider gives its endpoint */
	DRIVER_REF_UNDRIVEN = 3, /* its device has no driver */
	DRIVER_REF_DISABLED = 4, /* the tree says that its device is not to be used */
	DRIVER_REF_OWN = 5,      /* the device itself, or a part of it */
	DRIVER_REF_BAD = 6,      /* malformed */
};

/* Facts: per entry DRIVER_REF_CELLS cells (kind, with DRIVER_REF_OF_PART if it is of a subnode; state, position in its property, value high and low) and one string, its
 * name; per row of the device as a provider DRIVER_ROW_CELLS cells (kind, consumer, value high and low, number of cells,
 * cells; of an assigned clock its new parent likewise: number of cells or DRIVER_ROW_FOREIGN, cells). */
#define DRIVER_FACT_REFS      "veridian,refs"
#define DRIVER_FACT_REF_NAMES "veridian,ref-names"
#define DRIVER_FACT_ROWS      "veridian,rows"
/* Per row the node that the phandle named, from the device's own node on: "regulators/dcdc1", "" for itself */
#define DRIVER_FACT_ROW_NODES "veridian,row-nodes"
#define DRIVER_REF_CELLS      5
#define DRIVER_REF_OF_PART    0x100u
#define DRIVER_ROW_CELLS      (4 + 2 * (1 + DRIVER_REF_CELLS_MAX))
#define DRIVER_ROW_FOREIGN    UINT32_MAX /* the parent is another device's clock */

/* Badge of a handle to a provider: the row in the low bits. Clients of devmgr.open have other badges. */
#define DRIVER_ROW_BADGE  (1ull << 63)
#define DRIVER_ROW(badge) ((uint32_t)((badge)&UINT32_MAX))
