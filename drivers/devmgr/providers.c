/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a node needs of other nodes out of its properties. */
#include "drivers/devmgr/providers.h"
#include "sys/driver/manifest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Properties that list phandles with specifiers, and those that name the entries. `cells` NULL: phandles alone. */
static const struct list_kind {
	enum driver_ref_kind kind;
	const char *prop, *cells, *names;
	bool cells_default; /* a provider that does not say how many cells takes none */
} list_kinds[] = {
	{DRIVER_REF_CLOCK, "clocks", "#clock-cells", "clock-names", false},
	{DRIVER_REF_RESET, "resets", "#reset-cells", "reset-names", false},
	{DRIVER_REF_PHY, "phys", "#phy-cells", "phy-names", false},
	{DRIVER_REF_POWER_DOMAIN, "power-domains", "#power-domain-cells", "power-domain-names", false},
	{DRIVER_REF_ASSIGNED, "assigned-clocks", "#clock-cells", NULL, false},
	{DRIVER_REF_PARENT, "assigned-clock-parents", "#clock-cells", NULL, false},
	{DRIVER_REF_NVMEM, "nvmem-cells", "#nvmem-cell-cells", "nvmem-cell-names", true},
	{DRIVER_REF_DMA, "dmas", "#dma-cells", "dma-names", false},
	{DRIVER_REF_MBOX, "mboxes", "#mbox-cells", "mbox-names", false},
};

static const char *const kind_names[DRIVER_REF_KINDS] = {
	[DRIVER_REF_CLOCK] = "clock",
	[DRIVER_REF_RESET] = "reset",
	[DRIVER_REF_GPIO] = "gpio",
	[DRIVER_REF_SUPPLY] = "supply",
	[DRIVER_REF_PHY] = "phy",
	[DRIVER_REF_POWER_DOMAIN] = "power domain",
	[DRIVER_REF_IRQ] = "interrupt",
	[DRIVER_REF_ASSIGNED] = "assigned clock",
	[DRIVER_REF_PARENT] = "assigned parent",
	[DRIVER_REF_PINCTRL] = "pins",
	[DRIVER_REF_NVMEM] = "nvmem cell",
	[DRIVER_REF_DMA] = "dma channel",
	[DRIVER_REF_MBOX] = "mailbox",
};

const char *provider_kind_name(enum driver_ref_kind kind)
{
	return kind < DRIVER_REF_KINDS ? kind_names[kind] : "?";
}

static_assert(DRIVER_LEFT_ON == (1u << DRIVER_REF_CLOCK | 1u << DRIVER_REF_RESET | 1u << DRIVER_REF_SUPPLY |
				 1u << DRIVER_REF_POWER_DOMAIN),
	      "sys/driver/manifest.h");

bool provider_mandatory(enum driver_ref_kind kind)
{
	return kind <= DRIVER_REF_IRQ;
}

/* ---- the list ------------------------------------------------------------------------------------- */

struct reader {
	const struct tree *tree;
	uint32_t node;
	struct provider_list *list;
	uint32_t capacity;
	status_t status; /* ERR_NO_MEMORY sticks */
	bool full;
};

static struct provider_ref *ref_add(struct reader *r, enum driver_ref_kind kind, const char *name, uint32_t index)
{
	struct provider_list *list = r->list;

	if (r->status != OK || r->full)
		return NULL;
	if (list->count == r->capacity) {
		uint32_t capacity = r->capacity ? 2 * r->capacity : 4;
		struct provider_ref *refs = realloc(list->refs, capacity * sizeof(*refs));

		if (!refs) {
			r->status = ERR_NO_MEMORY;
			return NULL;
		}
		list->refs = refs;
		r->capacity = capacity;
	}
	struct provider_ref *ref = &list->refs[list->count++];
	*ref = (struct provider_ref){
		.kind = kind, .at = r->node, .index = index, .node = TREE_NONE, .owner = TREE_NONE};
	snprintf(ref->name, sizeof(ref->name), "%s", name ? name : "");
	if (list->count == PROVIDER_REFS_MAX) {
		r->full = true;
		ref->state = DRIVER_REF_BAD;
		snprintf(ref->problem, sizeof(ref->problem), "more than %d entries", PROVIDER_REFS_MAX - 1);
		return NULL;
	}
	return ref;
}

