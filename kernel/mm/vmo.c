/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory objects. Copy-on-write is by page: a page with more than one holder (page.refs) is copied before it is written. */
#include "kernel/mm/vmo.h"

#include "kernel/layout.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/pager.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/platform.h"
#include "kernel/trap/syscall.h"
#include "sys/abi/syscall.h"
#include <string.h>

#define MAX_PAGES   (1ull << 26) /* 256 GiB: all a process can map */
#define SHRINK_STEP 128          /* pages freed between looks at pending interrupts */
#define BUILD_STEP  64           /* pages made likewise */
#define CLONE_STEP  512          /* pages shared likewise */

/* Are its pages its own, each in a word of the leaves? */
static bool has_slots(const struct vmo *v)
{
	return v->kind == VMO_KIND_ANON || v->kind == VMO_KIND_PAGED || v->kind == VMO_KIND_VIEW;
}

static size_t leaf_bytes(const struct vmo *v)
{
	return (v->pages < VMO_LEAF ? v->pages : VMO_LEAF) * sizeof(uint64_t);
}

static uint64_t leaf_count(const struct vmo *v)
{
	return (v->pages + VMO_LEAF - 1) / VMO_LEAF;
}

/* The word that holds a page's address; NULL: not allocated (or out of memory when create). */
static uint64_t *slot_of(struct vmo *v, uint64_t index, bool create)
{
	uint64_t **leaf;

	if (v->pages <= VMO_LEAF) {
		leaf = &v->single;
	} else {
		if (!v->leaves) {
			if (!create)
				return NULL;
			v->leaves = kalloc(v->obj.quota, leaf_count(v) * sizeof(*v->leaves));
			if (!v->leaves)
				return NULL;
		}
		leaf = &v->leaves[index / VMO_LEAF];
	}
	if (!*leaf) {
		if (!create)
			return NULL;
		*leaf = kalloc(v->obj.quota, leaf_bytes(v));
		if (!*leaf)
			return NULL;
	}
	return &(*leaf)[index % VMO_LEAF];
}

uint64_t *vmo_slot_slow(struct vmo *v, uint64_t index)
{
	return slot_of(v, index, true);
}

static struct vmo *vmo_new(struct quota *q, uint8_t kind, uint64_t pages)
{
	struct vmo *v = kalloc(q, sizeof(*v));

	if (!v)
		return NULL;
	object_init(&v->obj, OBJ_VMO, q);
	v->kind = kind;
	v->pages = pages;
	list_init(&v->mappings);
	return v;
}

static status_t contiguous_reserve(struct vmo *v)
{
	unsigned order = 0;

	while (1ull << order < v->pages)
		order++;
	if (order >= PAGE_ORDERS)
		return ERR_RANGE;
	if (!quota_charge(v->obj.quota, v->pages << PAGE_SHIFT))
		return ERR_NO_MEMORY;
	uint64_t pa = page_alloc(order);
	if (!pa) {
		quota_uncharge(v->obj.quota, v->pages << PAGE_SHIFT);
		return ERR_NO_MEMORY;
	}
	page_split(pa, order);
	for (uint64_t i = v->pages; i < 1ull << order; i++)
		page_free(pa + (i << PAGE_SHIFT), 0);
	v->phys = pa;
	v->present = v->pages;
	return OK;
}

status_t vmo_create(struct quota *q, uint64_t size, uint32_t flags, struct vmo **out)
{
	uint64_t pages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	status_t s = OK;

	if (!size || size > MAX_PAGES << PAGE_SHIFT)
		return ERR_RANGE;
	struct vmo *v = vmo_new(q, VMO_KIND_ANON, pages);
	if (!v)
		return ERR_NO_MEMORY;
	if (flags & (VMO_CONTIGUOUS | VMO_COMMIT)) {
		v->kind = VMO_KIND_BUILDING;
		v->build = flags & VMO_CONTIGUOUS ? VMO_BUILD_CONTIGUOUS : VMO_BUILD_COMMIT;
	}
	if (flags & VMO_CONTIGUOUS)
		s = contiguous_reserve(v);
	if (s != OK) {
		object_put(&v->obj);
		return s;
	}
	*out = v;
	return OK;
}

