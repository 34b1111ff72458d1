/* SPDX-License-Identifier: BSD-2-Clause */
/* From the entries of all nodes to who waits for whom: states, owners, rows, circles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/plan.h"
#include "drivers/devmgr/providers.h"

#define CIRCLE_SHOWN 16 /* nodes of a circle in a message */
#define CHAIN_MAX    8  /* of clocks made of clocks, and supplies made of supplies */

/* ---- whose driver serves it ------------------------------------------------------------------------- */

/* Its children are devices of their own, not parts of it. */
static bool is_bus(const struct tree *tree, uint32_t node)
{
	return tree_parent(tree, node) == TREE_NONE || tree_compatible(tree, node, "simple-bus") ||
	       tree_compatible(tree, node, "simple-mfd") || tree_compatible(tree, node, "syscon");
}

/* The device that a node is, or is a part of: the nearest upwards with a driver; else the nearest with `compatible`. */
static uint32_t owner_find(const struct provider_world *world, uint32_t node)
{
	uint32_t device = TREE_NONE;

	for (uint32_t at = node; at != TREE_NONE; at = tree_parent(world->tree, at)) {
		if (at != node && is_bus(world->tree, at) && (device != TREE_NONE || !world->driven[at]))
			break;
		if (world->driven[at])
			return at;
		if (device == TREE_NONE && tree_prop(world->tree, at, "compatible"))
			device = at;
	}
	return device == TREE_NONE ? node : device;
}

static bool inside(const struct tree *tree, uint32_t node, uint32_t above)
{
	for (; node != TREE_NONE; node = tree_parent(tree, node)) {
		if (node == above)
			return true;
	}
	return false;
}

/* ---- what needs no driver ----------------------------------------------------------------------------- */

static bool supply_fixed(const struct tree *tree, uint32_t node, unsigned depth)
{
	static const char *const switches[] = {"gpio", "gpios", "enable-gpios", "enable-gpio"};
	uint32_t above;

	if (!tree_enabled(tree, node))
		return false;
	/* Nobody is to switch it; whether somebody could is no matter. */
	if (tree_prop(tree, node, "regulator-always-on"))
		return true;
	if (!tree_compatible(tree, node, "regulator-fixed"))
		return false;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (tree_prop(tree, node, switches[i]))
			return false;
	}
	if (tree_u32(tree, node, "vin-supply", &above) == ERR_NOT_FOUND)
		return true;
	above = tree_u32(tree, node, "vin-supply", &above) == OK ? tree_by_phandle(tree, above) : TREE_NONE;
	return above != TREE_NONE && depth < CHAIN_MAX && supply_fixed(tree, above, depth + 1);
}

/* A crystal, or a fixed multiple of one */
static bool clock_fixed(const struct tree *tree, uint32_t node, unsigned depth, uint64_t *hz)
{
	uint32_t low, phandle, multiply, divide;

	if (!tree_enabled(tree, node))
		return false;
	if (tree_compatible(tree, node, "fixed-clock")) {
		*hz = tree_u32(tree, node, "clock-frequency", &low) == OK ? low : 0;
		return true;
	}
	if (!tree_compatible(tree, node, "fixed-factor-clock") || tree_u32(tree, node, "clocks", &phandle) != OK ||
	    tree_u32(tree, node, "clock-mult", &multiply) != OK || tree_u32(tree, node, "clock-div", &divide) != OK ||
	    !divide)
		return false;
	uint32_t above = tree_by_phandle(tree, phandle);
	if (above == TREE_NONE || depth == CHAIN_MAX || !clock_fixed(tree, above, depth + 1, hz))
		return false;
	*hz = multiply && *hz > UINT64_MAX / multiply ? 0 : *hz * multiply / divide;
	return true;
}

static bool needs_nobody(const struct provider_world *world, struct provider_ref *ref)
{
	const struct tree *tree = world->tree;
	uint32_t low = 0, high = 0;

	switch (ref->kind) {
	case DRIVER_REF_CLOCK:
	case DRIVER_REF_PARENT: return clock_fixed(tree, ref->node, 0, &ref->value);
	case DRIVER_REF_SUPPLY:
		if (!supply_fixed(tree, ref->node, 0))
			return false;
		if (tree_u32(tree, ref->node, "regulator-min-microvolt", &low) == OK &&
		    tree_u32(tree, ref->node, "regulator-max-microvolt", &high) == OK && low == high)
			ref->value = low;
		return true;
	case DRIVER_REF_IRQ: return ref->node == world->controller || plan_kernel_node(tree, ref->node);
	default: return false;
	}
}