static void ref_bad(struct provider_ref *ref, const char *problem)
{
	if (!ref)
		return;
	ref->state = DRIVER_REF_BAD;
	snprintf(ref->problem, sizeof(ref->problem), "%s", problem);
}

static uint32_t prop_cell(const struct tree_prop *prop, uint32_t at)
{
	const uint8_t *p = prop->data + 4 * (size_t)at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- lists of phandles ---------------------------------------------------------------------------- */

/* Cells of a specifier at a provider. false: nobody knows, and so not where the next entry begins. */
static bool cells_of(const struct reader *r, uint32_t provider, const char *cells_name, bool none, uint32_t *cells,
		     struct provider_ref *ref)
{
	*cells = 0;
	if (!cells_name)
		return true;
	status_t status = tree_u32(r->tree, provider, cells_name, cells);
	if (status == ERR_NOT_FOUND && none)
		return true;
	if (status == OK && *cells <= DRIVER_REF_CELLS_MAX)
		return true;
	if (ref) {
		ref->state = DRIVER_REF_BAD;
		snprintf(ref->problem, sizeof(ref->problem), "%.30s has %s %s", tree_name(r->tree, provider),
			 status == ERR_NOT_FOUND ? "no" : "a bad", cells_name);
	}
	return false;
}

/* One entry; returns how many cells it took, 0: the rest cannot be read. */
static uint32_t entry_read(struct reader *r, const struct tree_prop *prop, uint32_t at, const char *cells_name,
			   bool none, struct provider_ref *ref)
{
	uint32_t phandle = prop_cell(prop, at);
	uint32_t cells;

	if (!phandle)
		return 1;
	uint32_t provider = tree_by_phandle(r->tree, phandle);
	if (provider == TREE_NONE) {
		ref_bad(ref, "names no node");
		return cells_name ? 0 : 1;
	}
	if (!cells_of(r, provider, cells_name, none, &cells, ref))
		return 0;
	if (prop->len / 4 - at - 1 < cells) {
		ref_bad(ref, "ends within an entry");
		return 0;
	}
	if (ref) {
		ref->node = provider;
		ref->ncells = cells;
		for (uint32_t i = 0; i < cells; i++)
			ref->cells[i] = prop_cell(prop, at + 1 + i);
	}
	return 1 + cells;
}

/* names: of a property with names of the entries, or NULL; else `name` is that of all of them */
static void list_read(struct reader *r, enum driver_ref_kind kind, const struct tree_prop *prop, const char *cells_name,
		      bool none, const char *names, const char *name)
{
	uint32_t total = prop->len / 4;
	uint32_t index = 0;

	if (prop->len % 4) {
		ref_bad(ref_add(r, kind, name, 0), "malformed");
		return;
	}
	for (uint32_t at = 0; at < total; index++) {
		const char *own = names ? tree_string(r->tree, r->node, names, index) : name;
		struct provider_ref *ref = ref_add(r, kind, own, index);
		uint32_t used = ref ? entry_read(r, prop, at, cells_name, none, ref) : 0;

		if (!used)
			return;
		at += used;
	}
}

/* ---- lines, supplies, pins: named by the property --------------------------------------------------- */

static bool ends_with(const char *name, const char *suffix, size_t *prefix)
{
	size_t len = strlen(name), n = strlen(suffix);

	if (len <= n || strcmp(name + len - n, suffix))
		return false;
	*prefix = len - n;
	return true;
}

/* What is in front of "-gpios"; "" for "gpios" alone */
static bool gpio_prop(const char *name, size_t *prefix)
{
	*prefix = 0;
	if (!strcmp(name, "gpios") || !strcmp(name, "gpio"))
		return true;
	/* A count of lines, not a list of them */
	if (ends_with(name, ",nr-gpios", prefix))
		return false;
	return ends_with(name, "-gpios", prefix) || ends_with(name, "-gpio", prefix);
}

/* Number of a "pinctrl-N" */
static bool pins_prop(const char *name, uint32_t *number)
{
	static const char stem[] = "pinctrl-";
	const char *digit = name + sizeof(stem) - 1;

	if (strncmp(name, stem, sizeof(stem) - 1) || !*digit || strlen(digit) > 3)
		return false;
	for (*number = 0; *digit >= '0' && *digit <= '9'; digit++)
		*number = 10 * *number + (uint32_t)(*digit - '0');
	return !*digit;
}

static void named_read(struct reader *r, const struct tree_prop *prop)
{
	char name[PROVIDER_NAME_MAX];
	uint32_t number, before = r->list->count;
	size_t prefix;

	if (pins_prop(prop->name, &number)) {
		list_read(r, DRIVER_REF_PINCTRL, prop, NULL, false, NULL,
			  tree_string(r->tree, r->node, "pinctrl-names", number));
		for (uint32_t i = before; i < r->list->count; i++)
			r->list->refs[i].value = number;
		return;
	}
	/* A hog's lines are its own controller's, without a phandle. */
	bool gpio = gpio_prop(prop->name, &prefix) && !tree_prop(r->tree, r->node, "gpio-hog");
	if (!gpio && !ends_with(prop->name, "-supply", &prefix))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)prefix, prop->name);
	if (gpio)
		list_read(r, DRIVER_REF_GPIO, prop, "#gpio-cells", false, NULL, name);
	else
		list_read(r, DRIVER_REF_SUPPLY, prop, NULL, false, NULL, name);
}

