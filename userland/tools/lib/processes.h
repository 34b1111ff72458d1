/* SPDX-License-Identifier: BSD-2-Clause */
/* The system's processes as the kernel lists them. */
#pragma once

#include <stddef.h>

#include "sys/abi/system.h"

struct processes {
	struct process_info *list; /* sorted by koid */
	size_t count;
};

/* Ends the program if they cannot be read. */
void processes_read(struct processes *processes, handle_t inspect);
/* "?" for a process that is no longer there, "kernel" for 0. */
const char *processes_name(const struct processes *processes, uint64_t koid);
