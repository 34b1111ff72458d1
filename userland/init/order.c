/* SPDX-License-Identifier: BSD-2-Clause */
/* Depth-first topological sort without recursion; a cycle is reported with all its names. */
#include "userland/init/order.h"

#include <stdio.h>
#include <string.h>

enum mark { UNSEEN, ON_PATH, PLACED, REFUSED };

struct sorter {
	const struct config *config;
	const struct order_report *report;
	struct order *order;
	unsigned char mark[SERVICES_MAX];
	/* The chain of services that are waiting for the one after them. */
	unsigned path[SERVICES_MAX];
	unsigned next_dep[SERVICES_MAX]; /* of path[i]: the dependency to look at next */
	unsigned depth;
};

unsigned config_find(const struct config *config, const char *name)
{
	unsigned i = 0;
	while (i < config->count && strcmp(config->services[i].name, name) != 0)
		i++;
	return i;
}

static void refuse(struct sorter *s, unsigned index, const char *message)
{
	s->mark[index] = REFUSED;
	s->report->problem(s->report->context, &s->config->services[index], message);
}

/* `closing` is on the path: from there to its end all depend on each other. */
static void refuse_cycle(struct sorter *s, unsigned closing)
{
	char message[512];
	unsigned start = 0;
	while (s->path[start] != closing)
		start++;
	int used = snprintf(message, sizeof(message), "its dependencies form a cycle: ");
	for (unsigned i = start; i < s->depth && used < (int)sizeof(message); i++)
		used += snprintf(message + used, sizeof(message) - (size_t)used, "%s -> ",
				 s->config->services[s->path[i]].name);
	if (used < (int)sizeof(message))
		snprintf(message + used, sizeof(message) - (size_t)used, "%s", s->config->services[closing].name);
	else
		memcpy(message + sizeof(message) - 4, "...", 4);
	for (unsigned i = start; i < s->depth; i++)
		refuse(s, s->path[i], message);
}

/* The service at the end of the path: goes on to a dependency, or is done with. */
static void step(struct sorter *s)
{
	unsigned index = s->path[s->depth - 1];
	const struct service_config *service = &s->config->services[index];
	const char *name = service->depends_on[s->next_dep[s->depth - 1]];
	char message[160];

	if (s->mark[index] == REFUSED) {
		s->depth--;
		return;
	}
	if (!name) {
		s->mark[index] = PLACED;
		s->order->sequence[s->order->count++] = index;
		s->depth--;
		return;
	}
	unsigned dep = config_find(s->config, name);
	if (dep == s->config->count) {
		snprintf(message, sizeof(message), "depends on '%.64s', which is not a service%s", name,
			 strlen(name) > 64 ? " (name cut)" : "");
		refuse(s, index, message);
	} else if (s->mark[dep] == REFUSED) {
		snprintf(message, sizeof(message), "depends on '%s', which cannot start", name);
		refuse(s, index, message);
	} else if (s->mark[dep] == ON_PATH) {
		refuse_cycle(s, dep);
	} else if (s->mark[dep] == PLACED) {
		s->next_dep[s->depth - 1]++;
	} else {
		s->mark[dep] = ON_PATH;
		s->path[s->depth] = dep;
		s->next_dep[s->depth++] = 0;
	}
}

void order_services(struct order *order, const struct config *config, const struct order_report *report)
{
	/* Static: init calls this once, and its stack is small. */
	static struct sorter s;

	memset(&s, 0, sizeof(s));
	s.config = config;
	s.report = report;
	s.order = order;
	order->count = 0;
	for (unsigned i = 0; i < config->count; i++) {
		if (s.mark[i] != UNSEEN)
			continue;
		s.mark[i] = ON_PATH;
		s.path[0] = i;
		s.next_dep[0] = 0;
		s.depth = 1;
		while (s.depth != 0)
			step(&s);
	}
}
