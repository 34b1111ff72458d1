/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, notifications, DMA and what devmgr keeps, for tests of drivers on the host. */
#include "sys/driver/host/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/driver/host/host.h"
#include "sys/driver/keep.h"
#include "sys/lib/syscall.h"

#define PAGE        4096u
#define HANDLES_MAX 4096u
#define DMAS_MAX    512u
#define BUS_BASE    0x80000000ull
#define BUS_GAP     0x100000ull /* between two pieces: what runs over hits nothing */

struct object {
	struct object *next, **back; /* all there are: a dead instance's mappings are never undone */
	enum object_type type;
	unsigned refs, maps;
	uint8_t *bytes;
	size_t size;
	uint64_t bus; /* 0: not contiguous */
	uint64_t badge, bits;
};

struct dma_piece {
	struct object *object;
	uint64_t key;
	uint32_t instance;
};

static struct object *objects;
static struct object *table[HANDLES_MAX];
static unsigned handles_open, mappings, next_handle;
static struct dma_piece pieces[DMAS_MAX];
static uint64_t bus_next = BUS_BASE, key_next = 1;
static uint32_t instance;
static struct keep kept_slots[KEEP_MAX];
static handle_t doorbell;
static void (*doorbell_ring)(struct device *dev);
static struct {
	unsigned nth;
	status_t status;
} failures[HOST_CALL_COUNT];

unsigned host_dma_faults;

void host_fail(enum host_call call, unsigned nth, status_t status)
{
	failures[call].nth = nth;
	failures[call].status = status;
}

static status_t fails(enum host_call call)
{
	if (!failures[call].nth || --failures[call].nth)
		return OK;
	return failures[call].status;
}

/* ---- handles ------------------------------------------------------------------------------------------- */

static struct object *object_of(handle_t handle, enum object_type type)
{
	uint64_t at = handle - HOST_OBJECT_BASE;
	struct object *o = handle >= HOST_OBJECT_BASE && at < HANDLES_MAX ? table[at] : NULL;

	return o && (type == OBJ_NONE || o->type == type) ? o : NULL;
}

static handle_t handle_for(struct object *o)
{
	for (unsigned i = 0; i < HANDLES_MAX; i++) {
		unsigned at = next_handle++ % HANDLES_MAX;

		if (table[at])
			continue;
		table[at] = o;
		o->refs++;
		handles_open++;
		return HOST_OBJECT_BASE + at;
	}
	abort(); /* the driver or the test leaks */
}

static struct object *object_new(enum object_type type)
{
	struct object *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->type = type;
	o->next = objects;
	o->back = &objects;
	if (objects)
		objects->back = &o->next;
	objects = o;
	return o;
}

static void object_free(struct object *o)
{
	*o->back = o->next;
	if (o->next)
		o->next->back = o->back;
	free(o->bytes);
	free(o);
}

static void object_put(struct object *o)
{
	if (!o->refs && !o->maps)
		object_free(o);
}

void host_objects_reset(void)
{
	while (objects)
		object_free(objects);
	memset(table, 0, sizeof(table));
	memset(pieces, 0, sizeof(pieces));
	memset(kept_slots, 0, sizeof(kept_slots));
	memset(failures, 0, sizeof(failures));
	handles_open = mappings = next_handle = instance = host_dma_faults = 0;
	doorbell = HANDLE_NONE;
	doorbell_ring = NULL;
	bus_next = BUS_BASE;
}

handle_t host_vmo_make(size_t size, bool contiguous)
{
	struct object *o = object_new(OBJ_VMO);

	o->size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	o->bytes = aligned_alloc(PAGE, o->size);
	if (!o->bytes)
		abort();
	memset(o->bytes, 0, o->size);
	if (contiguous) {
		o->bus = bus_next;
		bus_next += o->size + BUS_GAP;
	}
	return handle_for(o);
}

void *host_vmo_bytes(handle_t vmo, size_t *size)
{
	struct object *o = object_of(vmo, OBJ_VMO);

	if (size)
		*size = o ? o->size : 0;
	return o ? o->bytes : NULL;
}

handle_t host_notification_make(void)
{
	return handle_for(object_new(OBJ_NOTIFICATION));
}

uint64_t host_notification_take(handle_t notification)
{
	struct object *o = object_of(notification, OBJ_NOTIFICATION);
	uint64_t bits = o ? o->bits : 0;

	if (o)
		o->bits = 0;
	return bits;
}

unsigned host_handles_open(void)
{
	return handles_open;
}

unsigned host_mappings(void)
{
	return mappings;
}

status_t host_object_close(handle_t handle)
{
	struct object *o = object_of(handle, OBJ_NONE);

	if (!o)
		return ERR_HANDLE;
	table[handle - HOST_OBJECT_BASE] = NULL;
	handles_open--;
	o->refs--;
	object_put(o);
	return OK;
}

void host_object_revoke(handle_t handle)
{
	struct object *o = object_of(handle, OBJ_NONE);

	if (!o)
		return;
	o->maps++; /* stays for what is mapped or pinned */
	for (unsigned i = 0; i < HANDLES_MAX; i++) {
		if (table[i] == o)
			(void)host_object_close(HOST_OBJECT_BASE + i);
	}
}

