/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts, as proc(5) describes Linux's: what has no meaning here is 0 or left out. Nothing but writing: what is written has been found out before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/lib/text.h"
#include "protocols/vfs.h"
#include "sys/abi/object.h"
#include "sys/abi/system.h"

struct process_facts {
	struct process_info info;
	uint64_t virtual_bytes; /* mapped, present or not */
	uint32_t descriptors;   /* the highest one that is open, and one more */
	uint32_t user, group, group_count;
	uint32_t groups[VFS_GROUPS_MAX];
	uint64_t image_base, image_end, stack_top; /* 0: not known */
};

/* Times in ticks of a clock of so many for each second. Whole seconds first: years of nanoseconds times ticks would not fit. */
static inline uint64_t format_ticks(uint64_t ns, uint64_t ticks)
{
	return ns / 1000000000 * ticks + ns % 1000000000 * ticks / 1000000000;
}

/* Without the directory: the first process is called by its path in the boot archive. */
const char *format_name(const struct process_info *info);
void format_status(struct fs_text *text, const struct process_facts *facts);
/* ticks: of the clock that the times are told in, for each second. */
void format_stat(struct fs_text *text, const struct process_facts *facts, uint64_t ticks);
void format_statm(struct fs_text *text, const struct process_facts *facts);
/* name: "" for none. */
void format_mapping(struct fs_text *text, const struct mapping_info *mapping, const char *name);
void format_handle(struct fs_text *text, handle_t value, const struct handle_info *info);
/* "vmo", "endpoint" … */
const char *format_type(uint32_t type);

void format_meminfo(struct fs_text *text, const struct system_info *system);
void format_uptime(struct fs_text *text, uint64_t uptime_ns, uint64_t idle_ns);
void format_version(struct fs_text *text, const struct system_info *system);
/* A line of mounts; nothing for one whose point is not told. */
void format_mount(struct fs_text *text, const struct vfs_mount *mount);

/* An interrupt source; several drivers may share one. */
struct interrupt_row {
	uint32_t source, flags, hart;
	uint64_t count;
	char names[96]; /* of those that handle it */
};
void format_interrupts(struct fs_text *text, const struct interrupt_row *rows, uint32_t count,
		       const struct hart_info *harts, uint32_t hart_count);

struct cpu_facts {
	uint32_t index;
	uint64_t hart_id;
	char isa[1024], mmu[16], model[64]; /* "": not known */
};
void format_cpu(struct fs_text *text, const struct cpu_facts *cpu);
/* /proc/stat. started: seconds since 1970. */
void format_system_stat(struct fs_text *text, const struct hart_info *harts, uint32_t hart_count, uint64_t uptime_ns,
			uint64_t interrupts, int64_t started, uint32_t running, uint64_t ticks);
