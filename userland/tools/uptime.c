/* SPDX-License-Identifier: BSD-2-Clause */
/* uptime: how long the system runs, and how busy its harts were. */
#include <inttypes.h>
#include <stdio.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "uptime",
	.summary = TOOL_SUMMARY,
	.usage = "[-v]",
	.details =
		"  -v   each hart: share of time it worked, context switches, interrupts, interrupts from other harts\n",
	.options = "v",
};

static void show_harts(handle_t inspect, uint64_t uptime_ns)
{
	struct table table;
	struct hart_info hart;
	table_begin(&table, ">HART >ID >BUSY >SWITCHES >INTERRUPTS >IPIS");
	for (uint64_t i = 0;; i++) {
		status_t status = system_info(inspect, INFO_HART, i, &hart, sizeof(hart), NULL);
		if (status == ERR_NOT_FOUND)
			break;
		if (status != OK)
			tool_fail("cannot list the harts: %s", status_text(status));
		uint64_t busy = hart.idle_ns < uptime_ns ? uptime_ns - hart.idle_ns : 0;
		table_add(&table, "%" PRIu64, i);
		table_add(&table, "%" PRIu64, hart.hart_id);
		table_add(&table, "%" PRIu64 ".%" PRIu64 "%%", busy / (uptime_ns / 100 + 1),
			  busy / (uptime_ns / 1000 + 1) % 10);
		table_add(&table, "%" PRIu64, hart.switches);
		table_add(&table, "%" PRIu64, hart.interrupts);
		table_add(&table, "%" PRIu64, hart.ipis);
	}
	table_print(&table);
}

int main(int argc, char **argv)
{
	struct system_info info;
	bool harts = false;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		harts = true;
	tool_arguments(argc, 0);
	status_t status = system_info(HANDLE_NONE, INFO_SYSTEM, 0, &info, sizeof(info), NULL);
	if (status != OK)
		tool_fail("cannot ask the kernel: %s", status_text(status));
	uint64_t seconds = info.uptime_ns / 1000000000;
	printf("up ");
	if (seconds >= 86400)
		printf("%" PRIu64 " days, ", seconds / 86400);
	printf("%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ", %" PRIu32 " hart%s, %" PRIu32 " processes, %" PRIu32
	       " threads\n",
	       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, info.harts, info.harts == 1 ? "" : "s",
	       info.processes, info.threads);
	if (harts)
		show_harts(tool_handle("res.inspect", "system_inspect"), info.uptime_ns);
	return tool_end(0);
}