status_t vmo_create_device(struct quota *q, uint64_t phys, uint64_t size, struct vmo **out)
{
	uint64_t base = phys & ~(PAGE_SIZE - 1);
	struct vmo *v = vmo_new(q, VMO_KIND_DEVICE, (phys + size - base + PAGE_SIZE - 1) >> PAGE_SHIFT);

	if (!v)
		return ERR_NO_MEMORY;
	v->phys = base;
	v->offset = (uint32_t)(phys - base);
	*out = v;
	return OK;
}

status_t vmo_create_from(struct quota *q, uint64_t phys, uint64_t size, struct vmo **out)
{
	struct vmo *v = vmo_new(q, VMO_KIND_ANON, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);

	if (!v)
		return ERR_NO_MEMORY;
	for (uint64_t i = 0; i < v->pages; i++) {
		uint64_t from = phys + (i << PAGE_SHIFT), left = size - (i << PAGE_SHIFT);
		struct page *pg = page_of(from);

		/* Whole pages that nobody else owns are taken as they are; edges and odd alignments are copied. */
		if (!(from & (PAGE_SIZE - 1)) && left >= PAGE_SIZE && pg && pg->state == PAGE_RESERVED) {
			uint64_t *slot = slot_of(v, i, true);

			if (!slot || !quota_charge(q, PAGE_SIZE))
				goto fail;
			page_adopt(from);
			*slot = from;
			v->present++;
		} else {
			uint64_t pa;
			bool w;

			if (vmo_page(v, i, true, &pa, &w) != OK)
				goto fail;
			memcpy(phys_to_virt(pa), phys_to_virt(from), left < PAGE_SIZE ? left : PAGE_SIZE);
		}
	}
	*out = v;
	return OK;
fail:
	object_put(&v->obj);
	return ERR_NO_MEMORY;
}

static void page_drop(struct vmo *v, uint64_t *slot)
{
	uint64_t pa = *slot & ~SLOT_BITS;
	struct page *pg = page_of(pa);

	if (--pg->refs == 0)
		page_free(pa, 0);
	*slot = 0;
	v->present--;
	quota_uncharge(v->obj.quota, PAGE_SIZE);
}

/* Whole, or given up: an object like any other from now on. */
static void build_end(struct vmo *v)
{
	v->kind = v->phys ? VMO_KIND_CONTIGUOUS : VMO_KIND_ANON;
	v->low = 0;
	v->offset = 0;
	if (v->source)
		object_put(&v->source->obj);
	v->source = NULL;
}

bool vmo_shrink_step(struct vmo *v)
{
	if (v->kind == VMO_KIND_BUILDING) {
		if (v->source && v->source->obj.refs == 1 && !vmo_shrink_step(v->source))
			return false;
		build_end(v);
	}
	if (v->kind == VMO_KIND_CONTIGUOUS) {
		for (unsigned n = 0; v->present; v->low++) {
			if (n++ == SHRINK_STEP)
				return false;
			page_free(v->phys + (v->low << PAGE_SHIFT), 0);
			quota_uncharge(v->obj.quota, PAGE_SIZE);
			v->present--;
		}
	}
	if (!has_slots(v))
		return true;
	for (unsigned n = 0; v->present && v->low < v->pages; v->low++) {
		uint64_t *slot = slot_of(v, v->low, false);

		if (!slot) {
			v->low |= VMO_LEAF - 1;
			continue;
		}
		if (!*slot)
			continue;
		if (n++ == SHRINK_STEP)
			return false;
		page_drop(v, slot);
	}
	return true;
}

void vmo_destroy(struct vmo *v)
{
	struct quota *q = v->obj.quota;

	while (!vmo_shrink_step(v))
		;
	if (v->kind == VMO_KIND_VIEW)
		view_end(v);
	else if (v->kind == VMO_KIND_PAGED)
		pager_destroy(v);
	if (has_slots(v)) {
		if (v->leaves) {
			for (uint64_t i = 0; i < leaf_count(v); i++)
				kfree(q, v->leaves[i], leaf_bytes(v));
			kfree(q, v->leaves, leaf_count(v) * sizeof(*v->leaves));
		}
		kfree(q, v->single, leaf_bytes(v));
	}
	kfree(q, v, sizeof(*v));
	object_put(&q->obj);
}

