/* SPDX-License-Identifier: BSD-2-Clause */
/* When a driver that died is started again, and when it is given up. Pure: time comes from the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A driver may die this often within the window. A bug that needs a rare event to show should never
 * cost the device; one that strikes at every start is known after the sum of the delays, 25 seconds. */
#define POLICY_DEATHS_MAX     9
#define POLICY_WINDOW_NS      (60 * 1000000000ull)
/* The first death is answered at once; the delay then doubles from the first to the longest. */
#define POLICY_DELAY_FIRST_NS 100000000ull
#define POLICY_DELAY_LAST_NS  10000000000ull

struct policy {
	uint64_t deaths[POLICY_DEATHS_MAX]; /* newest last */
	uint32_t count;
};

/* A death now: true and the delay until the next start, or false to give up. */
bool policy_died(struct policy *policy, uint64_t now, uint64_t *delay);

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

/* Forgets all deaths. */
void policy_reset(struct policy *policy);
