/* SPDX-License-Identifier: BSD-2-Clause */
/* When a driver counts as hung; sys/lib/policy.h says when it is started again. Pure: time comes from the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/lib/policy.h"

/* How often a driver is asked whether it still lives, unless its manifest says else, and how often it may owe the answer: it is busy for as
 * long, or it hangs. */
#define HEARTBEAT_DEFAULT_MS 2000u
#define HEARTBEAT_MIN_MS     50u
#define HEARTBEAT_MAX_MS     60000u
#define HEARTBEAT_MISSES     3u

struct heartbeat {
	uint64_t period; /* ns */
	uint64_t next;   /* when to look next */
	uint64_t count;  /* of its answers, when it was asked last */
	uint32_t asked;  /* times since it answered */
};

/* manifest_ms: 0 for the default. Drivers with the same period are looked at together. */
void heartbeat_start(struct heartbeat *heartbeat, uint32_t manifest_ms, uint64_t now, uint64_t count);
/* The time to look has come, and this is the count: true: it is to be asked (again); false: it hangs. */
bool heartbeat_look(struct heartbeat *heartbeat, uint64_t now, uint64_t count);
