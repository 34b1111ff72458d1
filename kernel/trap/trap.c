/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and faults from user mode. */
#include "kernel/trap/trap.h"

#include "kernel/cap/table.h"
#include "kernel/check/check.h"
#include "kernel/hot.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/irq/irq.h"
#include "kernel/log/log.h"
#include "kernel/log/watch.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/pager.h"
#include "kernel/panic.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/trap/offsets.h"
#include "kernel/trap/syscall.h"
#include "sys/abi/fault.h"
#include "sys/abi/system.h"

#define SCAUSE_INTERRUPT (1ull << 63)
enum { INTR_SOFT = 1, INTR_TIMER = 5, INTR_EXTERNAL = 9 };

#define AT(type, field, off) _Static_assert(offsetof(type, field) == (off), #type "." #field)
AT(struct hart, cur, H_CUR);
AT(struct hart, scratch, H_SCRATCH);
AT(struct hart, kstack, H_KSTACK);
AT(struct hart, emergency_stack, H_EMERGENCY);
AT(struct hart, top_prio, H_TOP_PRIO);
AT(struct hart, resched, H_RESCHED);
AT(struct hart, unusual, H_UNUSUAL);
_Static_assert(SLOW_FAULTED == 64 && FAULT_RESUME == 1, "trap/entry_body.inc");
_Static_assert(H_CUR == 0, "trap/entry_body.inc: sc.d");
_Static_assert(UNUSUAL_STALE == 4, "trap/entry_body.inc");
AT(struct thread, pc, T_PC);
AT(struct thread, x, T_X(0));
AT(struct thread, satp, T_SATP);
AT(struct thread, proc, T_PROC);
AT(struct thread, hart, T_HART);
AT(struct thread, caller, T_CALLER);
AT(struct thread, server, T_SERVER);
AT(struct thread, payer, T_PAYER);
AT(struct thread, leases, T_LEASES);
AT(struct thread, msginfo, T_MSGINFO);
AT(struct thread, ep, T_EP);
AT(struct thread, wait_next, T_WAIT_NEXT);
AT(struct thread, signals, T_SIGNALS);
AT(struct thread, slow, T_SLOW);
AT(struct thread, state, T_STATE);
AT(struct thread, prio, T_PRIO);
AT(struct thread, brief, T_BRIEF);
AT(struct process, table.slots, P_SLOTS);
AT(struct process, table.mask, P_MASK);
AT(struct endpoint, recv, EP_RECV);
AT(struct endpoint, callers, EP_CALLERS);
AT(struct endpoint, server, EP_SERVER);
AT(struct cap, obj, C_OBJ);
AT(struct cap, badge, C_BADGE);
AT(struct cap, rights, C_RIGHTS);
AT(struct slot, cap, 0);
AT(struct slot, name, 8);
_Static_assert(sizeof(struct slot) == 16, "entry.S scales by 16");
_Static_assert(TS_AWAIT_REPLY == STATE_AWAIT_REPLY && TS_RECEIVING == STATE_RECEIVING && TS_RUNNING == 0, "states");
_Static_assert(RIGHT_EP_CALL == 1 << 8 && RIGHT_EP_RECV == 1 << 9, "rights");
_Static_assert(STATUS_DONE == -1001, "entry_body.inc");
_Static_assert(sizeof(struct cap) <= 96, "a capability is a small thing");

static NOINLINE void interrupt(uint64_t cause)
{
	struct hart *h = hart_self();

	switch (cause) {
	case INTR_SOFT:
		__asm__ volatile("csrci sip, 2");
		h->ipis++;
		break; /* the way out looks at everything an IPI can be about */
	case INTR_TIMER: timers_run(); break;
	case INTR_EXTERNAL: irq_dispatch(); break;
	default: panic("unknown interrupt %lu", (unsigned long)cause);
	}
}

void interrupts_poll(void)
{
	uint64_t pending;

	__asm__ volatile("csrr %0, sip" : "=r"(pending));
	if (pending & 1u << INTR_EXTERNAL)
		interrupt(INTR_EXTERNAL);
	if (pending & 1u << INTR_TIMER)
		interrupt(INTR_TIMER);
	if (pending & 1u << INTR_SOFT)
		interrupt(INTR_SOFT);
}

