/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver of a PCI host bridge whose configuration space is memory (ECAM): finds the functions behind it, gives them their addresses, reports
 * them to devmgr, and serves each function's configuration space to that function's driver alone. Its work outlives it in the
 * state memory (record.h); a new instance takes it up without disturbing the functions' drivers.
 */
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>

#include "drivers/bus/pci/capability.h"
#include "drivers/bus/pci/describe.h"
#include "drivers/bus/pci/guard.h"
#include "drivers/bus/pci/record.h"
#include "drivers/bus/pci/reset.h"
#include "protocols/pci.h"
#include "sys/driver/bus.h"
#include "sys/lib/log.h"
#include "sys/lib/syscall.h"

#define BUS_SIZE      (1ull << 20) /* of ECAM, for each bus */
#define QUIET_MOST_NS 100000000ull
#define RESETS        8  /* under way at the same time */
#define LINES_MAX     16 /* of log, about what is left out */

struct job {
	uint16_t address;
	struct pci_reset reset;
	handle_t reply; /* HANDLE_NONE: nobody waits for it (any more) */
	bool quiet;     /* its driver has ended for good: devmgr waits to hear that the function reaches nothing */
};

struct host {
	struct device *dev;
	struct pci_bus bus;
	struct pci_config config;
	struct pci_record *record;
	struct regs buses[256]; /* base NULL: not mapped, as nobody has looked there */
	struct job jobs[RESETS];
	uint32_t nodes[PCI_FUNCTIONS_MAX]; /* of bridges, in devmgr's tree; 0: not reported */
	uint32_t lines;
};

static struct host self;

static uint64_t now(void)
{
	uint64_t ns = 0;

	(void)clock_get(&ns);
	return ns;
}

/* ---- configuration space -------------------------------------------------------------------------------- */

/* Only the buses that are in use are mapped: all of them would be 256 MiB. */
static volatile uint8_t *ecam(struct host *h, uint16_t address, uint32_t offset)
{
	uint8_t bus = PCI_ADDRESS_BUS(address);
	struct regs *regs = &h->buses[bus];

	if (bus < h->bus.host.first_bus || bus > h->bus.host.last_bus)
		return NULL;
	if (!regs->base &&
	    device_regs_part(h->dev, 0, (bus - h->bus.host.first_bus) * BUS_SIZE, BUS_SIZE, regs) != OK) {
		device_fail(h->dev, "cannot map configuration space");
		return NULL;
	}
	return regs->base + ((uint32_t)(address & 0xff) << 12 | offset);
}

static uint32_t config_read(void *ctx, uint16_t address, uint32_t offset, unsigned width)
{
	const volatile uint8_t *at = ecam(ctx, address, offset);

	if (!at)
		return UINT32_MAX;
	switch (width) {
	case 4: return mmio_read32(at);
	case 2: return mmio_read16(at);
	default: return mmio_read8(at);
	}
}

static void config_write(void *ctx, uint16_t address, uint32_t offset, unsigned width, uint32_t value)
{
	volatile uint8_t *at = ecam(ctx, address, offset);

	if (!at)
		return;
	switch (width) {
	case 4: mmio_write32(at, value); break;
	case 2: mmio_write16(at, (uint16_t)value); break;
	default: mmio_write8(at, (uint8_t)value);
	}
}

static void config_wait(void *ctx, uint64_t ns)
{
	(void)ctx;
	device_delay(ns);
}

/* ---- what is said about it ---------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void complain(struct host *h, uint16_t address, const char *format, ...)
{
	char text[96];
	va_list args;

	if (h->lines++ >= LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	device_log(h->dev, LOG_WARN, "function %02x:%02x.%x: %s", PCI_ADDRESS_BUS(address), PCI_ADDRESS_DEVICE(address),
		   PCI_ADDRESS_FUNCTION(address), text);
}

static void complain_about(struct host *h, const struct pci_function *f)
{
	if (f->kind == PCI_UNKNOWN)
		complain(h, f->address, "a header of an unknown type, left out");
	if (f->kind == PCI_BRIDGE && !f->secondary)
		complain(h, f->address, "no bus number is left: what is behind it is not looked for");
	for (uint32_t i = 0; i < pci_bar_count(f); i++) {
		const struct pci_bar *bar = &f->bars[i];

		if (bar->kind == PCI_BAR_MALFORMED)
			complain(h, f->address, "base address %u is malformed", (unsigned)i);
		else if (!bar->base && (bar->kind == PCI_BAR_MEM32 || bar->kind == PCI_BAR_MEM64))
			complain(h, f->address, "no room for the 0x%llx bytes of base address %u",
				 (unsigned long long)bar->size, (unsigned)i);
	}
}

static void complain_all(struct host *h)
{
	for (uint32_t i = 0; i < h->bus.count; i++)
		complain_about(h, &h->bus.functions[i]);
	if (h->bus.left_out)
		complain(h, h->bus.left_address, "%s (%u functions left out)",
			 h->bus.full ? "more functions than there is room for" : "never became ready",
			 (unsigned)h->bus.left_out);
	if (h->lines > LINES_MAX)
		device_log(h->dev, LOG_WARN, "%u more complaints", (unsigned)(h->lines - LINES_MAX));
}

/* ---- telling devmgr --------------------------------------------------------------------------------------------- */

