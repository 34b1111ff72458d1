/* SPDX-License-Identifier: BSD-2-Clause */
/* Service descriptions that outlive the file they were read from, and what a change of one means. */
#include <stdlib.h>
#include <string.h>

#include "userland/init/config.h"

/* Places in one block: first the pointers of all lists, then the texts. With block NULL sizes are only counted. */
struct copier {
	char *block;
	size_t pointers, texts; /* bytes used of each part */
	size_t texts_start;
};

static const char *put_text(struct copier *c, const char *text)
{
	size_t size, start = c->texts_start + c->texts;

	if (!text)
		return NULL;
	size = strlen(text) + 1;
	c->texts += size;
	return c->block ? memcpy(c->block + start, text, size) : NULL;
}

static const char *const *put_list(struct copier *c, const char *const *list)
{
	const char **at = c->block ? (const char **)(void *)(c->block + c->pointers) : NULL;
	size_t n = 0;

	for (; list[n]; n++) {
		const char *text = put_text(c, list[n]);
		if (at)
			at[n] = text;
	}
	if (at)
		at[n] = NULL;
	c->pointers += (n + 1) * sizeof(*list);
	return at;
}

static void put_all(struct copier *c, const struct service_config *from, struct service_config *to)
{
	c->pointers = sizeof(*to);
	c->texts = 0;
	*to = *from;
	to->args = put_list(c, from->args);
	to->env = put_list(c, from->env);
	to->depends_on = put_list(c, from->depends_on);
	to->name = put_text(c, from->name);
	to->path = put_text(c, from->path);
	to->root = put_text(c, from->root);
}

struct service_config *config_copy(const struct service_config *service)
{
	struct copier c = {.block = NULL};
	struct service_config counted;

	put_all(&c, service, &counted);
	c.block = malloc(c.pointers + c.texts);
	if (!c.block)
		return NULL;
	c.texts_start = c.pointers;
	put_all(&c, service, (struct service_config *)(void *)c.block);
	return (struct service_config *)(void *)c.block;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(const char *const *a, const char *const *b)
{
	size_t i = 0;
	while (a[i] && b[i] && strcmp(a[i], b[i]) == 0)
		i++;
	return !a[i] && !b[i];
}

bool config_same_process(const struct service_config *a, const struct service_config *b)
{
	return same_text(a->path, b->path) && same_list(a->args, b->args) && same_list(a->env, b->env) &&
	       a->capabilities == b->capabilities && a->memory_bytes == b->memory_bytes && a->priority == b->priority &&
	       a->notify == b->notify && a->console == b->console && same_text(a->root, b->root) &&
	       a->user == b->user && a->group == b->group;
}
