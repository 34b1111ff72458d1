/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's educational PCI device: factorials, and a page of bytes that it reads and writes by DMA. One thing at a time. */
#include "protocols/edu.h"
#include "sys/driver/driver.h"
#include "sys/driver/pci.h"
#include "sys/lib/syscall.h"

/* Registers: offsets from base address 0 */
enum {
	IDENTIFICATION = 0x00, /* 0xRRrr00ed: major and minor version */
	LIVENESS = 0x04,       /* what is written is read inverted */
	FACTORIAL = 0x08,      /* write: the number; read: the result */
	STATUS = 0x20,
	IRQ_STATUS = 0x24, /* why the interrupt line is asserted … */
	IRQ_ACK = 0x64,    /* … until these bits are written here */
	DMA_SOURCE = 0x80, /* 64 bits wide, as those that follow */
	DMA_TARGET = 0x88,
	DMA_COUNT = 0x90,
	DMA_COMMAND = 0x98,
	REGISTERS_END = 0xa0,
};
enum {
	ID_MASK = 0xffff,
	ID_EDU = 0x00ed,
	STATUS_COMPUTING = 1 << 0,
	STATUS_INTERRUPT = 1 << 7, /* when the factorial is there */
	IRQ_FACTORIAL = 1 << 0,
	IRQ_DMA = 1 << 8,
	DMA_RUN = 1 << 0,
	DMA_FROM_DEVICE = 1 << 1,
	DMA_INTERRUPT = 1 << 2,
};

#define DEVICE_BUFFER 0x40000    /* the device's page, as it calls it in its DMA registers */
#define FACTORIAL_MAX 12         /* 13! does not fit into 32 bits; a large number would keep the device busy for long */
#define WORK_NS       1000000000 /* a transfer takes a tenth of a second */
#define STOP_STEP_NS  1000000
#define STOP_STEPS    1000

enum job { IDLE, COMPUTE, STORE, FETCH };

struct edu {
	struct device *dev;
	struct regs regs;
	struct dma page; /* what a client gives or gets, where the device can reach it */
	enum job job;    /* what the device does now … */
	handle_t reply;  /* … and for whom */
	uint32_t length;
};

static struct edu edu;

/* ---- work: begun by a call, ended by an interrupt --------------------------------------------------------- */

/* The caller of rq waits from here on, until job_end. */
static status_t job_begin(struct ipc_request *rq, enum job job)
{
	uint64_t now;
	status_t status = clock_get(&now);

	if (status == OK)
		status = ipc_request_save(rq, &edu.reply);
	if (status != OK)
		return status;
	edu.job = job;
	device_timer(edu.dev, now + WORK_NS);
	return OK;
}

static void job_end(void)
{
	enum job job = edu.job;
	status_t status;

	edu.job = IDLE;
	device_timer(edu.dev, DEADLINE_NEVER);
	switch (job) {
	case COMPUTE: edu_factorial_reply(edu.reply, OK, reg_read32(&edu.regs, FACTORIAL)); break;
	case STORE: edu_store_reply(edu.reply, OK); break;
	case FETCH:
		dma_from_device(&edu.page, 0, edu.length);
		status = lease_write(edu.reply, EDU_FETCH_LEASE_DATA, 0, edu.page.cpu, edu.length);
		edu_fetch_reply(edu.reply, status);
		break;
	case IDLE: break;
	}
}

static void irq(struct device *dev, uint32_t index)
{
	uint32_t why = reg_read32(&edu.regs, IRQ_STATUS);

	(void)dev, (void)index;
	reg_write32(&edu.regs, IRQ_ACK, why);
	if (edu.job == COMPUTE && (why & IRQ_FACTORIAL) && !(reg_read32(&edu.regs, STATUS) & STATUS_COMPUTING))
		job_end();
	else if (edu.job > COMPUTE && (why & IRQ_DMA) && !(mmio_read64(edu.regs.base + DMA_COMMAND) & DMA_RUN))
		job_end();
}

static void timer(struct device *dev)
{
	if (edu.job != IDLE)
		device_fail(dev, "the device does not finish its work");
}

/* ---- what clients can ask --------------------------------------------------------------------------------- */

static status_t op_identify(void *ctx, struct ipc_request *rq, uint8_t *major, uint8_t *minor)
{
	const uint32_t probe = 0x12345678;
	uint32_t id = reg_read32(&edu.regs, IDENTIFICATION);

	(void)ctx, (void)rq;
	reg_write32(&edu.regs, LIVENESS, probe);
	if (reg_read32(&edu.regs, LIVENESS) != ~probe)
		return ERR_IO;
	*major = (uint8_t)(id >> 24);
	*minor = (uint8_t)(id >> 16);
	return OK;
}

