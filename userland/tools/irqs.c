/* SPDX-License-Identifier: BSD-2-Clause */
/* irqs: interrupts and the processes that handle them. */
#include <inttypes.h>

#include "sys/lib/syscall.h"
#include "userland/tools/lib/processes.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "irqs",
	.summary = TOOL_SUMMARY,
	.usage = "",
	.details =
		"COUNT: times it fired. OWNER: the process that made it, as a rule the device manager for a driver. STATE: open, or masked (fired, not acknowledged by its driver yet).\n",
	.options = "",
};

int main(int argc, char **argv)
{
	struct processes processes;
	struct irq_info irq;
	struct table table;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		;
	tool_arguments(argc, 0);
	handle_t inspect = tool_handle("res.inspect", "system_inspect");
	processes_read(&processes, inspect);
	table_begin(&table, ">IRQ KIND >COUNT STATE >PID OWNER");
	for (uint64_t i = 0;; i++) {
		status_t status = system_info(inspect, INFO_IRQ, i, &irq, sizeof(irq), NULL);
		if (status == ERR_NOT_FOUND)
			break;
		if (status != OK)
			tool_fail("cannot list the interrupts: %s", status_text(status));
		table_add(&table, "%" PRIu32, irq.source);
		table_add(&table, "%s", irq.flags == IRQ_EDGE ? "edge" : irq.flags == IRQ_SHARED ? "shared" : "level");
		table_add(&table, "%" PRIu64, irq.count);
		table_add(&table, "%s", irq.masked ? "masked" : "open");
		table_add(&table, "%" PRIu64, irq.owner_koid);
		table_add(&table, "%s", processes_name(&processes, irq.owner_koid));
	}
	return tool_end(table_print(&table));
}
