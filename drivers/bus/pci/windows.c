/* SPDX-License-Identifier: BSD-2-Clause */
/* The host bridge's windows: which addresses of the bus the CPU reaches, and where. */
#include <string.h>

#include "drivers/bus/pci/bus.h"

/* PCI Bus Binding to IEEE 1275, 2.2.1.1: the first cell of an address */
#define SPACE(cell)    ((cell) >> 24 & 3u)
#define SPACE_CONFIG   0u
#define SPACE_PORTS    1u
#define SPACE_PREFETCH 0x40000000u

#define LOW_END 0x100000000ull

static uint32_t cell_at(const uint8_t *cells, uint32_t index)
{
	const uint8_t *at = cells + 4 * (size_t)index;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t number_at(const uint8_t *cells, uint32_t index)
{
	return (uint64_t)cell_at(cells, index) << 32 | cell_at(cells, index + 1);
}

static bool overlap(uint64_t a, uint64_t b, uint64_t a_size, uint64_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

/* Whole pages, none of them at bus address 0: that is how a base address without a place reads. */
static bool trim(struct pci_window *window)
{
	uint64_t skip = (0 - window->base) % PCI_PAGE;

	if (!window->base)
		skip = PCI_PAGE;
	if ((window->base ^ window->phys) % PCI_PAGE || window->size <= skip)
		return false;
	window->base += skip;
	window->phys += skip;
	window->size = (window->size - skip) & ~(PCI_PAGE - 1);
	return window->size && window->base + (window->size - 1) >= window->base &&
	       window->phys + (window->size - 1) >= window->phys;
}

static bool window_add(struct pci_host *host, struct pci_window window)
{
	if (!trim(&window) || host->window_count == PCI_WINDOWS_MAX)
		return false;
	for (uint32_t i = 0; i < host->window_count; i++) {
		const struct pci_window *other = &host->windows[i];

		if (overlap(window.base, other->base, window.size, other->size) ||
		    overlap(window.phys, other->phys, window.size, other->size))
			return false;
	}
	window.low = window.base + (window.size - 1) < LOW_END;
	host->windows[host->window_count++] = window;
	return true;
}

uint32_t pci_windows_read(struct pci_host *host, const void *cells, size_t len)
{
	uint32_t left_out = len % (4 * PCI_WINDOW_CELLS) != 0;
	const uint8_t *at = cells;

	host->window_count = 0;
	for (size_t n = len / (4 * PCI_WINDOW_CELLS); n; n--, at += 4 * PCI_WINDOW_CELLS) {
		struct pci_window window = {
			.base = number_at(at, 1),
			.phys = number_at(at, 3),
			.size = number_at(at, 5),
			.prefetch = cell_at(at, 0) & SPACE_PREFETCH,
		};

		if (SPACE(cell_at(at, 0)) == SPACE_PORTS || SPACE(cell_at(at, 0)) == SPACE_CONFIG)
			continue;
		/* Registers of 32 bits need addresses that are known to be below 4 GiB: one across the border is two. */
		if (window.base < LOW_END && window.size > LOW_END - window.base) {
			struct pci_window high = window;
			uint64_t low_size = LOW_END - window.base;

			high.base += low_size;
			high.phys += low_size;
			high.size -= low_size;
			window.size = low_size;
			left_out += high.phys < low_size || !window_add(host, high);
		}
		left_out += !window_add(host, window);
	}
	return left_out;
}

const struct pci_window *pci_window_of(const struct pci_host *host, uint64_t base, uint64_t size)
{
	for (uint32_t i = 0; i < host->window_count; i++) {
		const struct pci_window *window = &host->windows[i];

		if (base >= window->base && base - window->base < window->size &&
		    size <= window->size - (base - window->base))
			return window;
	}
	return NULL;
}
