/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes: an address space, a handle table, threads; their end and the giving back of all they held. */
#pragma once

#include "kernel/cap/table.h"
#include "kernel/mm/aspace.h"
#include "kernel/sched/hart.h"

/* Offsets of the first fields are known to trap/entry.S (trap/offsets.h). */
struct process {
	struct object obj;
	struct handle_table table;
	struct quota *quota; /* obj.quota: kept under a short name */
	struct aspace as;
	uint8_t state; /* PROCESS_* */
	bool quota_counted;
	int64_t exit_status;
	struct list threads;
	uint32_t thread_count;
	struct list quota_node; /* quota.processes */
	struct list all_node;   /* every process */
	struct list buried_node;
	uint32_t reap_slot;
	uint64_t cpu_ticks; /* of ended threads */
	uint64_t parent_koid;
	uint64_t started_ns, arg0;        /* of its first thread */
	struct notification *watch_nt[4]; /* referenced */
	uint64_t watch_bits[4];
	char name[NAME_MAX_BYTES];
};

extern struct list all_processes;
extern uint32_t process_count, thread_total;

static inline struct process *process_self(void)
{
	return hart_self()->cur->proc;
}

status_t process_create(struct quota *q, const char *name, size_t len, struct process **out);
void process_destroy(struct process *p);
/* A thread of it is going to run; the first one is remembered. */
void process_started(struct process *p, const struct thread *t);
/* Starts its end: every thread ends, the last one gives back what the process held. */
void process_end(struct process *p, int64_t status);
/* One bounded step of the giving back; true when all is done and watchers were told. */
bool process_reap_step(struct process *p);
void process_fill_info(struct process *p, struct process_info *info);
