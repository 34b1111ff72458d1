/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: any bytes as services.toml, through the parser, the service reader and the ordering. */
/* fuzz-sources: userland/init/toml/toml.c userland/init/capability.c userland/init/config.c userland/init/config_copy.c userland/init/order.c userland/base/arena.c userland/base/text.c userland/base/utf8.c */
/* fuzz-runs: 400000 */
#include <stdint.h>
#include <stdlib.h>

#include "userland/init/order.h"
#include "userland/init/toml/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_mistake(void *context, unsigned line, unsigned column, const char *message)
{
	(void)context;
	if (line == 0 || column == 0 || message[0] == '\0')
		abort();
}

static void on_problem(void *context, const struct service_config *service, const char *message)
{
	(void)context;
	if (!service->name || message[0] == '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_report mistakes = {.mistake = on_mistake};
	static const struct order_report problems = {.problem = on_problem};
	static struct order order;
	struct arena arena = {.limit = 64u << 20};
	struct config config;

	if (config_read(&config, &arena, (const char *)data, size, &mistakes)) {
		order_services(&order, &config, &problems);
		if (order.count > config.count)
			abort();
		for (unsigned i = 0; i < config.count; i++) {
			struct service_config *copy = config_copy(&config.services[i]);
			if (!copy || !config_same_process(copy, &config.services[i]))
				abort();
			free(copy);
		}
	}
	arena_free(&arena);
	return 0;
}
