/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver a device gets. */
#include "drivers/devmgr/bind/match.h"

#include <string.h>

bool match_string(const struct driver_manifest *drivers, size_t count, const char *wanted, struct match *out)
{
	for (size_t d = 0; d < count; d++) {
		const struct driver_match *matches = drivers[d].matches;

		for (uint32_t i = 0; i < DRIVER_MATCHES_MAX && matches[i].kind != DRIVER_MATCH_END; i++) {
			if (matches[i].kind == DRIVER_MATCH_COMPATIBLE && !strcmp(matches[i].compatible, wanted)) {
				*out = (struct match){(uint32_t)d, i, 0};
				return true;
			}
		}
	}
	return false;
}

bool match_find(const struct tree *tree, uint32_t node, const struct driver_manifest *drivers, size_t count,
		struct match *out)
{
	const char *wanted;

	for (uint32_t at = 0; (wanted = tree_string(tree, node, "compatible", at)); at++) {
		if (match_string(drivers, count, wanted, out)) {
			out->position = at;
			return true;
		}
	}
	return false;
}
