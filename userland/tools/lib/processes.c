/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the list of processes. */
#include "userland/tools/lib/processes.h"

#include <stdlib.h>

#include "sys/lib/syscall.h"
#include "userland/tools/lib/tool.h"

void processes_read(struct processes *processes, handle_t inspect)
{
	size_t room = 0;
	*processes = (struct processes){0};
	for (;;) {
		if (processes->count == room) {
			room = room ? room * 2 : 32;
			struct process_info *list = realloc(processes->list, room * sizeof(*list));
			if (!list)
				tool_fail("out of memory");
			processes->list = list;
		}
		struct process_info *info = &processes->list[processes->count];
		uint64_t last = processes->count ? info[-1].koid : 0;
		status_t status = system_info(inspect, INFO_PROCESS, last, info, sizeof(*info), NULL);
		if (status == ERR_NOT_FOUND)
			break;
		if (status != OK)
			tool_fail("cannot list the processes: %s", status_text(status));
		info->name[NAME_MAX_BYTES - 1] = '\0';
		processes->count++;
	}
}

const char *processes_name(const struct processes *processes, uint64_t koid)
{
	for (size_t i = 0; i < processes->count; i++) {
		if (processes->list[i].koid == koid)
			return processes->list[i].name;
	}
	return koid == 0 ? "kernel" : "?";
}
