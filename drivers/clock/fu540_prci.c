/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks and resets of SiFive's FU540-C000 (its manual, chapter "Power, Reset, Clock, Interrupt"; numbers as in the device
 * tree binding of sifive,fu540-c000-prci). The processor's and the memory's clocks are the firmware's: only their rates can
 * be asked for.
 */
#include "sys/driver/provider.h"
#include "sys/driver/provider_class.h"

enum {
	COREPLL_CFG0 = 0x04,
	DDRPLL_CFG0 = 0x0c,
	GEMGXLPLL_CFG0 = 0x1c,
	GEMGXLPLL_CFG1 = 0x20,
	CORECLKSEL = 0x24,
	DEVICES_RESET = 0x28,
	REGISTERS_LAST = 0x28,
};
enum {
	CLOCK_COREPLL = 0,
	CLOCK_DDRPLL = 1,
	CLOCK_GEMGXLPLL = 2,
	CLOCK_TL = 3,
	CLOCK_COUNT = 4,
	RESET_GEMGXL = 5,
	RESET_COUNT = 6, /* bits of DEVICES_RESET, 1: released */
};
#define CFG0_BYPASS      (1u << 24)
#define CFG0_LOCK        (1u << 31)
#define CFG0_SETTINGS    0x001fffffu /* dividers and range */
#define CFG1_OUTPUT      (1u << 31)
#define CORECLKSEL_HFCLK 1u

/* Limits of the PLL, in Hz (manual, table of PLL parameters) */
#define INPUT_MIN   7000000ull
#define INPUT_MAX   200000000ull
#define VCO_MIN     2400000000ull
#define VCO_MAX     4800000000ull
#define DIVIDER_MAX 64u
#define FACTOR_MAX  512u
#define LOCK_NS     1000000ull /* far beyond the 70 us that it may take */

struct prci {
	struct regs regs;
	uint64_t hfclk_hz;
};

static struct prci prci;

/* ---- clocks ------------------------------------------------------------------------------------------ */

static uint64_t pll_rate(const struct prci *c, uint32_t config)
{
	uint32_t divider = (config & 63) + 1, factor = 2 * ((config >> 6 & 511) + 1), shift = config >> 15 & 7;

	if (config & CFG0_BYPASS)
		return c->hfclk_hz;
	return c->hfclk_hz / divider * factor >> shift;
}

static status_t rate(void *ctx, uint32_t clock, uint64_t *hz)
{
	const struct prci *c = ctx;
	uint64_t core = reg_read32(&c->regs, CORECLKSEL) & CORECLKSEL_HFCLK
				? c->hfclk_hz
				: pll_rate(c, reg_read32(&c->regs, COREPLL_CFG0));

	switch (clock) {
	case CLOCK_COREPLL: *hz = core; return OK;
	case CLOCK_TL: *hz = core / 2; return OK;
	case CLOCK_DDRPLL: *hz = pll_rate(c, reg_read32(&c->regs, DDRPLL_CFG0)); return OK;
	case CLOCK_GEMGXLPLL: *hz = pll_rate(c, reg_read32(&c->regs, GEMGXLPLL_CFG0)); return OK;
	default: return ERR_UNSUPPORTED;
	}
}

