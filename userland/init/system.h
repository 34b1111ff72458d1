/* SPDX-License-Identifier: BSD-2-Clause */
/* What init was given at its start, taken apart: everything else in init gets its authority from here. */
#pragma once

#include <stdbool.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"
#include "sys/lib/bootfs.h"
#include "userland/init/bootargs.h"

struct system {
	handle_t bootfs_vmo, fdt, quota;
	handle_t res_mmio, res_irq;
	/* One for each SYSTEM_* right. */
	handle_t res_reset, res_inspect, res_process, res_dma, res_priority, res_console, res_examine;
	struct bootfs bootfs;
	struct bootargs bootargs;
};

/* False: init cannot work; the reason was said. */
bool system_open(struct system *system);
/* Ends the machine. Returns only if that fails, which was said. */
void system_end(const struct system *system, bool reboot);