/* ---- interrupts ----------------------------------------------------------------------------------------- */

static void irqs_read(struct reader *r)
{
	for (uint32_t i = 0;; i++) {
		struct tree_irq irq;
		status_t status = tree_irq(r->tree, r->node, i, &irq);

		if (status == ERR_NOT_FOUND)
			return;
		struct provider_ref *ref = ref_add(r, DRIVER_REF_IRQ,
						   tree_string(r->tree, r->node, "interrupt-names", i), i);
		if (status != OK)
			ref_bad(ref, status == ERR_BAD_FORMAT ? "malformed" : "leads to no controller");
		if (status != OK || !ref)
			return;
		ref->node = irq.controller;
		ref->ncells = irq.ncells;
		memcpy(ref->cells, irq.cells, sizeof(ref->cells));
	}
}
static_assert(TREE_CELLS_MAX == DRIVER_REF_CELLS_MAX, "an interrupt's specifier fits");

/* Hz wanted of the assigned clocks: of 32 bits each, or of 64 in a property that wins */
static void rates_read(struct reader *r)
{
	const struct tree_prop *wide = tree_prop(r->tree, r->node, "assigned-clock-rates-u64");
	const struct tree_prop *rates = wide ? wide : tree_prop(r->tree, r->node, "assigned-clock-rates");
	uint32_t size = wide ? 2 : 1;

	for (uint32_t i = 0; rates && i < r->list->count; i++) {
		struct provider_ref *ref = &r->list->refs[i];

		if (ref->kind != DRIVER_REF_ASSIGNED || (uint64_t)(ref->index + 1) * size > rates->len / 4)
			continue;
		for (uint32_t c = 0; c < size; c++)
			ref->value = ref->value << 32 | prop_cell(rates, ref->index * size + c);
	}
}

status_t providers_read(const struct tree *tree, uint32_t node, struct provider_list *out)
{
	struct reader r = {.tree = tree, .node = node, .list = out};

	*out = (struct provider_list){0};
	for (size_t i = 0; i < sizeof(list_kinds) / sizeof(list_kinds[0]); i++) {
		const struct list_kind *kind = &list_kinds[i];
		const struct tree_prop *prop = tree_prop(tree, node, kind->prop);

		if (prop)
			list_read(&r, kind->kind, prop, kind->cells, kind->cells_default, kind->names, "");
	}
	for (uint32_t i = 0; i < tree_prop_count(tree, node); i++)
		named_read(&r, tree_prop_at(tree, node, i));
	irqs_read(&r);
	rates_read(&r);
	if (r.status != OK) {
		free(out->refs);
		*out = (struct provider_list){0};
	}
	return r.status;
}

void provider_describe(const struct provider_ref *ref, char *text, size_t size)
{
	if (ref->name[0])
		snprintf(text, size, "%s %s", provider_kind_name(ref->kind), ref->name);
	else
		snprintf(text, size, "%s %u", provider_kind_name(ref->kind), (unsigned)ref->index);
}

const struct provider_ref *provider_find(const struct provider_list *list, enum driver_ref_kind kind, uint32_t index)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (list->refs[i].kind == kind && !index--)
			return &list->refs[i];
	}
	return NULL;
}
