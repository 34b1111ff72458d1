/* SPDX-License-Identifier: BSD-2-Clause */
/* A consumer of everything: uses what its node names as its client says. */
#include "drivers/test/line.h"
#include "protocols/echo.h"
#include "sys/driver/provider.h"

static const char *const names[LINE_COUNT] = {"free", "low", "level"};
static struct device_use lines[LINE_COUNT], core, reset, supply;
static uint64_t irqs[2];

static status_t line_do(uint64_t what, uint64_t number, uint64_t value, uint64_t *out)
{
	const struct device_use *line = &lines[number % LINE_COUNT];
	bool active = false;
	status_t status;

	switch (what) {
	case LINE_OUTPUT: return device_gpio_output(line, value);
	case LINE_INPUT: return device_gpio_input(line);
	case LINE_SET: return device_gpio_set(line, value);
	default:
		status = device_gpio_get(line, &active);
		*out = active;
		return status;
	}
}

static status_t words(void *ctx, struct ipc_request *rq, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		      uint64_t f, uint64_t *a_back, uint64_t *b_back, uint64_t *c_back, uint64_t *d_back,
		      uint64_t *e_back, uint64_t *f_back)
{
	status_t status = ERR_UNSUPPORTED;

	(void)ctx, (void)rq, (void)d, (void)e, (void)f, (void)c_back, (void)d_back, (void)e_back, (void)f_back;
	switch (a) {
	case LINE_OUTPUT:
	case LINE_INPUT:
	case LINE_GET:
	case LINE_SET: status = line_do(a, b, c, b_back); break;
	case LINE_IRQS:
		*b_back = irqs[b & 1];
		status = OK;
		break;
	case LINE_CLOCK_ON: status = c ? device_clock_enable(&core) : device_clock_disable(&core); break;
	case LINE_CLOCK_RATE: status = device_clock_rate(&core, b_back); break;
	case LINE_CLOCK_SET: status = device_clock_set_rate(&core, c, b_back); break;
	case LINE_RESET_HOLD: status = c ? device_reset_assert(&reset) : device_reset_release(&reset); break;
	case LINE_RESET_PULSE: status = device_reset_pulse(&reset, c); break;
	case LINE_SUPPLY:
		status = device_supply_enable(&supply);
		if (status == OK)
			status = device_supply_voltage(&supply, b_back);
		break;
	default: break;
	}
	*a_back = (uint64_t)status;
	return OK;
}

static void irq(struct device *dev, uint32_t index)
{
	(void)dev;
	irqs[index & 1]++;
	if (index == 1)
		(void)device_gpio_set(&lines[LINE_LEVEL], false);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	for (int i = 0; i < LINE_COUNT; i++)
		(void)device_gpio(dev, names[i], 0,
				  &lines[i]); /* those that the node has; the others answer ERR_STATE */
	(void)device_clock(dev, "core", 0, &core);
	(void)device_reset_line(dev, NULL, 0, &reset);
	(void)device_supply(dev, "vcc", 0, &supply);
	return OK;
}

static const struct echo_ops ops = {.words = words};

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.protocol = &echo_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "line",
	.class = DRIVER_CLASS_OTHER,
	.matches =
		{
			DRIVER_COMPATIBLE("veridian,line", 0),
			DRIVER_COMPATIBLE_WITHOUT("veridian,line-modest", 0, DRIVER_LEFT_ON),
		},
};