status_t host_object_info(handle_t handle, struct handle_info *info)
{
	struct object *o = object_of(handle, OBJ_NONE);

	if (!o)
		return ERR_HANDLE;
	*info = (struct handle_info){.type = o->type, .rights = RIGHTS_ALL, .badge = o->badge, .refs = o->refs};
	return OK;
}

status_t host_object_signal(handle_t handle, uint64_t bits)
{
	struct object *o = object_of(handle, OBJ_NOTIFICATION);

	if (!o)
		return ERR_HANDLE;
	o->bits |= bits;
	return OK;
}

bool host_endpoint_badge(handle_t handle, uint64_t *badge)
{
	struct object *o = object_of(handle, OBJ_ENDPOINT);

	if (o)
		*badge = o->badge;
	return o != NULL;
}

/* ---- system calls ---------------------------------------------------------------------------- */

status_t handle_dup(handle_t handle, uint32_t rights, handle_t *out)
{
	struct object *o = object_of(handle, OBJ_NONE);
	status_t status = fails(HOST_DUP);

	(void)rights;
	if (status != OK || !o)
		return o ? status : ERR_HANDLE;
	*out = handle_for(o);
	return OK;
}

status_t vmo_create(uint64_t size, uint32_t flags, handle_t res, handle_t *out)
{
	(void)res;
	*out = host_vmo_make(size, flags & VMO_CONTIGUOUS);
	return OK;
}

status_t notification_create(handle_t *out)
{
	*out = host_notification_make();
	return OK;
}

/* The world goes on until somebody signals, or nothing will happen any more. */
status_t notification_wait(handle_t nt, uint64_t deadline, uint64_t *bits)
{
	struct object *o = object_of(nt, OBJ_NOTIFICATION);

	if (!o)
		return ERR_HANDLE;
	while (!o->bits && host_time < deadline && host_step && host_step())
		;
	if (!o->bits) {
		if (deadline != DEADLINE_NEVER && host_time < deadline)
			host_time = deadline;
		return ERR_TIMED_OUT;
	}
	if (bits)
		*bits = o->bits;
	o->bits = 0;
	return OK;
}

status_t vmo_info(handle_t vmo, struct vmo_info *info)
{
	struct object *o = object_of(vmo, OBJ_VMO);

	if (!o)
		return ERR_HANDLE;
	*info = (struct vmo_info){
		.size = o->size, .phys = o->bus, .kind = o->bus ? VMO_KIND_CONTIGUOUS : VMO_KIND_ANON};
	return OK;
}

status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags, void **out)
{
	struct object *o = object_of(vmo, OBJ_VMO);
	status_t status = fails(HOST_MAP);

	(void)proc, (void)addr, (void)flags;
	if (status != OK || !o)
		return o ? status : ERR_HANDLE;
	if (offset || size != o->size)
		return ERR_RANGE;
	o->maps++;
	mappings++;
	*out = o->bytes;
	return OK;
}

/* The object that is mapped there: by its handle, or by a piece of DMA memory */
static struct object *object_at(const void *addr)
{
	for (unsigned i = 0; i < HANDLES_MAX; i++) {
		if (table[i] && table[i]->bytes == addr)
			return table[i];
	}
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		if (pieces[i].object && pieces[i].object->bytes == addr)
			return pieces[i].object;
	}
	return NULL;
}

status_t vmo_unmap(handle_t proc, void *addr, uint64_t size)
{
	struct object *o = object_at(addr);

	(void)proc, (void)size;
	mappings--;
	/* Without any handle left it was the last mapping that kept it: leaked in tests that revoke, which is no
	 * matter. */
	if (o) {
		o->maps--;
		object_put(o);
	}
	return OK;
}

/* ---- DMA ------------------------------------------------------------------------------------- */

static uint64_t piece_add(struct object *o)
{
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		if (pieces[i].object)
			continue;
		o->maps++;
		pieces[i] = (struct dma_piece){o, key_next++, instance};
		return pieces[i].key;
	}
	abort();
}

static void piece_drop(struct dma_piece *piece)
{
	struct object *o = piece->object;

	*piece = (struct dma_piece){0};
	o->maps--;
	object_put(o);
}

status_t device_dma_quiet(struct device *dev)
{
	(void)dev;
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		if (pieces[i].object && pieces[i].instance != instance)
			piece_drop(&pieces[i]);
	}
	return OK;
}

status_t device_dma_alloc(struct device *dev, size_t size, struct dma *out)
{
	status_t status = fails(HOST_DMA_ALLOC);

	(void)dev;
	if (status != OK)
		return status;
	handle_t vmo = host_vmo_make(size, true);
	struct object *o = object_of(vmo, OBJ_VMO);
	*out = (struct dma){.cpu = o->bytes, .bus = o->bus, .size = o->size, .vmo = HANDLE_NONE, .key = piece_add(o)};
	(void)host_object_close(vmo);
	return OK;
}