/* Gives v a page of its own in place of a shared one. */
static status_t page_unshare(struct vmo *v, uint64_t index, uint64_t *slot)
{
	uint64_t pa = page_alloc(0);

	if (!pa)
		return ERR_NO_MEMORY;
	memcpy(phys_to_virt(pa), phys_to_virt(*slot), PAGE_SIZE);
	vmo_unmap_page(v, index, 1, false);
	page_of(*slot)->refs--;
	*slot = pa;
	return OK;
}

static inline status_t anon_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable)
{
	uint64_t *slot = slot_of(v, index, true);

	if (!slot)
		return ERR_NO_MEMORY;
	if (!*slot) {
		if (!quota_charge(v->obj.quota, PAGE_SIZE))
			return ERR_NO_MEMORY;
		uint64_t fresh = page_alloc(0);
		if (!fresh) {
			quota_uncharge(v->obj.quota, PAGE_SIZE);
			return ERR_NO_MEMORY;
		}
		page_zero(fresh);
		*slot = fresh;
		v->present++;
	} else if (page_of(*slot)->refs > 1) {
		if (write) {
			status_t s = page_unshare(v, index, slot);

			if (s != OK)
				return s;
		} else {
			*writable = false;
		}
	}
	*pa = *slot;
	return OK;
}

status_t vmo_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable)
{
	if (index >= v->pages)
		return ERR_RANGE;
	if (v->kind == VMO_KIND_PAGED)
		return paged_page(v, index, write, pa, writable);
	if (v->kind == VMO_KIND_VIEW)
		return view_page(v, index, write, pa, writable);
	*writable = true;
	if (v->kind != VMO_KIND_ANON) {
		CHECK(v->kind != VMO_KIND_BUILDING);
		*pa = v->phys + (index << PAGE_SHIFT);
		return OK;
	}
	return anon_page(v, index, write, pa, writable);
}

uint64_t vmo_peek(struct vmo *v, uint64_t index)
{
	if (index >= v->pages)
		return 0;
	if (!has_slots(v))
		return v->phys + (index << PAGE_SHIFT);
	uint64_t *slot = slot_of(v, index, false);

	return slot ? *slot : 0;
}

bool vmo_present_leaf(struct vmo *v, uint64_t index)
{
	return slot_of(v, index, false) != NULL;
}

status_t vmo_grow(struct vmo *v, uint64_t size)
{
	struct quota *q = v->obj.quota;
	uint64_t pages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT, had = v->pages;

	if (size > MAX_PAGES << PAGE_SHIFT)
		return ERR_RANGE;
	if (pages <= had)
		return OK;
	size_t old_leaf = leaf_bytes(v), old_leaves = leaf_count(v);
	v->pages = pages;
	/* What was the only leaf is as long as all leaves from now on. */
	uint64_t *leaf = NULL, **leaves = NULL;
	if (had < VMO_LEAF && v->single) {
		leaf = kalloc(q, leaf_bytes(v));
		if (!leaf)
			goto fail;
		memcpy(leaf, v->single, old_leaf);
	}
	if (pages > VMO_LEAF) {
		leaves = kalloc(q, leaf_count(v) * sizeof(*leaves));
		if (!leaves)
			goto fail;
	}
	if (leaf) {
		kfree(q, v->single, old_leaf);
		v->single = leaf;
	}
	if (leaves) {
		if (had <= VMO_LEAF) {
			leaves[0] = v->single;
			v->single = NULL;
		} else if (v->leaves) {
			memcpy(leaves, v->leaves, old_leaves * sizeof(*leaves));
			kfree(q, v->leaves, old_leaves * sizeof(*leaves));
		}
		v->leaves = leaves;
	}
	return OK;
fail:
	kfree(q, leaf, leaf_bytes(v));
	v->pages = had;
	return ERR_NO_MEMORY;
}

