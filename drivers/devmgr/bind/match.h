/* SPDX-License-Identifier: BSD-2-Clause */
/* Which driver a device gets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "drivers/devmgr/tree/tree.h"
#include "sys/driver/manifest.h"

struct match {
	uint32_t driver;   /* of the list */
	uint32_t entry;    /* of its manifest */
	uint32_t position; /* of the string in the node's `compatible` */
};

/*
 * The best: the driver that knows the earliest string of the node's `compatible` (the most specific);
 * among several the first in the list, and there the first entry. false: nobody knows the node.
 */
/* The same for one string. */
bool match_string(const struct driver_manifest *drivers, size_t count, const char *wanted, struct match *out);

bool match_find(const struct tree *tree, uint32_t node, const struct driver_manifest *drivers, size_t count,
		struct match *out);
