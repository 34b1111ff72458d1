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
#define DRIVER_HND_CONTROL "control" /* endpoint of devmgr, protocol `driver` */
#define DRIVER_HND_CONFIG \
	"config" /* endpoint of the driver of its bus, for this device; in a protocol of that kind of bus */
#define DRIVER_HND_STATE \
	"state" /* vmo of driver_manifest.state_bytes: what the last instance left in it, zero at first */

#define DRIVER_HND_PULSE "pulse" /* vmo: a u64 that counts answered pings */

#define DRIVER_REGS_MAX 12
#define DRIVER_IRQS_MAX 12

/* Properties of the blob's root */
#define DRIVER_FACT_PATH      "veridian,path"        /* string: the node's path */
#define DRIVER_FACT_MATCH     "veridian,match"       /* cell: number of the manifest's entry that matched */
#define DRIVER_FACT_STDOUT    "veridian,stdout"      /* string: this is the console; its options ("115200n8") */
#define DRIVER_FACT_ALIASES   "veridian,aliases"     /* strings */
#define DRIVER_FACT_CLOCKS    "veridian,clock-rates" /* cells: Hz of each of the node's clocks, 0 unknown */
#define DRIVER_FACT_REGMAP    "veridian,regmap-size" /* cell: bytes of the regmap's registers */
#define DRIVER_FACT_REG_SIZES "veridian,reg-sizes"   /* cells: bytes of each reg */
#define DRIVER_FACT_NODE      "node"                 /* name of the subnode */

/* argv[1] of the driver: how it comes into being; argv[2]: the how manieth instance it is, from 1, in decimal */
#define DRIVER_ARG_FRESH   "fresh"   /* nobody drove the device since the system started */
#define DRIVER_ARG_RESTART "restart" /* an earlier instance died: the device is in any state */