status_t vmo_clone(struct quota *q, struct vmo *src, uint64_t first, uint64_t pages, struct vmo **out)
{
	if (src->kind == VMO_KIND_PAGED)
		return view_create(q, src, first, pages, out);
	if (src->kind != VMO_KIND_ANON)
		return ERR_UNSUPPORTED;
	if (!pages || first > src->pages || pages > src->pages - first)
		return ERR_RANGE;
	struct vmo *v = vmo_new(q, VMO_KIND_BUILDING, pages);
	if (!v)
		return ERR_NO_MEMORY;
	v->build = VMO_BUILD_CLONE;
	v->source = src;
	v->offset = (uint32_t)first;
	object_get(&src->obj);
	*out = v;
	return OK;
}

/* Shares pages [v->low, end) of the source; a page with two holders is nobody's to write, so their entries lose that right. */
static status_t clone_pages(struct vmo *v, uint64_t end)
{
	struct vmo *src = v->source;
	uint64_t first = v->offset, from = v->low;
	status_t s = OK;

	for (uint64_t i = from; i < end; i++) {
		uint64_t *page = slot_of(src, first + i, false);

		if (!page) {
			i = ((first + i) | (VMO_LEAF - 1)) - first; /* no page in this leaf */
			continue;
		}
		if (!*page)
			continue;
		uint64_t *to = slot_of(v, i, true);
		if (!to || !quota_charge(v->obj.quota, PAGE_SIZE)) {
			s = ERR_NO_MEMORY;
			break;
		}
		page_of(*page)->refs++;
		*to = *page;
		v->present++;
	}
	vmo_unmap_page(src, first + from, end - from, true);
	return s;
}

status_t vmo_build_step(struct vmo *v)
{
	uint64_t step = v->build == VMO_BUILD_CLONE ? CLONE_STEP : BUILD_STEP;
	uint64_t end = v->pages - v->low < step ? v->pages : v->low + step;
	status_t s = v->build == VMO_BUILD_FAILED ? ERR_NO_MEMORY : OK;
	uint64_t pa;
	bool w;

	if (v->kind != VMO_KIND_BUILDING)
		return s;
	if (v->build == VMO_BUILD_CLONE)
		s = clone_pages(v, end);
	else if (v->build == VMO_BUILD_CONTIGUOUS)
		for (uint64_t i = v->low; i < end; i++)
			page_zero(v->phys + (i << PAGE_SHIFT));
	else if (v->build == VMO_BUILD_COMMIT)
		for (uint64_t i = v->low; i < end && s == OK; i++)
			s = anon_page(v, i, true, &pa, &w);
	if (s != OK) {
		v->build = VMO_BUILD_FAILED;
		return s;
	}
	v->low = end;
	if (end < v->pages)
		return STATUS_RESTART;
	if (v->source && v->source->obj.refs == 1 && !vmo_shrink_step(v->source))
		return STATUS_RESTART; /* its last handle went meanwhile */
	build_end(v);
	v->build = VMO_BUILD_NONE;
	return OK;
}

void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count)
{
	vmo_unmap_page(v, first, count, false);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t *slot = slot_of(v, first + i, false);

		if (slot && *slot)
			page_drop(v, slot);
	}
}

status_t vmo_copy(struct vmo *v, uint64_t offset, struct process *p, uint64_t addr, uint64_t len, bool into_vmo)
{
	while (len) {
		uint64_t in_page = offset & (PAGE_SIZE - 1), n = PAGE_SIZE - in_page, pa;
		uint64_t user_left = PAGE_SIZE - (addr & (PAGE_SIZE - 1));
		bool w;
		char *user;
		status_t s;

		if (n > len)
			n = len;
		if (n > user_left)
			n = user_left;
		/* Either step may replace a shared page that the other one found, so the one that reads is looked up last. */
		if (into_vmo) {
			s = vmo_page(v, offset >> PAGE_SHIFT, true, &pa, &w);
			user = s == OK ? aspace_touch(p, addr, MAP_READ) : NULL;
		} else {
			user = aspace_touch(p, addr, MAP_WRITE);
			s = user ? vmo_page(v, offset >> PAGE_SHIFT, false, &pa, &w) : OK;
		}
		if (s != OK)
			return s;
		if (!user)
			return ERR_FAULT;
		char *mem = (char *)phys_to_virt(pa) + in_page;
		memmove(into_vmo ? mem : user, into_vmo ? user : mem, n);
		offset += n;
		addr += n;
		len -= n;
	}
	return OK;
}
