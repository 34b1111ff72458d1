/* SPDX-License-Identifier: BSD-2-Clause */
/* Address spaces: mappings of memory objects, Sv39 page tables filled on demand. */
#pragma once

#include "kernel/cap/object.h"
#include "kernel/lib/treap.h"

struct vmo;
struct process;

struct mapping {
	struct treap_node node; /* key: address */
	uint64_t size;
	struct vmo *vmo; /* kept by the capability below */
	struct cap *cap; /* derived from the handle that was mapped: revoking that one takes the mapping along */
	uint64_t offset;
	uint32_t prot;     /* MAP_READ | MAP_WRITE | MAP_EXEC now */
	uint32_t max_prot; /* what the handle's rights allowed */
	struct process *proc;
	struct list vmo_node;
};

/* What the kernel found out about pages it copied from or to lately, so that it need not walk the tables again. Every change of an entry
 * goes through zap or page_map, which forget it here. */
#define SOFT_TLB 8
#define SOFT_TLB_LEND \
	SOFT_TLB /* a place of its own for what a lender's descriptors are on, so that no buffer contends for it */
#define SOFT_TLB_NONE (~0ull) /* no address has this page */
struct soft_tlb {
	uint64_t page;       /* address >> PAGE_SHIFT, or SOFT_TLB_NONE */
	uint64_t write_page; /* the same, SOFT_TLB_NONE if it must not be written */
	uint64_t delta;      /* direct-map address - user address */
	uint64_t unused;     /* a power of two finds its place faster */
};

struct aspace {
	uint64_t *root;
	uint64_t root_phys;
	uint64_t satp;
	uint32_t asid;  /* 0: shares the number, flushed at each switch */
	uint64_t harts; /* logical harts that may hold translations of it */
	struct treap maps;
	uint64_t fault_next;   /* address just behind the last demand-zero fault */
	uint32_t fault_window; /* pages to map ahead at the next one in order */
	uint64_t present;      /* pages mapped */
	uint64_t table_pages;
	uint64_t hint;        /* where the search for free addresses starts */
	struct mapping *last; /* of the last fault */
	struct soft_tlb tlb[SOFT_TLB + 1];
};

void aspace_setup(void); /* once: ASID width */
unsigned aspace_asid_bits(void);
status_t aspace_init(struct process *p);
/* Unmaps some; true when nothing is mapped. */
bool aspace_empty_step(struct process *p);
void aspace_free(struct process *p);

/* from: the handle's capability. */
status_t aspace_map(struct process *p, struct cap *from, uint64_t offset, uint64_t addr, uint64_t size, uint32_t flags,
		    uint64_t *out);
/* A bounded step of taking m away; true when it is gone. */
bool mapping_release_step(struct mapping *m);
/* STATUS_RESTART after a bounded part. */
status_t aspace_unmap(struct process *p, uint64_t addr, uint64_t size);
/* The same; then *addr and *size are what is left. */
status_t aspace_protect(struct process *p, uint64_t *addr, uint64_t *size, uint32_t prot);
/* Resolves a fault at addr (any alignment) for the access (one MAP_* bit). OK: mapped now. ERR_FAULT: not allowed there; ERR_NO_MEMORY. */
status_t aspace_fault(struct process *p, uint64_t addr, uint32_t access);
/* Removes (or only write-protects) the translations of one page of v in every mapping. Flushes. */
void vmo_unmap_page(struct vmo *v, uint64_t index, uint64_t count, bool only_write);
struct mapping *aspace_find(struct process *p, uint64_t addr);
/* Direct-map address of a user byte for the access, faulting it in; NULL: ERR_FAULT. Stays valid until the lock is released. */
void *aspace_touch(struct process *p, uint64_t addr, uint32_t access);
/* Stack and data often lie a multiple of few pages apart: the next bits spread them. */
static inline struct soft_tlb *soft_tlb_of(struct aspace *as, uint64_t addr)
{
	char *e = (char *)as + (addr >> 12 ^ addr >> 16) % SOFT_TLB * sizeof(struct soft_tlb);

	__asm__(""
		: "+r"(e)); /* compute the address once, not for each field; where the table begins is in the fields' offsets */
	return ((struct aspace *)e)->tlb;
}

/* The same when it is known already, without faulting anything in; false: not known. */
static inline bool aspace_peek(struct aspace *as, uint64_t addr, bool write, void **out)
{
	struct soft_tlb *e = soft_tlb_of(as, addr);

	*out = (void *)(addr + e->delta);
	return (write ? e->write_page : e->page) == addr >> 12;
}
/* Drops stale translations everywhere it may be cached. */
void aspace_flush(struct process *p, uint64_t addr, uint64_t size);
/* New code for p, or for whoever maps what was written (NULL): fence.i on every hart before it runs there. */
void code_sync(const struct process *p);
