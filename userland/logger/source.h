/* SPDX-License-Identifier: BSD-2-Clause */
/* Who speaks: names of services and processes, and how much each has said lately. */
#pragma once

#include <stdint.h>

#include "sys/abi/handle.h"
#include "userland/logger/flood.h"

#define SOURCES     64u /* that are remembered; those that spoke last stay */
#define SOURCE_NAME 32u

struct source {
	uint64_t key; /* 0: free; SOURCE_* */
	uint64_t last_ns;
	struct flood flood;
	char name[SOURCE_NAME];
	bool process_name; /* nobody vouches for the name */
};

/* Keys: the number of a service that wrote to the logger, or a process that wrote to the kernel's log (a koid; SOURCE_KERNEL for itself). */
#define SOURCE_SERVICE 0x8000000000000000ull
#define SOURCE_KERNEL  0x4000000000000000ull

struct sources {
	struct source list[SOURCES];
	handle_t init;    /* knows services */
	handle_t inspect; /* knows processes */
};

/* The source, by its key; never NULL. Asks init, with a deadline, about one that it does not know. */
struct source *source_get(struct sources *sources, uint64_t key, uint64_t now);
