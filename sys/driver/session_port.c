/* SPDX-License-Identifier: BSD-2-Clause */
/* Attachments of clients: mapping, pinning, keeping, and the two epochs. */
#include "sys/driver/session_port.h"

#include "sys/lib/syscall.h"

/* Handles to a client's notification when it holds none any more: the driver's and devmgr's. */
#define REFS_OWN 2

static size_t shape_bytes(const struct session_shape *shape, uint32_t depth, unsigned rings)
{
	uint32_t counts[SESSION_RINGS_MAX], sizes[SESSION_RINGS_MAX];

	for (uint32_t i = 0; i < shape->rings; i++) {
		counts[i] = depth;
		sizes[i] = shape->ring[i].slot_size;
	}
	return session_ring_offset(rings, counts, sizes);
}

static status_t memory_map(struct session_port *s, handle_t memory)
{
	struct vmo_info info;
	void *at;
	status_t status = vmo_info(memory, &info);

	if (status != OK)
		return status;
	/* A device's registers are no memory, and could not be read safely. */
	if (info.kind == VMO_KIND_DEVICE || info.size < shape_bytes(s->shape, s->depth, s->shape->rings))
		return ERR_INVALID;
	status = vmo_map(HANDLE_NONE, memory, 0, NULL, info.size, MAP_READ | MAP_WRITE, &at);
	if (status != OK)
		return status;
	s->shared = at;
	s->bytes = info.size;
	return OK;
}

/* The handles of `offer` are gone afterwards. */
static status_t session_take(struct session_port *s, const struct session_offer *offer)
{
	status_t status = memory_map(s, offer->memory);

	(void)handle_close(offer->memory);
	if (status == OK)
		status = device_dma_pin(s->dev, offer->data, &s->data);
	else
		(void)handle_close(offer->data);
	if (status == OK) {
		s->notification = offer->notification;
		atomic_store_explicit(&s->shared->server_epoch, device_instance(s->dev), memory_order_release);
		session_port_signal(s);
		return OK;
	}
	if (s->shared)
		(void)vmo_unmap(HANDLE_NONE, s->shared, s->bytes);
	(void)handle_close(offer->notification);
	*s = (struct session_port){0};
	return status;
}

static struct session_port session_new(struct device *dev, const struct session_shape *shape, uint32_t slot,
				       const struct session_offer *offer)
{
	return (struct session_port){
		.dev = dev,
		.shape = shape,
		.slot = slot,
		.badge = offer->badge,
		.bits = offer->bits,
		.depth = offer->depth,
	};
}

status_t session_port_open(struct session_port *s, struct device *dev, const struct session_shape *shape, uint32_t slot,
			   const struct session_offer *offer)
{
	const struct keep kept = {
		.value = offer->depth,
		.badge = offer->badge,
		.bits = offer->bits,
		.memory = offer->memory,
		.data = offer->data,
		.notification = offer->notification,
	};
	bool good = offer->bits && offer->depth && offer->depth <= SESSION_DEPTH_MAX &&
		    !(offer->depth & (offer->depth - 1));
	status_t status = good ? device_keep(dev, slot, &kept) : ERR_INVALID;

	*s = session_new(dev, shape, slot, offer);
	if (status != OK) {
		(void)handle_close(offer->memory);
		(void)handle_close(offer->data);
		(void)handle_close(offer->notification);
		return status;
	}
	status = session_take(s, offer);
	if (status != OK)
		device_forget(dev, slot);
	return status;
}

status_t session_port_reopen(struct session_port *s, struct device *dev, const struct session_shape *shape,
			     uint32_t slot)
{
	struct keep kept;
	status_t status = device_kept(dev, slot, &kept);

	if (status != OK) {
		if (status != ERR_NOT_FOUND)
			device_forget(dev, slot); /* its client has taken something back */
		return status;
	}
	const struct session_offer offer = {
		.badge = kept.badge,
		.bits = kept.bits,
		.depth = (uint32_t)kept.value,
		.memory = kept.memory,
		.data = kept.data,
		.notification = kept.notification,
	};
	*s = session_new(dev, shape, slot, &offer);
	status = session_take(s, &offer);
	if (status != OK)
		device_forget(dev, slot);
	return status;
}

void session_port_close(struct session_port *s)
{
	device_forget(s->dev, s->slot);
	device_dma_free(s->dev, &s->data);
	(void)vmo_unmap(HANDLE_NONE, s->shared, s->bytes);
	(void)handle_close(s->notification);
	*s = (struct session_port){0};
}

bool session_port_ready(struct session_port *s)
{
	if (s->live || s->broken)
		return s->live;
	if (atomic_load_explicit(&s->shared->client_epoch, memory_order_acquire) != device_instance(s->dev))
		return false;
	for (uint32_t i = 0; i < s->shape->rings; i++) {
		size_t at = shape_bytes(s->shape, s->depth, i);

		if (ring_attach(&s->rings[i], (uint8_t *)s->shared + at, s->bytes - at, s->depth,
				s->shape->ring[i].slot_size, s->shape->ring[i].end) != OK) {
			session_port_break(s);
			return false;
		}
	}
	s->live = true;
	return true;
}

void session_port_break(struct session_port *s)
{
	s->live = false;
	s->broken = true;
	device_log(s->dev, LOG_WARN, "client %llx breaks the rules of its rings and is not served any more",
		   (unsigned long long)s->badge);
	session_port_signal(s);
}

void session_port_signal(struct session_port *s)
{
	/* One that has revoked its notification does not want to hear. */
	(void)notification_signal(s->notification, s->bits);
}

bool session_port_abandoned(const struct session_port *s)
{
	struct handle_info info;

	return handle_info(s->notification, &info) != OK || info.refs <= REFS_OWN;
}
