/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel learnt from the firmware and the device tree at boot; constant afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_HARTS  8
#define MAX_RANGES 32
#define PHYS_NONE  (~0ull)

struct phys_range {
	uint64_t base;
	uint64_t size;
};

struct platform_hart {
	uint64_t hart_id;      /* the SBI's number: sparse, any order */
	uint32_t plic_context; /* of S-mode on this hart, by its position in interrupts-extended */
	bool has_plic_context;
	bool has_fpu; /* F and D */
};

struct platform {
	struct phys_range ram[MAX_RANGES]; /* page aligned, ascending, disjoint */
	size_t ram_count;
	struct phys_range reserved
		[MAX_RANGES]; /* never handed out: firmware, /reserved-memory, kernel, device tree, boot archive, early tables */
	size_t reserved_count;
	struct phys_range unmapped[MAX_RANGES]; /* no-map: not even in the direct map */
	size_t unmapped_count;

	struct platform_hart harts[MAX_HARTS]; /* [0] is the boot hart; usable ones only */
	size_t hart_count;

	uint64_t timebase_hz;
	bool has_sstc;           /* on every usable hart */
	bool has_svadu;          /* hardware A/D known; nothing depends on it: PTEs are made with A and D set */
	uint32_t cbo_zero_bytes; /* Zicboz block size, 0 if absent on any hart */

	struct phys_range plic; /* size 0: none */
	uint32_t plic_sources;  /* riscv,ndev */

	struct phys_range initrd; /* boot archive, size 0: none */
	struct phys_range dtb;    /* the blob, as long as its header says */
	char bootargs[1024];
	bool opt_no_asid;       /* boot option "noasid" */
	bool opt_quiet;         /* boot option "quiet": no log echo on the firmware console */
	uint32_t opt_max_harts; /* boot option "maxharts=N", default MAX_HARTS; hart_count respects it */
	uint8_t opt_panic;      /* boot option "panic=poweroff|reboot|halt": enum panic_policy */
};

enum panic_policy { PANIC_POWER_OFF, PANIC_REBOOT, PANIC_HALT };

extern struct platform platform;

/* Parses a flattened tree into *p (pure: host tests run it on real trees). boot_hart_id is a0.
 * Fills everything but the ranges of kernel image and early tables. Returns NULL, or a sentence that names the culprit. */
const char *platform_parse(struct platform *p, const void *fdt, size_t fdt_size, uint64_t boot_hart_id);

/* Boot only, after platform_parse: adds to `reserved`. Returns NULL or a sentence. */
const char *platform_reserve(struct platform *p, uint64_t base, uint64_t size);
/* Boot only. Firmware older than OpenSBI 0.7 does not list itself in the tree: if nothing is reserved between the start
 * of the kernel's memory bank and the kernel, and that is at most FIRMWARE_GUESS_SIZE (the image header's
 * text_offset), it is taken to be the firmware's. */
#define FIRMWARE_GUESS_SIZE 0x200000
const char *platform_reserve_firmware(struct platform *p, uint64_t kernel_base);
