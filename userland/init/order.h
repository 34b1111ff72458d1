/* SPDX-License-Identifier: BSD-2-Clause */
/* The order in which services start, and which ones cannot. */
#pragma once

#include "userland/init/config.h"

struct order {
	unsigned sequence[SERVICES_MAX]; /* of indices into the config: each after all it depends on */
	unsigned count;                  /* the others cannot start */
};

/* Told once for each service that cannot start: why, with the names involved. */
struct order_report {
	void (*problem)(void *context, const struct service_config *service, const char *message);
	void *context;
};

/* Services that depend on nothing missing and on no cycle, in an order that keeps the file's where dependencies leave
 * it open. */
void order_services(struct order *order, const struct config *config, const struct order_report *report);
/* The index of the service, or config->count. */
unsigned config_find(const struct config *config, const char *name);
