/* SPDX-License-Identifier: BSD-2-Clause */
/* Address spaces. Sv39 tables (RISC-V privileged specification, "Sv39: Page-Based 39-bit Virtual-Memory System"); user leaves are always 4 KiB.
 * A and D are set by the kernel when it makes an entry: some harts do not set them, and nothing here reads them. */
#include "kernel/mm/aspace.h"

#include "kernel/boot.h"
#include "kernel/hot.h"
#include "kernel/layout.h"
#include "kernel/mm/page.h"
#include "kernel/mm/pager.h"
#include "kernel/mm/pte.h"
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sbi.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/syscall.h"
#include "sys/abi/syscall.h"
#include <string.h>

#define SATP_SV39       (8ull << 60)
#define SATP_ASID_SHIFT 44
#define MAX_ASIDS       4096          /* enough to never share in practice, small enough for a bitmap */
#define MAP_BASE        0x10000000ull /* where addresses are looked for when the caller leaves the choice */
#define MAP_PAGES_MAX   ((USER_TOP - USER_BASE) >> PAGE_SHIFT)
#define ZAP_STEP        256 /* pages unmapped between looks at pending interrupts */
#define PROTECT_STEP    16  /* mappings of one page that get other rights likewise */
#define AHEAD_MAX       16  /* pages mapped by one fault of a run */

static unsigned asid_bits;
static uint32_t asid_limit, asid_hint = 1;
static uint64_t asid_used[MAX_ASIDS / 64];

static inline uint64_t pte_make(uint64_t pa, uint64_t bits)
{
	return pa >> PAGE_SHIFT << 10 | bits;
}

static inline uint64_t prot_bits(uint32_t prot)
{
	return PTE_V | PTE_U | PTE_A | (prot & MAP_READ ? PTE_R : 0) | (prot & MAP_WRITE ? PTE_W | PTE_D : 0) |
	       (prot & MAP_EXEC ? PTE_X : 0);
}

static inline struct mapping *mapping_of(struct treap_node *n)
{
	return container_of(n, struct mapping, node);
}

void aspace_setup(void)
{
	uint64_t old, got;

	/* WARL: bits that stay set are implemented ("satp" register, privileged specification). */
	__asm__ volatile("csrr %0, satp" : "=r"(old));
	__asm__ volatile("csrw satp, %0" ::"r"(old | 0xffffull << SATP_ASID_SHIFT));
	__asm__ volatile("csrr %0, satp" : "=r"(got));
	__asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(old) : "memory");
	for (got = (got >> SATP_ASID_SHIFT) & 0xffff; got & 1; got >>= 1)
		asid_bits++;
	if (platform.opt_no_asid)
		asid_bits = 0;
	asid_limit = asid_bits >= 12 ? MAX_ASIDS : 1u << asid_bits;
}

unsigned aspace_asid_bits(void)
{
	return asid_bits;
}

static uint32_t asid_alloc(void)
{
	for (uint32_t i = 1; i < asid_limit; i++) {
		uint32_t a = asid_hint;

		asid_hint = a + 1 < asid_limit ? a + 1 : 1;
		if (!(asid_used[a / 64] >> (a % 64) & 1)) {
			asid_used[a / 64] |= 1ull << (a % 64);
			return a;
		}
	}
	return 0;
}

static void tlb_forget(struct aspace *as)
{
	for (unsigned i = 0; i < SOFT_TLB + 1; i++)
		as->tlb[i].page = as->tlb[i].write_page = SOFT_TLB_NONE;
}

status_t aspace_init(struct process *p)
{
	struct aspace *as = &p->as;

	as->root_phys = kpage_alloc(p->quota);
	if (!as->root_phys)
		return ERR_NO_MEMORY;
	as->root = phys_to_virt(as->root_phys);
	/* Upper half: the kernel's, whose second-level tables never change. Most of its 256 entries are empty. */
	for (unsigned i = 256; i < 512; i += 4) {
		as->root[i] = kernel_root[i];
		as->root[i + 1] = kernel_root[i + 1];
		as->root[i + 2] = kernel_root[i + 2];
		as->root[i + 3] = kernel_root[i + 3];
	}
	page_of(as->root_phys)->refs = 0;
	as->table_pages = 1;
	as->asid = asid_alloc();
	as->satp = SATP_SV39 | (uint64_t)as->asid << SATP_ASID_SHIFT | as->root_phys >> PAGE_SHIFT;
	as->hint = MAP_BASE;
	tlb_forget(as);
	return OK;
}