static uint32_t access_of(uint64_t cause)
{
	switch (cause) {
	case FAULT_FETCH_PAGE: return MAP_EXEC;
	case FAULT_LOAD_PAGE: return MAP_READ;
	case FAULT_STORE_PAGE: return MAP_WRITE;
	default: return 0;
	}
}

static COLD void fault_report(struct thread *t)
{
	klog(LOG_WARN, "process %lu (%s) ended by an unhandled fault: cause %lu, address %#lx, pc %#lx",
	     (unsigned long)t->proc->obj.koid, t->proc->name, (unsigned long)t->fault_cause,
	     (unsigned long)t->fault_addr, (unsigned long)t->pc);
	log_watch_signal();
	process_end(t->proc, EXIT_FAULT | (int64_t)t->fault_cause);
}

static NOINLINE void fault_tell(struct thread *t, uint64_t cause, uint64_t addr)
{
	t->fault_cause = cause;
	t->fault_addr = addr;
	if (t->slow)
		fp_release(t);
	if (fault_send(t)) {
		hart_self()->resched = 1;
		return;
	}
	fault_report(t);
}

/* A page fault whose page a pager has; the mapping is the one that aspace_fault found. */
static NOINLINE void fault_paging(struct thread *t, uint64_t cause, uint64_t addr)
{
	const struct mapping *m = t->proc->as.last;

	t->fault_cause = cause;
	t->fault_addr = addr;
	fp_release(t);
	if (pager_request(t, m->vmo, (addr - m->node.key + m->offset) >> PAGE_SHIFT, access_of(cause)))
		hart_self()->resched = 1;
	else
		fault_tell(t, page_refused_cause(cause), addr);
}

static NOINLINE void fault(struct thread *t, uint64_t cause, uint64_t addr)
{
	uint32_t access = access_of(cause);

	if (access && addr < USER_TOP) {
		status_t s = aspace_fault(t->proc, addr, access);

		if (s == OK)
			return;
		if (s == STATUS_PAGING) {
			fault_paging(t, cause, addr);
			return;
		}
	}
	if (cause != FAULT_ILLEGAL || !fp_trap(t))
		fault_tell(t, cause, addr);
}

NOINLINE void trap_store_fault(struct thread *t, uint64_t addr)
{
	if (addr < USER_TOP && aspace_fault(t->proc, addr, MAP_WRITE) == STATUS_PAGING)
		fault_paging(t, FAULT_STORE_PAGE, addr);
	else
		fault_tell(t, FAULT_STORE_PAGE, addr);
}

struct thread *trap_user(uint64_t scause, uint64_t stval)
{
	struct hart *h = hart_self();
	struct thread *t = h->cur;

	if (scause == (SCAUSE_INTERRUPT | INTR_EXTERNAL))
		irq_dispatch();
	else if (scause & SCAUSE_INTERRUPT)
		interrupt(scause & 0xff);
	else
		fault(t, scause, stval);
	if (!h->resched)
		return t;
	return sched_leave();
}

#define ENTRY(name) extern void trap_entry_##name(void), hart_enter_##name(void) __attribute__((noreturn))
ENTRY(up_asid);
ENTRY(up_flush);
ENTRY(smp_asid);
ENTRY(smp_flush);

static void entries(void (**entry)(void), void (**enter)(void))
{
	bool smp = platform.hart_count > 1, flush = !aspace_asid_bits();

	*entry = smp ? (flush ? trap_entry_smp_flush : trap_entry_smp_asid)
		     : (flush ? trap_entry_up_flush : trap_entry_up_asid);
	*enter = smp ? (flush ? hart_enter_smp_flush : hart_enter_smp_asid)
		     : (flush ? hart_enter_up_flush : hart_enter_up_asid);
}

void trap_init_hart(void)
{
	void (*entry)(void), (*enter)(void);

	entries(&entry, &enter);
	__asm__ volatile("csrw sscratch, tp\n\tcsrw stvec, %0" ::"r"(entry));
	__asm__ volatile("csrc sstatus, %0" ::"r"(0x100ul | 3ul << 13)); /* SPP: sret goes to user mode; FS off */
	__asm__ volatile("csrw sie, %0" ::"r"(1ul << INTR_SOFT | 1ul << INTR_TIMER | 1ul << INTR_EXTERNAL));
}

void hart_enter(void)
{
	void (*entry)(void), (*enter)(void);

	entries(&entry, &enter);
	check_stack_leave();
	enter();
	__builtin_unreachable();
}
