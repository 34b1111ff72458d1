/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of the system. */
#include "fs/procfs/format.h"

#include <inttypes.h>
#include <string.h>

#define KIB    1024
#define SECOND ((uint64_t)1000000000)

static void kib(struct fs_text *text, const char *name, uint64_t bytes)
{
	fs_text_print(text, "%s:", name);
	fs_text_pad(text, 16);
	fs_text_print(text, "%8" PRIu64 " kB\n", bytes / KIB);
}

void format_meminfo(struct fs_text *text, const struct system_info *system)
{
	kib(text, "MemTotal", system->ram_bytes);
	kib(text, "MemFree", system->free_bytes);
	kib(text, "MemAvailable", system->free_bytes);
	/* Caches are the file systems' own memory, and nothing is swapped. */
	kib(text, "Buffers", 0);
	kib(text, "Cached", 0);
	kib(text, "SwapCached", 0);
	kib(text, "SwapTotal", 0);
	kib(text, "SwapFree", 0);
	kib(text, "Slab", system->kernel_heap_bytes);
	kib(text, "SReclaimable", 0);
	kib(text, "SUnreclaim", system->kernel_heap_bytes);
	kib(text, "KernelUsed", system->kernel_used_bytes);
	kib(text, "KernelImage", system->kernel_image_bytes);
}

static void seconds(struct fs_text *text, uint64_t ns, const char *end)
{
	fs_text_print(text, "%" PRIu64 ".%02" PRIu64 "%s", ns / SECOND, ns % SECOND / (SECOND / 100), end);
}

void format_uptime(struct fs_text *text, uint64_t uptime_ns, uint64_t idle_ns)
{
	seconds(text, uptime_ns, " ");
	seconds(text, idle_ns, "\n");
}

void format_version(struct fs_text *text, const struct system_info *system)
{
	fs_text_print(text, "Veridian version %s%s (riscv64, %" PRIu32 " harts)\n", VERIDIAN_VERSION,
		      system->flags & SYSTEM_FLAG_CHECKED ? "-checked" : "", system->harts);
}

/* Options as a list: access first, then what the type was told besides that. */
static void mount_options(struct fs_text *text, const struct vfs_mount *mount)
{
	bool read_only = mount->flags & VFS_MOUNT_FLAGS_READ_ONLY;
	struct fs_text others = {0};
	char option[VFS_OPTIONS_MAX + 1];

	for (const char *at = mount->options; *at; at += *at == ',') {
		size_t len = strcspn(at, ",");

		memcpy(option, at, len);
		option[len] = '\0';
		at += len;
		if (strcmp(option, "ro") == 0 || strcmp(option, "rw") == 0) {
			read_only |= option[1] == 'o';
		} else if (len) {
			fs_text_add(&others, ",", 1);
			fs_text_escape(&others, option, " ");
		}
	}
	fs_text_print(text, " %s", read_only ? "ro" : "rw");
	fs_text_add(text, others.data, others.len);
	if (others.status != OK)
		text->status = others.status;
	fs_text_free(&others);
}

void format_mount(struct fs_text *text, const struct vfs_mount *mount)
{
	if (!mount->point[0])
		return;
	fs_text_escape(text, mount->source[0] ? mount->source : "none", " ");
	fs_text_add(text, " ", 1);
	fs_text_escape(text, mount->point, " ");
	fs_text_print(text, " %s", mount->type);
	mount_options(text, mount);
	fs_text_print(text, " 0 0\n");
}

void format_interrupts(struct fs_text *text, const struct interrupt_row *rows, uint32_t count,
		       const struct hart_info *harts, uint32_t hart_count)
{
	fs_text_print(text, "     ");
	for (uint32_t h = 0; h < hart_count; h++)
		fs_text_print(text, "%9s%-2" PRIu32, "CPU", h);
	fs_text_print(text, "\n");
	for (uint32_t i = 0; i < count; i++) {
		const struct interrupt_row *row = &rows[i];

		fs_text_print(text, "%3" PRIu32 ": ", row->source);
		for (uint32_t h = 0; h < hart_count; h++)
			fs_text_print(text, "%10" PRIu64 " ", h == row->hart ? row->count : 0);
		fs_text_print(text, " PLIC %4" PRIu32 " %-6s %s\n", row->source,
			      row->flags == IRQ_EDGE ? "Edge" : "Level", row->names);
	}
	fs_text_print(text, "IPI: ");
	for (uint32_t h = 0; h < hart_count; h++)
		fs_text_print(text, "%10" PRIu64 " ", harts[h].ipis);
	fs_text_print(text, " Interrupts from other harts\n");
}

void format_cpu(struct fs_text *text, const struct cpu_facts *cpu)
{
	fs_text_print(text, "processor\t: %" PRIu32 "\nhart\t\t: %" PRIu64 "\n", cpu->index, cpu->hart_id);
	if (cpu->isa[0])
		fs_text_print(text, "isa\t\t: %s\n", cpu->isa);
	if (cpu->mmu[0])
		fs_text_print(text, "mmu\t\t: %s\n", cpu->mmu);
	if (cpu->model[0])
		fs_text_print(text, "uarch\t\t: %s\n", cpu->model);
	fs_text_print(text, "\n");
}

static uint64_t busy_ns(const struct hart_info *hart, uint64_t uptime_ns)
{
	return uptime_ns > hart->idle_ns ? uptime_ns - hart->idle_ns : 0;
}

void format_system_stat(struct fs_text *text, const struct hart_info *harts, uint32_t hart_count, uint64_t uptime_ns,
			uint64_t interrupts, int64_t started, uint32_t running, uint64_t ticks)
{
	uint64_t busy = 0, idle = 0, switches = 0;

	for (uint32_t h = 0; h < hart_count; h++) {
		busy += busy_ns(&harts[h], uptime_ns);
		idle += harts[h].idle_ns;
		switches += harts[h].switches;
	}
	/* user nice system idle iowait irq softirq steal guest guest_nice: who worked is not known, only that */
	fs_text_print(text, "cpu  %" PRIu64 " 0 0 %" PRIu64 " 0 0 0 0 0 0\n", format_ticks(busy, ticks),
		      format_ticks(idle, ticks));
	for (uint32_t h = 0; h < hart_count; h++)
		fs_text_print(text, "cpu%" PRIu32 " %" PRIu64 " 0 0 %" PRIu64 " 0 0 0 0 0 0\n", h,
			      format_ticks(busy_ns(&harts[h], uptime_ns), ticks),
			      format_ticks(harts[h].idle_ns, ticks));
	fs_text_print(text,
		      "intr %" PRIu64 "\nctxt %" PRIu64 "\nbtime %" PRId64 "\nprocs_running %" PRIu32
		      "\nprocs_blocked 0\n",
		      interrupts, switches, started, running);
}
