/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the list of processes. */
#include "userland/tools/lib/processes.h"

#include <stdlib.h>

#include "sys/lib/syscall.h"
#include "userland/tools/lib/tool.h"

static int compare(const void *a, const void *b)
{
	const struct process_info *x = a, *y = b;
	return (x->koid > y->koid) - (x->koid < y->koid);
}

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
		status_t status = system_info(inspect, INFO_PROCESS, processes->count, info, sizeof(*info), NULL);
		if (status == ERR_NOT_FOUND)
			break;
		if (status != OK)
			tool_fail("cannot list the processes: %s", status_text(status));
		info->name[NAME_MAX_BYTES - 1] = '\0';
		processes->count++;
	}
	qsort(processes->list, processes->count, sizeof(*processes->list), compare);
	/* Between two calls the list can move by one: the same one may come twice. */
	size_t kept = 0;
	for (size_t i = 0; i < processes->count; i++) {
		if (kept == 0 || processes->list[kept - 1].koid != processes->list[i].koid)
			processes->list[kept++] = processes->list[i];
	}
	processes->count = kept;
}

const char *processes_name(const struct processes *processes, uint64_t koid)
{
	for (size_t i = 0; i < processes->count; i++) {
		if (processes->list[i].koid == koid)
			return processes->list[i].name;
	}
	return koid == 0 ? "kernel" : "?";
}