/* Where the CPU reaches its base addresses. Without memory decoding there is nothing to be reached. */
static void child_regs(const struct pci_bus *bus, const struct pci_function *f, struct driver_child *child)
{
	for (unsigned i = 0; f->kind == PCI_FUNCTION && pci_can_decode(f) && i < PCI_BARS; i++) {
		const struct pci_bar *bar = &f->bars[i];
		const struct pci_window *window = bar->base ? pci_window_of(&bus->host, bar->base, bar->size) : NULL;

		if (window)
			bus_child_reg(child, i, bar->base - window->base + window->phys, bar->size);
	}
}

static status_t report(struct host *h, uint32_t index)
{
	static uint8_t properties[PCI_PROPERTIES_MAX];
	const struct pci_function *f = &h->bus.functions[index];
	struct driver_child child = {.number = f->address};
	uint16_t line_address;
	uint8_t line_pin;

	if (f->parent != PCI_ROOT) {
		child.parent = h->nodes[f->parent];
		if (!child.parent)
			return ERR_NOT_FOUND;
	}
	pci_name(f, child.name);
	child_regs(&h->bus, f, &child);
	if (f->kind == PCI_FUNCTION) {
		pci_intx(&h->bus, index, &line_address, &line_pin);
		child.irq_address = pci_phys_high(line_address, 0);
		child.irq_pin = line_pin;
	}
	status_t status = pci_describe(&h->config, f, properties, sizeof(properties));
	if (status != OK)
		return status;
	return device_child_add(h->dev, &child, properties, fdt_totalsize(properties), &h->nodes[index]);
}

/* A function that devmgr does not take is one device less, no more. */
static void report_all(struct host *h)
{
	for (uint32_t i = 0; i < h->bus.count; i++) {
		if (h->bus.gone[i] || h->bus.functions[i].kind == PCI_UNKNOWN)
			continue;
		status_t status = report(h, i);
		if (status != OK)
			complain(h, h->bus.functions[i].address, "devmgr does not take it (status %d)", (int)status);
	}
}

/* ---- taking the bridge -------------------------------------------------------------------------------------------- */

static status_t buses_read(struct host *h)
{
	size_t len;
	const uint8_t *range = device_prop(h->dev, "bus-range", &len);
	uint64_t size = device_regs_size(h->dev, 0);
	uint32_t first = 0, last = 255;

	if (range) {
		if (len != 8)
			return ERR_BAD_FORMAT;
		first = (uint32_t)range[0] << 24 | (uint32_t)range[1] << 16 | (uint32_t)range[2] << 8 | range[3];
		last = (uint32_t)range[4] << 24 | (uint32_t)range[5] << 16 | (uint32_t)range[6] << 8 | range[7];
	}
	/* The registers start with the first bus, and have as many as they have room for. */
	if (first > last || last > 255 || size < BUS_SIZE)
		return ERR_BAD_FORMAT;
	if (last - first > size / BUS_SIZE - 1)
		last = first + (uint32_t)(size / BUS_SIZE - 1);
	h->bus.host.first_bus = (uint8_t)first;
	h->bus.host.last_bus = (uint8_t)last;
	return OK;
}

static void build(struct host *h, bool again)
{
	if (again)
		device_log(h->dev, LOG_WARN, "what the last instance left is damaged: everything is set up anew");
	pci_record_open(h->record);
	h->bus.functions = h->record->functions;
	pci_scan(&h->bus);
	pci_assign(&h->bus);
	pci_program(&h->bus);
	pci_record_close(h->record, &h->bus);
}

static void take_up(struct host *h)
{
	uint64_t begin = now(), until = h->record->quiet_until;
	uint32_t repaired, gone;

	/* Nobody may touch what the last instance has just begun to reset. */
	if (until > begin)
		device_delay(until - begin < QUIET_MOST_NS ? until - begin : QUIET_MOST_NS);
	gone = pci_record_restore(&h->bus, &repaired);
	if (gone)
		device_log(h->dev, LOG_WARN, "functions that do not answer any more: %u", (unsigned)gone);
	if (repaired)
		device_log(h->dev, LOG_INFO, "functions that had to be put back: %u", (unsigned)repaired);
}

