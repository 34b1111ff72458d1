/* SPDX-License-Identifier: BSD-2-Clause */
/* mem: where the memory is. */
#include <inttypes.h>
#include <stdio.h>

#include "sys/lib/syscall.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "mem",
	.summary = TOOL_SUMMARY,
	.usage = "[-b]",
	.details =
		"  -b   bytes instead of rounded sizes\n"
		"kernel: its image, its objects and the page tables. programs: everything else that is not free: pages of\n"
		"processes, the boot archive, device memory.\n",
	.options = "b",
};

static void row(struct table *table, const char *name, uint64_t bytes, uint64_t total, bool exact)
{
	char text[SIZE_TEXT];
	table_add(table, "%s", name);
	if (exact)
		table_add(table, "%" PRIu64, bytes);
	else
		table_add(table, "%s", size_text(bytes, text));
	table_add(table, "%" PRIu64 "%%", total ? (bytes * 100 + total / 2) / total : 0);
}

int main(int argc, char **argv)
{
	struct system_info info;
	struct table table;
	bool exact = false;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		exact = true;
	tool_arguments(argc, 0);
	status_t status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &info, sizeof(info), NULL);
	if (status != OK)
		tool_fail("cannot ask the kernel: %s", status_text(status));
	uint64_t kernel = info.kernel_image_bytes + info.kernel_heap_bytes;
	uint64_t used = info.ram_bytes - info.free_bytes;
	uint64_t total = info.ram_bytes;
	table_begin(&table, "MEMORY >SIZE >SHARE");
	row(&table, "total", total, total, exact);
	row(&table, "free", info.free_bytes, total, exact);
	row(&table, "used", used, total, exact);
	row(&table, "  kernel image", info.kernel_image_bytes, total, exact);
	row(&table, "  kernel objects", info.kernel_heap_bytes, total, exact);
	row(&table, "    in use", info.kernel_used_bytes, total, exact);
	row(&table, "  programs", used > kernel ? used - kernel : 0, total, exact);
	return tool_end(table_print(&table));
}