status_t device_dma_pin(struct device *dev, handle_t vmo, struct dma *out)
{
	struct object *o = object_of(vmo, OBJ_VMO);
	status_t status = !o ? ERR_HANDLE : !o->bus ? ERR_INVALID : fails(HOST_DMA_PIN);

	(void)dev;
	if (status == OK)
		*out = (struct dma){
			.cpu = o->bytes, .bus = o->bus, .size = o->size, .vmo = HANDLE_NONE, .key = piece_add(o)};
	(void)host_object_close(vmo);
	return status;
}

void device_dma_free(struct device *dev, struct dma *dma)
{
	(void)dev;
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		if (pieces[i].object && pieces[i].key == dma->key)
			piece_drop(&pieces[i]);
	}
	*dma = (struct dma){0};
}

void dma_to_device(const struct dma *dma, size_t offset, size_t size)
{
	(void)dma, (void)offset, (void)size;
}

void dma_from_device(const struct dma *dma, size_t offset, size_t size)
{
	(void)dma, (void)offset, (void)size;
}

void *host_dma_at(uint64_t bus, uint64_t size)
{
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		const struct object *o = pieces[i].object;

		if (o && bus >= o->bus && bus - o->bus <= o->size && size <= o->size - (bus - o->bus))
			return o->bytes + (bus - o->bus);
	}
	host_dma_faults++;
	return NULL;
}

size_t host_dma_bytes(void)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < DMAS_MAX; i++)
		bytes += pieces[i].object ? pieces[i].object->size : 0;
	return bytes;
}

uint8_t *host_dma_byte(size_t n)
{
	for (unsigned i = 0; i < DMAS_MAX; i++) {
		const struct object *o = pieces[i].object;

		if (o && n < o->size)
			return o->bytes + n;
		n -= o ? o->size : 0;
	}
	return NULL;
}

/* ---- devmgr ---------------------------------------------------------------------------------- */

void host_objects_instance(void)
{
	instance++;
	mappings = 0;
	doorbell_ring = NULL;
}

status_t device_keep(struct device *dev, uint32_t slot, const struct keep *kept)
{
	struct keep copy = *kept;
	status_t status = fails(HOST_KEEP);

	if (status != OK || slot >= KEEP_MAX)
		return slot >= KEEP_MAX ? ERR_RANGE : status;
	status = handle_dup(kept->memory, RIGHTS_ALL, &copy.memory);
	if (status != OK)
		return status;
	status = handle_dup(kept->data, RIGHTS_ALL, &copy.data);
	if (status == OK)
		status = handle_dup(kept->notification, RIGHTS_ALL, &copy.notification);
	if (status != OK)
		return status; /* the test has failed anyway, or made it so */
	device_forget(dev, slot);
	kept_slots[slot] = copy;
	return OK;
}

status_t device_kept(struct device *dev, uint32_t slot, struct keep *out)
{
	const struct keep *kept = &kept_slots[slot];

	(void)dev;
	if (slot >= KEEP_MAX)
		return ERR_RANGE;
	if (kept->memory == HANDLE_NONE)
		return ERR_NOT_FOUND;
	*out = *kept;
	if (!object_of(kept->memory, OBJ_VMO) || !object_of(kept->data, OBJ_VMO) ||
	    !object_of(kept->notification, OBJ_NOTIFICATION))
		return ERR_HANDLE; /* revoked */
	out->memory = handle_for(object_of(kept->memory, OBJ_NONE));
	out->data = handle_for(object_of(kept->data, OBJ_NONE));
	out->notification = handle_for(object_of(kept->notification, OBJ_NONE));
	return OK;
}

void device_forget(struct device *dev, uint32_t slot)
{
	(void)dev;
	if (slot >= KEEP_MAX || kept_slots[slot].memory == HANDLE_NONE)
		return;
	(void)host_object_close(kept_slots[slot].memory);
	(void)host_object_close(kept_slots[slot].data);
	(void)host_object_close(kept_slots[slot].notification);
	kept_slots[slot] = (struct keep){0};
}

unsigned host_kept(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < KEEP_MAX; i++)
		count += kept_slots[i].memory != HANDLE_NONE;
	return count;
}

#define DOORBELL_BIT (1ull << 63)

status_t device_doorbell(struct device *dev, void (*ring)(struct device *dev), handle_t *out, uint64_t *bits)
{
	(void)dev;
	if (doorbell == HANDLE_NONE)
		doorbell = host_notification_make();
	doorbell_ring = ring;
	*out = doorbell;
	*bits = DOORBELL_BIT;
	return OK;
}

bool host_doorbell_run(void)
{
	if (!doorbell_ring || !(host_notification_take(doorbell) & DOORBELL_BIT))
		return false;
	doorbell_ring(host_device());
	return true;
}

status_t device_mint(struct device *dev, uint64_t badge, handle_t *out)
{
	struct object *o = object_new(OBJ_ENDPOINT);

	(void)dev;
	o->badge = badge;
	*out = handle_for(o);
	return OK;
}
