/* SPDX-License-Identifier: BSD-2-Clause */
/* When a driver counts as hung. */
#include "drivers/devmgr/policy.h"

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