static void ref_settle(const struct provider_world *world, uint32_t consumer, struct provider_ref *ref)
{
	if (ref->state == DRIVER_REF_BAD)
		return;
	if (ref->node == TREE_NONE) {
		ref->state = DRIVER_REF_EMPTY;
		return;
	}
	uint32_t owner = owner_find(world, ref->node);
	/* One who is above needs not wait for its own part; the part may well wait for what it is in. */
	if (owner == owner_find(world, consumer) || inside(world->tree, ref->node, consumer)) {
		ref->state = DRIVER_REF_OWN;
		return;
	}
	/* A supply that must stay on and has a driver is still that driver's to measure and set. */
	bool driven = world->driven[owner] && ref->kind != DRIVER_REF_IRQ;
	if (!driven && needs_nobody(world, ref)) {
		ref->state = DRIVER_REF_FIXED;
		return;
	}
	ref->owner = owner;
	if (!tree_enabled(world->tree, ref->node))
		ref->state = DRIVER_REF_DISABLED;
	else
		ref->state = world->driven[owner] ? DRIVER_REF_DRIVEN : DRIVER_REF_UNDRIVEN;
}

/* ---- circles (Tarjan, SIAM J. Comput. 1 (1972) 146), without recursion: the tree is a stranger's -------------- */

struct search {
	const struct provider_map *map;
	uint32_t *number, *low; /* 0: not seen */
	uint32_t *group;        /* the root of a node's strong component, once that is known */
	uint32_t *stack, *path, *next;
	uint32_t seen, stacked, depth;
	bool mandatory; /* only these entries count */
};

static bool waits_for(const struct search *s, const struct provider_ref *ref)
{
	return ref->state == DRIVER_REF_DRIVEN && (!s->mandatory || provider_mandatory(ref->kind));
}

static void enter(struct search *s, uint32_t node)
{
	s->number[node] = s->low[node] = ++s->seen;
	s->next[node] = 0;
	s->stack[s->stacked++] = node;
	s->path[s->depth++] = node;
}

static void leave(struct search *s, uint32_t node)
{
	uint32_t member;

	s->depth--;
	if (s->depth && s->low[node] < s->low[s->path[s->depth - 1]])
		s->low[s->path[s->depth - 1]] = s->low[node];
	if (s->low[node] != s->number[node])
		return;
	do {
		member = s->stack[--s->stacked];
		s->group[member] = node;
	} while (member != node);
}

static void search_from(struct search *s, uint32_t start)
{
	enter(s, start);
	while (s->depth) {
		uint32_t node = s->path[s->depth - 1];
		const struct provider_list *list = &s->map->of[node];

		if (s->next[node] == list->count) {
			leave(s, node);
			continue;
		}
		const struct provider_ref *ref = &list->refs[s->next[node]++];
		if (!waits_for(s, ref))
			continue;
		if (!s->number[ref->owner])
			enter(s, ref->owner);
		else if (s->group[ref->owner] == TREE_NONE && s->number[ref->owner] < s->low[node])
			s->low[node] = s->number[ref->owner];
	}
}

static void search_all(struct search *s, bool mandatory)
{
	uint32_t count = s->map->count;

	memset(s->number, 0, count * sizeof(*s->number));
	s->seen = 0;
	s->mandatory = mandatory;
	for (uint32_t i = 0; i < count; i++)
		s->group[i] = TREE_NONE;
	for (uint32_t i = 0; i < count; i++) {
		if (!s->number[i])
			search_from(s, i);
	}
}

/* The shortest way from a node back to itself within its group; `number` is the queue's memory of where it came from. */
static void circle_trace(struct search *s, uint32_t start)
{
	const struct provider_map *map = s->map;
	uint32_t head = 0, tail = 0;

	s->stack[tail++] = start;
	while (head < tail) {
		uint32_t node = s->stack[head++];
		const struct provider_list *list = &map->of[node];

		for (uint32_t i = 0; i < list->count; i++) {
			uint32_t owner = list->refs[i].owner;

			if (!waits_for(s, &list->refs[i]) || s->group[owner] != s->group[start])
				continue;
			if (owner == start) {
				map->circle[node] = start;
				for (; node != start; node = s->path[node])
					map->circle[s->path[node]] = node;
				return;
			}
			if (s->next[owner] != TREE_NONE) {
				s->next[owner] = TREE_NONE; /* met */
				s->path[owner] = node;
				s->stack[tail++] = owner;
			}
		}
	}
}

