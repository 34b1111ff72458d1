/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The class library of providers: controllers of clocks, resets, GPIO lines, power supplies. A driver fills in tables of
 * operations by number and hands them over; who may use what, sharing, active-low lines and restarts are the library's.
 *
 *   static struct provider provider = {.clocks = &clocks, .resets = &resets, .ctx = &prci};
 *   bind:      provider_open(&provider, dev), then device_set_context(dev, &provider)
 *   .protocol: &clock_protocol, .ops = &provider_clock_ops; further ones in .also (reset, gpio, regulator)
 *   .manifest: .state_bytes = PROVIDER_STATE_BYTES
 *
 * The state memory keeps what consumers asked for: a restarted driver must leave the device as it is.
 */
#pragma once

#include "protocols/clock.h"
#include "protocols/gpio.h"
#include "protocols/regulator.h"
#include "protocols/reset.h"
#include "sys/driver/driver.h"
#include "sys/driver/startup.h"

#define PROVIDER_STATE_BYTES 4096u
#define PROVIDER_ROWS_MAX    (PROVIDER_STATE_BYTES - 16u)

/* In all tables: an operation may be NULL (ERR_UNSUPPORTED). `find` turns what a consumer's phandle names (a node, from the
 * device's own on: "regulators/dcdc1", "" for itself) and its specifier into a number below `count`; without it the specifier's
 * first cell is the number. ctx is the provider's. */
#define PROVIDER_TABLE_HEAD \
	uint32_t count;     \
	status_t (*find)(void *ctx, const char *node, const uint32_t *cells, uint32_t ncells, uint32_t *number)

struct provider_clocks {
	PROVIDER_TABLE_HEAD;
	status_t (*gate)(void *ctx, uint32_t clock, bool on); /* NULL: it always runs */
	status_t (*rate)(void *ctx, uint32_t clock, uint64_t *hz);
	status_t (*set_rate)(void *ctx, uint32_t clock, uint64_t hz, uint64_t *result);
	status_t (*set_parent)(void *ctx, uint32_t clock, uint32_t parent);
};

struct provider_resets {
	PROVIDER_TABLE_HEAD;
	status_t (*hold)(void *ctx, uint32_t reset, bool asserted);
	status_t (*held)(void *ctx, uint32_t reset, bool *asserted);
};

/* Electrical levels: the library knows which lines are active low (second cell, bit 0). */
struct provider_gpios {
	PROVIDER_TABLE_HEAD;
	status_t (*output)(void *ctx, uint32_t line, bool high); /* without a glitch */
	status_t (*input)(void *ctx, uint32_t line);
	status_t (*get)(void *ctx, uint32_t line, bool *high);
	/* Lets the line's interrupt come, once; kind as in the specifier (1 rising, 2 falling, 4 high, 8 low). A level that is
	 * there already counts, an edge that was before does not. */
	status_t (*irq_arm)(void *ctx, uint32_t line, uint32_t kind);
};

struct provider_supplies {
	PROVIDER_TABLE_HEAD;
	status_t (*gate)(void *ctx, uint32_t supply, bool on);
	status_t (*voltage)(void *ctx, uint32_t supply, uint64_t *uv);
	status_t (*set_voltage)(void *ctx, uint32_t supply, uint64_t min_uv, uint64_t max_uv, uint64_t *uv);
};

struct provider_row;

struct provider {
	const struct provider_clocks *clocks;
	const struct provider_resets *resets;
	const struct provider_gpios *gpios;
	const struct provider_supplies *supplies;
	void *ctx;
	/* The library's own */
	struct device *dev;
	struct provider_row *rows;
	uint32_t count;
	uint8_t *wishes; /* by row, in the state memory */
};

status_t provider_open(struct provider *provider, struct device *dev);

/* The line's interrupt has come, and is off until the library arms it again. */
void provider_gpio_fired(struct provider *provider, uint32_t line);

extern const struct clock_ops provider_clock_ops;
extern const struct reset_ops provider_reset_ops;
extern const struct gpio_ops provider_gpio_ops;
extern const struct regulator_ops provider_regulator_ops;
