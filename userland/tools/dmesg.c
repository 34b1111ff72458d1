/* SPDX-License-Identifier: BSD-2-Clause */
/* dmesg: the kernel's log, to which every process can write. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/abi/system.h"
#include "sys/lib/syscall.h"
#include "userland/tools/lib/processes.h"
#include "userland/tools/lib/tool.h"

static const struct tool tool = {
	.name = "dmesg",
	.summary = TOOL_SUMMARY,
	.usage = "[-w] [-p] [-l LEVEL]",
	.details = "  -w        wait for more lines (Ctrl-C ends)\n"
		   "  -p        show which process wrote each line\n"
		   "  -l LEVEL  only error, warn (and error), info, or debug (everything)\n",
	.options = "wpl:",
};

#define POLL_US 200000u /* there is nothing to wait for, so -w looks again and again */

static handle_t inspect;
static struct processes processes;
static bool show_process;
static unsigned level_max = LOG_DEBUG;

static unsigned parse_level(const char *text)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
	}
	tool_usage("'%s' is no level: error, warn, info, debug", text);
}

static const char *writer_name(uint64_t koid)
{
	const char *name = processes_name(&processes, koid);
	if (strcmp(name, "?") == 0) { /* perhaps started since the list was read */
		free(processes.list);
		processes_read(&processes, inspect);
		name = processes_name(&processes, koid);
	}
	return name;
}

static void show(const struct log_record *record, const char *text)
{
	static const char *const marks[] = {"ERROR ", "WARN  ", "", "debug "};
	uint64_t us = record->time_ns / 1000;
	if (record->lost != 0)
		printf("... %" PRIu32 " lines were lost here ...\n", record->lost);
	if (record->level > level_max)
		return;
	printf("[%5" PRIu64 ".%06" PRIu64 "] ", us / 1000000, us % 1000000);
	if (show_process)
		printf("%s(%" PRIu64 "): ", writer_name(record->koid), record->koid);
	printf("%s", record->level < 4 ? marks[record->level] : "");
	/* What processes write may hold anything; a terminal must not obey it. */
	for (unsigned i = 0; i < record->len; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			printf("^%c", c ^ 0x40);
		else
			putchar(c);
	}
	putchar('\n');
}

/* All records from *position on. */
static void show_new(uint64_t *position)
{
	static _Alignas(8) unsigned char buffer[16384];
	for (;;) {
		uint64_t bytes = 0, next = *position;
		status_t status = log_read(inspect, *position, buffer, sizeof(buffer), &bytes, &next);
		if (status != OK && status != ERR_WOULD_BLOCK && status != ERR_NOT_FOUND)
			tool_fail("cannot read the log: %s", status_text(status));
		if (status != OK || bytes == 0)
			return;
		*position = next;
		for (uint64_t at = 0; at + sizeof(struct log_record) <= bytes;) {
			const struct log_record *record = (const struct log_record *)(buffer + at);
			show(record, (const char *)(record + 1));
			at += (sizeof(*record) + record->len + 7) & ~7ull;
		}
	}
}

int main(int argc, char **argv)
{
	extern char *optarg;
	uint64_t position = 0;
	bool follow = false;
	int letter;

	tool_begin(&tool, argc, argv);
	while ((letter = tool_option(argc, argv)) != -1) {
		if (letter == 'w')
			follow = true;
		else if (letter == 'p')
			show_process = true;
		else
			level_max = parse_level(optarg);
	}
	tool_arguments(argc, 0);
	inspect = tool_handle("res.inspect", "system_inspect");
	if (show_process)
		processes_read(&processes, inspect);
	show_new(&position);
	while (follow) {
		if (tool_end(0) != 0)
			return TOOL_FAILED;
		usleep(POLL_US);
		show_new(&position);
	}
	return tool_end(0);
}
