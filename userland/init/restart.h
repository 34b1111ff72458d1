/* SPDX-License-Identifier: BSD-2-Clause */
/* When an ended service starts again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "userland/init/config.h"

/* A service that ran so long was well: what happens next does not count as another failure in a row. */
#define RESTART_GOOD_RUN_NS  10000000000ull
#define RESTART_DELAY_MAX_NS 10000000000ull /* a repaired dependency is noticed soon */

struct restart_state {
	unsigned in_row; /* restarts since the last good run */
	unsigned total;  /* since the system started */
};

enum restart_choice { RESTART_STAY_ENDED, RESTART_GIVE_UP, RESTART_AT };

/* A service ended after `ran_ns`; `failed` if its status was not 0. With RESTART_AT it is to be started after
 * *delay_ns, and is counted. */
enum restart_choice restart_decide(struct restart_state *state, const struct service_config *service, bool failed,
				   uint64_t ran_ns, uint64_t *delay_ns);
