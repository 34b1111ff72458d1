/* SPDX-License-Identifier: BSD-2-Clause */
/* The system: what the kernel counts, what the device tree says of the harts, what vfs has mounted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/lib/state.h"
#include "fs/procfs/procfs.h"
#include "sys/lib/syscall.h"

#define HARTS_MAX      64u
#define ROWS_MAX       256u
#define MOUNTS_AT_ONCE 8u

static struct hart_info harts[HARTS_MAX];

static uint32_t harts_read(const struct procfs *procfs)
{
	uint32_t count = 0;

	while (count < HARTS_MAX &&
	       system_info(procfs->inspect, INFO_HART, count, &harts[count], sizeof(harts[0]), NULL) == OK)
		count++;
	return count;
}

static status_t system_read(struct system_info *info)
{
	return system_info(HANDLE_NONE, INFO_SYSTEM, 0, info, sizeof(*info), NULL);
}

status_t system_meminfo(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	struct system_info info;
	status_t status = system_read(&info);

	(void)procfs;
	(void)view;
	if (status == OK)
		format_meminfo(text, &info);
	return status;
}

status_t system_version(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	struct system_info info;
	status_t status = system_read(&info);

	(void)procfs;
	(void)view;
	if (status == OK)
		format_version(text, &info);
	return status;
}

status_t system_uptime(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	struct system_info info;
	uint64_t idle = 0;
	uint32_t count = harts_read(procfs);
	status_t status = system_read(&info);

	(void)view;
	for (uint32_t h = 0; h < count; h++)
		idle += harts[h].idle_ns;
	if (status == OK)
		format_uptime(text, info.uptime_ns, idle);
	return status;
}

status_t system_stat(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	struct process_info process = {0};
	struct system_info info;
	struct irq_info irq;
	uint64_t interrupts = 0;
	uint32_t running = 0, count = harts_read(procfs);
	status_t status = system_read(&info);

	(void)view;
	if (status != OK)
		return status;
	for (uint64_t i = 0; system_info(procfs->inspect, INFO_IRQ, i, &irq, sizeof(irq), NULL) == OK; i++)
		interrupts += irq.count;
	while (system_info(procfs->inspect, INFO_PROCESS, process.koid, &process, sizeof(process), NULL) == OK)
		running += process.active;
	format_system_stat(text, harts, count, info.uptime_ns, interrupts, procfs->boot_time, running, procfs->ticks);
	return OK;
}

/* ---- interrupts ----------------------------------------------------------------------------------------------- */

static void owner_name(const struct procfs *procfs, uint64_t koid, struct process_info *info)
{
	/* The next one after the number before it is it, if it is still there. */
	if (koid == 0 || system_info(procfs->inspect, INFO_PROCESS, koid - 1, info, sizeof(*info), NULL) != OK ||
	    info->koid != koid)
		snprintf(info->name, sizeof(info->name), "?");
	info->name[NAME_MAX_BYTES - 1] = '\0';
}

static int row_compare(const void *a, const void *b)
{
	const struct interrupt_row *x = a, *y = b;

	return (x->source > y->source) - (x->source < y->source);
}

static struct interrupt_row *row_of(struct interrupt_row *rows, uint32_t *count, uint32_t source)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (rows[i].source == source)
			return &rows[i];
	}
	if (*count == ROWS_MAX)
		return NULL;
	rows[*count] = (struct interrupt_row){.source = source};
	return &rows[(*count)++];
}

status_t system_interrupts(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	static struct interrupt_row rows[ROWS_MAX];
	struct process_info owner;
	struct irq_info irq;
	uint32_t count = 0, hart_count = harts_read(procfs);

	(void)view;
	for (uint64_t i = 0; system_info(procfs->inspect, INFO_IRQ, i, &irq, sizeof(irq), NULL) == OK; i++) {
		struct interrupt_row *row = row_of(rows, &count, irq.source);

		if (!row)
			break;
		owner_name(procfs, irq.owner_koid, &owner);
		size_t len = strlen(row->names);
		snprintf(row->names + len, sizeof(row->names) - len, "%s%s", len ? ", " : "", format_name(&owner));
		row->flags = irq.flags;
		row->hart = irq.hart;
		/* Those who share one are all told of each. */
		if (irq.count > row->count)
			row->count = irq.count;
	}
	qsort(rows, count, sizeof(rows[0]), row_compare);
	format_interrupts(text, rows, count, harts, hart_count);
	return OK;
}

/* ---- harts ---------------------------------------------------------------------------------------------------- */

/* A string out of the tree; the first one of a list. */
static void string_read(const struct tree *tree, uint32_t node, const char *name, char *out, size_t room)
{
	uint32_t size;
	const uint8_t *data = tree_property(tree, node, name, &size);

	snprintf(out, room, "%.*s", data ? (int)size : 0, data ? (const char *)data : "");
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static uint64_t number_read(const uint8_t *data, uint32_t size)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < size && i < 8; i++)
		n = n << 8 | data[i];
	return n;
}

/* The node of a hart, TREE_NONE: the tree has none. */
static uint32_t cpu_node(const struct tree *tree, uint64_t hart_id)
{
	uint32_t cpus = tree->count ? tree_find(tree, TREE_ROOT, "cpus", 4) : TREE_NONE, size;

	if (cpus == TREE_NONE)
		return TREE_NONE;
	for (uint32_t node = tree->entries[cpus].first; node != TREE_NONE; node = tree->entries[node].next) {
		const uint8_t *type, *reg;

		if (!tree->entries[node].directory)
			continue;
		type = tree_property(tree, node, "device_type", &size);
		if (!type || size != 4 || memcmp(type, "cpu", 4) != 0)
			continue;
		reg = tree_property(tree, node, "reg", &size);
		if (reg && (size == 4 || size == 8) && number_read(reg, size) == hart_id)
			return node;
	}
	return TREE_NONE;
}

status_t system_cpuinfo(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	uint32_t count = harts_read(procfs);

	(void)view;
	for (uint32_t h = 0; h < count; h++) {
		/* What is used, whatever more it could do. */
		struct cpu_facts cpu = {.index = h, .hart_id = harts[h].hart_id, .mmu = "sv39"};
		uint32_t node = cpu_node(&procfs->tree, cpu.hart_id);

		if (node != TREE_NONE) {
			string_read(&procfs->tree, node, "riscv,isa", cpu.isa, sizeof(cpu.isa));
			string_read(&procfs->tree, node, "compatible", cpu.model, sizeof(cpu.model));
			if (strcmp(cpu.model, "riscv") == 0)
				cpu.model[0] = '\0';
		}
		format_cpu(text, &cpu);
	}
	return OK;
}

/* ---- mounts: those that the reader's view reaches ---------------------------------------------------------------- */

status_t system_mounts(struct procfs *procfs, const struct state_view *view, struct fs_text *text)
{
	static struct vfs_mount mounts[MOUNTS_AT_ONCE];
	uint32_t first = 0, count = 0;

	do {
		status_t status = vfs_view_mounts(procfs->examiner, view->id, first, mounts, MOUNTS_AT_ONCE, &count);

		/* Its handle is gone, and only this open file is left of it. */
		if (status != OK)
			return status == ERR_NOT_FOUND ? OK : ERR_IO;
		for (uint32_t i = 0; i < count; i++)
			format_mount(text, &mounts[i]);
		if (count)
			first = mounts[count - 1].number + 1;
	} while (count == MOUNTS_AT_ONCE);
	return OK;
}
