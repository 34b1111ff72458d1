/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of platform_parse. Each fills its part of *p and returns NULL, or a sentence that
 * names the culprit.
 */
#pragma once

#include "kernel/platform.h"

const char *platform_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

const char *platform_parse_memory(struct platform *p, const void *fdt);
const char *platform_parse_harts(struct platform *p, const void *fdt, uint64_t boot_hart_id);
const char *platform_parse_plic(struct platform *p, const void *fdt);
/* bootargs and the boot archive; after the memory */
const char *platform_parse_chosen(struct platform *p, const void *fdt);
/* The options among the bootargs; unknown words are user space's. */
void platform_parse_options(struct platform *p, const char *args);