/* Members of a group that the traced circle does not touch wait for one that it does: they point into it. */
static void circles_find(struct search *s)
{
	uint32_t count = s->map->count;

	for (uint32_t i = 0; i < count; i++)
		s->next[i] = s->low[i] = 0;
	for (uint32_t i = 0; i < count; i++)
		s->low[s->group[i]]++; /* members */
	for (uint32_t i = 0; i < count; i++) {
		if (s->low[s->group[i]] > 1 && s->map->circle[i] == TREE_NONE && s->number[s->group[i]]) {
			circle_trace(s, i);
			s->number[s->group[i]] = 0; /* one circle for each group */
		}
	}
	/* The others of the group are held up by it as well: from each, the first that waits within the group. */
	for (uint32_t i = 0; i < count; i++) {
		const struct provider_list *list = &s->map->of[i];

		for (uint32_t r = 0; s->low[s->group[i]] > 1 && r < list->count && s->map->circle[i] == TREE_NONE;
		     r++) {
			if (waits_for(s, &list->refs[r]) && s->group[list->refs[r].owner] == s->group[i])
				s->map->circle[i] = list->refs[r].owner;
		}
	}
}

/* What one can do without is not waited for where that would go round in a circle. */
static void loosen(struct search *s)
{
	for (uint32_t i = 0; i < s->map->count; i++) {
		struct provider_list *list = &s->map->of[i];

		for (uint32_t r = 0; r < list->count; r++) {
			struct provider_ref *ref = &list->refs[r];

			if (ref->state == DRIVER_REF_DRIVEN && !provider_mandatory(ref->kind) &&
			    s->group[ref->owner] == s->group[i])
				ref->loose = true;
		}
	}
}

static status_t circles(struct provider_map *map)
{
	uint32_t count = map->count;
	uint32_t *memory = calloc(6 * (size_t)count, sizeof(*memory));
	struct search s = {.map = map};

	if (!memory)
		return ERR_NO_MEMORY;
	s.number = memory;
	s.low = memory + count;
	s.group = memory + 2 * (size_t)count;
	s.stack = memory + 3 * (size_t)count;
	s.path = memory + 4 * (size_t)count;
	s.next = memory + 5 * (size_t)count;
	search_all(&s, false);
	loosen(&s);
	search_all(&s, true);
	circles_find(&s);
	free(memory);
	return OK;
}

/* Nodes of the root that describe the tree itself: their properties are names and paths. */
static bool is_index(const struct tree *tree, uint32_t node)
{
	const char *name = tree_name(tree, node);

	return tree_depth(tree, node) == 1 &&
	       (!strncmp(name, "__", 2) || !strcmp(name, "aliases") || !strcmp(name, "chosen"));
}

/* ---- the map ---------------------------------------------------------------------------------------------- */

/* The device that a node without `compatible` is a part of, if it has a driver; else TREE_NONE */
static uint32_t whole_of(const struct provider_world *world, uint32_t node)
{
	while (node != TREE_NONE && !tree_prop(world->tree, node, "compatible"))
		node = tree_parent(world->tree, node);
	return node != TREE_NONE && world->driven[node] ? node : TREE_NONE;
}

size_t provider_inner_path(const struct tree *tree, uint32_t node, uint32_t above, char path[TREE_PATH_MAX])
{
	char whole[TREE_PATH_MAX];

	tree_path(tree, above, whole, sizeof(whole));
	size_t skip = strlen(whole) + 1;
	tree_path(tree, node, whole, sizeof(whole));
	size_t len = strlen(whole);
	size_t from = len > skip ? skip : len;
	memcpy(path, whole + from, len - from + 1);
	return len - from + 1;
}

/* The device has its parts' entries behind its own. */
static status_t part_join(struct provider_map *map, uint32_t part, uint32_t device)
{
	struct provider_list *from = &map->of[part], *to = &map->of[device];
	struct provider_ref *refs = realloc(to->refs, (to->count + from->count) * sizeof(*refs));
	char path[TREE_PATH_MAX], name[PROVIDER_NAME_MAX];

	if (!refs)
		return ERR_NO_MEMORY;
	to->refs = refs;
	(void)provider_inner_path(map->world.tree, part, device, path);
	for (uint32_t i = 0; i < from->count; i++) {
		struct provider_ref *ref = &refs[to->count++];

		*ref = from->refs[i];
		memcpy(name, ref->name, sizeof(name));
		snprintf(ref->name, sizeof(ref->name), "%.30s:%.32s", path, name);
	}
	free(from->refs);
	*from = (struct provider_list){0};
	return OK;
}

