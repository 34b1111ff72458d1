/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the log from its oldest line on; a logger that dies meanwhile is asked again, its lines outlive it. */
#include "userland/tools/lib/log_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/abi/startup.h"
#include "sys/lib/syscall.h"
#include "userland/logger/line.h"
#include "userland/tools/lib/tool.h"

#define ANSWER_NS 5000000000ull
#define BATCH     16384u

struct lines {
	const struct log_wish *wish;
	handle_t logger;
	uint64_t position, number; /* of the next entry, 0: not known */
	char **kept;               /* the last ones, around */
	uint64_t count;
};

static uint64_t now(void)
{
	uint64_t ns = 0;
	clock_get(&ns);
	return ns;
}

static bool wanted(const struct log_wish *wish, const struct logger_entry *e)
{
	return e->level <= wish->level && e->time_ns >= wish->since_ns &&
	       (!wish->source || strcmp(wish->source, e->source) == 0) &&
	       (!wish->kernel || ((e->origin & LOGGER_ORIGIN_KERNEL_LOG) && e->pid == 0));
}

static void show(struct lines *l, const char *line, size_t len)
{
	if (!l->kept) {
		fwrite(line, 1, len, stdout);
		putchar('\n');
		return;
	}
	char **place = &l->kept[l->count++ % l->wish->last];
	free(*place);
	*place = malloc(len + 1);
	if (!*place)
		tool_fail("out of memory");
	memcpy(*place, line, len);
	(*place)[len] = '\0';
}

static void show_entry(struct lines *l, const struct logger_entry *e, const char *text)
{
	char line[LINE_SHOWN_MAX];

	if (l->number != 0 && e->number > l->number) {
		int n = snprintf(line, sizeof(line), "... %" PRIu64 " lines were lost here ...", e->number - l->number);
		show(l, line, (size_t)n);
	}
	l->number = e->number + 1;
	if (wanted(l->wish, e))
		show(l, line, line_show(e, text, line));
}

/* False: there are no more at present. */
static bool show_batch(struct lines *l, bool wait)
{
	static _Alignas(8) unsigned char batch[BATCH];
	uint32_t len = 0;
	uint64_t next = l->position;
	status_t status = logger_read_until(l->logger, wait ? DEADLINE_NEVER : now() + ANSWER_NS, l->position, wait,
					    batch, sizeof(batch), &len, &next);

	if (status == ERR_PEER_DIED) {
		usleep(100000);
		return true;
	}
	if (status == ERR_ACCESS)
		tool_fail("not allowed: the service that started this needs the capability 'system_inspect'");
	if (status != OK)
		tool_fail("the logger does not answer: %s (dmesg shows the kernel's log)", status_text(status));
	for (uint32_t at = 0; at + sizeof(struct logger_entry) <= len;) {
		const struct logger_entry *e = (const struct logger_entry *)(batch + at);
		size_t bytes = sizeof(*e) + ((e->text_len + 7u) & ~7u);
		if (bytes > len - at || !memchr(e->source, '\0', sizeof(e->source)))
			tool_fail("the logger's answer is malformed");
		show_entry(l, e, (const char *)(e + 1));
		at += (uint32_t)bytes;
	}
	l->position = next;
	return len != 0;
}

static void show_kept(struct lines *l)
{
	uint64_t first = l->count > l->wish->last ? l->count - l->wish->last : 0;
	char **kept = l->kept;

	l->kept = NULL;
	for (uint64_t i = first; i < l->count; i++)
		show(l, kept[i % l->wish->last], strlen(kept[i % l->wish->last]));
	for (uint64_t i = 0; i < l->wish->last; i++)
		free(kept[i]);
	free(kept);
}

int log_lines(const struct log_wish *wish)
{
	struct lines l = {.wish = wish, .logger = tool_handle(HND_LOG, "system_inspect")};

	if (wish->last != 0) {
		l.kept = calloc(wish->last, sizeof(*l.kept));
		if (!l.kept)
			tool_fail("out of memory");
	}
	while (show_batch(&l, false))
		;
	if (l.kept)
		show_kept(&l);
	while (wish->follow) {
		if (tool_end(0) != 0)
			return TOOL_FAILED;
		(void)show_batch(&l, true);
	}
	return 0;
}
