/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives addresses to base addresses and to the windows of bridges. What is behind a bridge needs one window of
 * each room, so needs are added up from below; then the host's windows are filled, largest alignment first, and places are handed down.
 * What is too much is found there: the largest base address in the part that does not fit moves to a lesser room, or is left out, and all
 * is done again. The result depends on what is there and on nothing else: the same machine always gets the same addresses.
 */
#include <string.h>

#include "drivers/bus/pci/bus.h"

#define BRIDGE_GRAIN (1ull << 20) /* of a bridge's windows */

struct need {
	uint64_t size, align;
};

struct assign {
	struct pci_bus *bus;
	bool has_pref, has_high; /* the host has windows of these rooms */
	struct need needs[PCI_FUNCTIONS_MAX][PCI_BRIDGE_ROOMS];
	uint64_t used[PCI_WINDOWS_MAX]; /* of the host's windows */
};

static uint64_t round_up(uint64_t value, uint64_t align)
{
	return (value + (align - 1)) & ~(align - 1);
}

/* Pages of its own, so that it can be given to one driver. */
static uint64_t bar_span(const struct pci_bar *bar)
{
	return bar->size < PCI_PAGE ? PCI_PAGE : bar->size;
}

static struct pci_function *function_at(struct assign *a, uint16_t index)
{
	return &a->bus->functions[index];
}

static uint16_t first_below(const struct assign *a, uint16_t bridge)
{
	return a->bus->first[bridge == PCI_ROOT ? PCI_FUNCTIONS_MAX : bridge];
}

/* ---- rooms ----------------------------------------------------------------------------------------------- */

static bool pref_reaches(struct assign *a, uint16_t bridge)
{
	for (; bridge != PCI_ROOT; bridge = function_at(a, bridge)->parent) {
		if (!function_at(a, bridge)->pref)
			return false;
	}
	return true;
}

static void room_choose(struct assign *a, const struct pci_function *f, struct pci_bar *bar)
{
	bar->base = 0;
	bar->room = PCI_ROOM_NONE;
	if (bar->kind == PCI_BAR_MEM64 && bar->prefetch && a->has_pref && pref_reaches(a, f->parent))
		bar->room = PCI_ROOM_PREF;
	else if (bar->kind == PCI_BAR_MEM64 || bar->kind == PCI_BAR_MEM32)
		bar->room = PCI_ROOM_MEM;
}

static void room_lesser(const struct assign *a, const struct pci_function *f, struct pci_bar *bar)
{
	if (bar->room == PCI_ROOM_PREF)
		bar->room = PCI_ROOM_MEM;
	else if (bar->room == PCI_ROOM_MEM && bar->kind == PCI_BAR_MEM64 && !bar->prefetch && f->parent == PCI_ROOT &&
		 a->has_high)
		bar->room = PCI_ROOM_HIGH;
	else
		bar->room = PCI_ROOM_NONE;
}

static bool is_below(struct assign *a, uint16_t index, uint16_t top)
{
	while (index != top && index != PCI_ROOT)
		index = function_at(a, index)->parent;
	return index == top;
}

/* A bridge whose own registers have no place cannot be let decode, and forwards nothing. */
static void lose_below(struct assign *a, uint16_t bridge)
{
	for (uint32_t i = bridge + 1u; i < a->bus->count && is_below(a, (uint16_t)i, bridge); i++) {
		for (uint32_t n = 0; n < PCI_BARS; n++)
			function_at(a, (uint16_t)i)->bars[n].room = PCI_ROOM_NONE;
	}
}

/* May an item of this room lie in this window of the host? */
static bool window_takes(const struct pci_window *window, uint8_t room, bool prefetch)
{
	switch (room) {
	case PCI_ROOM_MEM: return window->low && (!window->prefetch || prefetch);
	case PCI_ROOM_PREF: return !window->low || window->prefetch;
	case PCI_ROOM_HIGH: return !window->low && !window->prefetch;
	default: return false;
	}
}

/* ---- what bridges need --------------------------------------------------------------------------------------- */

/* The items of one room on a bridge's bus, in the order of their alignment, each at its place from `base` on. Returns the end. */
struct placing {
	uint64_t at, align;
	bool write;
	bool overflow;
};