/* Page tables are chained through their struct page so that they are found again without a scan. The root is the head. */
static uint64_t table_alloc(struct process *p)
{
	uint64_t pa = kpage_alloc(p->quota);

	if (pa) {
		struct page *root = page_of(p->as.root_phys);

		page_of(pa)->refs = root->refs;
		root->refs = (uint32_t)(pa >> PAGE_SHIFT);
		p->as.table_pages++;
	}
	return pa;
}

void aspace_free(struct process *p)
{
	struct aspace *as = &p->as;
	uint64_t satp;

	if (!as->root_phys)
		return;
	__asm__ volatile("csrr %0, satp" : "=r"(satp));
	if (satp == as->satp)
		__asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(SATP_SV39 | kernel_root_phys >> PAGE_SHIFT)
				 : "memory");
	/* The number may go to another process next: nothing of this one may linger anywhere. */
	aspace_flush(p, 0, ~0ull);
	if (as->asid)
		asid_used[as->asid / 64] &= ~(1ull << (as->asid % 64));
	for (uint64_t pa = as->root_phys; pa;) {
		uint64_t next = (uint64_t)page_of(pa)->refs << PAGE_SHIFT;

		kpage_free(p->quota, pa);
		pa = next;
	}
	as->root_phys = 0;
	as->root = NULL;
	as->table_pages = 0;
}

void aspace_flush(struct process *p, uint64_t addr, uint64_t size)
{
	struct aspace *as = &p->as;
	uint64_t self = 1ull << hart_self()->index;
	bool all = size > 16 * PAGE_SIZE;

	if (as->harts & self) {
		if (!as->asid) {
			__asm__ volatile("sfence.vma" ::: "memory");
		} else if (all) {
			__asm__ volatile("sfence.vma x0, %0" ::"r"((uint64_t)as->asid) : "memory");
		} else {
			for (uint64_t a = addr; a < addr + size; a += PAGE_SIZE)
				__asm__ volatile("sfence.vma %0, %1" ::"r"(a), "r"((uint64_t)as->asid) : "memory");
		}
	}
	uint64_t others = hart_stale(as->harts & ~self, p);
	if (others) {
		if (!as->asid)
			sbi_remote_sfence_vma(others, all ? 0 : addr, all ? ~0ull : size);
		else
			sbi_remote_sfence_vma_asid(others, all ? 0 : addr, all ? ~0ull : size, as->asid);
	}
}

void code_sync(const struct process *p)
{
	uint64_t others = hart_stale(((1ull << hart_count) - 1) & ~(1ull << hart_self()->index), p);

	__asm__ volatile("fence rw, rw\n\tfence.i" ::: "memory");
	if (others)
		sbi_remote_fence_i(others);
}

/* The last-level table of va, or NULL (absent, or out of memory when create). */
static uint64_t *table_of(struct process *p, uint64_t va, bool create)
{
	uint64_t *table = p->as.root;

	for (unsigned shift = 30; shift >= 21; shift -= 9) {
		uint64_t *e = &table[(va >> shift) & 511];

		if (!(*e & PTE_V)) {
			uint64_t pa = create ? table_alloc(p) : 0;

			if (!pa)
				return NULL;
			*e = pte_make(pa, PTE_V);
		}
		table = phys_to_virt(pte_pa(*e));
	}
	return table;
}

/* Clears (or write-protects) the entries of [va, va + size); true if any was valid. */
static bool zap(struct process *p, uint64_t va, uint64_t size, bool only_write)
{
	uint64_t end = va + size;
	bool any = false;

	tlb_forget(&p->as);

	while (va < end) {
		uint64_t *table = table_of(p, va, false);
		uint64_t stop = (va | ((1ull << 21) - 1)) + 1;

		if (stop > end)
			stop = end;
		if (!table) {
			va = stop;
			continue;
		}
		for (; va < stop; va += PAGE_SIZE) {
			uint64_t *pte = &table[(va >> PAGE_SHIFT) & 511];

			if (!(*pte & PTE_V))
				continue;
			any = true;
			if (only_write) {
				*pte &= ~(uint64_t)(PTE_W | PTE_D);
			} else {
				*pte = 0;
				p->as.present--;
			}
		}
	}
	return any;
}

