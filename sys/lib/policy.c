/* SPDX-License-Identifier: BSD-2-Clause */
/* The delays between restarts. */
#include "sys/lib/policy.h"

#include <string.h>

bool policy_died(struct policy *policy, uint64_t now, uint64_t *delay)
{
	uint32_t old = 0;

	while (old < policy->count && now - policy->deaths[old] > POLICY_WINDOW_NS)
		old++;
	policy->count -= old;
	memmove(policy->deaths, policy->deaths + old, policy->count * sizeof(policy->deaths[0]));
	if (policy->count == POLICY_DEATHS_MAX)
		return false;
	*delay = policy->count ? POLICY_DELAY_FIRST_NS << (policy->count - 1) : 0;
	if (*delay > POLICY_DELAY_LAST_NS)
		*delay = POLICY_DELAY_LAST_NS;
	policy->deaths[policy->count++] = now;
	return true;
}

void policy_reset(struct policy *policy)
{
	policy->count = 0;
}
