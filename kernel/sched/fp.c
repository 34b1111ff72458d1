/* SPDX-License-Identifier: BSD-2-Clause */
/* Floating-point state: off until first used, saved when its thread leaves the hart with the state dirty. */
#include "kernel/mm/quota.h"
#include "kernel/mm/slab.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include <string.h>

#define FS_MASK   (3ul << 13)
#define FS_CLEAN  (2ul << 13)
#define FP_BYTES  (33 * 8)
#define FCSR_MASK 0xfful /* flags and rounding mode; the rest is reserved */

void fp_save(void *area);
void fp_load(const void *area);

void fp_release(struct thread *t)
{
	uint64_t status;

	if (!(t->slow & SLOW_FP))
		return;
	__asm__ volatile("csrr %0, sstatus" : "=r"(status));
	if ((status & FS_MASK) == FS_MASK)
		fp_save(t->fp);
	__asm__ volatile("csrc sstatus, %0" ::"r"(FS_MASK));
	t->slow &= ~(uint32_t)SLOW_FP;
}

void fp_forget(struct thread *t)
{
	for (unsigned i = 0; i < hart_count; i++)
		if (harts[i].fp_owner == t)
			harts[i].fp_owner = NULL;
}

static bool fp_area(struct thread *t)
{
	if (!t->fp)
		t->fp = kalloc(t->proc->quota, FP_BYTES);
	return t->fp;
}

void fp_get(const struct thread *t, uint64_t f[32], uint64_t *fcsr)
{
	const uint64_t *area = t->fp;

	memcpy(f, area, FP_BYTES - 8);
	*fcsr = area[32];
}

bool fp_set(struct thread *t, const uint64_t f[32], uint64_t fcsr)
{
	if (f && !fp_area(t))
		return false;
	uint64_t *area = t->fp;
	if (!area)
		return true;
	memset(area, 0, FP_BYTES);
	if (f) {
		memcpy(area, f, FP_BYTES - 8);
		area[32] = fcsr & FCSR_MASK;
	}
	fp_forget(t);
	return true;
}

bool fp_trap(struct thread *t)
{
	struct hart *h = hart_self();

	if (t->slow & SLOW_FP || !platform.harts[h->index].has_fpu)
		return false;
	if (!fp_area(t))
		return false;
	__asm__ volatile("csrc sstatus, %0\n\tcsrs sstatus, %1" ::"r"(FS_MASK), "r"(FS_CLEAN));
	/* Another hart's registers may hold an older state of it. */
	if (h->fp_owner != t) {
		fp_forget(t);
		fp_load(t->fp);
		h->fp_owner = t;
		__asm__ volatile("csrc sstatus, %0\n\tcsrs sstatus, %1" ::"r"(FS_MASK), "r"(FS_CLEAN));
	}
	t->slow |= SLOW_FP;
	return true;
}