void vmo_unmap_page(struct vmo *v, uint64_t index, uint64_t count, bool only_write)
{
	uint64_t from = index << PAGE_SHIFT, to = (index + count) << PAGE_SHIFT;

	list_for_each(n, &v->mappings) {
		struct mapping *m = container_of(n, struct mapping, vmo_node);
		uint64_t a = from > m->offset ? from : m->offset;
		uint64_t b = to < m->offset + m->size ? to : m->offset + m->size;

		if (a < b && zap(m->proc, m->node.key + (a - m->offset), b - a, only_write))
			aspace_flush(m->proc, m->node.key + (a - m->offset), b - a);
	}
	if (v->kind != VMO_KIND_PAGED || only_write)
		return; /* views show pages, and never let them be written */
	list_for_each(n, &v->pager->views) {
		struct vmo *view = container_of(n, struct vmo, view_node);
		uint64_t a = index > view->offset ? index : view->offset;
		uint64_t b = index + count < view->offset + view->pages ? index + count : view->offset + view->pages;

		if (a < b)
			vmo_unmap_page(view, a - view->offset, b - a, false);
	}
}

struct mapping *aspace_find(struct process *p, uint64_t addr)
{
	struct treap_node *n = treap_floor(&p->as.maps, addr);

	if (!n || addr - n->key >= mapping_of(n)->size)
		return NULL;
	return mapping_of(n);
}

/* Is [addr, addr + size) free? If not, *next is where to look on. */
static bool range_free(struct process *p, uint64_t addr, uint64_t size, uint64_t *next)
{
	struct treap_node *below = treap_floor(&p->as.maps, addr);
	struct treap_node *above;

	if (below && addr - below->key < mapping_of(below)->size) {
		*next = below->key + mapping_of(below)->size;
		return false;
	}
	above = treap_ceiling(&p->as.maps, addr);
	if (above && above->key - addr < size) {
		*next = above->key + mapping_of(above)->size;
		return false;
	}
	return true;
}

static uint64_t range_search(struct process *p, uint64_t size)
{
	uint64_t addr = p->as.hint;

	for (int pass = 0; pass < 2; pass++) {
		while (addr < USER_TOP && size + 2 * PAGE_SIZE <= USER_TOP - addr) {
			/* A page stays free on both sides: running over the end faults. */
			if (range_free(p, addr, size + 2 * PAGE_SIZE, &addr))
				return addr + PAGE_SIZE;
		}
		addr = MAP_BASE;
	}
	return 0;
}

static struct mapping *mapping_new(struct process *p, struct vmo *v, struct cap *parent)
{
	struct mapping *m = kalloc(p->quota, sizeof(*m));

	if (!m)
		return NULL;
	m->cap = cap_create(p->quota, &v->obj, 0, 0, parent);
	if (!m->cap) {
		kfree(p->quota, m, sizeof(*m));
		return NULL;
	}
	m->cap->slot = SLOT_MAPPING;
	m->cap->mapping = m;
	m->proc = p;
	m->vmo = v;
	list_push_back(&v->mappings, &m->vmo_node);
	return m;
}

static void mapping_free(struct mapping *m)
{
	if (m->proc->as.last == m)
		m->proc->as.last = NULL;
	treap_remove(&m->proc->as.maps, &m->node);
	list_remove(&m->vmo_node);
	m->cap->slot = SLOT_NONE;
	cap_destroy(m->cap);
	kfree(m->proc->quota, m, sizeof(*m));
}

