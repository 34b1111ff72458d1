/* SPDX-License-Identifier: BSD-2-Clause */
/* Paged memory objects: their life between users and pager, and the pager's calls. */
#include "kernel/mm/pager.h"

#include "kernel/ipc/endpoint.h"
#include "kernel/layout.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/user.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/thread.h"
#include "kernel/trap/calls.h"
#include "sys/abi/fault.h"
#include "sys/abi/syscall.h"
#include <string.h>

#define PAGES_STEP   16   /* copied between looks at pending interrupts */
#define DROP_STEP    64   /* taken away likewise */
#define SEARCH_STEP  4096 /* looked at likewise */
#define RIGHTS_PAGER (RIGHT_EP_RECV | RIGHT_EP_MINT)

static struct pager *pager_of(struct treap_node *n)
{
	return container_of(n, struct pager, node);
}

static bool in_use(const struct vmo *v)
{
	return v->obj.handles || !list_empty(&v->pager->views);
}

/* ---- pages ------------------------------------------------------------------------------------------- */

status_t paged_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable)
{
	uint64_t page = vmo_peek(v, index);

	if (!page || (write && !(page & SLOT_GRANTED)))
		return STATUS_PAGING;
	*pa = page & ~SLOT_BITS;
	*writable = page & SLOT_GRANTED;
	return OK;
}

status_t view_page(struct vmo *v, uint64_t index, bool write, uint64_t *pa, bool *writable)
{
	uint64_t *slot = vmo_slot(v, index), shown;
	status_t s;

	if (!slot)
		return ERR_NO_MEMORY;
	*writable = true;
	*pa = *slot;
	if (*slot)
		return OK;
	s = paged_page(v->source, v->offset + index, false, &shown, writable);
	*writable = false;
	*pa = shown;
	if (s != OK || !write)
		return s;
	if (!quota_charge(v->obj.quota, PAGE_SIZE))
		return ERR_NO_MEMORY;
	uint64_t own = page_alloc(0);
	if (!own) {
		quota_uncharge(v->obj.quota, PAGE_SIZE);
		return ERR_NO_MEMORY;
	}
	memcpy(phys_to_virt(own), phys_to_virt(shown), PAGE_SIZE);
	vmo_unmap_page(v, index, 1, false);
	*slot = own;
	v->present++;
	*pa = own;
	*writable = true;
	return OK;
}

uint64_t page_refused_cause(uint64_t cause)
{
	switch (cause) {
	case FAULT_FETCH_PAGE: return FAULT_FETCH_ACCESS;
	case FAULT_STORE_PAGE: return FAULT_STORE_ACCESS;
	default: return FAULT_LOAD_ACCESS;
	}
}

bool pager_request(struct thread *t, struct vmo *v, uint64_t index, uint32_t access)
{
	if (v->kind == VMO_KIND_VIEW) {
		index += v->offset;
		v = v->source;
		access = MAP_READ; /* its own copy is the kernel's business */
	}
	struct endpoint *ep = v->pager->ep;
	if (!ep || !ep->receivers)
		return false;
	t->page_offset = index << PAGE_SHIFT;
	t->page_access = access == MAP_WRITE ? MAP_WRITE : MAP_READ;
	page_request_send(t, ep, v->pager->node.key);
	return true;
}

/* ---- life --------------------------------------------------------------------------------------------- */

static status_t pager_arm(struct vmo *v)
{
	struct quota *q = v->obj.quota;

	if (v->pager->event)
		return OK;
	struct cap *event = kalloc(q, sizeof(*event));
	if (!event)
		return ERR_NO_MEMORY;
	event->badge = v->pager->node.key;
	event->slot = SLOT_NONE;
	event->quota = q;
	object_get(&q->obj);
	v->pager->event = event;
	return OK;
}

void pager_idle(struct vmo *v)
{
	struct pager *p = v->pager;

	if (in_use(v) || !p->ep || !p->event)
		return;
	struct cap *event = p->event;
	p->event = NULL;
	endpoint_badge_gone(p->ep, event);
}

/* The endpoint lets go of it. */
static void pager_detach(struct vmo *v)
{
	struct pager *p = v->pager;
	struct endpoint *ep = p->ep;

	treap_remove(&ep->paged, &p->node);
	p->ep = NULL;
	if (p->event)
		cap_discard(p->event);
	p->event = NULL;
	object_put(&v->obj);
	object_put(&ep->obj);
}

void pager_closed(struct endpoint *ep)
{
	struct treap_node *n;

	/* Pages that nobody uses go at once: a pager that ends in order has dropped its objects before, in steps. */
	while ((n = treap_first(&ep->paged)))
		pager_detach(pager_of(n)->vmo);
}

