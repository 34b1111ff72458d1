/* SPDX-License-Identifier: BSD-2-Clause */
/* When a driver that died is started again, when it is given up, and when it counts as hung. */
#include "drivers/devmgr/policy.h"

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

static void heartbeat_schedule(struct heartbeat *heartbeat, uint64_t now)
{
	heartbeat->next = (now / heartbeat->period + 1) * heartbeat->period;
}

void heartbeat_start(struct heartbeat *heartbeat, uint32_t manifest_ms, uint64_t now, uint64_t count)
{
	uint32_t ms = !manifest_ms                     ? HEARTBEAT_DEFAULT_MS
		      : manifest_ms < HEARTBEAT_MIN_MS ? HEARTBEAT_MIN_MS
		      : manifest_ms > HEARTBEAT_MAX_MS ? HEARTBEAT_MAX_MS
						       : manifest_ms;

	*heartbeat = (struct heartbeat){.period = ms * 1000000ull, .count = count};
	heartbeat_schedule(heartbeat, now);
}

bool heartbeat_look(struct heartbeat *heartbeat, uint64_t now, uint64_t count)
{
	if (count != heartbeat->count)
		heartbeat->asked = 0;
	heartbeat->count = count;
	if (heartbeat->asked == HEARTBEAT_MISSES)
		return false;
	heartbeat->asked++;
	heartbeat_schedule(heartbeat, now);
	return true;
}