status_t aspace_map(struct process *p, struct cap *from, uint64_t offset, uint64_t addr, uint64_t size, uint32_t flags,
		    uint64_t *out)
{
	struct vmo *v = (struct vmo *)from->obj;
	uint32_t max_prot = (from->rights & RIGHT_VMO_READ ? MAP_READ : 0u) |
			    (from->rights & RIGHT_VMO_WRITE ? MAP_WRITE : 0u) |
			    (from->rights & RIGHT_VMO_EXEC ? MAP_EXEC : 0u);
	uint32_t prot = flags & (MAP_READ | MAP_WRITE | MAP_EXEC);
	uint64_t next;

	if ((offset | addr | size) & (PAGE_SIZE - 1) || !size || !prot || !(prot & (MAP_READ | MAP_EXEC)))
		return ERR_INVALID;
	if ((prot & (MAP_WRITE | MAP_EXEC)) == (MAP_WRITE | MAP_EXEC))
		return ERR_INVALID;
	if (prot & ~max_prot)
		return ERR_RIGHTS;
	if (offset >> PAGE_SHIFT > v->pages || size >> PAGE_SHIFT > v->pages - (offset >> PAGE_SHIFT))
		return ERR_RANGE;
	if (flags & MAP_FIXED) {
		if (addr < USER_BASE || addr >= USER_TOP || size > USER_TOP - addr)
			return ERR_RANGE;
		if (!range_free(p, addr, size, &next)) {
			if (!(flags & MAP_REPLACE))
				return ERR_EXISTS;
			status_t s = aspace_unmap(p, addr, size);
			if (s != OK)
				return s;
		}
	} else {
		if (size > USER_TOP - MAP_BASE)
			return ERR_NO_MEMORY;
		addr = range_search(p, size);
		if (!addr)
			return ERR_NO_MEMORY;
		p->as.hint = addr + size;
	}
	struct mapping *m = mapping_new(p, v, from);
	if (!m)
		return ERR_NO_MEMORY;
	m->node.key = addr;
	m->size = size;
	m->offset = offset;
	m->prot = prot;
	m->max_prot = max_prot;
	treap_insert(&p->as.maps, &m->node);
	if (prot & MAP_EXEC)
		code_sync(p);
	*out = addr;
	return OK;
}

/* Cuts m in two at addr (inside of it, page aligned). */
static status_t mapping_split(struct mapping *m, uint64_t addr)
{
	struct mapping *high = mapping_new(m->proc, m->vmo, m->cap->parent);
	uint64_t low_size = addr - m->node.key;

	if (!high)
		return ERR_NO_MEMORY;
	high->node.key = addr;
	high->size = m->size - low_size;
	high->offset = m->offset + low_size;
	high->prot = m->prot;
	high->max_prot = m->max_prot;
	m->size = low_size;
	treap_insert(&m->proc->as.maps, &high->node);
	return OK;
}

/* Cuts mappings so that none straddles either end of the range. */
static status_t range_cut(struct process *p, uint64_t addr, uint64_t size)
{
	struct mapping *m = aspace_find(p, addr);
	status_t s = OK;

	if (m && m->node.key != addr)
		s = mapping_split(m, addr);
	m = s == OK ? aspace_find(p, addr + size) : NULL;
	if (m && m->node.key != addr + size)
		s = mapping_split(m, addr + size);
	return s;
}

static bool range_valid(uint64_t addr, uint64_t size)
{
	return !((addr | size) & (PAGE_SIZE - 1)) && size && addr >= USER_BASE && addr < USER_TOP &&
	       size <= USER_TOP - addr;
}

/* What is free again is found first: tables are there, and are kept. */
static void hint_lower(struct process *p, uint64_t addr)
{
	if (addr >= MAP_BASE + PAGE_SIZE && addr - PAGE_SIZE < p->as.hint)
		p->as.hint = addr - PAGE_SIZE;
}

bool mapping_release_step(struct mapping *m)
{
	struct process *p = m->proc;
	uint64_t addr = m->node.key, n = m->size;

	if (n > ZAP_STEP << PAGE_SHIFT && p->as.present)
		n = ZAP_STEP << PAGE_SHIFT;
	if (p->as.present && zap(p, addr, n, false))
		aspace_flush(p, addr, n);
	if (n < m->size) {
		treap_remove(&p->as.maps, &m->node);
		m->node.key += n;
		m->offset += n;
		m->size -= n;
		treap_insert(&p->as.maps, &m->node);
		return false;
	}
	if (m->vmo->obj.refs == 1 && !vmo_shrink_step(m->vmo))
		return false; /* its last holder: the pages go in steps too */
	hint_lower(p, addr);
	mapping_free(m);
	return true;
}

status_t aspace_unmap(struct process *p, uint64_t addr, uint64_t size)
{
	struct treap_node *n;
	status_t s;

	if (!range_valid(addr, size))
		return ERR_INVALID;
	s = range_cut(p, addr, size);
	if (s != OK)
		return s;
	while ((n = treap_ceiling(&p->as.maps, addr)) && n->key < addr + size) {
		if (!mapping_release_step(mapping_of(n)))
			return STATUS_RESTART;
	}
	hint_lower(p, addr); /* what went in steps has told the last one's place */
	return OK;
}