static void place(struct placing *p, uint64_t size, uint64_t align, uint64_t *base)
{
	uint64_t at = round_up(p->at, align);

	if (at < p->at || at + size < at) {
		p->overflow = true;
		return;
	}
	if (p->write)
		*base = at;
	if (align > p->align)
		p->align = align;
	p->at = at + size;
}

static void place_function(struct assign *a, struct placing *p, uint16_t index, uint8_t room, uint64_t align)
{
	struct pci_function *f = function_at(a, index);
	const struct need *need = &a->needs[index][room];

	for (uint32_t i = 0; i < pci_bar_count(f); i++) {
		if (f->bars[i].room == room && bar_span(&f->bars[i]) == align)
			place(p, align, align, &f->bars[i].base);
	}
	if (f->kind == PCI_BRIDGE && need->size && need->align == align)
		place(p, need->size, align, &f->window_base[room]);
}

/* All alignments that occur, as bits */
static uint64_t aligns_below(struct assign *a, uint16_t bridge, uint8_t room)
{
	uint64_t aligns = 0;

	for (uint16_t i = first_below(a, bridge); i != PCI_ROOT; i = a->bus->next[i]) {
		const struct pci_function *f = function_at(a, i);

		for (uint32_t n = 0; n < PCI_BARS; n++)
			aligns |= f->bars[n].room == room ? bar_span(&f->bars[n]) : 0;
		aligns |= a->needs[i][room].size ? a->needs[i][room].align : 0;
	}
	return aligns;
}

static void place_below(struct assign *a, struct placing *p, uint16_t bridge, uint8_t room)
{
	uint64_t aligns = aligns_below(a, bridge, room);

	for (uint64_t align = 1ull << 63; align && !p->overflow; align >>= 1) {
		for (uint16_t i = first_below(a, bridge); aligns & align && i != PCI_ROOT; i = a->bus->next[i])
			place_function(a, p, i, room, align);
	}
}

static void need_find(struct assign *a, uint16_t bridge, uint8_t room)
{
	struct placing p = {.align = BRIDGE_GRAIN};
	struct need *need = &a->needs[bridge][room];

	place_below(a, &p, bridge, room);
	*need = (struct need){round_up(p.at, BRIDGE_GRAIN), p.align};
	/* More than there are addresses: then it is more than any window has, too. */
	if (p.overflow || need->size < p.at)
		need->size = ~(BRIDGE_GRAIN - 1);
}

static void needs_find(struct assign *a)
{
	for (uint32_t i = a->bus->count; i-- > 0;) {
		bool bridge = a->bus->functions[i].kind == PCI_BRIDGE;

		for (uint8_t room = 0; bridge && room < PCI_BRIDGE_ROOMS; room++)
			need_find(a, (uint16_t)i, room);
	}
}

/* ---- the host's windows ------------------------------------------------------------------------------------ */

/* Windows that are made for the room come first: PREF prefers prefetchable ones and those above 4 GiB. */
static bool window_place(struct assign *a, uint8_t room, bool prefetch, uint64_t size, uint64_t align, uint64_t *base)
{
	const struct pci_host *host = &a->bus->host;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < host->window_count; i++) {
			const struct pci_window *window = &host->windows[i];
			uint64_t start = window->base + a->used[i], at = round_up(start, align);

			if (!window_takes(window, room, prefetch) || (pass == 0) != (window->prefetch == prefetch))
				continue;
			if (at < start || at - window->base > window->size || size > window->size - (at - window->base))
				continue;
			a->used[i] = at - window->base + size;
			*base = at;
			return true;
		}
	}
	return false;
}

/* What on the host's bus found no place: a base address of a function, or a bridge's window of a room */
struct failure {
	uint16_t index;
	uint8_t room;
	struct pci_bar *bar; /* NULL: the window */
};

