/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel objects of the host backend: memory, notifications, endpoints, behind handles that are counted, so that a
 * test sees
 * leaks and uses after close. Client and driver share one handle table. What a device reaches is tracked: a model of
 * it gets at memory
 * through host_dma_at only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/object.h"
#include "sys/abi/status.h"

#define HOST_OBJECT_BASE 0x100000ull /* handles from here on are this file's */

/* Memory of whole pages; contiguous memory has a bus address. */
handle_t host_vmo_make(size_t size, bool contiguous);
/* Its bytes, NULL if it is none */
void *host_vmo_bytes(handle_t vmo, size_t *size);
handle_t host_notification_make(void);
/* What was signalled, which is cleared */
uint64_t host_notification_take(handle_t notification);
/* Every handle to the object is gone, as after a revocation; memory that is mapped stays readable for the test only. */
void host_object_revoke(handle_t handle);

unsigned host_handles_open(void);
unsigned host_mappings(void); /* of the present instance */

/* Memory that the device may reach now: the present instance's, and earlier ones' until device_dma_quiet. NULL and
 * host_dma_faults: it is not. */
void *host_dma_at(uint64_t bus, uint64_t size);
extern unsigned host_dma_faults;
size_t host_dma_bytes(void);
/* The n-th byte of all that, for devices that write anywhere; NULL past its end */
uint8_t *host_dma_byte(size_t n);

/* Runs the driver's doorbell if it was signalled. */
bool host_doorbell_run(void);

/* Slots of device_keep that are in use */
unsigned host_kept(void);

/* The next nth call fails with this status, once: vmo_map, device_dma_alloc, device_dma_pin, handle_dup, device_keep */
enum host_call { HOST_MAP, HOST_DMA_ALLOC, HOST_DMA_PIN, HOST_DUP, HOST_KEEP, HOST_CALL_COUNT };
void host_fail(enum host_call call, unsigned nth, status_t status);

/* Everything is gone: for tests that begin anew. */
void host_objects_reset(void);

/* ---- between the backend's files ---- */

void host_objects_instance(void); /* a new instance begins */
status_t host_object_close(handle_t handle);
status_t host_object_info(handle_t handle, struct handle_info *info);
status_t host_object_signal(handle_t handle, uint64_t bits);
bool host_endpoint_badge(handle_t handle, uint64_t *badge);