static status_t op_factorial(void *ctx, struct ipc_request *rq, uint32_t number, uint32_t *result)
{
	(void)ctx, (void)result;
	if (number > FACTORIAL_MAX)
		return ERR_RANGE;
	if (edu.job != IDLE)
		return ERR_BUSY;
	status_t status = job_begin(rq, COMPUTE);
	if (status != OK)
		return status;
	reg_write32(&edu.regs, STATUS, STATUS_INTERRUPT);
	reg_write32(&edu.regs, FACTORIAL, number);
	return IPC_DEFERRED;
}

/* The device moves `length` bytes between its page and ours, and interrupts when it has. */
static void transfer(uint64_t source, uint64_t target, uint32_t length, uint64_t direction)
{
	edu.length = length;
	mmio_write64(edu.regs.base + DMA_SOURCE, source);
	mmio_write64(edu.regs.base + DMA_TARGET, target);
	mmio_write64(edu.regs.base + DMA_COUNT, length);
	mmio_write64(edu.regs.base + DMA_COMMAND, DMA_RUN | DMA_INTERRUPT | direction);
}

static status_t transfer_check(uint32_t offset, size_t length)
{
	if (!length || offset > EDU_BUFFER_BYTES || length > EDU_BUFFER_BYTES - offset)
		return ERR_RANGE;
	return edu.job == IDLE ? OK : ERR_BUSY;
}

static status_t op_store(void *ctx, struct ipc_request *rq, uint32_t offset, size_t length)
{
	status_t status = transfer_check(offset, length);

	(void)ctx;
	if (status == OK)
		status = ipc_lease_read(rq, EDU_STORE_LEASE_DATA, 0, edu.page.cpu, length);
	if (status == OK)
		status = job_begin(rq, STORE);
	if (status != OK)
		return status;
	dma_to_device(&edu.page, 0, length);
	transfer(edu.page.bus, DEVICE_BUFFER + offset, (uint32_t)length, 0);
	return IPC_DEFERRED;
}

static status_t op_fetch(void *ctx, struct ipc_request *rq, uint32_t offset, size_t length)
{
	status_t status = transfer_check(offset, length);

	(void)ctx;
	if (status == OK)
		status = job_begin(rq, FETCH);
	if (status != OK)
		return status;
	transfer(DEVICE_BUFFER + offset, edu.page.bus, (uint32_t)length, DMA_FROM_DEVICE);
	return IPC_DEFERRED;
}

static const struct edu_ops ops = {
	.identify = op_identify,
	.factorial = op_factorial,
	.store = op_store,
	.fetch = op_fetch,
};

/* ---- taking the device ------------------------------------------------------------------------------------ */

/* Whatever an earlier instance began comes to its end, and reaches no memory meanwhile. */
static status_t device_stop(struct device *dev)
{
	status_t status = pci_config_master(dev, false);

	if (status != OK)
		return status;
	reg_write32(&edu.regs, STATUS, 0);
	for (int i = 0; i < STOP_STEPS; i++) {
		if (!(reg_read32(&edu.regs, STATUS) & STATUS_COMPUTING) &&
		    !(mmio_read64(edu.regs.base + DMA_COMMAND) & DMA_RUN)) {
			reg_write32(&edu.regs, IRQ_ACK, reg_read32(&edu.regs, IRQ_STATUS));
			return device_dma_quiet(dev);
		}
		device_delay(STOP_STEP_NS);
	}
	return ERR_IO;
}

static status_t bind(struct device *dev, enum driver_start start)
{
	(void)start; /* the same for a fresh device: it may be as the firmware left it */
	edu = (struct edu){.dev = dev};
	status_t status = device_regs(dev, 0, &edu.regs);
	if (status != OK)
		return status;
	if (edu.regs.size < REGISTERS_END || !device_irq_count(dev))
		return ERR_BAD_FORMAT;
	if ((reg_read32(&edu.regs, IDENTIFICATION) & ID_MASK) != ID_EDU)
		return ERR_NOT_FOUND;
	status = device_stop(dev);
	if (status == OK)
		status = device_dma_alloc(dev, EDU_BUFFER_BYTES, &edu.page);
	if (status == OK)
		status = pci_config_master(dev, true);
	return status;
}

const struct driver driver = {
	.bind = bind,
	.irq = irq,
	.timer = timer,
	.protocol = &edu_protocol,
	.ops = &ops,
};

DRIVER_MANIFEST = {
	DRIVER_MANIFEST_HEAD,
	.name = "edu",
	.class = DRIVER_CLASS_OTHER,
	.dma_bytes = EDU_BUFFER_BYTES,
	.matches =
		{
			DRIVER_PCI("1234", "11e8", 0),
		},
};
