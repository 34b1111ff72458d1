/* SPDX-License-Identifier: BSD-2-Clause */
/* The small device tree that a driver gets: its node, and devmgr's facts (sys/driver/startup.h). Pure. */
#pragma once

#include <stddef.h>

#include "drivers/devmgr/plan.h"
#include "drivers/devmgr/providers.h"

struct blob_facts {
	uint32_t match;      /* entry of the driver's manifest */
	const char *console; /* options, if the node is the console; else NULL */
	const struct plan *plan;
	const struct provider_map *providers; /* NULL: nothing about them */
};

/* *out is malloc'ed. ERR_NO_MEMORY; ERR_BAD_FORMAT if the node cannot be copied. */
status_t blob_make(const void *fdt, const struct tree *tree, uint32_t node, const struct blob_facts *facts, void **out,
		   size_t *size);
