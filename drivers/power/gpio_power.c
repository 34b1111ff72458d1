/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power off and restart by a line: the nodes gpio-poweroff and gpio-restart (their device tree bindings). The line goes active,
 * inactive and active again, so that circuits that want a level and such that want an edge both work.
 */
#include "protocols/power.h"
#include "sys/driver/provider.h"

#define MS          1000000ull
#define PULSE_MS    100u  /* of the first two steps, if the node does not say */
#define WAIT_MS     3000u /* for the machine to go away */
#define WAIT_MS_MAX 3000u /* of each step: all of them pass between two heartbeats that count */

static struct device_use line;
static uint32_t ability, active_ms, inactive_ms, wait_ms;
static bool input_until_used;

static void wait(uint32_t ms)
{
	device_delay((ms < WAIT_MS_MAX ? ms : WAIT_MS_MAX) * MS);
}

static status_t trigger(uint32_t wanted)
{
	if (ability != wanted)
		return ERR_UNSUPPORTED;
	status_t status = device_gpio_output(&line, true);
	if (status != OK)
		return status;
	wait(active_ms);
	status = device_gpio_set(&line, false);
	wait(inactive_ms);
	if (status == OK)
		status = device_gpio_set(&line, true);
	wait(wait_ms);
	return status == OK ? ERR_IO : status;
}

static status_t abilities(void *ctx, struct ipc_request *rq, uint32_t *out)
{
	(void)ctx, (void)rq;
	*out = ability;
	return OK;
}

static status_t off(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return trigger(POWER_ABILITY_OFF);
}

static status_t reboot(void *ctx, struct ipc_request *rq)
{
	(void)ctx, (void)rq;
	return trigger(POWER_ABILITY_REBOOT);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start;
	ability = (uint32_t)device_match(dev);
	active_ms = device_u32(dev, ability == POWER_ABILITY_OFF ? "active-delay-ms" : "active-delay", PULSE_MS);
	inactive_ms = device_u32(dev, ability == POWER_ABILITY_OFF ? "inactive-delay-ms" : "inactive-delay", PULSE_MS);
	wait_ms = device_u32(dev, ability == POWER_ABILITY_OFF ? "timeout-ms" : "wait-delay", WAIT_MS);
	/* Such a line is pulled to rest from outside; driving it is for the moment of use. */
	input_until_used = device_flag(dev, ability == POWER_ABILITY_OFF ? "input" : "open-source");
	status_t status = device_gpio(dev, "", 0, &line);
	if (status != OK)
		return status;
	return input_until_used ? device_gpio_input(&line) : device_gpio_output(&line, false);
}

static const struct power_ops ops = {
	.abilities = abilities,
	.off = off,
	.reboot = reboot,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &power_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "gpio_power",
	.class = DRIVER_CLASS_POWER,
	.matches =
		{
			DRIVER_COMPATIBLE("gpio-restart", POWER_ABILITY_REBOOT),
			DRIVER_COMPATIBLE("gpio-poweroff", POWER_ABILITY_OFF),
		},
};
