/* SPDX-License-Identifier: BSD-2-Clause */
/* How processes come, change their group and session, and end. */
#pragma once

#include <stdbool.h>

#include "sys/abi/status.h"
#include "userland/procd/table.h"

/* A new child of `parent`: see process.enlist. `out` is its place when it is OK. */
status_t life_enlist(uint32_t parent, uint64_t pid, uint32_t start, uint64_t group, uint64_t blocked, uint64_t ignored,
		     uint32_t *out);

/* The process has ended with that status of the kernel's. */
void life_ended(uint32_t place, int64_t exit_status, uint64_t cpu_ns);

/* Gives its event to a call of `wait` that took it: the record goes with an end that is not to be kept. */
void life_told(uint32_t place, uint32_t parent, bool keep);

/* `started`: the process runs its program already. */
status_t life_set_group(uint32_t caller, uint32_t place, uint64_t group, bool started);
status_t life_set_session(uint32_t place);

/* The signal that stands for a fault of that cause (sys/abi/fault.h), and its si_code. */
uint32_t fault_signal(uint64_t cause, int32_t *code);
