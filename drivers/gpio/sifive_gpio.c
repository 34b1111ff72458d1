/* SPDX-License-Identifier: BSD-2-Clause */
/* SiFive's GPIO controller (FU540-C000 manual, chapter "General Purpose Input/Output Controller"). Each line has an
 * interrupt of its own, in the order of the lines. */
#include "sys/driver/provider.h"
#include "sys/driver/provider_class.h"

enum {
	INPUT_VALUE = 0x00,
	INPUT_ENABLE = 0x04,
	OUTPUT_ENABLE = 0x08,
	OUTPUT_VALUE = 0x0c,
	RISE_IE = 0x18, /* behind each *_IE its *_IP: pending, write 1 to clear */
	FALL_IE = 0x20,
	HIGH_IE = 0x28,
	LOW_IE = 0x30,
	FUNCTION_ENABLE = 0x38,
	OUTPUT_XOR = 0x40,
	REGISTERS_LAST = 0x40,
};
#define PENDING   4u
#define LINES_MAX 32u

/* What a specifier calls an interrupt: bit 0 rising, 1 falling, 2 high, 3 low */
static const uint32_t enables[] = {RISE_IE, FALL_IE, HIGH_IE, LOW_IE};

static struct regs regs;

static void bit_set(uint32_t reg, uint32_t line, bool on)
{
	uint32_t value = reg_read32(&regs, reg);

	reg_write32(&regs, reg, on ? value | 1u << line : value & ~(1u << line));
}

static status_t output(void *ctx, uint32_t line, bool high)
{
	(void)ctx;
	/* The level first: there must be no moment of the wrong one. */
	bit_set(OUTPUT_XOR, line, false);
	bit_set(OUTPUT_VALUE, line, high);
	bit_set(FUNCTION_ENABLE, line, false);
	bit_set(INPUT_ENABLE, line, true);
	bit_set(OUTPUT_ENABLE, line, true);
	return OK;
}

static status_t input(void *ctx, uint32_t line)
{
	(void)ctx;
	bit_set(FUNCTION_ENABLE, line, false);
	bit_set(OUTPUT_ENABLE, line, false);
	bit_set(INPUT_ENABLE, line, true);
	return OK;
}

static status_t get(void *ctx, uint32_t line, bool *high)
{
	(void)ctx;
	*high = reg_read32(&regs, INPUT_VALUE) >> line & 1;
	return OK;
}

static void irq_off(uint32_t line)
{
	for (size_t i = 0; i < sizeof(enables) / sizeof(enables[0]); i++)
		bit_set(enables[i], line, false);
}

static status_t irq_arm(void *ctx, uint32_t line, uint32_t kind)
{
	(void)ctx;
	if (!kind)
		return ERR_UNSUPPORTED;
	bit_set(INPUT_ENABLE, line, true);
	for (uint32_t i = 0; i < sizeof(enables) / sizeof(enables[0]); i++) {
		if (!(kind & 1u << i))
			continue;
		reg_write32(&regs, enables[i] + PENDING, 1u << line);
		bit_set(enables[i], line, true);
	}
	return OK;
}

static struct provider_gpios lines;
static struct provider provider = {.gpios = &lines};

/* One that was on its way while the line's interrupts were switched off is none. */
static bool irq_pending(uint32_t line)
{
	uint32_t pending = 0;

	for (size_t i = 0; i < sizeof(enables) / sizeof(enables[0]); i++)
		pending |= reg_read32(&regs, enables[i]) & reg_read32(&regs, enables[i] + PENDING);
	return pending >> line & 1;
}

static void irq(struct device *dev, uint32_t line)
{
	(void)dev;
	if (!irq_pending(line))
		return;
	irq_off(line);
	provider_gpio_fired(&provider, line);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	status_t status = device_regs(dev, 0, &regs);
	struct device_use clock;

	if (status != OK)
		return status;
	if (regs.size < REGISTERS_LAST + 4)
		return ERR_BAD_FORMAT;
	status = device_clock(dev, NULL, 0, &clock);
	if (status == OK)
		status = device_clock_enable(&clock);
	/* A tree without clocks means one that is always there. */
	if (status != OK && status != ERR_NOT_FOUND)
		return status;
	/* Levels and directions stay as they are: consumers go on. Interrupts are asked for anew. */
	for (uint32_t line = 0; line < LINES_MAX; line++)
		irq_off(line);
	(void)start;
	lines = (struct provider_gpios){
		.count = device_u32(dev, "ngpios", 16),
		.output = output,
		.input = input,
		.get = get,
		.irq_arm = irq_arm,
	};
	if (lines.count > LINES_MAX)
		return ERR_BAD_FORMAT;
	device_set_context(dev, &provider);
	return provider_open(&provider, dev);
}

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.protocol = &gpio_protocol,
	.ops = &provider_gpio_ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "sifive_gpio",
	.class = DRIVER_CLASS_GPIO,
	.state_bytes = PROVIDER_STATE_BYTES,
	.matches = {DRIVER_COMPATIBLE("sifive,gpio0", 0), DRIVER_COMPATIBLE("sifive,fu540-c000-gpio", 0),
		    DRIVER_COMPATIBLE("sifive,fu740-c000-gpio", 0)},
};
