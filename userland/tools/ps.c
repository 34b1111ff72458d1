/* SPDX-License-Identifier: BSD-2-Clause */
/* ps: processes or threads with what they use. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/syscall.h"
#include "userland/tools/lib/processes.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "ps",
	.summary = TOOL_SUMMARY,
	.usage = "[-t]",
	.details =
		"  -t   threads instead of processes\n"
		"STATE: run (a thread runs or is ready), wait (all threads wait), fault (one waits for its fault handler),\n"
		"new, ending. CPU: time used. MEM: memory that is mapped and present, shared or not. KMEM: page tables and\n"
		"kernel objects. HND: handles.\n",
	.options = "t",
};

static struct thread_info *threads;
static size_t thread_count;

static int compare(const void *a, const void *b)
{
	const struct thread_info *x = a, *y = b;
	return (x->koid > y->koid) - (x->koid < y->koid);
}

static void read_threads(handle_t inspect)
{
	size_t room = 0;
	for (;;) {
		if (thread_count == room) {
			room = room ? room * 2 : 64;
			threads = realloc(threads, room * sizeof(*threads));
			if (!threads)
				tool_fail("out of memory");
		}
		status_t status = system_info(inspect, INFO_THREAD, thread_count, &threads[thread_count],
					      sizeof(*threads), NULL);
		if (status == ERR_NOT_FOUND)
			break;
		if (status != OK)
			tool_fail("cannot list the threads: %s", status_text(status));
		thread_count++;
	}
	qsort(threads, thread_count, sizeof(*threads), compare);
}

static const char *process_state(const struct process_info *process)
{
	if (process->state == PROCESS_NEW)
		return "new";
	if (process->state != PROCESS_RUNNING)
		return "ending";
	return process->faulted ? "fault" : process->active ? "run" : "wait";
}

/* The first process is named by its path in the boot archive. */
static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash && slash[1] ? slash + 1 : name;
}

static int list_processes(const struct processes *processes)
{
	char text[TIME_TEXT];
	struct table table;
	table_begin(&table, ">PID >PARENT STATE >THR >CPU >MEM >KMEM >HND NAME");
	for (size_t i = 0; i < processes->count; i++) {
		const struct process_info *p = &processes->list[i];
		if (p->state == PROCESS_ENDED)
			continue;
		table_add(&table, "%" PRIu64, p->koid);
		table_add(&table, "%" PRIu64, p->parent_koid);
		table_add(&table, "%s", process_state(p));
		table_add(&table, "%" PRIu32, p->threads);
		table_add(&table, "%s", time_text(p->cpu_ns, text));
		table_add(&table, "%s", size_text(p->mem_bytes, text));
		table_add(&table, "%s", size_text(p->kernel_bytes, text));
		table_add(&table, "%" PRIu32, p->handles);
		table_add(&table, "%s", base_name(p->name));
	}
	return table_print(&table);
}

static const char *thread_state(uint32_t state)
{
	static const char *const names[] = {
		[THREAD_NEW] = "new",
		[THREAD_READY] = "ready",
		[THREAD_RUNNING] = "running",
		[THREAD_BLOCKED_CALL] = "call",
		[THREAD_BLOCKED_REPLY] = "answer",
		[THREAD_BLOCKED_RECV] = "receive",
		[THREAD_BLOCKED_NOTIFICATION] = "signal",
		[THREAD_BLOCKED_FUTEX] = "futex",
		[THREAD_FAULTED] = "fault",
		[THREAD_SUSPENDED] = "suspended",
		[THREAD_THROTTLED] = "throttled",
		[THREAD_ENDED] = "ended",
	};
	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static int list_threads(const struct processes *processes)
{
	char text[TIME_TEXT];
	struct table table;
	table_begin(&table, ">THREAD >PID STATE >PRIO >HART >CPU NAME");
	for (size_t i = 0; i < thread_count; i++) {
		const struct thread_info *t = &threads[i];
		table_add(&table, "%" PRIu64, t->koid);
		table_add(&table, "%" PRIu64, t->process_koid);
		table_add(&table, "%s", thread_state(t->state));
		if (t->prio == t->base_prio)
			table_add(&table, "%" PRIu32, t->prio);
		else /* lent by those it serves */
			table_add(&table, "%" PRIu32 "+%" PRIu32, t->base_prio, t->prio - t->base_prio);
		table_add(&table, "%" PRIu32, t->hart);
		table_add(&table, "%s", time_text(t->cpu_ns, text));
		table_add(&table, "%s", base_name(processes_name(processes, t->process_koid)));
	}
	return table_print(&table);
}

int main(int argc, char **argv)
{
	bool by_thread = false;
	struct processes processes;

	tool_begin(&tool, argc, argv);
	while (tool_option(argc, argv) != -1)
		by_thread = true;
	tool_arguments(argc, 0);
	handle_t inspect = tool_handle("res.inspect", "system_inspect");
	processes_read(&processes, inspect);
	if (by_thread)
		read_threads(inspect);
	return tool_end(by_thread ? list_threads(&processes) : list_processes(&processes));
}
