/* SPDX-License-Identifier: BSD-2-Clause */
/* What drivers leave with devmgr for their next instance: the handles of clients' attachments. */
#include <stdlib.h>

#include "drivers/devmgr/devmgr.h"
#include "sys/lib/syscall.h"

static void slot_empty(struct kept *slot)
{
	if (!slot->used)
		return;
	(void)handle_close(slot->memory);
	(void)handle_close(slot->data);
	(void)handle_close(slot->notification);
	*slot = (struct kept){0};
}

void kept_drop(struct unit *unit)
{
	for (uint32_t i = 0; unit->kept && i < DRIVER_KEEP_MAX; i++)
		slot_empty(&unit->kept[i]);
	free(unit->kept);
	unit->kept = NULL;
}

uint32_t kept_count(const struct unit *unit)
{
	uint32_t count = 0;

	for (uint32_t i = 0; unit->kept && i < DRIVER_KEEP_MAX; i++)
		count += unit->kept[i].used;
	return count;
}

status_t control_keep(void *ctx, struct ipc_request *rq, uint32_t slot, uint64_t value, uint64_t badge, handle_t memory,
		      handle_t data, handle_t notification, uint64_t bits)
{
	struct unit *unit = unit_by_badge(ctx, rq->msg.badge, BADGE_CONTROL);

	if (!unit)
		return ERR_STATE;
	if (slot >= DRIVER_KEEP_MAX)
		return ERR_RANGE;
	if (!unit->kept)
		unit->kept = calloc(DRIVER_KEEP_MAX, sizeof(*unit->kept));
	if (!unit->kept)
		return ERR_NO_MEMORY;
	slot_empty(&unit->kept[slot]);
	unit->kept[slot] = (struct kept){true, value, badge, bits, memory, data, notification};
	return OK;
}

status_t control_kept(void *ctx, struct ipc_request *rq, uint32_t slot, uint64_t *value, uint64_t *badge,
		      uint64_t *bits, handle_t *memory, handle_t *data, handle_t *notification)
{
	const struct unit *unit = unit_by_badge(ctx, rq->msg.badge, BADGE_CONTROL);

	if (!unit)
		return ERR_STATE;
	if (slot >= DRIVER_KEEP_MAX)
		return ERR_RANGE;
	if (!unit->kept || !unit->kept[slot].used)
		return ERR_NOT_FOUND;
	const struct kept *kept = &unit->kept[slot];
	*value = kept->value;
	*badge = kept->badge;
	*bits = kept->bits;
	/* The client may have taken its memory back meanwhile (a revoked handle): ERR_HANDLE is the answer. */
	status_t status = handle_dup(kept->memory, RIGHTS_SAME, memory);
	if (status == OK)
		status = handle_dup(kept->data, RIGHTS_SAME, data);
	if (status == OK)
		status = handle_dup(kept->notification, RIGHTS_SAME, notification);
	return status;
}

status_t control_forget(void *ctx, struct ipc_request *rq, uint32_t slot)
{
	struct unit *unit = unit_by_badge(ctx, rq->msg.badge, BADGE_CONTROL);

	if (!unit)
		return ERR_STATE;
	if (slot >= DRIVER_KEEP_MAX)
		return ERR_RANGE;
	if (unit->kept)
		slot_empty(&unit->kept[slot]);
	return OK;
}
