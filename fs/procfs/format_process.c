/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of a process. */
#include "fs/procfs/format.h"

#include <inttypes.h>
#include <string.h>

#include "sys/abi/syscall.h"

#define KIB         1024
#define NAME_COLUMN 73 /* of the name in maps */
#define LIMIT_NONE  UINT64_MAX
#define STATE_COUNT 6

enum process_state { STATE_RUNNING, STATE_SLEEPING, STATE_FAULTED, STATE_NEW, STATE_ENDING, STATE_ENDED };

static enum process_state state_of(const struct process_info *info)
{
	switch (info->state) {
	case PROCESS_NEW: return STATE_NEW;
	case PROCESS_ENDING: return STATE_ENDING;
	case PROCESS_ENDED: return STATE_ENDED;
	default: return info->faulted ? STATE_FAULTED : info->active ? STATE_RUNNING : STATE_SLEEPING;
	}
}

/* Linux's letters where they say the same. */
static const char letters[STATE_COUNT] = {
	[STATE_RUNNING] = 'R', [STATE_SLEEPING] = 'S', [STATE_FAULTED] = 'T',
	[STATE_NEW] = 'P',     [STATE_ENDING] = 'X',   [STATE_ENDED] = 'Z',
};
static const char *const words[STATE_COUNT] = {
	[STATE_RUNNING] = "running", [STATE_SLEEPING] = "sleeping", [STATE_FAULTED] = "stopped",
	[STATE_NEW] = "parked",      [STATE_ENDING] = "dead",       [STATE_ENDED] = "zombie",
};

const char *format_name(const struct process_info *info)
{
	const char *slash = strrchr(info->name, '/');

	return slash && slash[1] ? slash + 1 : info->name;
}

void format_status(struct fs_text *text, const struct process_facts *facts)
{
	const struct process_info *info = &facts->info;
	enum process_state state = state_of(info);
	uint32_t user = facts->user, group = facts->group;

	fs_text_print(text, "Name:\t");
	fs_text_escape(text, format_name(info), "");
	fs_text_print(text,
		      "\nState:\t%c (%s)\nTgid:\t%" PRIu64 "\nPid:\t%" PRIu64 "\nPPid:\t%" PRIu64 "\nTracerPid:\t0\n",
		      letters[state], words[state], info->koid, info->koid, info->parent_koid);
	fs_text_print(text, "Uid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\n", user, user, user, user);
	fs_text_print(text, "Gid:\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\n", group, group, group, group);
	fs_text_print(text, "FDSize:\t%" PRIu32 "\nGroups:\t", facts->descriptors);
	for (uint32_t i = 0; i < facts->group_count; i++)
		fs_text_print(text, "%" PRIu32 " ", facts->groups[i]);
	fs_text_print(text, "\nVmSize:\t%8" PRIu64 " kB\nVmRSS:\t%8" PRIu64 " kB\n", facts->virtual_bytes / KIB,
		      info->mem_bytes / KIB);
	fs_text_print(text, "Threads:\t%" PRIu32 "\n", info->threads);
	/* What Linux has no word for */
	fs_text_print(text, "Handles:\t%" PRIu32 "\nKernelMemory:\t%8" PRIu64 " kB\nQuota:\t%" PRIu64 "\n",
		      info->handles, info->kernel_bytes / KIB, info->quota_koid);
}

void format_stat(struct fs_text *text, const struct process_facts *facts, uint64_t ticks)
{
	const struct process_info *info = &facts->info;

	/* 1 pid comm state ppid; 5 pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt */
	fs_text_print(text, "%" PRIu64 " (%s) %c %" PRIu64 " 0 0 0 -1 0 0 0 0 0", info->koid, format_name(info),
		      letters[state_of(info)], info->parent_koid);
	/* 14 utime stime cutime cstime priority nice num_threads itrealvalue starttime */
	fs_text_print(text, " %" PRIu64 " 0 0 0 0 0 %" PRIu32 " 0 %" PRIu64, format_ticks(info->cpu_ns, ticks),
		      info->threads, format_ticks(info->started_ns, ticks));
	/* 23 vsize rss rsslim startcode endcode startstack kstkesp kstkeip */
	fs_text_print(text, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0",
		      facts->virtual_bytes, info->mem_bytes / PAGE_SIZE, LIMIT_NONE, facts->image_base,
		      facts->image_end, facts->stack_top);
	/* 31 signal blocked sigignore sigcatch wchan nswap cnswap exit_signal processor rt_priority policy */
	fs_text_print(text, " 0 0 0 0 0 0 0 0 0 0 0");
	/* 42 delayacct_blkio_ticks guest_time cguest_time start_data end_data start_brk arg_start arg_end env_start env_end exit_code */
	fs_text_print(text, " 0 0 0 0 0 0 0 0 0 0 0\n");
}

void format_statm(struct fs_text *text, const struct process_facts *facts)
{
	/* size resident shared text lib data dt */
	fs_text_print(text, "%" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0 0 0\n", facts->virtual_bytes / PAGE_SIZE,
		      facts->info.mem_bytes / PAGE_SIZE,
		      (facts->image_end - facts->image_base + PAGE_SIZE - 1) / PAGE_SIZE);
}

void format_mapping(struct fs_text *text, const struct mapping_info *m, const char *name)
{
	/* A view is its owner's own once it is written to. */
	bool shared = m->flags & MAPPING_SHARED || (m->kind != VMO_KIND_ANON && m->kind != VMO_KIND_VIEW);

	fs_text_print(text, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " 00:00 %" PRIu64, m->base,
		      m->base + m->size, m->prot & MAP_READ ? 'r' : '-', m->prot & MAP_WRITE ? 'w' : '-',
		      m->prot & MAP_EXEC ? 'x' : '-', shared ? 's' : 'p', m->offset, m->vmo_koid);
	if (*name) {
		fs_text_pad(text, NAME_COLUMN);
		fs_text_escape(text, name, "");
	}
	fs_text_add(text, "\n", 1);
}

const char *format_type(uint32_t type)
{
	static const char *const names[OBJ_TYPE_COUNT] = {
		[OBJ_PROCESS] = "process",   [OBJ_THREAD] = "thread",
		[OBJ_ENDPOINT] = "endpoint", [OBJ_NOTIFICATION] = "notification",
		[OBJ_VMO] = "vmo",           [OBJ_IRQ] = "irq",
		[OBJ_TIMER] = "timer",       [OBJ_RESOURCE] = "resource",
		[OBJ_QUOTA] = "quota",       [OBJ_REPLY] = "reply",
	};

	return type < OBJ_TYPE_COUNT && names[type] ? names[type] : "unknown";
}

void format_handle(struct fs_text *text, handle_t value, const struct handle_info *info)
{
	fs_text_print(text, "%" PRIx64 " %s %" PRIu64 " %" PRIx64 " %" PRIx32 " %" PRIu32 "\n", value,
		      format_type(info->type), info->koid, info->badge, info->rights, info->refs);
}