static status_t bind(struct device *dev, enum driver_start start)
{
	struct host *h = &self;
	size_t len;
	const void *windows;

	h->dev = dev;
	h->config = (struct pci_config){config_read, config_write, config_wait, h};
	h->bus.config = &h->config;
	h->record = device_state(dev);
	device_set_context(dev, h);
	status_t status = h->record ? buses_read(h) : ERR_STATE;
	if (status != OK)
		return status;
	windows = bus_windows(dev, &len);
	uint32_t left_out = pci_windows_read(&h->bus.host, windows, len);
	if (left_out)
		device_log(dev, LOG_WARN, "%u of its windows cannot be used", (unsigned)left_out);
	if (start == DRIVER_RESTART && pci_record_load(h->record, &h->bus)) {
		take_up(h);
	} else {
		build(h, start == DRIVER_RESTART);
		complain_all(h);
	}
	h->lines = 0;
	report_all(h);
	device_log(dev, LOG_INFO, "%u functions on buses %u to %u", (unsigned)h->bus.count, h->bus.host.first_bus,
		   h->bus.host.last_bus);
	return OK;
}

/* ---- serving functions' drivers ---------------------------------------------------------------------------------- */

static struct job *job_of(struct host *h, const struct pci_function *f)
{
	for (unsigned i = 0; i < RESETS; i++) {
		if (h->jobs[i].reset.function == f)
			return &h->jobs[i];
	}
	return NULL;
}

/* The caller's function; NULL if it is none. *busy: it is in a reset, and not to be touched. */
static const struct pci_function *caller(struct host *h, const struct ipc_request *rq, bool *busy)
{
	uint64_t badge = rq->msg.badge;
	uint32_t index = UINT32_MAX;

	*busy = false;
	if (badge >= DRIVER_CONFIG_BADGE && badge - DRIVER_CONFIG_BADGE <= UINT16_MAX)
		index = pci_find(&h->bus, (uint16_t)badge);
	if (index == UINT32_MAX || h->bus.gone[index])
		return NULL;
	*busy = job_of(h, &h->bus.functions[index]) != NULL;
	return &h->bus.functions[index];
}

static status_t op_read(void *ctx, struct ipc_request *rq, uint32_t offset, uint32_t width, uint32_t *value)
{
	struct host *h = ctx;
	bool busy;
	const struct pci_function *f = caller(h, rq, &busy);
	status_t status = pci_guard_access(offset, width);

	if (status != OK)
		return status;
	*value = width == 4 ? UINT32_MAX : (1u << 8 * width) - 1;
	if (f && !busy)
		*value &= config_read(h, f->address, offset, width);
	return OK;
}

static status_t op_write(void *ctx, struct ipc_request *rq, uint32_t offset, uint32_t width, uint32_t value)
{
	struct host *h = ctx;
	bool busy;
	const struct pci_function *f = caller(h, rq, &busy);
	status_t status = pci_guard_access(offset, width);

	if (status == OK && !f)
		status = ERR_ACCESS;
	if (status == OK && busy)
		status = ERR_BUSY;
	if (status == OK)
		status = pci_guard_write(&h->config, f, offset, width, &value);
	if (status == OK)
		config_write(h, f->address, offset, width, value);
	return status;
}

static status_t op_capability(void *ctx, struct ipc_request *rq, uint32_t id, uint32_t after, uint32_t *offset)
{
	struct host *h = ctx;
	bool busy;
	const struct pci_function *f = caller(h, rq, &busy);
	struct pci_caps caps;

	if (!f || busy)
		return f ? ERR_BUSY : ERR_NOT_FOUND;
	pci_caps_read(&h->config, f->address, &caps);
	*offset = pci_caps_find(&caps, id, after);
	return *offset ? OK : ERR_NOT_FOUND;
}

static status_t op_master(void *ctx, struct ipc_request *rq, bool on)
{
	struct host *h = ctx;
	bool busy;
	const struct pci_function *f = caller(h, rq, &busy);

	if (!f || f->kind != PCI_FUNCTION)
		return ERR_ACCESS;
	if (busy)
		return ERR_BUSY;
	uint16_t command = pci_read16(&h->config, f->address, PCI_COMMAND);
	command = (uint16_t)(on ? command | PCI_COMMAND_MASTER : command & ~PCI_COMMAND_MASTER);
	pci_write16(&h->config, f->address, PCI_COMMAND, command);
	return OK;
}

