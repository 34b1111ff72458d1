/* SPDX-License-Identifier: BSD-2-Clause */
/* From boot to the first thread. */
#include "kernel/boot.h"
#include "kernel/check/check.h"
#include "kernel/ipc/futex.h"
#include "kernel/irq/irq.h"
#include "kernel/irq_controller.h"
#include "kernel/log/log.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/quota.h"
#include "kernel/panic.h"
#include "kernel/proc/first.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/trap.h"
#include "sys/abi/system.h"

/* A share of memory that no quota promises: slabs that are only partly used, the kernel's own tables, red zones. */
#ifdef CHECKED
#define SLACK_DIVISOR 16
#else
#define SLACK_DIVISOR 64
#endif

static void hart_setup(unsigned index)
{
	struct hart *h = &harts[index];

	h->index = index;
	h->kstack = kstack_top(index);
	h->emergency_stack = kstack_emergency_top(index);
	sched_init_hart(h);
}

static void hart_main(void)
{
	struct hart *h = hart_self();

	trap_init_hart();
	irqc_init_hart(h->index);
	__atomic_store_n(&h->online, true, __ATOMIC_RELEASE);
	hart_enter();
}

/* False: it does not come within a second. */
static bool start_hart(unsigned i, long *error)
{
	uint64_t until = ticks_now() + platform.timebase_hz;

	*error = smp_start_hart(i, &harts[i], hart_main);
	while (!__atomic_load_n(&harts[i].online, __ATOMIC_ACQUIRE))
		if ((*error || ticks_now() >= until) && smp_abandon_hart())
			return false;
	return true;
}

/* Harts that do not come are left out: the list is closed up behind them. */
static void start_harts(void)
{
	unsigned i = 1;
	long error;

	while (i < platform.hart_count) {
		if (start_hart(i, &error)) {
			hart_count = ++i;
			continue;
		}
		klog(LOG_WARN, "hart %lu does not start (SBI error %ld): going on without it",
		     (unsigned long)platform.harts[i].hart_id, error);
		platform.harts[i] = platform.harts[--platform.hart_count];
	}
}

void kernel_start(void)
{
	__asm__ volatile("mv tp, %0" ::"r"(&harts[0]));
	for (unsigned i = 0; i < MAX_HARTS; i++)
		hart_setup(i);
	harts[0].online = true;
	trap_init_hart(); /* for panics */
	time_init();
	klog(LOG_INFO, "Veridian: %zu harts, boot hart %lu, timebase %lu Hz%s%s", platform.hart_count,
	     (unsigned long)platform.harts[0].hart_id, (unsigned long)platform.timebase_hz,
	     platform.has_sstc ? ", Sstc" : "", platform.cbo_zero_bytes ? ", Zicboz" : "");
	klog(LOG_INFO, "entered %lu us after the clock began to run",
	     (unsigned long)(kernel_entry_ticks * 1000000 / platform.timebase_hz));
	page_init();
	aspace_setup();
	futex_init();
	irqc_init();
	irqc_init_hart(0);
	irq_init();
	quota_init(page_free_bytes() - page_free_bytes() / SLACK_DIVISOR + platform.initrd.size);
	klog(LOG_INFO, "memory: %lu KiB of %lu KiB free, %u ASID bits", (unsigned long)(page_free_bytes() >> 10),
	     (unsigned long)(page_total_bytes() >> 10), aspace_asid_bits());
	klock();
	start_harts();
	trap_init_hart(); /* again: what it chooses depends on ASIDs and on how many harts came */
	check_provoke();
	first_process_start();
	kunlock();
	hart_enter();
}
