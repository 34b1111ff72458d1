/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel memory in size classes, charged to a quota to the byte of the class. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quota;

/* Zeroed memory, or NULL. quota NULL: the kernel's own. Sizes above half a page are whole pages (power of two). */
void *kalloc(struct quota *quota, size_t size);
void kfree(struct quota *quota, void *p, size_t size);
/* The charge of something of at most half a page moves; false: `to` has not that much left. */
bool kalloc_recharge(struct quota *from, struct quota *to, size_t size);
/* Whole pages for page tables, zeroed, charged. Physical address or 0. */
uint64_t kpage_alloc(struct quota *quota);
void kpage_free(struct quota *quota, uint64_t pa);
uint64_t slab_heap_bytes(void); /* pages held */
uint64_t slab_used_bytes(void); /* of them handed out */
