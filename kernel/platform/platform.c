/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the flattened device tree into struct platform. Pure; the tree is untrusted input and is
 * checked whole first.
 */
#include "kernel/platform.h"

#include <libfdt.h>
#include <string.h>

#include "kernel/lib/format.h"
#include "kernel/platform/parse.h"

struct platform platform;

const char *platform_fail(const char *fmt, ...)
{
	static char text[160];
	va_list args;

	va_start(args, fmt);
	format_text_va(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}

/* libfdt reads words in place and does not check that these are aligned. */
static bool is_aligned(const void *fdt)
{
	return (uintptr_t)fdt % 8 == 0 && fdt_off_dt_struct(fdt) % 4 == 0 && fdt_off_mem_rsvmap(fdt) % 8 == 0;
}

const char *platform_parse(struct platform *p, const void *fdt, size_t fdt_size, uint64_t boot_hart_id)
{
	const char *why;
	int err;

	memset(p, 0, sizeof(*p));
	if (fdt_size < sizeof(struct fdt_header) || !is_aligned(fdt))
		return "device tree: too short, or its parts are not aligned";
	err = fdt_check_full(fdt, fdt_size);
	if (err)
		return platform_fail("device tree: malformed (%s)", fdt_strerror(err));
	why = platform_parse_memory(p, fdt);
	if (!why)
		why = platform_parse_chosen(p, fdt);
	if (!why)
		why = platform_parse_harts(p, fdt, boot_hart_id);
	if (!why)
		why = platform_parse_plic(p, fdt);
	return why;
}
