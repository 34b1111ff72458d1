/* SPDX-License-Identifier: BSD-2-Clause */
/* A bucket, kept as the time when it is empty again. */
#include "userland/logger/flood.h"

bool flood_pass(struct flood *flood, uint64_t now)
{
	if (flood->paid_until < now)
		flood->paid_until = now;
	if (flood->paid_until - now > (FLOOD_BURST - 1) * FLOOD_LINE_NS) {
		if (flood->dropped++ == 0)
			flood->first_ns = now;
		return false;
	}
	flood->paid_until += FLOOD_LINE_NS;
	return true;
}

uint64_t flood_take_dropped(struct flood *flood, uint64_t now)
{
	uint64_t dropped = flood->dropped;

	if (dropped == 0 || now - flood->first_ns < FLOOD_TELL_NS)
		return 0;
	flood->dropped = 0;
	return dropped;
}
