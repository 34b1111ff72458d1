/* SPDX-License-Identifier: BSD-2-Clause */
/* Globbing: one path component after the other, depth first. */
#include "userland/vsh/glob.h"

#include <stdlib.h>
#include <string.h>

#include "userland/base/text.h"
#include "userland/vsh/pattern.h"

struct walk {
	struct names *names;
	const struct directory_ops *ops;
};

struct level {
	struct names found;
	const char *component;
};

static bool on_entry(void *context, const char *name)
{
	struct level *level = context;
	const char *shown = level->component + (level->component[0] == '\\');
	if ((name[0] != '.' || shown[0] == '.') && pattern_match(level->component, name))
		names_add(&level->found, name, strlen(name));
	return true;
}

/* `path`: what is settled, ending in '/' or empty; `pattern`: the rest. */
static void walk(struct walk *w, const char *path, const char *pattern)
{
	struct level level = {0};
	struct text next = {0};
	bool is_directory;
	size_t slashes = strspn(pattern, "/");
	size_t len = strcspn(pattern + slashes, "/");
	const char *rest = pattern + slashes + len;
	char *component = strndup(pattern + slashes, len);

	text_add_string(&next, path);
	text_add(&next, pattern, slashes);
	size_t base = next.len;
	if (!component || next.failed) {
		w->names->failed = true;
	} else if (len == 0) { /* the pattern ended in '/' */
		if (w->ops->exists(text_get(&next), &is_directory) && is_directory)
			names_add(w->names, text_get(&next), next.len);
	} else if (pattern_is_magic(component)) {
		level.component = component;
		w->ops->list(base == 0 ? "." : text_get(&next), on_entry, &level);
	} else {
		pattern_unescape(component);
		names_add(&level.found, component, strlen(component));
	}
	w->names->failed |= level.found.failed;
	for (size_t i = 0; i < level.found.count && !next.failed; i++) {
		text_cut(&next, base);
		text_add_string(&next, level.found.list[i]);
		if (!w->ops->exists(text_get(&next), &is_directory))
			continue;
		if (*rest == '\0')
			names_add(w->names, text_get(&next), next.len);
		else if (is_directory)
			walk(w, text_get(&next), rest);
	}
	w->names->failed |= next.failed;
	names_free(&level.found);
	text_free(&next);
	free(component);
}

bool glob_expand(struct names *names, const char *pattern, const struct directory_ops *ops)
{
	struct walk w = {.names = names, .ops = ops};
	size_t before = names->count;
	walk(&w, "", pattern);
	names_sort(names, before);
	return names->count != before;
}