void pager_destroy(struct vmo *v)
{
	CHECK(!v->pager->ep && list_empty(&v->pager->views));
	kfree(v->obj.quota, v->pager, sizeof(*v->pager));
}

static status_t paged_create(struct endpoint *ep, struct quota *q, uint64_t badge, uint64_t size, struct vmo **out)
{
	struct vmo *v;
	status_t s = vmo_create(q, size, 0, &v);

	if (s != OK)
		return s;
	v->pager = kalloc(q, sizeof(*v->pager));
	if (!v->pager) {
		object_put(&v->obj);
		return ERR_NO_MEMORY;
	}
	v->kind = VMO_KIND_PAGED;
	v->pager->vmo = v;
	v->pager->node.key = badge;
	list_init(&v->pager->views);
	v->pager->ep = ep;
	object_get(&ep->obj);
	treap_insert(&ep->paged, &v->pager->node); /* the reference of vmo_create is the endpoint's now */
	*out = v;
	return OK;
}

status_t view_create(struct quota *q, struct vmo *source, uint64_t first, uint64_t pages, struct vmo **out)
{
	struct vmo *v;

	if (!pages || first > source->pages || pages > source->pages - first)
		return ERR_RANGE;
	status_t s = vmo_create(q, pages << PAGE_SHIFT, 0, &v);
	if (s != OK)
		return s;
	v->kind = VMO_KIND_VIEW;
	v->source = source;
	v->offset = (uint32_t)first;
	object_get(&source->obj);
	list_push_back(&source->pager->views, &v->view_node);
	*out = v;
	return OK;
}

void view_end(struct vmo *v)
{
	struct vmo *source = v->source;

	list_remove(&v->view_node);
	v->source = NULL;
	pager_idle(source);
	object_put(&source->obj);
}

/* ---- the pager's calls -------------------------------------------------------------------------------- */

static status_t pager_find(uint64_t handle, uint64_t badge, struct endpoint **ep, struct vmo **v)
{
	struct cap *c;
	status_t s = handle_find(process_self(), handle, OBJ_ENDPOINT, RIGHTS_PAGER, &c);

	*v = NULL;
	if (s != OK)
		return s;
	*ep = (struct endpoint *)c->obj;
	struct treap_node *n = treap_floor(&(*ep)->paged, badge);
	if (n && n->key == badge)
		*v = pager_of(n)->vmo;
	return *v ? OK : ERR_NOT_FOUND;
}

struct sysret sys_pager_vmo(uint64_t handle, uint64_t badge, uint64_t size, uint64_t rights)
{
	struct process *p = process_self();
	struct endpoint *ep;
	struct vmo *v;
	handle_t h;
	status_t s = pager_find(handle, badge, &ep, &v);

	if (rights & ~(uint64_t)(RIGHTS_GENERIC | RIGHT_VMO_READ | RIGHT_VMO_WRITE | RIGHT_VMO_EXEC) &&
	    (s == OK || s == ERR_NOT_FOUND))
		s = ERR_INVALID;
	if (s == ERR_NOT_FOUND)
		s = paged_create(ep, p->quota, badge, size, &v);
	else if (s == OK)
		s = vmo_grow(v, size);
	if (s == OK)
		s = pager_arm(v);
	if (s == OK) {
		v->low = 0; /* if its end had begun */
		object_get(&v->obj);
		s = handle_create(p, &v->obj, (uint32_t)rights, &h);
	}
	return s == OK ? sysret_value(h) : sysret_status(s);
}

/* Makes the page if it is not there. */
static status_t supply_page(struct vmo *v, uint64_t index, uint64_t from)
{
	uint64_t *slot = vmo_slot(v, index);

	if (!slot)
		return ERR_NO_MEMORY;
	if (*slot)
		return OK;
	if (!quota_charge(v->obj.quota, PAGE_SIZE))
		return ERR_NO_MEMORY;
	uint64_t pa = page_alloc(0);
	status_t s = pa ? user_read(process_self(), from, phys_to_virt(pa), PAGE_SIZE) : ERR_NO_MEMORY;
	if (s != OK) {
		if (pa)
			page_free(pa, 0);
		quota_uncharge(v->obj.quota, PAGE_SIZE);
		return s;
	}
	*slot = pa;
	v->present++;
	return OK;
}

static status_t copy_part(struct vmo *v, uint64_t op, uint64_t offset, uint64_t buf, uint64_t len)
{
	uint64_t page = vmo_peek(v, offset >> PAGE_SHIFT) & ~SLOT_BITS;
	char *at = page ? (char *)phys_to_virt(page) + (offset & (PAGE_SIZE - 1)) : NULL;

	if (op == PAGER_UPDATE)
		return at ? user_read(process_self(), buf, at, len) : OK;
	return at ? user_write(process_self(), buf, at, len) : ERR_NOT_FOUND;
}

