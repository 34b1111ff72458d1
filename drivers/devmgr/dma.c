/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that devices reach by themselves. devmgr holds all of it, so that it outlives the driver: nobody can tell whether a dead
 * driver's device still writes there. It is in quarantine then, until the next instance has reset the device.
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

#define ALLOC_MAX  (1ull << 30)
#define BLOCKS_MAX 1024 /* of a unit, quarantined ones included */

static struct dma_block *block_new(struct unit *unit)
{
	if (unit->dma_count == BLOCKS_MAX)
		return NULL;
	if (unit->dma_count == unit->dma_capacity) {
		uint32_t capacity = unit->dma_capacity ? 2 * unit->dma_capacity : 8;
		struct dma_block *list = realloc(unit->dma, capacity * sizeof(*list));

		if (!list)
			return NULL;
		unit->dma = list;
		unit->dma_capacity = capacity;
	}
	return &unit->dma[unit->dma_count];
}

static void block_drop(struct unit *unit, uint32_t index)
{
	struct dma_block *block = &unit->dma[index];

	/* Nobody goes on using what is no longer counted: not the driver, nor whoever it handed a copy to. A client's own memory is
	 * the client's to use. */
	if (!block->pinned)
		(void)handle_revoke(block->vmo);
	(void)handle_close(block->vmo);
	*block = unit->dma[--unit->dma_count];
}

static bool quarantined(const struct unit *unit, const struct dma_block *block)
{
	return unit->instance.process == HANDLE_NONE || block->instance != unit->instance.number;
}

void dma_count(const struct unit *unit, struct devmgr_holdings *out)
{
	for (uint32_t i = 0; i < unit->dma_count; i++) {
		const struct dma_block *block = &unit->dma[i];

		if (block->pinned)
			out->pinned_bytes += block->size;
		else
			out->dma_bytes += block->size;
		if (quarantined(unit, block))
			out->quarantined_bytes += block->size;
	}
}

void dma_drop(struct unit *unit)
{
	for (uint32_t i = 0; i < unit->dma_count;) {
		if (quarantined(unit, &unit->dma[i]))
			block_drop(unit, i);
		else
			i++;
	}
}

static status_t block_add(struct manager *m, struct unit *unit, handle_t vmo, uint64_t size, bool pinned, uint64_t *key)
{
	struct dma_block *block = block_new(unit);

	if (!block)
		return ERR_NO_MEMORY;
	*key = ++m->next_dma_key;
	*block = (struct dma_block){vmo, *key, size, unit->instance.number, pinned};
	unit->dma_count++;
	return OK;
}

status_t control_dma_alloc(void *ctx, struct ipc_request *rq, uint64_t size, handle_t *memory, uint64_t *key)
{
	struct manager *m = ctx;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);
	struct devmgr_holdings held = {0};
	handle_t vmo;

	if (!unit)
		return ERR_STATE;
	if (!size || size > ALLOC_MAX)
		return ERR_RANGE;
	size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	dma_count(unit, &held);
	uint64_t limit = unit->driver->manifest.dma_bytes;
	if (held.dma_bytes > limit || size > limit - held.dma_bytes)
		return ERR_QUOTA;
	status_t status = vmo_create(size, VMO_CONTIGUOUS, m->res_dma, &vmo);
	if (status != OK)
		return status == ERR_NO_HANDLES ? ERR_NO_MEMORY : status;
	status = handle_dup(vmo, RIGHT_MOVE | RIGHT_INFO | RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_PHYS, memory);
	if (status == OK)
		status = block_add(m, unit, vmo, size, false, key);
	if (status != OK)
		(void)handle_close(vmo);
	return status;
}

status_t control_dma_pin(void *ctx, struct ipc_request *rq, handle_t memory, uint64_t *key)
{
	struct manager *m = ctx;
	struct unit *unit = unit_by_badge(m, rq->msg.badge, BADGE_CONTROL);
	struct vmo_info info;

	if (!unit)
		return ERR_STATE;
	if (!unit->driver->manifest.dma_bytes)
		return ERR_QUOTA; /* it said that its device does not reach memory */
	status_t status = vmo_info(memory, &info);
	if (status != OK)
		return status;
	if (info.kind != VMO_KIND_CONTIGUOUS)
		return ERR_INVALID;
	return block_add(m, unit, memory, info.size, true, key);
}

status_t control_dma_release(void *ctx, struct ipc_request *rq, uint64_t key)
{
	struct unit *unit = unit_by_badge(ctx, rq->msg.badge, BADGE_CONTROL);

	for (uint32_t i = 0; unit && i < unit->dma_count; i++) {
		/* What earlier instances left goes by dma_quiet alone. */
		if (unit->dma[i].key != key || quarantined(unit, &unit->dma[i]))
			continue;
		block_drop(unit, i);
		return OK;
	}
	return ERR_NOT_FOUND;
}

status_t control_dma_quiet(void *ctx, struct ipc_request *rq)
{
	struct unit *unit = unit_by_badge(ctx, rq->msg.badge, BADGE_CONTROL);

	if (unit)
		dma_drop(unit);
	return OK;
}