/* The loop filter's range for what comes into it */
static uint32_t filter_range(uint64_t input)
{
	static const uint64_t below[] = {11000000, 18000000, 30000000, 50000000, 80000000, 130000000};
	uint32_t range = 1;

	for (; range <= 6 && input >= below[range - 1]; range++)
		;
	return range;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The settings that come nearest; 0: there are none */
static uint32_t settings_find(const struct prci *c, uint64_t hz)
{
	uint64_t best = UINT64_MAX;
	uint32_t settings = 0;

	for (uint32_t shift = 1; shift <= 6; shift++) {
		uint64_t vco = hz << shift;

		if (vco < VCO_MIN || vco > VCO_MAX)
			continue;
		for (uint32_t divider = 1; divider <= DIVIDER_MAX; divider++) {
			uint64_t input = c->hfclk_hz / divider;
			uint64_t factor = input ? (vco + input) / (2 * input) : 0;

			if (input < INPUT_MIN || input > INPUT_MAX || !factor || factor > FACTOR_MAX ||
			    distance(2 * input * factor, vco) >> shift >= best)
				continue;
			best = distance(2 * input * factor, vco) >> shift;
			settings = (divider - 1) | (uint32_t)(factor - 1) << 6 | shift << 15 |
				   filter_range(input) << 18;
		}
	}
	return settings;
}

static status_t set_rate(void *ctx, uint32_t clock, uint64_t hz, uint64_t *result)
{
	struct prci *c = ctx;

	if (clock != CLOCK_GEMGXLPLL)
		return ERR_UNSUPPORTED;
	uint32_t settings = hz <= VCO_MAX ? settings_find(c, hz) : 0;
	if (!settings)
		return ERR_RANGE;
	uint32_t config = reg_read32(&c->regs, GEMGXLPLL_CFG0);
	reg_write32(&c->regs, GEMGXLPLL_CFG0, (config & ~(CFG0_SETTINGS | CFG0_BYPASS | CFG0_LOCK)) | settings);
	for (uint64_t waited = 0; !(reg_read32(&c->regs, GEMGXLPLL_CFG0) & CFG0_LOCK); waited += LOCK_NS / 10) {
		if (waited >= LOCK_NS)
			return ERR_IO;
		device_delay(LOCK_NS / 10);
	}
	*result = pll_rate(c, reg_read32(&c->regs, GEMGXLPLL_CFG0));
	return OK;
}

static status_t gate(void *ctx, uint32_t clock, bool on)
{
	const struct prci *c = ctx;

	if (clock != CLOCK_GEMGXLPLL)
		return OK; /* always runs */
	uint32_t config = reg_read32(&c->regs, GEMGXLPLL_CFG1);
	reg_write32(&c->regs, GEMGXLPLL_CFG1, on ? config | CFG1_OUTPUT : config & ~CFG1_OUTPUT);
	return OK;
}

static const struct provider_clocks clocks = {
	.count = CLOCK_COUNT,
	.gate = gate,
	.rate = rate,
	.set_rate = set_rate,
};

/* ---- resets --------------------------------------------------------------------------------------------- */

static status_t hold(void *ctx, uint32_t reset, bool asserted)
{
	const struct prci *c = ctx;
	uint32_t bit = 1u << reset;

	/* The others are the memory's: there is no way back from resetting that. */
	if (reset != RESET_GEMGXL)
		return ERR_UNSUPPORTED;
	uint32_t released = reg_read32(&c->regs, DEVICES_RESET);
	reg_write32(&c->regs, DEVICES_RESET, asserted ? released & ~bit : released | bit);
	return OK;
}

static status_t held(void *ctx, uint32_t reset, bool *asserted)
{
	const struct prci *c = ctx;

	*asserted = !(reg_read32(&c->regs, DEVICES_RESET) & 1u << reset);
	return OK;
}

static const struct provider_resets resets = {
	.count = RESET_COUNT,
	.hold = hold,
	.held = held,
};

/* ---- the driver -------------------------------------------------------------------------------------------- */

static struct provider provider = {.clocks = &clocks, .resets = &resets, .ctx = &prci};

static status_t bind(struct device *dev, enum driver_start start)
{
	struct device_use hfclk;

	(void)start; /* the registers are the state, and stay */
	status_t status = device_regs(dev, 0, &prci.regs);
	if (status != OK)
		return status;
	if (prci.regs.size < REGISTERS_LAST + 4)
		return ERR_BAD_FORMAT;
	status = device_clock(dev, NULL, 0, &hfclk);
	if (status == OK)
		status = device_clock_rate(&hfclk, &prci.hfclk_hz);
	if (status == OK)
		status = provider_open(&provider, dev);
	device_set_context(dev, &provider);
	return status;
}

static const struct driver_service also[] = {
	{&reset_protocol, &provider_reset_ops},
	{NULL, NULL},
};

const struct driver driver = {
	.bind = bind,
	.protocol = &clock_protocol,
	.ops = &provider_clock_ops,
	.also = also,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "fu540_prci",
	.class = DRIVER_CLASS_CLOCK,
	.state_bytes = PROVIDER_STATE_BYTES,
	.matches = {DRIVER_COMPATIBLE("sifive,fu540-c000-prci", 0)},
};
