/* SPDX-License-Identifier: BSD-2-Clause */
/* The host backend: registers by models, devmgr's gifts by struct host_node, and the part of the kernel
 * that class libraries and generated code use. */
#include "sys/driver/host/host.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/driver/host/objects.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define REPLY_BASE 0x1000u

enum call_state { CALL_FREE, CALL_CURRENT, CALL_SAVED, CALL_ANSWERED };

struct call {
	enum call_state state;
	bool dead; /* its caller gave up or died: leases fail, an answer goes nowhere */
	struct ipc_msg msg;
	struct lease leases[MSG_LEASES_MAX];
	status_t result;
};

static const struct host_node *current_node;
static struct device device;
static uint64_t blob[1024];
static struct call calls[HOST_CALLS_MAX];
static struct call *current;

bool (*host_step)(void);
void (*host_delay)(void);
uint64_t host_time, host_timer = DEADLINE_NEVER, host_signalled;
bool host_ended, host_async;
unsigned host_last_call;

/* ---- registers ------------------------------------------------------------------------------------ */

/* Where models are "mapped": addresses that nothing else has. */
#define WINDOW_BASE 0x700000000000ull
#define WINDOW_SIZE 0x1000000ull
#define WINDOWS     (HOST_REGS_MAX + 1) /* reg0 …, regmap */

static const struct host_model *window_model(unsigned window)
{
	if (!current_node || window >= WINDOWS)
		return NULL;
	return window < HOST_REGS_MAX ? current_node->regs[window] : current_node->regmap;
}

static const struct host_model *model_at(const volatile void *address, unsigned width, uint64_t *offset)
{
	uint64_t from_base = (uint64_t)(uintptr_t)address - WINDOW_BASE;
	const struct host_model *model = window_model((unsigned)(from_base / WINDOW_SIZE));

	*offset = from_base % WINDOW_SIZE;
	if ((uint64_t)(uintptr_t)address < WINDOW_BASE || !model || *offset + width > model->size || *offset % width) {
		fprintf(stderr, "driver: access of %u bytes at %p, where it has no register\n", width,
			(const void *)(uintptr_t)address);
		abort();
	}
	return model;
}

static uint64_t model_read(const volatile void *address, unsigned width)
{
	uint64_t offset;
	const struct host_model *model = model_at(address, width, &offset);

	return model->read(model->ctx, offset, width);
}

static void model_write(volatile void *address, unsigned width, uint64_t value)
{
	uint64_t offset;
	const struct host_model *model = model_at(address, width, &offset);

	model->write(model->ctx, offset, width, value);
}

