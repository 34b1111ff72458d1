/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver's process: takes what devmgr gave, binds the driver, then serves interrupts, calls and the
 * timer with one thread until devmgr says stop. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/driver.h"
#include "sys/driver/device.h"
#include "sys/driver/pci.h"
#include "sys/driver/provider_irq.h"
#include "sys/lib/log.h"
#include "sys/lib/server.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

struct slot {
	struct device *dev;
	uint32_t index;
};

static struct server server;
static struct server_timer timer;

void device_end(struct device *dev)
{
	(void)dev;
	server_stop(&server, ERR_IO);
}

void device_timer(struct device *dev, uint64_t deadline)
{
	if (driver.timer && server_timer_set(&timer, deadline) != OK)
		device_fail(dev, "cannot set its timer");
}

void device_log(const struct device *dev, uint32_t level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	int at = snprintf(line, sizeof(line), "%s %s: ", driver_manifest.name, dev->path);

	va_start(args, format);
	if (at > 0 && (size_t)at < sizeof(line))
		vsnprintf(line + at, sizeof(line) - (size_t)at, format, args);
	va_end(args);
	log_line(level, line);
}

void device_delay(uint64_t ns)
{
	static const uint32_t never; /* nobody wakes it: the deadline does */
	uint64_t now;

	if (clock_get(&now) == OK)
		(void)futex_wait(&never, 0, now + ns);
}

