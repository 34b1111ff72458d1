/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host backend of the driver library: a driver's source, compiled for the machine that builds, runs
 * against a model of its device and a stand-in for devmgr, the kernel and the callers. Everything
 * happens in one thread when the test says so, so runs repeat exactly.
 *
 * Clients call the driver with the generated stubs, through the endpoint HOST_ENDPOINT.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/driver/device.h"

#define HOST_ENDPOINT     ((handle_t)1)
#define HOST_NOTIFICATION ((handle_t)2) /* of clients, for `in` handles */
#define HOST_CONFIG       ((handle_t)3) /* the "config" endpoint of a PCI function, if the node has one */
#define HOST_CALLS_MAX    256
#define HOST_REGS_MAX     6

/* Registers. width: bytes of the access */
struct host_model {
	uint64_t size;
	uint64_t (*read)(void *ctx, uint64_t offset, unsigned width);
	void (*write)(void *ctx, uint64_t offset, unsigned width, uint64_t value);
	void *ctx;
};

struct host_node {
	uint32_t match;           /* entry of the driver's manifest */
	void (*props)(void *fdt); /* adds the node's properties with fdt_property_*; may be NULL */
	const char *console;      /* options, or NULL */
	const struct host_model *regs[HOST_REGS_MAX];
	const struct host_model *regmap;
	void *state; /* of driver_manifest.state_bytes */
	uint32_t irqs;
	const struct ipc_protocol *config; /* pci_protocol, and who answers */
	const void *config_ops;
	void *config_ctx;
};

/* Makes a new instance for the node and binds the driver; the last instance is dead by that, and so
 * are its callers. */
status_t host_bind(const struct host_node *node, enum driver_start start);
struct device *host_device(void);
void host_irq(uint32_t index);

/* Runs while a caller waits, until it is answered: the world goes on by one step. false: nothing will happen any
 * more. */
extern bool (*host_step)(void);
/* Runs while the driver waits in device_delay: its device may work. May be NULL. */
extern void (*host_delay)(void);

/* ns of clock_get. A driver's timer is run by host_timer_run when its time has come. */
extern uint64_t host_time;
bool host_timer_run(void);
extern uint64_t host_timer; /* its deadline */

extern bool host_ended;         /* the driver called device_fail */
extern uint64_t host_signalled; /* bits of HOST_NOTIFICATION */

/* With host_async, a call that is deferred returns ERR_WOULD_BLOCK to the client and stays; its number
 * is host_last_call. Its buffers must stay, too. */
extern bool host_async;
extern unsigned host_last_call;
/* Has it been answered? Then with this status and first word. ERR_PEER_DIED: the driver dropped it */
bool host_answered(unsigned call, status_t *status, uint64_t *word);
/* The caller dies: its memory is gone. */
void host_caller_kill(unsigned call);
/* Replies that the driver holds now */
unsigned host_replies(void);
