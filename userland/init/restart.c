/* SPDX-License-Identifier: BSD-2-Clause */
/* Restart policy: the first restart at once, then after delays that double, up to a number in a row. */
#include "userland/init/restart.h"

enum restart_choice restart_decide(struct restart_state *state, const struct service_config *service, bool failed,
				   uint64_t ran_ns, uint64_t *delay_ns)
{
	if (service->restart == RESTART_NEVER || (service->restart == RESTART_ON_FAILURE && !failed))
		return failed ? RESTART_GIVE_UP : RESTART_STAY_ENDED;
	if (ran_ns >= RESTART_GOOD_RUN_NS)
		state->in_row = 0;
	if (service->restart_limit != 0 && state->in_row == service->restart_limit)
		return RESTART_GIVE_UP;

	uint64_t delay = state->in_row == 0 ? 0 : service->restart_delay_ns;
	for (unsigned i = 1; i < state->in_row && delay < RESTART_DELAY_MAX_NS; i++)
		delay *= 2;
	*delay_ns = delay < RESTART_DELAY_MAX_NS ? delay : RESTART_DELAY_MAX_NS;
	state->in_row++;
	state->total++;
	return RESTART_AT;
}
