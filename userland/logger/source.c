/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of speakers. */
#include "userland/logger/source.h"

#include <stdio.h>
#include <string.h>

#include "protocols/init.h"
#include "protocols/logger.h"
#include "sys/lib/syscall.h"

#define INIT_WAIT_NS 100000000ull /* nobody who speaks is to wait longer for the sake of a name */

static void name_process(struct source *source, handle_t inspect)
{
	struct process_info info;
	uint64_t bytes;

	/* The first process is no service, and nobody else can be it. */
	if (system_info(inspect, INFO_PROCESS, 0, &info, sizeof(info), &bytes) == OK && info.koid == source->key) {
		strcpy(source->name, "init");
		return;
	}
	source->process_name = true;
	strcpy(source->name, "?");
	/* The process with the next higher number: the very one, if it is still there. */
	if (system_info(inspect, INFO_PROCESS, source->key - 1, &info, sizeof(info), &bytes) != OK ||
	    info.koid != source->key)
		return;
	info.name[sizeof(info.name) - 1] = '\0';
	strlcpy(source->name, info.name, sizeof(source->name));
}

static void name(struct sources *s, struct source *source, uint64_t now)
{
	uint32_t number = source->key & SOURCE_SERVICE ? (uint32_t)(source->key & LOGGER_BADGE_NUMBER_MASK) : 0;
	uint64_t pid = number ? 0 : source->key;

	if (source->key == SOURCE_KERNEL) {
		strcpy(source->name, "kernel");
		return;
	}
	if (init_who_until(s->init, now + INIT_WAIT_NS, number, pid, source->name) == OK)
		return;
	if (number)
		snprintf(source->name, sizeof(source->name), "service-%u", (unsigned)number);
	else
		name_process(source, s->inspect);
}

struct source *source_get(struct sources *s, uint64_t key, uint64_t now)
{
	struct source *oldest = &s->list[0];

	for (unsigned i = 0; i < SOURCES; i++) {
		struct source *source = &s->list[i];
		if (source->key == key) {
			source->last_ns = now;
			return source;
		}
		if (source->last_ns < oldest->last_ns)
			oldest = source;
	}
	*oldest = (struct source){.key = key, .last_ns = now};
	name(s, oldest, now);
	return oldest;
}