/* The part of one mapping that [addr, addr + size) begins with gets the rights; *done is how much of it. */
static status_t protect_mapping(struct process *p, uint64_t addr, uint64_t size, uint32_t prot, uint64_t *done)
{
	struct mapping *m = aspace_find(p, addr);
	uint64_t end;
	status_t s;

	if (!m)
		return ERR_RANGE;
	if (prot & ~m->max_prot)
		return ERR_RIGHTS;
	end = m->node.key + m->size < addr + size ? m->node.key + m->size : addr + size;
	if (m->prot != prot) {
		s = range_cut(p, addr, end - addr);
		if (s != OK)
			return s;
		aspace_find(p, addr)->prot = prot;
	}
	/* The next touch makes the entries anew. Where no table is there is nothing to forget. */
	uint64_t at = p->as.present ? addr : end;
	for (unsigned n = 0; at < end && n < ZAP_STEP && !table_of(p, at, false); n++)
		at = (at | ((1ull << 21) - 1)) + 1;
	if (at > end)
		at = end;
	if (at == addr) {
		at = end - addr > ZAP_STEP << PAGE_SHIFT ? addr + (ZAP_STEP << PAGE_SHIFT) : end;
		if (zap(p, addr, at - addr, false))
			aspace_flush(p, addr, at - addr);
	}
	*done = at - addr;
	return OK;
}

status_t aspace_protect(struct process *p, uint64_t *addr, uint64_t *size, uint32_t prot)
{
	uint64_t done;
	status_t s;

	if (!range_valid(*addr, *size) || prot & ~(uint32_t)(MAP_READ | MAP_WRITE | MAP_EXEC))
		return ERR_INVALID;
	if ((prot & (MAP_WRITE | MAP_EXEC)) == (MAP_WRITE | MAP_EXEC) || (prot & MAP_WRITE && !(prot & MAP_READ)))
		return ERR_INVALID;
	for (unsigned n = 0; n < PROTECT_STEP; n++) {
		s = protect_mapping(p, *addr, *size, prot, &done);
		if (s != OK)
			return s;
		*addr += done;
		*size -= done;
		if (!*size) {
			if (prot & MAP_EXEC)
				code_sync(p);
			return OK;
		}
		if (done > PAGE_SIZE)
			break;
	}
	return STATUS_RESTART;
}

/* Makes the entry for one page; table is its last-level table. */
static status_t page_map(struct process *p, struct mapping *m, uint64_t va, uint32_t access, uint64_t *table)
{
	bool writable;
	uint64_t pa;
	status_t s = vmo_page(m->vmo, (va - m->node.key + m->offset) >> PAGE_SHIFT, access == MAP_WRITE, &pa,
			      &writable);

	if (s != OK)
		return s;
	uint64_t *pte = &table[(va >> PAGE_SHIFT) & 511];
	uint64_t fresh = pte_make(pa, prot_bits(writable ? m->prot : m->prot & ~(uint32_t)MAP_WRITE) |
					      (page_of(pa) ? PTE_MEMORY : 0));

	struct soft_tlb *stale = soft_tlb_of(&p->as, va);
	stale->page = stale->write_page = SOFT_TLB_NONE;
	stale = &p->as.tlb[SOFT_TLB_LEND];
	stale->page = stale->write_page = SOFT_TLB_NONE;
	if (*pte & PTE_V) {
		/* Rights grew, or this hart saw a stale entry: it alone needs to look again, others fault and come here. */
		bool other_page = pte_pa(*pte) != pa;

		*pte = fresh;
		if (other_page)
			aspace_flush(p, va, PAGE_SIZE);
		else
			__asm__ volatile("sfence.vma %0, x0" ::"r"(va) : "memory");
	} else {
		*pte = fresh;
		p->as.present++;
	}
	/* Its instructions may have been written after the mapping was made. */
	if (m->prot & MAP_EXEC && (m->vmo->kind == VMO_KIND_PAGED || m->vmo->kind == VMO_KIND_VIEW))
		code_sync(p);
	return OK;
}

/* Faults in order on fresh memory: the next pages are made at the same time, more of them the longer the run. A courtesy: running short
 * is told when the page is really touched. */