struct sysret sys_pager_copy(uint64_t handle, uint64_t badge, uint64_t op, uint64_t offset, uint64_t buf, uint64_t len)
{
	struct endpoint *ep;
	struct vmo *v;
	status_t s = pager_find(handle, badge, &ep, &v);
	bool pages = op == PAGER_SUPPLY || op == PAGER_GRANT;

	if (s == OK && (op > PAGER_READ || (pages && (offset | len) & (PAGE_SIZE - 1))))
		s = ERR_INVALID;
	if (s == OK && (offset > v->pages << PAGE_SHIFT || len > (v->pages << PAGE_SHIFT) - offset))
		s = ERR_RANGE;
	for (unsigned n = 0; s == OK && len; n++) {
		uint64_t part = PAGE_SIZE - (offset & (PAGE_SIZE - 1));

		if (part > len)
			part = len;
		if (n == PAGES_STEP) {
			struct sysret r = sysret_restart(SYS_PAGER_COPY, handle, badge, op, offset, buf);

			hart_self()->cur->x[X_A0 + 5] = len;
			return r;
		}
		s = pages ? supply_page(v, offset >> PAGE_SHIFT, buf) : copy_part(v, op, offset, buf, part);
		if (s == OK && op == PAGER_GRANT)
			*vmo_slot(v, offset >> PAGE_SHIFT) |= SLOT_GRANTED | SLOT_WRITTEN;
		offset += part;
		buf += part;
		len -= part;
	}
	return sysret_status(s);
}

/* Until nobody can write to the pages any more without asking. */
static void pages_protect(struct vmo *v, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		if (vmo_peek(v, i))
			*vmo_slot(v, i) &= ~SLOT_GRANTED;
	}
	vmo_unmap_page(v, first, count, true);
}

/* What can be written now counts as written all the same. */
static void pages_clean(struct vmo *v, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		if (vmo_peek(v, i) && !(vmo_peek(v, i) & SLOT_GRANTED))
			*vmo_slot(v, i) &= ~SLOT_WRITTEN;
	}
}

static struct sysret find_written(struct vmo *v, uint64_t handle, uint64_t badge, uint64_t first, uint64_t count)
{
	for (uint64_t i = first, n = 0; i < first + count; i++, n++) {
		if (n == SEARCH_STEP)
			return sysret_restart(SYS_PAGER_OP, handle, badge, PAGER_WRITTEN, i << PAGE_SHIFT,
					      (first + count - i) << PAGE_SHIFT);
		if (!vmo_present_leaf(v, i))
			i |= VMO_LEAF - 1;
		else if (vmo_peek(v, i) & SLOT_WRITTEN)
			return sysret_value(i << PAGE_SHIFT);
	}
	return sysret_status(ERR_NOT_FOUND);
}

static struct sysret drop(struct vmo *v, uint64_t handle, uint64_t badge)
{
	if (in_use(v))
		return sysret_status(ERR_BUSY);
	if (!vmo_shrink_step(v))
		return sysret_restart(SYS_PAGER_OP, handle, badge, PAGER_DROP, 0, 0);
	pager_detach(v);
	return sysret_status(OK);
}

struct sysret sys_pager_op(uint64_t handle, uint64_t badge, uint64_t op, uint64_t offset, uint64_t size)
{
	struct endpoint *ep;
	struct vmo *v;
	status_t s = pager_find(handle, badge, &ep, &v);

	if (s == OK && op == PAGER_DROP)
		return drop(v, handle, badge);
	if (s == OK && ((offset | size) & (PAGE_SIZE - 1) || op > PAGER_DROP))
		s = ERR_INVALID;
	if (s != OK)
		return sysret_status(s);
	/* What lies behind its end is not there, which is no error: files are longer than what is mapped of them. */
	uint64_t first = offset >> PAGE_SHIFT, n = size >> PAGE_SHIFT;
	if (first >= v->pages)
		n = 0;
	else if (n > v->pages - first)
		n = v->pages - first;
	if (op == PAGER_WRITTEN)
		return find_written(v, handle, badge, first, n);
	uint64_t step = n < DROP_STEP ? n : DROP_STEP;
	if (op == PAGER_PROTECT)
		pages_protect(v, first, step);
	else if (op == PAGER_CLEAN)
		pages_clean(v, first, step);
	else
		vmo_decommit(v, first, step);
	if (step < n)
		return sysret_restart(SYS_PAGER_OP, handle, badge, op, offset + (step << PAGE_SHIFT),
				      (n - step) << PAGE_SHIFT);
	return sysret_status(OK);
}
