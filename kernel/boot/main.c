/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot hart's way from the first page tables to kernel_start: firmware, device tree, address
 * space.
 */
#include <libfdt.h>

#include "boot/early.h"
#include "kernel/boot.h"
#include "kernel/boot/paging.h"
#include "kernel/check/check.h"
#include "kernel/log/log.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/sbi.h"

uint64_t kernel_entry_ticks;

void boot_main(uint64_t hart_id, uint64_t dtb_phys)
{
	const void *dtb = phys_to_virt(dtb_phys);
	size_t dtb_size = fdt_totalsize(dtb);
	const char *why;

	check_boot();
	__asm__ volatile("rdtime %0" : "=r"(kernel_entry_ticks));
	sbi_init();
	why = platform_parse(&platform, dtb, dtb_size, hart_id);
	if (!why)
		why = platform_reserve_firmware(&platform, kernel_phys_base);
	if (!why)
		why = platform_reserve(&platform, kernel_phys_base, kernel_phys_size);
	if (!why)
		why = paging_init(dtb_phys, dtb_size);
	if (!why)
		why = check_ram();
	if (why)
		panic("%s", why);
	log_set_echo(!platform.opt_quiet);
}
