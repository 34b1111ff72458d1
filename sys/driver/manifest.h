/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver says about itself to devmgr without running: one struct driver_manifest in the ELF
 * section .veridian.bind of its binary. devmgr reads it from the file; nothing else names a driver.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define DRIVER_MANIFEST_SECTION ".veridian.bind"
#define DRIVER_MANIFEST_MAGIC   0x444e4256u /* "VBND" */
#define DRIVER_MANIFEST_VERSION 2
#define DRIVER_NAME_MAX         32 /* with the NUL */
#define DRIVER_COMPATIBLE_MAX   64 /* with the NUL */
#define DRIVER_MATCHES_MAX      16

/* Kinds of match. Unknown kinds are left to the bus drivers that know them. */
enum {
	DRIVER_MATCH_END = 0,
	DRIVER_MATCH_COMPATIBLE = 1, /* a string of a device-tree node's `compatible` */
};

/* Protocol that the driver's class endpoint speaks: values of enum devmgr_class. */
enum {
	DRIVER_CLASS_NONE = 0,
	DRIVER_CLASS_SERIAL = 1,
	DRIVER_CLASS_RTC = 2,
	DRIVER_CLASS_POWER = 3,
	DRIVER_CLASS_BLOCK = 4,
	DRIVER_CLASS_NET = 5,
	DRIVER_CLASS_RNG = 6,
	DRIVER_CLASS_BUS = 7, /* finds further devices; serves their drivers, not clients */
	DRIVER_CLASS_CLOCK = 8,
	DRIVER_CLASS_RESET = 9,
	DRIVER_CLASS_GPIO = 10,
	DRIVER_CLASS_REGULATOR = 11,
	DRIVER_CLASS_OTHER = 12, /* a protocol of its own */
	DRIVER_CLASS_COUNT
};

struct driver_match {
	uint32_t kind;
	/* Kinds of providers (1 << enum driver_ref_kind) that the driver does without where they have no driver: it then finds what they
	 * provide as the firmware left it. */
	uint32_t optional;
	uint64_t data; /* the driver's own: told to it when this entry matched */
	char compatible[DRIVER_COMPATIBLE_MAX];
};

struct driver_manifest {
	uint32_t magic;
	uint16_t version;
	uint16_t match_size; /* sizeof(struct driver_match) */
	char name[DRIVER_NAME_MAX];
	uint32_t class;
	uint32_t state_bytes;  /* memory that outlives an instance and goes to the next; 0: none */
	uint32_t memory_bytes; /* of its quota; 0: devmgr's default */
	uint32_t dma_bytes;    /* most that device_dma_alloc gives it; 0: nothing */
	struct driver_match matches[DRIVER_MATCHES_MAX]; /* up to the first of kind 0 */
	/* Since version 2 */
	uint32_t heartbeat_ms; /* between two questions whether it still lives; 0: devmgr's default */
	uint32_t reserved[3];  /* 0 */
};

static_assert(sizeof(struct driver_match) == 80, "in files: part of the ABI");
static_assert(offsetof(struct driver_manifest, class) == 40, "in files: part of the ABI");
static_assert(offsetof(struct driver_manifest, matches) == 56, "in files: part of the ABI");
static_assert(sizeof(struct driver_manifest) == 1352, "in files: part of the ABI");
/* Version 1 ended with the matches, and dma_bytes was reserved. */
#define DRIVER_MANIFEST_SIZE_1 offsetof(struct driver_manifest, heartbeat_ms)

/* The object itself: once in every driver. */
#define DRIVER_MANIFEST \
	const struct driver_manifest driver_manifest __attribute__((section(DRIVER_MANIFEST_SECTION), used, aligned(8)))
#define DRIVER_MANIFEST_HEAD \
	.magic = DRIVER_MANIFEST_MAGIC, .version = DRIVER_MANIFEST_VERSION, .match_size = sizeof(struct driver_match)
/* A PCI function, by ids of four hexadecimal digits, or by class and subclass: the names that the PCI binding of IEEE 1275 gives them ("pci1af4,1042",
 * "pciclass,0108"). */
#define DRIVER_PCI(vendor, device, value) DRIVER_COMPATIBLE("pci" vendor "," device, value)
#define DRIVER_PCI_CLASS(class, value)    DRIVER_COMPATIBLE("pciclass," class, value)
#define DRIVER_COMPATIBLE(string, value)                                                 \
	{                                                                                \
		.kind = DRIVER_MATCH_COMPATIBLE, .data = (value), .compatible = (string) \
	}

/* With kinds of providers that it can do without. DRIVER_LEFT_ON: clocks, resets, supplies, power domains, of a device that the
 * firmware has used and left in working order, such as the console. */
#define DRIVER_LEFT_ON 0x2bu
#define DRIVER_COMPATIBLE_WITHOUT(string, value, kinds)                                                       \
	{                                                                                                     \
		.kind = DRIVER_MATCH_COMPATIBLE, .optional = (kinds), .data = (value), .compatible = (string) \
	}

extern const struct driver_manifest driver_manifest;