static NOINLINE void fault_ahead(struct process *p, struct mapping *m, uint64_t va, uint64_t *table)
{
	struct aspace *as = &p->as;
	struct vmo *v = m->vmo;
	struct quota *q = v->obj.quota;
	uint64_t end = m->node.key + m->size, bits = prot_bits(m->prot) | PTE_MEMORY, a = va + PAGE_SIZE;

	as->fault_window = as->fault_window ? (as->fault_window * 2 < AHEAD_MAX ? as->fault_window * 2 : AHEAD_MAX) : 1;
	for (uint32_t n = 0; n < as->fault_window && a < end && (a >> 21) == (va >> 21); n++, a += PAGE_SIZE) {
		uint64_t *pte = &table[(a >> PAGE_SHIFT) & 511];
		uint64_t *slot = vmo_slot(v, (a - m->node.key + m->offset) >> PAGE_SHIFT);

		if (*pte || !slot || *slot || !quota_charge(q, PAGE_SIZE))
			break;
		uint64_t pa = page_alloc(0);
		if (!pa) {
			quota_uncharge(q, PAGE_SIZE);
			break;
		}
		page_zero(pa);
		*slot = pa;
		v->present++;
		*pte = pte_make(pa, bits);
		as->present++;
	}
	as->fault_next = a;
}

/* A demand-zero page where nothing was before: the usual fault, without the general case's questions. */
static bool fault_fresh(struct process *p, struct mapping *m, uint64_t va)
{
	struct aspace *as = &p->as;
	struct vmo *v = m->vmo;
	uint64_t e = as->root[va >> 30], pa;

	if (!(e & PTE_V) || !(m->prot & MAP_WRITE) || v->kind != VMO_KIND_ANON)
		return false;
	e = ((uint64_t *)phys_to_virt(pte_pa(e)))[(va >> 21) & 511];
	if (!(e & PTE_V))
		return false;
	uint64_t *table = phys_to_virt(pte_pa(e));
	uint64_t *pte = &table[(va >> PAGE_SHIFT) & 511];
	uint64_t *slot = vmo_slot(v, (va - m->node.key + m->offset) >> PAGE_SHIFT);
	if (*pte || !slot || *slot || !quota_charge(v->obj.quota, PAGE_SIZE))
		return false;
	pa = page_alloc(0);
	if (!pa) {
		quota_uncharge(v->obj.quota, PAGE_SIZE);
		return false;
	}
	page_zero(pa);
	*slot = pa;
	v->present++;
	*pte = pte_make(pa, prot_bits(m->prot) | PTE_MEMORY);
	as->present++;
	if (va != as->fault_next) {
		as->fault_window = 0;
		as->fault_next = va + PAGE_SIZE;
	} else {
		fault_ahead(p, m, va, table);
	}
	return true;
}

static NOINLINE status_t fault_slow(struct process *p, struct mapping *m, uint64_t va, uint32_t access)
{
	uint64_t *table = table_of(p, va, true);

	return table ? page_map(p, m, va, access, table) : ERR_NO_MEMORY;
}

status_t aspace_fault(struct process *p, uint64_t addr, uint32_t access)
{
	uint64_t va = addr & ~(PAGE_SIZE - 1);
	struct mapping *m = p->as.last;

	if (!m || va - m->node.key >= m->size) {
		m = aspace_find(p, va);
		p->as.last = m;
	}
	if (!m || !(m->prot & access))
		return ERR_FAULT;
	return fault_fresh(p, m, va) ? OK : fault_slow(p, m, va, access);
}

static NOINLINE void *touch_fault(struct process *p, uint64_t addr, uint32_t access)
{
	void *at;

	if (addr >= USER_TOP || !p->as.root || aspace_fault(p, addr, access) != OK)
		return NULL;
	return touch_quick(&p->as, addr, access == MAP_WRITE, &at) ? at : NULL;
}

void *aspace_touch(struct process *p, uint64_t addr, uint32_t access)
{
	void *at;

	return likely(touch_quick(&p->as, addr, access == MAP_WRITE, &at)) ? at : touch_fault(p, addr, access);
}

bool aspace_empty_step(struct process *p)
{
	struct treap_node *n = p->as.maps.root;

	if (!n)
		return true;
	mapping_release_step(mapping_of(n));
	return !p->as.maps.root;
}
