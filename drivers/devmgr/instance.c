/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver's process: made with exactly what its unit has for it, ended, and cleared away. */
#include <stdio.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/spawn.h"
#include "sys/lib/syscall.h"

/* A driver runs above everything it serves, but for at most half of the time: one that spins leaves
 * the other half to the rest of the system. */
#define BUDGET_NS       5000000ull
#define PERIOD_NS       10000000ull
/* Longest time from the start of a process to its "bound". It is a detector of hangs, not a limit on slow devices. */
#define BIND_TIMEOUT_NS 10000000000ull

#define HANDLES_MAX (DRIVER_REGS_MAX + DRIVER_IRQS_MAX + 10)

struct handles {
	struct spawn_handle list[HANDLES_MAX];
	char names[HANDLES_MAX][8];
	size_t count;
};

/* Made for this instance alone */
struct given {
	handle_t control, fault;
	handle_t config; /* HANDLE_NONE: it is on no bus that has a driver */
};

static void add(struct handles *h, const char *name, handle_t handle, uint32_t rights)
{
	if (handle != HANDLE_NONE)
		h->list[h->count++] = (struct spawn_handle){name, handle, rights};
}

static void add_numbered(struct handles *h, const char *name, uint32_t number, handle_t handle, uint32_t rights)
{
	char *buffer = h->names[h->count];

	snprintf(buffer, sizeof(h->names[0]), "%s%u", name, (unsigned)number);
	add(h, buffer, handle, rights);
}

/* No right to hand anything on but what is made for clients: what a driver holds ends with it. */
static void collect(const struct unit *unit, const struct given *given, struct handles *h)
{
	const uint32_t regs = RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE;

	h->count = 0;
	add(h, DRIVER_HND_NODE, unit->blob, RIGHT_INFO | RIGHT_VMO_READ);
	add(h, DRIVER_HND_CONTROL, given->control, RIGHT_INFO | RIGHT_EP_CALL);
	add(h, DRIVER_HND_CONFIG, given->config, RIGHT_INFO | RIGHT_EP_CALL);
	add(h, DRIVER_HND_CLASS, unit->endpoint, RIGHT_INFO | RIGHT_EP_RECV);
	/* For its clients: further handles to call it by (windows of a disk), and doorbells. */
	add(h, DRIVER_HND_MINT, unit->endpoint, RIGHT_INFO | RIGHT_EP_MINT | RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE);
	add(h, DRIVER_HND_WAKE, unit->wake, RIGHT_INFO | RIGHT_NT_WAIT | RIGHT_NT_SIGNAL | RIGHT_DUP | RIGHT_MOVE);
	add(h, DRIVER_HND_STATE, unit->memory, RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE);
	add(h, DRIVER_HND_PULSE, unit->pulse, RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE);
	add(h, DRIVER_HND_REGMAP, unit->regmap, regs);
	for (uint32_t i = 0; i < unit->plan.reg_count; i++)
		add_numbered(h, DRIVER_HND_REG, i, unit->regs[i], regs);
	for (uint32_t i = 0; i < unit->plan.irq_count; i++)
		add_numbered(h, DRIVER_HND_IRQ, i, unit->irqs[i], RIGHT_INFO | RIGHT_IRQ_USE);
}

static status_t process_make(struct manager *m, struct unit *unit, const struct given *given)
{
	const struct driver_file *driver = unit->driver;
	char number[12];
	const char *const argv[] = {
		driver->manifest.name,
		unit->starts ? DRIVER_ARG_RESTART : DRIVER_ARG_FRESH,
		number,
		NULL,
	};
	struct handles h;
	struct instance *instance = &unit->instance;

	snprintf(number, sizeof(number), "%u", (unsigned)(unit->starts + 1));
	collect(unit, given, &h);
	struct spawn_args args = {
		.image = driver->file.data,
		.image_size = driver->file.size,
		.image_vmo = m->bootfs_vmo,
		.image_offset = driver->file.offset,
		.name = driver->manifest.name,
		.argv = argv,
		.quota = unit->quota,
		.handles = h.list,
		.nhandles = h.count,
		.fault_ep = given->fault,
		.stack_vmo = &instance->stack,
		.stack_base = &instance->stack_base,
	};
	return spawn(&args, &instance->process, &instance->thread);
}

/* What can only be said of a process that is there. Without them it would go on unobserved: then it
 * is not to go on. */
static status_t process_tune(struct manager *m, struct unit *unit)
{
	struct instance *instance = &unit->instance;
	const struct thread_sched sched = {
		.prio = PRIO_DRIVER,
		.budget_ns = BUDGET_NS,
		.period_ns = PERIOD_NS,
	};
	struct process_info info;
	status_t status = process_info(instance->process, &info);

	if (status == OK) {
		instance->pid = info.koid;
		status = process_watch(instance->process, m->ended, m->ended_bits);
	}
	if (status == OK && m->res_priority != HANDLE_NONE) {
		status = thread_set_sched(instance->thread, &sched, m->res_priority);
		/* It may have ended already. */
		if (status == ERR_STATE)
			status = OK;
	}
	return status;
}

static void given_close(const struct given *given)
{
	const handle_t handles[] = {given->control, given->fault, given->config};

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		if (handles[i] != HANDLE_NONE)
			(void)handle_close(handles[i]);
	}
}

static status_t given_make(struct manager *m, const struct unit *unit, uint32_t number, struct given *given)
{
	const uint32_t rights = RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO;
	status_t status = endpoint_mint(m->endpoint, BADGE_MAKE(BADGE_CONTROL, unit->index, number), rights,
					&given->control);

	if (status == OK)
		status = endpoint_mint(m->endpoint, BADGE_MAKE(BADGE_FAULT, unit->index, number), rights,
				       &given->fault);
	/* The bus driver's endpoint is devmgr's, too: it outlives the bus driver, and so does this way to it. */
	if (status == OK && unit->bus && unit->bus->endpoint != HANDLE_NONE)
		status = endpoint_mint(unit->bus->endpoint, DRIVER_CONFIG_BADGE | unit->said.number, rights,
				       &given->config);
	return status;
}

status_t instance_start(struct manager *m, struct unit *unit)
{
	uint32_t number = ++unit->serial;
	struct given given = {0};
	status_t status = given_make(m, unit, number, &given);

	unit->instance = (struct instance){.number = number, .log_start = log_end(m)};
	if (status == OK)
		status = process_make(m, unit, &given);
	given_close(&given);
	if (status == OK) {
		status = process_tune(m, unit);
		if (status != OK) {
			instance_kill(unit);
			instance_forget(unit);
		}
	}
	if (status != OK) {
		snprintf(unit->reason, sizeof(unit->reason), "cannot start %s (status %d)", unit->driver->manifest.name,
			 (int)status);
		return status;
	}
	unit->starts++;
	unit->instance.bind_deadline = time_now() + BIND_TIMEOUT_NS;
	return OK;
}

void instance_kill(struct unit *unit)
{
	if (unit->instance.process != HANDLE_NONE)
		(void)process_kill(unit->instance.process, 0);
}

void instance_forget(struct unit *unit)
{
	handle_t handles[] = {unit->instance.process, unit->instance.thread, unit->instance.stop, unit->instance.stack,
			      unit->instance.watch};

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		if (handles[i] != HANDLE_NONE)
			(void)handle_close(handles[i]);
	}
	unit->instance = (struct instance){0};
}
