/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processes that are known. Records are kept in memory that outlives the server (`struct state`); what can be made out of them again (who is whose
 * child, which place a pid has) is beside it. Nothing here makes a system call: what is to be done to a process is asked for by the functions of
 * effect.h.
 *
 * A process is named by its place in the table, 0 to PROCS - 1; NOBODY is none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocols/process.h"

#define PROCS      PROCESS_PROCESSES_MAX
#define NOBODY     UINT32_MAX
#define LIMITS     10 /* enum process_limit */
#define QUEUE_ROOM (PROCESS_QUEUE_MAX + PROCESS_SIGNAL_QUEUED)
#define FAULTS_MAX 8 /* threads of one process whose faults are being handled at a time */

struct limit {
	uint64_t soft, hard;
};

/* One process; pid 0: the place is free. */
struct proc {
	uint64_t pid;
	uint64_t parent; /* 0: the server */
	uint64_t group, session;
	uint32_t user;
	uint32_t state; /* enum process_state */
	int32_t nice;
	uint32_t terminal; /* of a session leader: device number, 0: none */
	/* What is to be told to the parent and was not yet; an end replaces what was before. */
	uint32_t event; /* enum process_event */
	uint32_t value;
	uint64_t cpu_ns;      /* of its own, when it has ended */
	uint64_t children_ns; /* of those that it waited for, with theirs */
	uint64_t pending, caught, ignored, blocked;
	uint32_t child;     /* PROCESS_CHILD_* */
	uint32_t cpu_shots; /* SIGXCPU sent so far */
	uint32_t dumped;    /* a core file was written */
	uint32_t queued;    /* entries of its queue */
	uint32_t ending;    /* the signal whose core is being written; 0: none */
	uint32_t reserved;
	struct limit limits[LIMITS];
};

/* A pending signal. */
struct signal_info {
	uint32_t signal; /* 0: free */
	int32_t code;
	uint64_t pid;
	uint32_t user;
	int32_t result;
	uint64_t value;
	uint64_t thread; /* koid: a fault of that one; 0: of the process */
};

/* Pending signals in the order in which they came: proc.queued of them. Its pages are touched by who has some only. */
struct queue {
	struct signal_info infos[QUEUE_ROOM + FAULTS_MAX];
};

#define STATE_MAGIC 0x31636f7270ull /* changes with the layout: of another version nothing is taken over */

struct state {
	uint64_t magic;
	uint64_t top; /* places from here on were never used */
	struct proc procs[PROCS];
	struct queue queues[PROCS];
};

/* Of each process, in the server's own memory. */
struct links {
	uint32_t first_child, last_child; /* the eldest comes first */
	uint32_t next_sibling, previous_sibling;
	uint32_t next_hash; /* or of the free places */
};

#define HASHES 256

struct table {
	struct state *state;
	uint32_t used; /* places in use */
	uint32_t top;  /* as in state */
	uint32_t free; /* first of the free places below top */
	uint32_t hashes[HASHES];
	struct links links[PROCS];
};

extern struct table table;

/* Takes over what `state` holds (zeros: nothing), making whole what a death in the middle of a change has left. */
void table_init(struct state *state);

static inline struct proc *proc_at(uint32_t place)
{
	return &table.state->procs[place];
}

static inline struct queue *queue_at(uint32_t place)
{
	return &table.state->queues[place];
}

static inline bool proc_is_alive(const struct proc *p)
{
	return p->pid != 0 && p->state != PROCESS_STATE_ENDED;
}

uint32_t table_find(uint64_t pid);
/* A place for a process with that parent (NOBODY: the server), with the parent's user, limits, niceness, group and session (its own without one).
 * NOBODY: there is no room. */
uint32_t table_add(uint64_t pid, uint32_t parent);
/* Forgets a process without children. */
void table_remove(uint32_t place);
/* The child of the server from now on. */
void table_orphan(uint32_t place);

/* Has the group a member, ended or not, in that session (0: any)? */
bool group_exists(uint64_t group, uint64_t session);
/* No living member has a parent in another group of the same session; `without` does not count, neither as member nor as parent. */
bool group_is_orphaned(uint64_t group, uint32_t without);
bool group_has_stopped(uint64_t group);
