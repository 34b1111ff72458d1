/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of the driver library: interrupts that another driver passes on, and clocks to be set up before `bind`. */
#pragma once

#include "sys/driver/device.h"
#include "sys/lib/server.h"

/* Does interrupt `index` of the node come from another driver? */
bool provider_irq_is(const struct device *dev, uint32_t index);
/* Has it call fn, and lets it fire again afterwards. *slot is the library's, and stays as long as the server. */
struct provider_irq {
	void (*fn)(void *ctx);
	void *ctx;
	handle_t endpoint;
};
status_t provider_irq_bind(struct device *dev, struct server *server, uint32_t index, struct provider_irq *slot);

/* Sets the node's assigned clocks. What cannot be set is logged: the driver may do with what it finds. */
void provider_clocks_assign(struct device *dev);