status_t device_map_part(const char *name, uint64_t offset, uint64_t size, struct regs *out)
{
	handle_t vmo = startup_handle(name);
	struct vmo_info info;
	void *base;

	if (vmo == HANDLE_NONE)
		return ERR_NOT_FOUND;
	status_t status = vmo_info(vmo, &info);
	if (status != OK)
		return status;
	if (info.offset >= info.size || offset > info.size - info.offset || size > info.size - info.offset - offset)
		return ERR_RANGE;
	offset += info.offset;
	uint64_t first = offset & ~(PAGE_SIZE - 1), end = (offset + size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	status = vmo_map(HANDLE_NONE, vmo, first, NULL, end - first, MAP_READ | MAP_WRITE, &base);
	if (status == OK)
		*out = (struct regs){(volatile uint8_t *)base + (offset - first), size, 0, 4};
	return status;
}

status_t device_map(const char *name, uint64_t size, struct regs *out)
{
	return device_map_part(name, 0, size, out);
}

status_t device_rematch(struct device *dev, const char *compatible)
{
	status_t status = driver_rematch(startup_handle(DRIVER_HND_CONTROL), compatible);

	dev->rematched = status == OK;
	return status;
}

static status_t map_named(const char *name, uint32_t flags, void **out, uint64_t *size)
{
	handle_t vmo = startup_handle(name);
	struct vmo_info info;

	*out = NULL;
	if (vmo == HANDLE_NONE)
		return ERR_NOT_FOUND;
	status_t status = vmo_info(vmo, &info);
	if (status != OK)
		return status;
	if (size)
		*size = info.size;
	return vmo_map(HANDLE_NONE, vmo, 0, NULL, info.size, flags, out);
}

/* Everything but registers, which the driver asks for itself. */
static status_t device_collect(struct device *dev)
{
	void *blob;
	uint64_t size;
	status_t status = map_named(DRIVER_HND_NODE, MAP_READ, &blob, &size);

	if (status == OK)
		status = device_open(dev, blob, size);
	if (status != OK)
		return status;
	if (driver_manifest.state_bytes) {
		status = map_named(DRIVER_HND_STATE, MAP_READ | MAP_WRITE, &dev->state, NULL);
		if (status != OK)
			return status;
	}
	for (; dev->irq_count < DRIVER_IRQS_MAX; dev->irq_count++) {
		char name[24];

		snprintf(name, sizeof(name), DRIVER_HND_IRQ "%u", (unsigned)dev->irq_count);
		handle_t irq = startup_handle(name);
		if (irq == HANDLE_NONE && !provider_irq_is(dev, dev->irq_count))
			break;
		dev->irqs[dev->irq_count] = irq;
	}
	return OK;
}

static void (*doorbell_ring)(struct device *dev);

static void doorbell_run(void *ctx)
{
	doorbell_ring(ctx);
}

status_t device_doorbell(struct device *dev, void (*ring)(struct device *dev), handle_t *out, uint64_t *bits)
{
	doorbell_ring = ring;
	*bits = 1ull << DRIVER_DOORBELL_BIT;
	return server_add_signal_at(&server, DRIVER_DOORBELL_BIT, doorbell_run, dev, out);
}

status_t device_mint(struct device *dev, uint64_t badge, handle_t *out)
{
	(void)dev;
	return endpoint_mint(startup_handle(DRIVER_HND_MINT), badge,
			     RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO, out);
}

handle_t device_handle(const struct device *dev, const char *name)
{
	(void)dev;
	return startup_handle(name);
}

static void irq_run(void *ctx)
{
	struct slot *slot = ctx;

	driver.irq(slot->dev, slot->index);
}

static void timer_run(void *ctx)
{
	driver.timer(ctx);
}

static volatile uint64_t *pulse;

/* devmgr asks whether the loop still runs. It does. */
static void ping_run(void *ctx)
{
	(void)ctx;
	++*pulse;
}

/* Whoever holds a doorbell can signal this bit, too: devmgr knows whether it meant it. */
static void stop_run(void *ctx)
{
	bool asked;

	(void)ctx;
	if (driver_stopping(startup_handle(DRIVER_HND_CONTROL), &asked) == OK && asked)
		server_stop(&server, OK);
}

/* The loop then knows the driver's operations, and what devmgr says stop and "are you there?" by. */
static status_t server_prepare(struct device *dev, handle_t *stop, uint64_t *stop_bits, uint64_t *ping_bits)
{
	void *page;
	status_t status = map_named(DRIVER_HND_PULSE, MAP_READ | MAP_WRITE, &page, NULL);

	pulse = page;

	if (status == OK && driver.protocol)
		status = server_add_protocol(&server, driver.protocol, driver.ops, dev->context);
	for (const struct driver_service *also = driver.also; status == OK && also && also->protocol; also++)
		status = server_add_protocol(&server, also->protocol, also->ops, dev->context);
	if (status == OK)
		status = server_add_signal(&server, ping_run, dev, stop, ping_bits);
	if (status == OK)
		status = server_add_signal(&server, stop_run, dev, stop, stop_bits);
	if (status == OK)
		status = handle_dup(*stop, RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO, stop);
	return status;
}

#define CHILDREN_AT_ONCE 1024

static void children_run(void *ctx)
{
	handle_t control = startup_handle(DRIVER_HND_CONTROL);
	uint32_t number;
	bool last;

	for (unsigned i = 0; i < CHILDREN_AT_ONCE && driver_child_ended(control, &number, &last) == OK; i++)
		driver.child_ended(ctx, number, last);
}

static status_t children_watch(struct device *dev)
{
	handle_t notification;
	uint64_t bits;
	status_t status = server_add_signal(&server, children_run, dev, &notification, &bits);

	if (status == OK)
		status = handle_dup(notification, RIGHT_NT_SIGNAL | RIGHT_MOVE | RIGHT_INFO, &notification);
	return status == OK ? driver_children_watch(startup_handle(DRIVER_HND_CONTROL), notification, bits) : status;
}

/* From here on they come: the device is in a known state. */
static status_t irqs_bind(struct device *dev)
{
	static struct slot slots[DRIVER_IRQS_MAX];
	static struct provider_irq passed_on[DRIVER_IRQS_MAX];
	status_t status = OK;

	for (uint32_t i = 0; status == OK && driver.irq && i < dev->irq_count; i++) {
		uint64_t bits;

		slots[i] = (struct slot){dev, i};
		passed_on[i] = (struct provider_irq){.fn = irq_run, .ctx = &slots[i]};
		if (dev->irqs[i] == HANDLE_NONE)
			status = provider_irq_bind(dev, &server, i, &passed_on[i]);
		else
			status = server_add_irq(&server, dev->irqs[i], irq_run, &slots[i], &bits);
	}
	/* A PCI function's line may be shared: it is let through only now that somebody answers it. */
	if (status == OK && driver.irq && dev->irq_count && pci_config_present(dev))
		status = pci_config_intx(dev, true);
	return status;
}

/* On an error *reason says at what. */
static status_t start_up(struct device *dev, enum driver_start start, const char **reason)
{
	handle_t stop;
	uint64_t stop_bits, ping_bits;

	*reason = "cannot use what devmgr gave";
	status_t status = device_collect(dev);
	if (status != OK)
		return status;
	*reason = "cannot prepare to serve";
	server_init(&server, startup_handle(DRIVER_HND_CLASS), startup_handle(HND_THREAD));
	if (startup_handle(DRIVER_HND_WAKE) != HANDLE_NONE)
		status = server_set_notification(&server, startup_handle(DRIVER_HND_WAKE));
	if (status == OK && driver.timer)
		status = server_timer_init(&timer, &server, timer_run, dev);
	if (status != OK)
		return status;
	*reason = "the driver gave up";
	provider_clocks_assign(dev);
	status = driver.bind(dev, start);
	if (status == OK && dev->failed)
		status = ERR_IO;
	if (dev->reason)
		*reason = dev->reason;
	else if (status == ERR_NOT_FOUND)
		*reason = "no such device";
	if (status != OK || dev->rematched)
		return status;
	*reason = "cannot prepare to serve";
	status = server_prepare(dev, &stop, &stop_bits, &ping_bits);
	if (status == OK)
		status = irqs_bind(dev);
	if (status == OK && driver.child_ended)
		status = children_watch(dev);
	if (status != OK)
		return status;
	*reason = "devmgr did not accept the driver";
	return driver_bound(startup_handle(DRIVER_HND_CONTROL), stop, stop_bits, ping_bits);
}

int main(int argc, char **argv)
{
	enum driver_start start = argc > 1 && !strcmp(argv[1], DRIVER_ARG_RESTART) ? DRIVER_RESTART : DRIVER_FRESH;
	static struct device dev;
	const char *reason;
	dev.instance = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	status_t status = start_up(&dev, start, &reason);

	if (status != OK) {
		(void)driver_refused(startup_handle(DRIVER_HND_CONTROL), status, reason);
		return 1;
	}
	if (dev.rematched)
		return 0;
	status = server_run(&server);
	if (status != OK) {
		if (!dev.failed)
			device_log(&dev, LOG_ERROR, "cannot receive (status %d)", (int)status);
		return 1;
	}
	if (driver.unbind)
		driver.unbind(&dev);
	return 0;
}
