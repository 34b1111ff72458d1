/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver that misuses what it was given, and tries what it was not given: hostile.h says what. It takes
 * QEMU's fw-cfg node, which no other driver wants. */
#include "drivers/test/hostile.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/devmgr.h"
#include "protocols/driver.h"
#include "protocols/rtc.h"
#include "sys/driver/driver.h"
#include "sys/driver/startup.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static struct regs regs;
static uint64_t result;

static void expect_error(status_t status)
{
	if (status == OK)
		result++;
}

/* Exactly these names; and none of them can be copied, widened or turned into another resource. */
static void try_handles(void)
{
	static const char *const allowed[] = {
		"self", "thread", "fault", "node", "control", "class", "reg0", "state",
	};
	const struct startup *s = startup_get();
	handle_t other;

	for (uint32_t i = 0; i < s->nhandles; i++) {
		handle_t h = s->handles[i].handle;
		bool known = false;

		for (size_t k = 0; k < sizeof(allowed) / sizeof(allowed[0]); k++)
			known |= !strcmp(s->handles[i].name, allowed[k]);
		if (!known)
			result++;
		expect_error(vmo_create_device(h, 0x101000, 0x1000, &other));
		expect_error(irq_create(h, 10, IRQ_LEVEL, &other));
		expect_error(resource_create(h, 0, 1, &other));
		expect_error(system_reset(h, RESET_REBOOT));
		expect_error(process_open(h, 2, &other));
		expect_error(endpoint_mint(h, 0, RIGHT_EP_CALL, &other));
		if (strcmp(s->handles[i].name, "self") && strcmp(s->handles[i].name, "thread") &&
		    strcmp(s->handles[i].name, "fault"))
			expect_error(handle_dup(h, RIGHTS_SAME, &other));
		expect_error(handle_dup(h, RIGHTS_ALL, &other));
	}
	/* The node is read-only. */
	expect_error(vmo_write(startup_handle(DRIVER_HND_NODE), 0, "x", 1));
	/* devmgr does not take drivers for clients. */
	enum devmgr_class class;
	uint32_t index;
	expect_error(devmgr_open(startup_handle(DRIVER_HND_CONTROL), "stdout", &other, &class, &index));
	expect_error(devmgr_restart(startup_handle(DRIVER_HND_CONTROL), 1));
	expect_error(devmgr_open(startup_handle(HND_FAULT), "stdout", &other, &class, &index));
}

/* Values near the own ones, and all over: none may be a handle that was not given. */
static void try_guesses(void)
{
	const struct startup *s = startup_get();
	struct handle_info info;
	uint64_t x = 88172645463325252ull;

	for (uint32_t i = 0; i < 200000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		handle_t base = s->handles[i % s->nhandles].handle;
		handle_t guess = i % 4 == 0   ? x
				 : i % 4 == 1 ? base ^ 1ull << (x % 64)
				 : i % 4 == 2 ? (base & ~0xffffull) | (x & 0xff)
					      : (x & 0x1ff) | (1 + (x >> 9 & 0xff)) << HANDLE_INDEX_BITS;
		bool own = false;

		for (uint32_t k = 0; k < s->nhandles; k++)
			own |= s->handles[k].handle == guess;
		if (own || handle_info(guess, &info) != OK)
			continue;
		/* What it made itself (server notification, timer) is its own. */
		if (info.type == OBJ_RESOURCE || info.type == OBJ_IRQ ||
		    (info.type == OBJ_VMO && vmo_info(guess, &(struct vmo_info){0}) == OK &&
		     info.rights & RIGHT_VMO_PHYS))
			result++;
	}
}

static void try_flood(void)
{
	handle_t control = startup_handle(DRIVER_HND_CONTROL);
	struct ipc_msg m;

	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t now;

		memset(&m, 0, sizeof(m));
		m.info = MSG_INFO(i % 3 ? IPC_LABEL(DRIVER_NUMBER, i % 7) : i * 2654435761u & 0x7fffffff, 0, 0);
		for (int k = 0; k < MSG_WORDS; k++)
			m.w[k] = i * 1099511628211ull << k;
		if (clock_get(&now) == OK)
			(void)ipc_call(control, &m, NULL, now + 1000000000);
	}
	/* Bound is bound: neither again, nor taken back. */
	expect_error(driver_refused(control, ERR_IO, "\x1b[31mno\n\n"));
}

static void scribble(void)
{
	volatile uint64_t here;
	volatile uint64_t *at = &here;

	for (int i = 0; i < 64; i++)
		at[i] = 0x4141414141414141ull;
}

static status_t attack(void *ctx, struct ipc_request *rq, uint64_t what)
{
	handle_t reply;

	(void)ctx;
	result = 0;
	switch (what) {
	case HOSTILE_FAULT: __asm__ volatile("sw zero, 8(zero)"); return OK;
	case HOSTILE_EXIT: process_exit(3);
	case HOSTILE_SPIN:
		for (;;)
			__asm__ volatile("");
	case HOSTILE_SILENT: return ipc_request_save(rq, &reply) == OK ? IPC_DEFERRED : ERR_IO;
	case HOSTILE_KILL_SELF: return process_kill(startup_handle(HND_SELF), 0);
	case HOSTILE_HANDLES: try_handles(); return OK;
	case HOSTILE_GUESS: try_guesses(); return OK;
	case HOSTILE_MEMORY:
		(void)mmio_read32((const volatile uint8_t *)((uintptr_t)regs.base & ~0xfffull) + 0x1000);
		result++;
		return OK;
	case HOSTILE_FLOOD: try_flood(); return OK;
	case HOSTILE_SCRIBBLE: scribble(); return OK;
	default: return ERR_UNSUPPORTED;
	}
}

static status_t result_get(void *ctx, struct ipc_request *rq, uint64_t *out)
{
	(void)ctx, (void)rq;
	*out = result;
	return OK;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	uint32_t *starts = device_state(dev);

	if (!starts || (*starts != 0) != (start == DRIVER_RESTART))
		return ERR_STATE;
	++*starts;
	return device_regs(dev, 0, &regs);
}

static const struct rtc_ops ops = {
	.get = result_get,
	.set = attack,
};

const struct driver driver = {
	.bind = bind,
	.protocol = &rtc_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "hostile",
	.class = DRIVER_CLASS_RTC,
	.state_bytes = 4096,
	.matches =
		{
			DRIVER_COMPATIBLE("qemu,fw-cfg-mmio", 0),
		},
};
