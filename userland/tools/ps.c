/* SPDX-License-Identifier: BSD-2-Clause */
/* ps: processes or threads with what they use. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/process.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/processes.h"
#include "userland/tools/lib/table.h"
#include "userland/tools/lib/tool.h"

#define ENTRIES 64 /* asked for at a time */

static const struct tool tool = {
	.name = "ps",
	.summary = TOOL_SUMMARY,
	.usage = "[-e] [-f] [-t] [-o COLUMN[,COLUMN...]]",
	.details =
		"  -e, -A  all processes: that is so anyway\n"
		"  -f      who they are: users, groups, sessions, terminals\n"
		"  -o      these columns: pid ppid pgid sid uid ni tty stat state time thr mem kmem hnd comm\n"
		"  -t      threads instead of processes\n"
		"STATE: run (a thread runs or is ready), wait (all threads wait), stop, fault (one waits for its fault handler),\n"
		"new, ending, ended (nobody has waited for it). STAT: R S T F N E Z for the same, s leads its session, l has\n"
		"several threads, < and N were made nicer to themselves and to others. CPU: time used. MEM: memory that is mapped\n"
		"and present, shared or not. KMEM: page tables and kernel objects. HND: handles. Groups, sessions and ended\n"
		"processes are known of what has the capability 'processes', to who has it.\n",
	.options = "eAfto:",
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

/* The first process is named by its path in the boot archive. */
static const char *base_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash && slash[1] ? slash + 1 : name;
}

/* One line: as the kernel sees it, as procd does; either may be missing. */
struct row {
	const struct process_info *kernel;
	const struct process_entry *posix;
};

static struct process_entry *entries;
static size_t entry_count;

/* Without procd there are none. */
static void read_entries(void)
{
	handle_t procd = startup_handle(HND_PROC);
	uint32_t count = 1;

	while (procd != HANDLE_NONE && count != 0) {
		uint64_t first = entry_count ? entries[entry_count - 1].pid + 1 : 0;
		status_t status;

		entries = realloc(entries, (entry_count + ENTRIES) * sizeof(*entries));
		if (!entries)
			tool_fail("out of memory");
		do
			status = process_list(procd, first, entries + entry_count, ENTRIES, &count);
		while (status == ERR_PEER_DIED);
		if (status != OK)
			tool_fail("cannot ask procd: %s", status_text(status));
		entry_count += count;
	}
}

static const struct process_entry *entry_of(uint64_t pid)
{
	for (size_t i = 0; i < entry_count; i++) {
		if (entries[i].pid == pid)
			return &entries[i];
	}
	return NULL;
}

enum life { LIFE_NEW, LIFE_RUN, LIFE_WAIT, LIFE_STOP, LIFE_FAULT, LIFE_ENDING, LIFE_ENDED };

static enum life life_of(const struct row *row)
{
	if (!row->kernel || (row->posix && row->posix->state == PROCESS_STATE_ENDED))
		return LIFE_ENDED;
	if (row->kernel->state == PROCESS_NEW)
		return LIFE_NEW;
	if (row->kernel->state != PROCESS_RUNNING)
		return LIFE_ENDING;
	if (row->posix && row->posix->state == PROCESS_STATE_STOPPED)
		return LIFE_STOP;
	return row->kernel->faulted ? LIFE_FAULT : row->kernel->active ? LIFE_RUN : LIFE_WAIT;
}

static void put_state(struct table *table, const struct row *row)
{
	static const char *const names[] = {"new", "run", "wait", "stop", "fault", "ending", "ended"};

	table_add(table, "%s", names[life_of(row)]);
}

static void put_stat(struct table *table, const struct row *row)
{
	const struct process_entry *p = row->posix;

	table_add(table, "%c%s%s%s", "NRSTFEZ"[life_of(row)],
		  !p || p->nice == 0 ? ""
		  : p->nice < 0      ? "<"
				     : "N",
		  p && p->session == p->pid ? "s" : "", row->kernel && row->kernel->threads > 1 ? "l" : "");
}

/* As names of the directory have it: /dev/console, /dev/tty..., /dev/pts/N. */
static const char *terminal_name(uint32_t device, char *name, size_t size)
{
	static const char *const folders[] = {"/dev/pts", "/dev"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		DIR *dir = opendir(folders[i]);

		for (const struct dirent *e; dir && (e = readdir(dir));) {
			struct stat st;

			if (fstatat(dirfd(dir), e->d_name, &st, 0) != 0 || !S_ISCHR(st.st_mode) ||
			    st.st_rdev != device || strcmp(e->d_name, "tty") == 0)
				continue;
			snprintf(name, size, "%s%s", i == 0 ? "pts/" : "", e->d_name);
			(void)closedir(dir);
			return name;
		}
		if (dir)
			(void)closedir(dir);
	}
	snprintf(name, size, "%" PRIu32, device);
	return name;
}

static void put_tty(struct table *table, const struct row *row)
{
	char name[300];

	table_add(table, "%s",
		  row->posix && row->posix->terminal ? terminal_name(row->posix->terminal, name, sizeof(name)) : "?");
}

static void put_pid(struct table *table, const struct row *row)
{
	table_add(table, "%" PRIu64, row->kernel ? row->kernel->koid : row->posix->pid);
}

static void put_parent(struct table *table, const struct row *row)
{
	table_add(table, "%" PRIu64, row->posix ? row->posix->parent : row->kernel->parent_koid);
}

static void put_number(struct table *table, const struct row *row, uint64_t number)
{
	if (row->posix)
		table_add(table, "%" PRIu64, number);
	else
		table_add(table, "-");
}