static bool root_place_function(struct assign *a, uint16_t index, uint64_t align, struct failure *failure)
{
	struct pci_function *f = function_at(a, index);

	for (uint32_t i = 0; i < pci_bar_count(f); i++) {
		struct pci_bar *bar = &f->bars[i];

		if (bar->room == PCI_ROOM_NONE || bar_span(bar) != align)
			continue;
		if (!window_place(a, bar->room, bar->prefetch, align, align, &bar->base)) {
			*failure = (struct failure){index, bar->room, bar};
			return false;
		}
	}
	for (uint8_t room = 0; f->kind == PCI_BRIDGE && room < PCI_BRIDGE_ROOMS; room++) {
		const struct need *need = &a->needs[index][room];

		if (!need->size || need->align != align)
			continue;
		if (!window_place(a, room, room == PCI_ROOM_PREF, need->size, align, &f->window_base[room])) {
			*failure = (struct failure){index, room, NULL};
			return false;
		}
	}
	return true;
}

static bool root_place(struct assign *a, struct failure *failure)
{
	memset(a->used, 0, sizeof(a->used));
	for (uint64_t align = 1ull << 63; align; align >>= 1) {
		for (uint16_t i = first_below(a, PCI_ROOT); i != PCI_ROOT; i = a->bus->next[i]) {
			if (!root_place_function(a, i, align, failure))
				return false;
		}
	}
	return true;
}

/* The largest behind a bridge in this room. What is behind it follows it in the list. */
static struct pci_bar *largest_below(struct assign *a, uint16_t bridge, uint8_t room, uint16_t *owner)
{
	struct pci_bar *largest = NULL;

	for (uint32_t i = bridge + 1u; i < a->bus->count && is_below(a, (uint16_t)i, bridge); i++) {
		struct pci_function *f = function_at(a, (uint16_t)i);

		for (uint32_t n = 0; n < pci_bar_count(f); n++) {
			if (f->bars[n].room != room || (largest && f->bars[n].size <= largest->size))
				continue;
			*owner = (uint16_t)i;
			largest = &f->bars[n];
		}
	}
	return largest;
}

/* Returns false if nothing can give way: then nothing had failed. */
static bool give_way(struct assign *a, const struct failure *failure)
{
	uint16_t owner = failure->index;
	struct pci_bar *bar = failure->bar ? failure->bar : largest_below(a, owner, failure->room, &owner);

	if (!bar)
		return false;
	room_lesser(a, function_at(a, owner), bar);
	if (bar->room == PCI_ROOM_NONE && function_at(a, owner)->kind == PCI_BRIDGE)
		lose_below(a, owner);
	return true;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static void hand_down(struct assign *a)
{
	for (uint32_t i = 0; i < a->bus->count; i++) {
		struct pci_function *f = function_at(a, (uint16_t)i);

		for (uint8_t room = 0; f->kind == PCI_BRIDGE && room < PCI_BRIDGE_ROOMS; room++) {
			struct placing p = {.at = f->window_base[room], .write = true};

			f->window_size[room] = a->needs[i][room].size;
			if (f->window_size[room])
				place_below(a, &p, (uint16_t)i, room);
			else
				f->window_base[room] = 0;
		}
	}
}

void pci_assign(struct pci_bus *bus)
{
	static struct assign a; /* too large for a driver's stack */
	struct failure failure;

	memset(&a, 0, sizeof(a));
	a.bus = bus;
	for (uint32_t i = 0; i < bus->host.window_count; i++) {
		a.has_pref |= window_takes(&bus->host.windows[i], PCI_ROOM_PREF, true);
		a.has_high |= window_takes(&bus->host.windows[i], PCI_ROOM_HIGH, false);
	}
	for (uint32_t i = 0; i < bus->count; i++) {
		for (uint32_t n = 0; n < PCI_BARS; n++)
			room_choose(&a, &bus->functions[i], &bus->functions[i].bars[n]);
	}
	for (uint32_t i = 0; i < bus->count; i++) {
		if (bus->functions[i].kind == PCI_BRIDGE && bus->functions[i].bars_bad)
			lose_below(&a, (uint16_t)i);
	}
	/* Each turn moves a base address to a lesser room, of which there are few: it ends. */
	do
		needs_find(&a);
	while (!root_place(&a, &failure) && give_way(&a, &failure));
	for (uint32_t i = 0; i < bus->count; i++) {
		for (uint32_t n = 0; n < PCI_BARS; n++) {
			if (bus->functions[i].bars[n].room == PCI_ROOM_NONE)
				bus->functions[i].bars[n].base = 0;
		}
	}
	hand_down(&a);
}