#define ACCESSORS(bits)                                                     \
	uint##bits##_t mmio_read##bits(const volatile void *address)        \
	{                                                                   \
		return (uint##bits##_t)model_read(address, (bits) / 8);     \
	}                                                                   \
	void mmio_write##bits(volatile void *address, uint##bits##_t value) \
	{                                                                   \
		model_write(address, (bits) / 8, value);                    \
	}
ACCESSORS(8)
ACCESSORS(16)
ACCESSORS(32)
ACCESSORS(64)

status_t device_map_part(const char *name, uint64_t offset, uint64_t size, struct regs *out)
{
	status_t status = device_map(name, size, out);

	if (status == OK)
		out->base += offset;
	return status;
}

status_t device_map(const char *name, uint64_t size, struct regs *out)
{
	unsigned window = WINDOWS;

	if (!strcmp(name, DRIVER_HND_REGMAP))
		window = HOST_REGS_MAX;
	else if (sscanf(name, DRIVER_HND_REG "%u", &window) != 1 || window >= HOST_REGS_MAX)
		return ERR_NOT_FOUND;

	if (!window_model(window))
		return ERR_NOT_FOUND;
	*out = (struct regs){(volatile uint8_t *)(uintptr_t)(WINDOW_BASE + window * WINDOW_SIZE), size, 0, 4};
	return OK;
}

/* ---- the device ------------------------------------------------------------------------------------- */

static void blob_make(const struct host_node *node)
{
	fdt32_t sizes[HOST_REGS_MAX] = {0};
	uint32_t count = 0;

	for (uint32_t i = 0; i < HOST_REGS_MAX; i++) {
		if (!node->regs[i])
			continue;
		sizes[i] = cpu_to_fdt32((uint32_t)node->regs[i]->size);
		count = i + 1;
	}
	memset(blob, 0, sizeof(blob));
	fdt_create(blob, sizeof(blob));
	fdt_finish_reservemap(blob);
	fdt_begin_node(blob, "");
	fdt_property_string(blob, DRIVER_FACT_PATH, "/model");
	fdt_property_u32(blob, DRIVER_FACT_MATCH, node->match);
	if (node->console)
		fdt_property_string(blob, DRIVER_FACT_STDOUT, node->console);
	if (count)
		fdt_property(blob, DRIVER_FACT_REG_SIZES, sizes, (int)(4 * count));
	if (node->regmap)
		fdt_property_u32(blob, DRIVER_FACT_REGMAP, (uint32_t)node->regmap->size);
	fdt_begin_node(blob, DRIVER_FACT_NODE);
	if (node->props)
		node->props(blob);
	fdt_end_node(blob);
	fdt_end_node(blob);
	if (fdt_finish(blob))
		abort();
}

status_t host_bind(const struct host_node *node, enum driver_start start)
{
	current_node = node;
	for (unsigned i = 0; i < HOST_CALLS_MAX; i++) {
		if (calls[i].state == CALL_SAVED || calls[i].state == CALL_CURRENT) {
			calls[i].state = CALL_ANSWERED;
			calls[i].result = ERR_PEER_DIED;
		}
	}
	host_ended = false;
	host_timer = DEADLINE_NEVER;
	host_objects_instance();
	blob_make(node);
	status_t status = device_open(&device, blob, sizeof(blob));
	device.instance++;
	if (status != OK)
		return status;
	device.state = node->state;
	device.irq_count = node->irqs;
	return driver.bind(&device, start);
}

struct device *host_device(void)
{
	return &device;
}

void host_irq(uint32_t index)
{
	driver.irq(&device, index);
}

handle_t device_handle(const struct device *dev, const char *name)
{
	(void)dev;
	return !strcmp(name, "config") && current_node->config ? HOST_CONFIG : HANDLE_NONE;
}

void device_end(struct device *dev)
{
	(void)dev;
	host_ended = true;
}

void device_timer(struct device *dev, uint64_t deadline)
{
	(void)dev;
	host_timer = deadline;
}

bool host_timer_run(void)
{
	if (host_time < host_timer)
		return false;
	host_timer = DEADLINE_NEVER;
	driver.timer(&device);
	return true;
}

void device_log(const struct device *dev, uint32_t level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;

	(void)dev, (void)level;
	va_start(args, format); /* formats, so that the sanitizers see it */
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
}

void device_delay(uint64_t ns)
{
	host_time += ns;
	if (host_delay)
		host_delay();
}

/* ---- calls -------------------------------------------------------------------------------------------- */

static struct call *reply_call(handle_t reply)
{
	if (reply == HANDLE_NONE)
		return current;
	if (reply < REPLY_BASE || reply >= REPLY_BASE + HOST_CALLS_MAX || calls[reply - REPLY_BASE].state != CALL_SAVED)
		return NULL;
	return &calls[reply - REPLY_BASE];
}

static void answer(struct call *call, const struct ipc_msg *m)
{
	call->msg = *m;
	call->state = CALL_ANSWERED;
	call->result = OK;
}

static struct call *call_new(void)
{
	for (unsigned i = 0; i < HOST_CALLS_MAX; i++) {
		if (calls[i].state == CALL_FREE) {
			host_last_call = i;
			return &calls[i];
		}
	}
	abort(); /* the test makes more calls than it looks at */
}

status_t ipc_call(handle_t ep, struct ipc_msg *m, const struct lease *leases, uint64_t deadline)
{
	struct ipc_request rq = {.msg = *m};

	(void)deadline;
	if (ep == HOST_CONFIG && current_node->config) {
		status_t status = current_node->config->dispatch(current_node->config_ops, current_node->config_ctx,
								 &rq);

		*m = rq.msg;
		return status;
	}
	if (ep != HOST_ENDPOINT && !host_endpoint_badge(ep, &rq.msg.badge))
		return ERR_HANDLE;
	struct call *call = call_new();
	*call = (struct call){.state = CALL_CURRENT};
	if (leases)
		memcpy(call->leases, leases, MSG_LEASES(m->info) * sizeof(*leases));
	call->msg = *m;
	current = call;
	if (driver.protocol->dispatch(driver.ops, device_context(&device), &rq) == OK)
		answer(call, &rq.msg);
	current = NULL;
	if (host_async && call->state == CALL_SAVED)
		return ERR_WOULD_BLOCK;
	while (call->state == CALL_SAVED && host_step && host_step())
		;
	if (call->state != CALL_ANSWERED) {
		call->dead = true;
		return ERR_TIMED_OUT;
	}
	call->state = CALL_FREE;
	if (call->result == OK)
		*m = call->msg;
	return call->result;
}

status_t ipc_save_caller(handle_t *reply)
{
	if (!current || current->state != CALL_CURRENT)
		return ERR_STATE;
	current->state = CALL_SAVED;
	*reply = REPLY_BASE + (handle_t)(current - calls);
	return OK;
}

status_t ipc_reply_to(handle_t reply, const struct ipc_msg *m)
{
	struct call *call = reply_call(reply);

	if (!call || reply == HANDLE_NONE)
		return ERR_HANDLE;
	if (call->dead)
		call->state = CALL_FREE;
	else
		answer(call, m);
	return OK;
}

bool host_answered(unsigned number, status_t *status, uint64_t *word)
{
	struct call *call = &calls[number];

	if (call->state != CALL_ANSWERED)
		return false;
	*status = call->result != OK ? call->result : ipc_label_status(MSG_LABEL(call->msg.info));
	*word = call->msg.w[0];
	call->state = CALL_FREE;
	return true;
}

void host_caller_kill(unsigned number)
{
	calls[number].dead = true;
}

unsigned host_replies(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < HOST_CALLS_MAX; i++)
		count += calls[i].state == CALL_SAVED;
	return count;
}