static void put_group(struct table *table, const struct row *row)
{
	put_number(table, row, row->posix ? row->posix->group : 0);
}

static void put_session(struct table *table, const struct row *row)
{
	put_number(table, row, row->posix ? row->posix->session : 0);
}

static void put_user(struct table *table, const struct row *row)
{
	put_number(table, row, row->posix ? row->posix->user : 0);
}

static void put_nice(struct table *table, const struct row *row)
{
	if (row->posix)
		table_add(table, "%" PRId32, row->posix->nice);
	else
		table_add(table, "-");
}

static void put_threads(struct table *table, const struct row *row)
{
	table_add(table, "%" PRIu32, row->kernel ? row->kernel->threads : 0);
}

static void put_time(struct table *table, const struct row *row)
{
	char text[TIME_TEXT];

	table_add(table, "%s", time_text(row->kernel ? row->kernel->cpu_ns : 0, text));
}

static void put_memory(struct table *table, const struct row *row)
{
	char text[SIZE_TEXT];

	table_add(table, "%s", size_text(row->kernel ? row->kernel->mem_bytes : 0, text));
}

static void put_kernel_memory(struct table *table, const struct row *row)
{
	char text[SIZE_TEXT];

	table_add(table, "%s", size_text(row->kernel ? row->kernel->kernel_bytes : 0, text));
}

static void put_handles(struct table *table, const struct row *row)
{
	table_add(table, "%" PRIu32, row->kernel ? row->kernel->handles : 0);
}

static void put_name(struct table *table, const struct row *row)
{
	table_add(table, "%s", row->kernel ? base_name(row->kernel->name) : "<defunct>");
}

static const struct column {
	const char *name, *header;
	void (*put)(struct table *table, const struct row *row);
} columns[] = {
	{"pid", ">PID", put_pid},
	{"ppid", ">PARENT", put_parent},
	{"pgid", ">PGID", put_group},
	{"sid", ">SID", put_session},
	{"uid", ">UID", put_user},
	{"ni", ">NI", put_nice},
	{"tty", "TTY", put_tty},
	{"stat", "STAT", put_stat},
	{"state", "STATE", put_state},
	{"thr", ">THR", put_threads},
	{"time", ">CPU", put_time},
	{"mem", ">MEM", put_memory},
	{"kmem", ">KMEM", put_kernel_memory},
	{"hnd", ">HND", put_handles},
	{"comm", "NAME", put_name},
};

static const struct column *column_find(const char *name, size_t len)
{
	static const struct {
		const char *other, *name;
	} others[] = {{"user", "uid"}, {"pgrp", "pgid"}, {"sess", "sid"}, {"nice", "ni"},
		      {"rss", "mem"},  {"args", "comm"}, {"cmd", "comm"}, {"s", "state"}};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strlen(others[i].other) == len && strncmp(others[i].other, name, len) == 0)
			return column_find(others[i].name, strlen(others[i].name));
	}
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (strlen(columns[i].name) == len && strncmp(columns[i].name, name, len) == 0)
			return &columns[i];
	}
	tool_usage("there is no column '%.*s'", (int)len, name);
}

static void add_row(struct table *table, const struct column *const *chosen, size_t count, const struct row *row)
{
	for (size_t i = 0; i < count; i++)
		chosen[i]->put(table, row);
}

static int list_processes(const struct processes *processes, const char *wanted)
{
	const struct column *chosen[TABLE_COLUMNS];
	char headers[TABLE_COLUMNS * 10] = "";
	struct table table;
	size_t count = 0;

	for (const char *at = wanted; *at;) {
		size_t len = strcspn(at, ", ");

		if (count == TABLE_COLUMNS)
			tool_usage("at most %d columns", TABLE_COLUMNS);
		chosen[count] = column_find(at, len);
		strlcat(headers, count ? " " : "", sizeof(headers));
		strlcat(headers, chosen[count++]->header, sizeof(headers));
		at += len + (at[len] != '\0');
	}
	if (count == 0)
		tool_usage("no column");
	read_entries();
	table_begin(&table, headers);
	for (size_t i = 0, k = 0; i < processes->count || k < entry_count;) {
		const struct process_info *p = i < processes->count ? &processes->list[i] : NULL;
		struct row row = {0};

		/* Both lists are in the order of pids; procd's has ended ones too. */
		if (p && p->state == PROCESS_ENDED && !entry_of(p->koid)) {
			i++;
			continue;
		}
		if (p && (k == entry_count || p->koid <= entries[k].pid)) {
			row.kernel = p;
			row.posix = entry_of(p->koid);
			i++;
			k += row.posix != NULL;
		} else {
			row.posix = &entries[k++];
			/* One that began between the two looks. */
			if (row.posix->state != PROCESS_STATE_ENDED)
				continue;
		}
		add_row(&table, chosen, count, &row);
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
	const char *wanted = "pid,ppid,state,thr,time,mem,kmem,hnd,comm";
	bool by_thread = false;
	struct processes processes;
	int option;

	tool_begin(&tool, argc, argv);
	while ((option = tool_option(argc, argv)) != -1) {
		if (option == 't')
			by_thread = true;
		else if (option == 'f')
			wanted = "uid,pid,ppid,pgid,sid,stat,tty,time,comm";
		else if (option == 'o')
			wanted = optarg;
	}
	tool_arguments(argc, 0);
	handle_t inspect = tool_handle("res.inspect", "system_inspect");
	processes_read(&processes, inspect);
	if (by_thread)
		read_threads(inspect);
	return tool_end(by_thread ? list_threads(&processes) : list_processes(&processes, wanted));
}
