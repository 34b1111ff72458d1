/* SPDX-License-Identifier: BSD-2-Clause */
/* The final kernel address space: built once by boot_main. */
#pragma once

#include <stdint.h>

/*
 * Builds the direct map, copies the device tree (dtb_phys, dtb_size) to pages of its own, and
 * drops all early mappings but the image's. Returns NULL or a sentence.
 */
const char *paging_init(uint64_t dtb_phys, uint64_t dtb_size);

/* A symbol of the image as a physical address. */
uint64_t image_phys(const void *symbol);
