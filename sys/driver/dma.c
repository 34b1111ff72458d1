/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that the device reaches by itself: devmgr makes and holds it, the driver maps it. */
#include <stdatomic.h>

#include "protocols/driver.h"
#include "sys/driver/cache.h"
#include "sys/driver/device.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static handle_t control(void)
{
	return startup_handle(DRIVER_HND_CONTROL);
}

/* Maps out->vmo as its rights allow, and learns where it is. */
static status_t dma_map(struct dma *out)
{
	struct handle_info handle;
	struct vmo_info info;
	uint32_t flags = 0;
	status_t status = handle_info(out->vmo, &handle);

	if (status == OK)
		status = vmo_info(out->vmo, &info);
	if (status != OK)
		return status;
	if (info.kind != VMO_KIND_CONTIGUOUS || !info.phys)
		return ERR_INVALID;
	flags |= handle.rights & RIGHT_VMO_READ ? MAP_READ : 0;
	flags |= handle.rights & RIGHT_VMO_WRITE ? MAP_READ | MAP_WRITE : 0;
	out->bus = info.phys;
	out->size = info.size;
	return vmo_map(HANDLE_NONE, out->vmo, 0, NULL, info.size, flags, &out->cpu);
}

status_t device_dma_quiet(struct device *dev)
{
	(void)dev;
	return driver_dma_quiet(control());
}

status_t device_dma_alloc(struct device *dev, size_t size, struct dma *out)
{
	status_t status;

	(void)dev;
	*out = (struct dma){0};
	status = driver_dma_alloc(control(), size, &out->vmo, &out->key);
	if (status != OK)
		return status;
	status = dma_map(out);
	if (status != OK) {
		(void)handle_close(out->vmo);
		(void)driver_dma_release(control(), out->key);
		*out = (struct dma){0};
	}
	return status;
}

status_t device_dma_pin(struct device *dev, handle_t vmo, struct dma *out)
{
	handle_t copy;
	status_t status;

	(void)dev;
	*out = (struct dma){.vmo = vmo};
	status = dma_map(out);
	if (status == OK)
		status = handle_dup(vmo, RIGHTS_SAME, &copy);
	if (status == OK)
		status = driver_dma_pin(control(), copy, &out->key);
	if (status != OK) {
		if (out->cpu)
			(void)vmo_unmap(HANDLE_NONE, out->cpu, out->size);
		(void)handle_close(vmo);
		*out = (struct dma){0};
	}
	return status;
}

void device_dma_free(struct device *dev, struct dma *dma)
{
	(void)dev;
	if (!dma->cpu)
		return;
	/* A client may have taken its memory back, mapping and all: then nothing of it is left to give back here. */
	(void)vmo_unmap(HANDLE_NONE, dma->cpu, dma->size);
	(void)handle_close(dma->vmo);
	(void)driver_dma_release(control(), dma->key);
	*dma = (struct dma){0};
}

void dma_to_device(const struct dma *dma, size_t offset, size_t size)
{
	atomic_thread_fence(memory_order_seq_cst);
	cache_clean((const uint8_t *)dma->cpu + offset, size);
}

void dma_from_device(const struct dma *dma, size_t offset, size_t size)
{
	cache_invalidate((const uint8_t *)dma->cpu + offset, size);
	atomic_thread_fence(memory_order_seq_cst);
}
