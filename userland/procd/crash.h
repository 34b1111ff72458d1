/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of a process that ends by a fault or by a signal that writes a core: a backtrace in the log, and /var/crash/core.PID. A thread of its own
 * does that, one process after the other, as files may be slow: the server answers meanwhile, and the process stands still.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/object.h"

#define CRASH_JOBS    16            /* at a time; of more nothing is left */
#define CRASH_DIR     "/var/crash"  /* made when it is needed first */
#define CRASH_FILES   8             /* kept; the oldest make room */
#define CRASH_MAX     (64ull << 20) /* bytes of a core file, whatever RLIMIT_CORE says */
#define CRASH_THREADS 64            /* whose registers are in a core file */

struct fault {
	uint64_t cause, address, pc, sp;
	uint64_t thread; /* koid */
};

/* Before anything else; false: there is no thread, and nothing will be left of processes. */
bool crash_init(void);

/* Ends the process after that, by `signal`, or by answering its fault's `reply`, which is taken over. False: there is no room for it, and nothing was done. */
bool crash_start(uint32_t place, uint32_t signal, const struct fault *fault, handle_t reply);

/* Was a core file written of the process that was at that place last? Forgets it. */
bool crash_was_written(uint32_t place);

/* ---- for its parts -------------------------------------------------------------------------------- */

struct crash_thread {
	uint64_t koid;
	struct thread_regs regs;
};

struct crash {
	uint32_t place;
	uint32_t signal;
	bool faulted;
	struct fault fault;
	handle_t reply;
	handle_t process;
	uint64_t pid, parent, group, session;
	uint32_t user;
	uint64_t core_max; /* RLIMIT_CORE */
	char name[NAME_MAX_BYTES];
	/* The one that it is about comes first. */
	struct crash_thread threads[CRASH_THREADS];
	unsigned thread_count;
};

/* Into the log: frame by frame, as ci's symbolizer reads them. */
void backtrace_log(const struct crash *crash);

/* An ELF core file; 0 or an errno value. */
int core_write(const struct crash *crash, int fd);
