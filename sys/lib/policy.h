/* SPDX-License-Identifier: BSD-2-Clause */
/* When a process that died is started again by its supervisor, and when it is given up. Pure: time comes from the caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A process may die this often within the window. A bug that needs a rare event to show should never
 * cost what it serves; one that strikes at every start is known after the sum of the delays, 25 seconds. */
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

/* Forgets all deaths. */
void policy_reset(struct policy *policy);
