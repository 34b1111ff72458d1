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
#include "sys/driver/keep.h"
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

static bool one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(name, list[i]))
			return true;
	}
	return false;
}

/* Exactly these names; and none of them can be copied, widened or turned into another resource. */
static void try_handles(void)
{
	static const char *const allowed[] = {
		"self", "thread", "fault", "node", "control", "class", "reg0", "state", "pulse", "mint", "wake",
	};
	static const char *const copied[] = {"self", "thread", "fault", "mint", "wake"};
	const struct startup *s = startup_get();
	handle_t other;

	for (uint32_t i = 0; i < s->nhandles; i++) {
		handle_t h = s->handles[i].handle;

		if (!one_of(s->handles[i].name, allowed, sizeof(allowed) / sizeof(allowed[0])))
			result++;
		expect_error(vmo_create_device(h, 0x101000, 0x1000, &other));
		expect_error(irq_create(h, 10, IRQ_LEVEL, &other));
		expect_error(resource_create(h, 0, 1, &other));
		expect_error(system_reset(h, RESET_REBOOT));
		expect_error(process_open(h, 2, &other));
		/* Its own endpoint and notification are there to be given to clients. */
		if (strcmp(s->handles[i].name, "mint"))
			expect_error(endpoint_mint(h, 0, RIGHT_EP_CALL, &other));
		if (!one_of(s->handles[i].name, copied, sizeof(copied) / sizeof(copied[0])))
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

	for (uint32_t i = 0; i < 6000; i++) {
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

/* ---- memory of the device ---------------------------------------------------------------------------- */

#define PIECES 4

static struct device *self;

static void expect(bool good)
{
	if (!good)
		result++;
}

static void dma_all(void)
{
	struct dma dma;

	for (unsigned i = 0; i < PIECES; i++) {
		if (device_dma_alloc(self, HOSTILE_DMA_BYTES / PIECES, &dma) != OK) {
			result++;
			return;
		}
		volatile uint64_t *words = dma.cpu;
		expect(!words[0] && !words[dma.size / 8 - 1]);
		expect(dma.bus && dma.bus % dma.size == 0 && dma.size == HOSTILE_DMA_BYTES / PIECES);
		words[dma.size / 8 - 1] = ~0ull;
		dma_to_device(&dma, 0, dma.size);
		dma_from_device(&dma, 0, dma.size);
	}
}

static void dma_beyond(void)
{
	static const uint64_t sizes[] = {1, HOSTILE_DMA_BYTES, 1ull << 29};
	static const uint64_t wrong[] = {0, 1ull << 40, UINT64_MAX, UINT64_MAX - 4095};
	struct dma dma;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		expect(device_dma_alloc(self, sizes[i], &dma) == ERR_QUOTA);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect(device_dma_alloc(self, wrong[i], &dma) == ERR_RANGE);
}

static void dma_release(void)
{
	handle_t control = startup_handle(DRIVER_HND_CONTROL), memory;
	struct vmo_info info;
	struct dma dma;
	uint64_t key;

	for (unsigned i = 0; i < 100; i++) {
		if (device_dma_alloc(self, HOSTILE_DMA_BYTES, &dma) != OK) {
			result++;
			return;
		}
		device_dma_free(self, &dma);
	}
	if (driver_dma_alloc(control, HOSTILE_DMA_BYTES, &memory, &key) != OK) {
		result++;
		return;
	}
	expect(vmo_info(memory, &info) == OK && info.phys);
	expect(driver_dma_release(control, key) == OK);
	expect(vmo_info(memory, &info) == ERR_HANDLE);
	expect(driver_dma_release(control, key) == ERR_NOT_FOUND);
	for (uint64_t i = 0; i < 200; i++)
		expect_error(driver_dma_release(control, i < 100 ? key + i : key - i));
}

static void dma_pin(void)
{
	struct dma dma;
	handle_t vmo;

	/* Not contiguous, and registers: nothing that a device may be told to write to */
	if (vmo_create(4096, 0, HANDLE_NONE, &vmo) == OK)
		expect_error(device_dma_pin(self, vmo, &dma));
	expect_error(device_dma_pin(self, startup_handle(DRIVER_HND_STATE), &dma));
}

/* ---- attachments ----------------------------------------------------------------------------------------- */

#define KEEP_SLOT 3

static void keep(void)
{
	struct keep k = {.value = 42, .badge = 7, .bits = 9};
	uint64_t pattern = 0x5ca1ab1e;

	expect(device_instance(self) >= 1);
	if (vmo_create(8192, 0, HANDLE_NONE, &k.memory) != OK || vmo_create(4096, 0, HANDLE_NONE, &k.data) != OK ||
	    notification_create(&k.notification) != OK) {
		result++;
		return;
	}
	expect(vmo_write(k.memory, 4096, &pattern, 8) == OK);
	for (unsigned i = 0; i < 50; i++)
		expect(device_keep(self, KEEP_SLOT, &k) == OK);
	expect(device_keep(self, KEEP_MAX - 1, &k) == OK);
	expect(device_keep(self, KEEP_MAX, &k) == ERR_RANGE);
	expect(device_keep(self, UINT32_MAX, &k) == ERR_RANGE);
	/* What may not be copied cannot be kept. */
	k.data = startup_handle(DRIVER_HND_STATE);
	expect_error(device_keep(self, 0, &k));
}

static void kept(void)
{
	struct keep k;
	uint64_t pattern = 0, bits = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (device_kept(self, KEEP_SLOT, &k) != OK) {
			result++;
			return;
		}
		expect(k.value == 42 && k.badge == 7 && k.bits == 9);
		expect(vmo_read(k.memory, 4096, &pattern, 8) == OK && pattern == 0x5ca1ab1e);
		expect(notification_signal(k.notification, k.bits) == OK);
		expect(notification_wait(k.notification, 0, &bits) == OK && bits == 9);
		(void)handle_close(k.memory);
		(void)handle_close(k.data);
		(void)handle_close(k.notification);
	}
	expect(device_kept(self, KEEP_SLOT + 1, &k) == ERR_NOT_FOUND);
	expect(device_kept(self, KEEP_MAX, &k) == ERR_RANGE);
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
	case HOSTILE_DMA_ALLOC: dma_all(); return OK;
	case HOSTILE_DMA_BEYOND: dma_beyond(); return OK;
	case HOSTILE_DMA_QUIET: expect(device_dma_quiet(self) == OK); return OK;
	case HOSTILE_DMA_RELEASE: dma_release(); return OK;
	case HOSTILE_DMA_PIN: dma_pin(); return OK;
	case HOSTILE_KEEP: keep(); return OK;
	case HOSTILE_KEPT: kept(); return OK;
	case HOSTILE_FORGET:
		for (uint32_t i = 0; i <= KEEP_MAX; i++)
			device_forget(self, i);
		return OK;
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

	self = dev;
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
	.dma_bytes = HOSTILE_DMA_BYTES,
	.matches =
		{
			DRIVER_COMPATIBLE("qemu,fw-cfg-mmio", 0),
		},
};