/* ---- resets ------------------------------------------------------------------------------------------------------- */

/* One reply for each job: an instance that asks again has taken the place of a dead one. */
static void job_reply(struct job *job, handle_t reply)
{
	if (job->reply != HANDLE_NONE)
		(void)handle_close(job->reply);
	job->reply = reply;
}

static void jobs_schedule(struct host *h)
{
	uint64_t next = DEADLINE_NEVER, last = 0;

	for (unsigned i = 0; i < RESETS; i++) {
		const struct pci_reset *reset = &h->jobs[i].reset;

		if (!reset->function)
			continue;
		if (reset->next < next)
			next = reset->next;
		if (reset->next > last)
			last = reset->next;
	}
	h->record->quiet_until = last;
	device_timer(h->dev, next);
}

static void jobs_step(struct device *dev)
{
	struct host *h = device_context(dev);

	for (unsigned i = 0; i < RESETS; i++) {
		struct job *job = &h->jobs[i];

		if (!job->reset.function)
			continue;
		status_t status = pci_reset_step(&h->config, now(), &job->reset);
		if (status == ERR_WOULD_BLOCK)
			continue;
		if (job->reply != HANDLE_NONE)
			(void)pci_reset_reply(job->reply, status); /* the caller may have died */
		if (job->quiet && status == OK)
			(void)device_child_quiet(dev, job->address); /* or it has a driver again, who says so itself */
		job->reply = HANDLE_NONE;
		job->quiet = false;
	}
	jobs_schedule(h);
}

static status_t job_begin(struct host *h, struct job *job, const struct pci_function *f)
{
	job->address = f->address;
	return pci_reset_begin(&h->config, f, now(), &job->reset);
}

static status_t op_reset(void *ctx, struct ipc_request *rq)
{
	struct host *h = ctx;
	bool busy;
	const struct pci_function *f = caller(h, rq, &busy);
	struct job *job = busy ? job_of(h, f) : job_of(h, NULL);
	handle_t reply;

	if (!f || f->kind != PCI_FUNCTION)
		return ERR_UNSUPPORTED;
	if (!job)
		return ERR_BUSY;
	status_t status = busy ? OK : job_begin(h, job, f);
	if (status != OK)
		return status;
	status = ipc_request_save(rq, &reply);
	if (status != OK)
		reply = HANDLE_NONE; /* it goes on, only nobody hears of its end */
	job_reply(job, reply);
	jobs_schedule(h);
	return status == OK ? IPC_DEFERRED : status;
}

/* A function's driver has ended: the function is kept from memory and from its interrupt line at once, and reset if it gets no driver any more. */
static void child_ended(struct device *dev, uint32_t number, bool last)
{
	struct host *h = device_context(dev);
	uint32_t index = number <= UINT16_MAX ? pci_find(&h->bus, (uint16_t)number) : UINT32_MAX;

	if (index == UINT32_MAX || h->bus.gone[index] || h->bus.functions[index].kind != PCI_FUNCTION)
		return;
	const struct pci_function *f = &h->bus.functions[index];
	struct job *job = job_of(h, f);
	if (!job) {
		uint16_t command = pci_read16(&h->config, f->address, PCI_COMMAND);

		command = (uint16_t)((command & ~PCI_COMMAND_MASTER) | PCI_COMMAND_INTX_OFF);
		pci_write16(&h->config, f->address, PCI_COMMAND, command);
		/* Behind this, what it had sent has arrived (PCI Local Bus 3.0, 3.2.5). */
		(void)pci_read16(&h->config, f->address, PCI_COMMAND);
	} else {
		job->reset.command |= PCI_COMMAND_INTX_OFF;
	}
	if (!last)
		return;
	/* Without a way to reset it, or a free job, devmgr keeps its memory: mastering is off, but might be switched on again. */
	if (!job) {
		job = job_of(h, NULL);
		if (!job || job_begin(h, job, f) != OK)
			return;
	}
	job->quiet = true;
	jobs_schedule(h);
}

static const struct pci_ops ops = {
	.read = op_read,
	.write = op_write,
	.capability = op_capability,
	.master = op_master,
	.reset = op_reset,
};

const struct driver driver = {
	.bind = bind,
	.timer = jobs_step,
	.child_ended = child_ended,
	.protocol = &pci_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,      .name = "pci_host_ecam",
	.class = DRIVER_CLASS_BUS, .state_bytes = sizeof(struct pci_record),
	.memory_bytes = 4 << 20,   .matches = {DRIVER_COMPATIBLE("pci-host-ecam-generic", 0)},
};
