/* SPDX-License-Identifier: BSD-2-Clause */
/* /chosen: the boot archive and the boot options. Pure. */
#include <libfdt.h>
#include <string.h>

#include "kernel/platform/parse.h"
#include "kernel/platform/ranges.h"
#include "kernel/platform/tree.h"

static bool word_is(const char *word, size_t len, const char *expected)
{
	return len == strlen(expected) && !memcmp(word, expected, len);
}

/* "name=": the value behind it, its length in *len; else NULL. */
static const char *word_value(const char *word, size_t *len, const char *name)
{
	size_t n = strlen(name);

	if (*len < n || memcmp(word, name, n))
		return NULL;
	*len -= n;
	return word + n;
}

static void parse_max_harts(struct platform *p, const char *digits, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return;
		if (n < MAX_HARTS)
			n = n * 10 + (uint32_t)(digits[i] - '0');
	}
	if (len)
		p->opt_max_harts = n < 1 ? 1 : n > MAX_HARTS ? MAX_HARTS : n;
}

static void parse_word(struct platform *p, const char *word, size_t len)
{
	const char *value;
	size_t value_len = len;

	if (word_is(word, len, "noasid")) {
		p->opt_no_asid = true;
	} else if (word_is(word, len, "quiet")) {
		p->opt_quiet = true;
	} else if ((value = word_value(word, &value_len, "maxharts="))) {
		parse_max_harts(p, value, value_len);
	} else if ((value = word_value(word, &value_len, "panic="))) {
		if (word_is(value, value_len, "reboot"))
			p->opt_panic = PANIC_REBOOT;
		else if (word_is(value, value_len, "halt"))
			p->opt_panic = PANIC_HALT;
		else if (word_is(value, value_len, "poweroff"))
			p->opt_panic = PANIC_POWER_OFF;
	}
}

void platform_parse_options(struct platform *p, const char *args)
{
	p->opt_max_harts = MAX_HARTS;
	p->opt_panic = PANIC_POWER_OFF;
	while (*args) {
		size_t len = 0;

		while (args[len] && args[len] != ' ' && args[len] != '\t' && args[len] != '\n')
			len++;
		parse_word(p, args, len);
		args += len;
		if (*args)
			args++;
	}
}

const char *platform_parse_chosen(struct platform *p, const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *args = chosen < 0 ? NULL : tree_string(fdt, chosen, "bootargs");
	uint64_t start, end;
	struct phys_range pages;

	if (!args)
		args = "";
	strncpy(p->bootargs, args, sizeof(p->bootargs) - 1);
	platform_parse_options(p, args);

	if (chosen < 0 || !tree_number(fdt, chosen, "linux,initrd-start", &start) ||
	    !tree_number(fdt, chosen, "linux,initrd-end", &end) || start == end)
		return NULL;
	if (start > end)
		return "device tree: /chosen: linux,initrd-end lies below linux,initrd-start";
	pages = range_round_out(start, end - start);
	if (pages.base + pages.size < end || !ranges_contain(RANGE_LIST(p->ram, p->ram_count), pages) ||
	    ranges_overlap(RANGE_LIST(p->unmapped, p->unmapped_count), pages))
		return platform_fail("device tree: /chosen: the boot archive at 0x%lx..0x%lx is not in RAM",
				     (unsigned long)start, (unsigned long)end);
	p->initrd = (struct phys_range){.base = start, .size = end - start};
	return platform_reserve(p, start, end - start);
}