status_t providers_map(const struct provider_world *world, struct provider_map *out)
{
	uint32_t count = tree_count(world->tree);
	status_t status = OK;

	*out = (struct provider_map){
		.world = *world,
		.count = count,
		.of = calloc(count, sizeof(*out->of)),
		.circle = calloc(count, sizeof(*out->circle)),
		.rows = calloc(count, sizeof(*out->rows)),
	};
	if (!out->of || !out->circle || !out->rows)
		status = ERR_NO_MEMORY;
	for (uint32_t i = 0; status == OK && i < count; i++) {
		out->circle[i] = TREE_NONE;
		if (!tree_enabled(world->tree, i) || plan_kernel_node(world->tree, i) || is_index(world->tree, i))
			continue;
		status = providers_read(world->tree, i, &out->of[i]);
		uint32_t whole = out->of[i].count ? whole_of(world, i) : TREE_NONE;
		if (status == OK && whole != TREE_NONE && whole != i)
			status = part_join(out, i, whole);
	}
	for (uint32_t i = 0; status == OK && i < count; i++) {
		for (uint32_t r = 0; r < out->of[i].count; r++) {
			struct provider_ref *ref = &out->of[i].refs[r];

			ref_settle(world, i, ref);
			if (ref->state == DRIVER_REF_DRIVEN)
				ref->row = out->rows[ref->owner]++;
		}
	}
	if (status == OK)
		status = circles(out);
	if (status != OK)
		providers_free(out);
	return status;
}

void providers_free(struct provider_map *map)
{
	for (uint32_t i = 0; map->of && i < map->count; i++)
		free(map->of[i].refs);
	free(map->of);
	free(map->circle);
	free(map->rows);
	*map = (struct provider_map){0};
}

/* ---- what is missing ---------------------------------------------------------------------------------------- */

const struct provider_ref *provider_missing(const struct provider_map *map, uint32_t node, uint32_t optional)
{
	const struct provider_list *list = &map->of[node];

	for (uint32_t i = 0; i < list->count; i++) {
		const struct provider_ref *ref = &list->refs[i];

		if (!provider_mandatory(ref->kind))
			continue;
		/* What cannot be read is a mistake, not something to do without. */
		if (ref->state == DRIVER_REF_BAD)
			return ref;
		if ((ref->state == DRIVER_REF_UNDRIVEN || ref->state == DRIVER_REF_DISABLED) &&
		    !(optional & 1u << ref->kind))
			return ref;
	}
	return NULL;
}

void provider_explain(const struct provider_map *map, const struct provider_ref *ref, char *text, size_t size)
{
	char what[PROVIDER_NAME_MAX + 20], path[TREE_PATH_MAX] = "";
	const char *why = "";

	provider_describe(ref, what, sizeof(what));
	if (ref->node != TREE_NONE)
		tree_path(map->world.tree, ref->owner != TREE_NONE ? ref->owner : ref->node, path, sizeof(path));
	switch (ref->state) {
	case DRIVER_REF_BAD: snprintf(text, size, "%s %s", what, ref->problem); return;
	case DRIVER_REF_UNDRIVEN: why = ", which has no driver"; break;
	case DRIVER_REF_DISABLED: why = ", which is disabled"; break;
	default: break;
	}
	snprintf(text, size, "waits for %s of %.60s%s", what, path, why);
}

void provider_circle(const struct provider_map *map, uint32_t node, char *text, size_t size)
{
	uint32_t at = node, met[CIRCLE_SHOWN];
	size_t used = 0;
	bool again = false;

	if (size)
		text[0] = 0;
	for (uint32_t step = 0; at != TREE_NONE && step < CIRCLE_SHOWN; step++) {
		char path[TREE_PATH_MAX];

		tree_path(map->world.tree, at, path, sizeof(path));
		int n = snprintf(text + used, size - used, "%s%s", step ? " -> " : "", path);
		if (n < 0 || (size_t)n >= size - used) {
			if (size > 4)
				memcpy(text + size - 4, "...", 4);
			return;
		}
		used += (size_t)n;
		if (again)
			return;
		met[step] = at;
		at = map->circle[at];
		for (uint32_t i = 0; i <= step; i++)
			again |= met[i] == at;
	}
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static void cells_put(uint32_t *cells, uint32_t count, const struct provider_ref *ref)
{
	cells[0] = count;
	memcpy(cells + 1, ref->cells, sizeof(ref->cells));
}

void provider_row_cells(const struct provider_map *map, uint32_t consumer, const struct provider_ref *ref,
			uint32_t cells[DRIVER_ROW_CELLS])
{
	const struct provider_list *list = &map->of[consumer];

	memset(cells, 0, DRIVER_ROW_CELLS * sizeof(*cells));
	cells[0] = ref->kind;
	cells[1] = consumer;
	cells[2] = (uint32_t)(ref->value >> 32);
	cells[3] = (uint32_t)ref->value;
	cells_put(cells + 4, ref->ncells, ref);
	for (uint32_t i = 0; ref->kind == DRIVER_REF_ASSIGNED && i < list->count; i++) {
		const struct provider_ref *parent = &list->refs[i];

		if (parent->kind != DRIVER_REF_PARENT || parent->at != ref->at || parent->index != ref->index ||
		    parent->node == TREE_NONE)
			continue;
		cells_put(cells + 5 + DRIVER_REF_CELLS_MAX,
			  parent->owner == ref->owner ? parent->ncells : DRIVER_ROW_FOREIGN, parent);
	}
}