/* ---- system calls ---------------------------------------------------------------------------- */

static status_t lease_find(handle_t reply, unsigned lease, uint64_t offset, uint64_t len, uint32_t access, char **at)
{
	struct call *call = reply_call(reply);

	if (!call)
		return ERR_HANDLE;
	if (call->dead)
		return ERR_PEER_DIED;
	if (lease >= MSG_LEASES(call->msg.info))
		return ERR_RANGE;
	uint64_t size = call->leases[lease].info & LEASE_LEN_MAX;
	if (!(call->leases[lease].info >> LEASE_ACCESS_SHIFT & access))
		return ERR_RIGHTS;
	if (offset > size || len > size - offset)
		return ERR_RANGE;
	*at = (char *)(uintptr_t)call->leases[lease].addr + offset;
	return OK;
}

status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len)
{
	char *at;
	status_t status = lease_find(reply, lease, offset, len, LEASE_READ, &at);

	if (status == OK)
		memcpy(buffer, at, len);
	return status;
}

status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len)
{
	char *at;
	status_t status = lease_find(reply, lease, offset, len, LEASE_WRITE, &at);

	if (status == OK)
		memcpy(at, buffer, len);
	return status;
}

status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access)
{
	struct call *call = reply_call(reply);

	if (!call)
		return ERR_HANDLE;
	if (call->dead)
		return ERR_PEER_DIED;
	if (lease >= MSG_LEASES(call->msg.info))
		return ERR_RANGE;
	*len = call->leases[lease].info & LEASE_LEN_MAX;
	*access = (uint32_t)(call->leases[lease].info >> LEASE_ACCESS_SHIFT);
	return OK;
}

status_t handle_close(handle_t handle)
{
	struct call *call = reply_call(handle);

	if (handle == HANDLE_NONE)
		return ERR_HANDLE;
	if (handle >= HOST_OBJECT_BASE)
		return host_object_close(handle);
	if (call) {
		call->state = call->dead ? CALL_FREE : CALL_ANSWERED;
		call->result = ERR_PEER_DIED;
	}
	return OK;
}

status_t handle_info(handle_t handle, struct handle_info *info)
{
	if (handle >= HOST_OBJECT_BASE)
		return host_object_info(handle, info);
	if (handle != HOST_NOTIFICATION)
		return ERR_HANDLE;
	*info = (struct handle_info){.type = OBJ_NOTIFICATION, .rights = RIGHTS_ALL};
	return OK;
}

status_t notification_signal(handle_t nt, uint64_t bits)
{
	if (nt >= HOST_OBJECT_BASE)
		return host_object_signal(nt, bits);
	if (nt != HOST_NOTIFICATION)
		return ERR_HANDLE;
	host_signalled |= bits;
	return OK;
}

status_t clock_get(uint64_t *ns)
{
	*ns = host_time;
	return OK;
}

status_t thread_yield(void)
{
	host_time += 1000;
	if (host_step)
		(void)host_step();
	return OK;
}
