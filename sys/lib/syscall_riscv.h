/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of the stubs of sys/lib/syscall.h for RISC-V: registers as sys/abi/syscall.h says. */
#pragma once

#include "sys/lib/syscall.h"

struct syscall_result {
	status_t status;
	uint64_t r1, r2;
};

/* A system call may change whatever a C function call may change. Registers that carry an argument
 * or a result are named by the asm statement's operands, the others here. */
#ifdef __riscv_flen
#define SYSCALL_CLOBBERS_FP                                                                                          \
	, "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "ft8", "ft9", "ft10", "ft11", "fa0", "fa1", "fa2", \
		"fa3", "fa4", "fa5", "fa6", "fa7"
#else
#define SYSCALL_CLOBBERS_FP
#endif
#define SYSCALL_CLOBBERS "a6", "a7", "t1", "t2", "t3", "t4", "t5", "t6", "ra", "memory" SYSCALL_CLOBBERS_FP

static inline __attribute__((always_inline)) struct syscall_result syscall0(uint64_t number)
{
	register uint64_t a0 __asm__("a0");
	register uint64_t a1 __asm__("a1");
	register uint64_t a2 __asm__("a2");
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall" : "+r"(t0), "=r"(a0), "=r"(a1), "=r"(a2) : : "a3", "a4", "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall1(uint64_t number, uint64_t arg0)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1");
	register uint64_t a2 __asm__("a2");
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall" : "+r"(t0), "+r"(a0), "=r"(a1), "=r"(a2) : : "a3", "a4", "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall2(uint64_t number, uint64_t arg0,
									    uint64_t arg1)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2");
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall" : "+r"(t0), "+r"(a0), "+r"(a1), "=r"(a2) : : "a3", "a4", "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall3(uint64_t number, uint64_t arg0,
									    uint64_t arg1, uint64_t arg2)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall" : "+r"(t0), "+r"(a0), "+r"(a1), "+r"(a2) : : "a3", "a4", "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall4(uint64_t number, uint64_t arg0,
									    uint64_t arg1, uint64_t arg2, uint64_t arg3)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t a3 __asm__("a3") = arg3;
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall" : "+r"(t0), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3) : : "a4", "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall5(uint64_t number, uint64_t arg0,
									    uint64_t arg1, uint64_t arg2, uint64_t arg3,
									    uint64_t arg4)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t a3 __asm__("a3") = arg3;
	register uint64_t a4 __asm__("a4") = arg4;
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall"
			 : "+r"(t0), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4)
			 :
			 : "a5", SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline __attribute__((always_inline)) struct syscall_result syscall6(uint64_t number, uint64_t arg0,
									    uint64_t arg1, uint64_t arg2, uint64_t arg3,
									    uint64_t arg4, uint64_t arg5)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t a3 __asm__("a3") = arg3;
	register uint64_t a4 __asm__("a4") = arg4;
	register uint64_t a5 __asm__("a5") = arg5;
	register uint64_t t0 __asm__("t0") = number;

	__asm__ volatile("ecall"
			 : "+r"(t0), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5)
			 :
			 : SYSCALL_CLOBBERS);
	return (struct syscall_result){(status_t)a0, a1, a2};
}

static inline status_t syscall_null(void)
{
	return syscall0(SYS_NULL).status;
}

static inline status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len)
{
	return syscall5(SYS_LEASE_READ, reply, (uint64_t)lease, offset, (uint64_t)buffer, len).status;
}

static inline status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len)
{
	return syscall5(SYS_LEASE_WRITE, reply, (uint64_t)lease, offset, (uint64_t)buffer, len).status;
}

static inline status_t caller_process(handle_t reply, uint64_t *koid)
{
	struct syscall_result r = syscall1(SYS_CALLER, reply);

	if (r.status == OK && koid)
		*koid = r.r1;
	return r.status;
}

static inline status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access)
{
	struct syscall_result r = syscall2(SYS_LEASE_INFO, reply, (uint64_t)lease);

	if (r.status == OK && len)
		*len = r.r1;
	if (r.status == OK && access)
		*access = (uint32_t)r.r2;
	return r.status;
}

static inline status_t handle_close(handle_t handle)
{
	return syscall1(SYS_HANDLE_CLOSE, handle).status;
}

static inline status_t handle_dup(handle_t handle, uint32_t rights, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_HANDLE_DUP, handle, (uint64_t)rights);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t handle_revoke(handle_t handle)
{
	return syscall1(SYS_HANDLE_REVOKE, handle).status;
}

static inline status_t handle_info(handle_t handle, struct handle_info *info)
{
	return syscall2(SYS_HANDLE_INFO, handle, (uint64_t)info).status;
}

static inline status_t endpoint_create(handle_t *out)
{
	struct syscall_result r = syscall0(SYS_ENDPOINT_CREATE);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t endpoint_mint(handle_t ep, uint64_t badge, uint32_t rights, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_ENDPOINT_MINT, ep, badge, (uint64_t)rights);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t notification_mint(handle_t nt, uint64_t bits, uint32_t rights, handle_t *out)
{
	return endpoint_mint(nt, bits, rights, out);
}

static inline status_t endpoint_watch(handle_t ep, handle_t nt, uint64_t bits)
{
	return syscall3(SYS_ENDPOINT_WATCH, ep, nt, bits).status;
}

static inline status_t endpoint_gone(handle_t ep, uint32_t how, uint64_t *badge)
{
	struct syscall_result r = syscall2(SYS_ENDPOINT_GONE, ep, how);

	if (r.status >= OK && badge)
		*badge = r.r1;
	return r.status;
}

static inline status_t notification_create(handle_t *out)
{
	struct syscall_result r = syscall0(SYS_NOTIFICATION_CREATE);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t notification_signal(handle_t nt, uint64_t bits)
{
	return syscall2(SYS_NOTIFICATION_SIGNAL, nt, bits).status;
}

static inline status_t notification_wait_how(handle_t nt, uint64_t deadline, uint64_t how, uint64_t *bits)
{
	struct syscall_result r = syscall3(SYS_NOTIFICATION_WAIT, nt, deadline, how);

	if (r.status == OK && bits)
		*bits = r.r1;
	return r.status;
}

static inline status_t notification_wait(handle_t nt, uint64_t deadline, uint64_t *bits)
{
	return notification_wait_how(nt, deadline, 0, bits);
}

static inline status_t notification_wait_interruptible(handle_t nt, uint64_t deadline, uint64_t *bits)
{
	return notification_wait_how(nt, deadline, WAIT_INTERRUPTIBLE, bits);
}

static inline status_t notification_bind(handle_t nt, handle_t thread)
{
	return syscall2(SYS_NOTIFICATION_BIND, nt, thread).status;
}

static inline status_t vmo_create(uint64_t size, uint32_t flags, handle_t res, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_VMO_CREATE, size, (uint64_t)flags, res);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t vmo_create_device(handle_t res, uint64_t phys, uint64_t size, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_VMO_CREATE_DEVICE, res, phys, size);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t vmo_clone(handle_t vmo, uint64_t offset, uint64_t size, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_VMO_CLONE, vmo, offset, size);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t vmo_read(handle_t vmo, uint64_t offset, void *buffer, uint64_t len)
{
	return syscall4(SYS_VMO_READ, vmo, offset, (uint64_t)buffer, len).status;
}

static inline status_t vmo_write(handle_t vmo, uint64_t offset, const void *buffer, uint64_t len)
{
	return syscall4(SYS_VMO_WRITE, vmo, offset, (uint64_t)buffer, len).status;
}

static inline status_t vmo_info(handle_t vmo, struct vmo_info *info)
{
	return syscall2(SYS_VMO_INFO, vmo, (uint64_t)info).status;
}

static inline status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags,
			       void **out)
{
	struct syscall_result r = syscall6(SYS_VMO_MAP, proc, vmo, offset, (uint64_t)addr, size, (uint64_t)flags);

	if (r.status == OK && out)
		*out = (void *)r.r1;
	return r.status;
}

static inline status_t vmo_unmap(handle_t proc, void *addr, uint64_t size)
{
	return syscall3(SYS_VMO_UNMAP, proc, (uint64_t)addr, size).status;
}

static inline status_t vmo_protect(handle_t proc, void *addr, uint64_t size, uint32_t flags)
{
	return syscall4(SYS_VMO_PROTECT, proc, (uint64_t)addr, size, (uint64_t)flags).status;
}

static inline status_t vmo_sync_code(handle_t vmo)
{
	return syscall1(SYS_VMO_SYNC_CODE, vmo).status;
}

static inline status_t vmo_op(handle_t vmo, uint32_t op, uint64_t offset, uint64_t size)
{
	return syscall4(SYS_VMO_OP, vmo, (uint64_t)op, offset, size).status;
}

static inline status_t pager_vmo(handle_t ep, uint64_t badge, uint64_t size, uint32_t rights, handle_t *out)
{
	struct syscall_result r = syscall4(SYS_PAGER_VMO, ep, badge, size, (uint64_t)rights);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t pager_copy(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, const void *buffer,
				  uint64_t len)
{
	return syscall6(SYS_PAGER_COPY, ep, badge, (uint64_t)op, offset, (uint64_t)buffer, len).status;
}

static inline status_t pager_read(handle_t ep, uint64_t badge, uint64_t offset, void *buffer, uint64_t len)
{
	return syscall6(SYS_PAGER_COPY, ep, badge, PAGER_READ, offset, (uint64_t)buffer, len).status;
}

static inline status_t pager_op(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, uint64_t size,
				uint64_t *found)
{
	struct syscall_result r = syscall5(SYS_PAGER_OP, ep, badge, (uint64_t)op, offset, size);

	if (r.status == OK && found)
		*found = r.r1;
	return r.status;
}

static inline status_t process_create(handle_t quota, const char *name, uint64_t name_len, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_PROCESS_CREATE, quota, (uint64_t)name, name_len);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t process_give(handle_t proc, handle_t handle, uint32_t rights, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_PROCESS_GIVE, proc, handle, (uint64_t)rights);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t process_kill(handle_t proc, int64_t exit_status)
{
	return syscall2(SYS_PROCESS_KILL, proc, (uint64_t)exit_status).status;
}

static inline _Noreturn void process_exit(int64_t exit_status)
{
	syscall1(SYS_PROCESS_EXIT, (uint64_t)exit_status);
	__builtin_unreachable();
}

static inline status_t process_watch(handle_t proc, handle_t nt, uint64_t bits)
{
	return syscall3(SYS_PROCESS_WATCH, proc, nt, bits).status;
}

static inline status_t process_info(handle_t proc, struct process_info *info)
{
	return syscall2(SYS_PROCESS_INFO, proc, (uint64_t)info).status;
}

static inline status_t process_open(handle_t res, uint64_t koid, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_PROCESS_OPEN, res, koid);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t process_memory(handle_t proc, uint32_t op, uint64_t addr, void *buffer, uint64_t len)
{
	return syscall5(SYS_PROCESS_MEMORY, proc, (uint64_t)op, addr, (uint64_t)buffer, len).status;
}

static inline status_t process_mapping(handle_t proc, uint64_t addr, struct mapping_info *info)
{
	return syscall3(SYS_PROCESS_MAPPING, proc, addr, (uint64_t)info).status;
}

static inline status_t process_handle(handle_t proc, uint64_t index, struct handle_info *info, handle_t *value)
{
	struct syscall_result r = syscall3(SYS_PROCESS_HANDLE, proc, index, (uint64_t)info);

	if (r.status == OK && value)
		*value = r.r1;
	return r.status;
}

static inline status_t process_thread(handle_t proc, uint64_t after, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_PROCESS_THREAD, proc, after);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t thread_create(handle_t proc, const struct thread_args *args, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_THREAD_CREATE, proc, (uint64_t)args);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t thread_start(handle_t thread)
{
	return syscall1(SYS_THREAD_START, thread).status;
}

static inline _Noreturn void thread_exit(volatile void *futex)
{
	syscall1(SYS_THREAD_EXIT, (uint64_t)futex);
	__builtin_unreachable();
}

static inline status_t thread_kill(handle_t thread)
{
	return syscall1(SYS_THREAD_KILL, thread).status;
}

static inline status_t thread_set_sched(handle_t thread, const struct thread_sched *sched, handle_t res)
{
	return syscall3(SYS_THREAD_SET_SCHED, thread, (uint64_t)sched, res).status;
}

static inline status_t thread_regs(handle_t thread, uint32_t op, struct thread_regs *regs)
{
	return syscall3(SYS_THREAD_REGS, thread, (uint64_t)op, (uint64_t)regs).status;
}

static inline status_t thread_set_fault(handle_t thread, handle_t ep)
{
	return syscall2(SYS_THREAD_SET_FAULT, thread, ep).status;
}

static inline status_t thread_suspend(handle_t thread, uint32_t suspend)
{
	return syscall2(SYS_THREAD_SUSPEND, thread, (uint64_t)suspend).status;
}

static inline status_t thread_cancel(handle_t thread)
{
	return syscall1(SYS_THREAD_CANCEL, thread).status;
}

static inline status_t thread_upcall(void (*entry)(void), void *stack, uint64_t size)
{
	return syscall3(SYS_THREAD_UPCALL, (uint64_t)entry, (uint64_t)stack, size).status;
}

static inline status_t thread_interrupt(handle_t thread, bool *now)
{
	struct syscall_result r = syscall1(SYS_THREAD_INTERRUPT, thread);

	if (r.status == OK && now)
		*now = r.r1;
	return r.status;
}

static inline status_t upcall_return(const struct upcall_frame *frame)
{
	return syscall1(SYS_UPCALL_RETURN, (uint64_t)frame).status;
}

static inline status_t thread_yield(void)
{
	return syscall0(SYS_THREAD_YIELD).status;
}

static inline status_t thread_info(handle_t thread, struct thread_info *info)
{
	return syscall2(SYS_THREAD_INFO, thread, (uint64_t)info).status;
}

static inline status_t irq_create(handle_t res, uint32_t source, uint32_t flags, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_IRQ_CREATE, res, (uint64_t)source, (uint64_t)flags);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t irq_bind(handle_t irq, handle_t nt, uint64_t bits)
{
	return syscall3(SYS_IRQ_BIND, irq, nt, bits).status;
}

static inline status_t irq_ack(handle_t irq)
{
	return syscall1(SYS_IRQ_ACK, irq).status;
}

static inline status_t timer_object_create(handle_t nt, uint64_t bits, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_TIMER_CREATE, nt, bits);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t timer_set(handle_t timer, uint64_t deadline, uint64_t period_ns)
{
	return syscall3(SYS_TIMER_SET, timer, deadline, period_ns).status;
}

static inline status_t clock_get(uint64_t *ns)
{
	struct syscall_result r = syscall0(SYS_CLOCK_GET);

	if (r.status == OK && ns)
		*ns = r.r1;
	return r.status;
}

static inline status_t futex_wait(const volatile void *word, uint32_t expected, uint64_t deadline)
{
	return syscall4(SYS_FUTEX_WAIT, (uint64_t)word, expected, deadline, 0).status;
}

static inline status_t futex_wait_interruptible(const volatile void *word, uint32_t expected, uint64_t deadline)
{
	return syscall4(SYS_FUTEX_WAIT, (uint64_t)word, expected, deadline, WAIT_INTERRUPTIBLE).status;
}

static inline status_t futex_wake(const volatile void *word, uint32_t max, uint32_t *woken)
{
	struct syscall_result r = syscall2(SYS_FUTEX_WAKE, (uint64_t)word, (uint64_t)max);

	if (r.status == OK && woken)
		*woken = (uint32_t)r.r1;
	return r.status;
}

static inline status_t quota_create(handle_t parent, const struct quota_limits *limits, handle_t *out)
{
	struct syscall_result r = syscall2(SYS_QUOTA_CREATE, parent, (uint64_t)limits);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t quota_info(handle_t quota, struct quota_info *info)
{
	return syscall2(SYS_QUOTA_INFO, quota, (uint64_t)info).status;
}

static inline status_t quota_set(handle_t quota, const struct quota_limits *limits)
{
	return syscall2(SYS_QUOTA_SET, quota, (uint64_t)limits).status;
}

static inline status_t quota_kill(handle_t quota)
{
	return syscall1(SYS_QUOTA_KILL, quota).status;
}

static inline status_t resource_create(handle_t res, uint64_t base, uint64_t len, handle_t *out)
{
	struct syscall_result r = syscall3(SYS_RESOURCE_CREATE, res, base, len);

	if (r.status == OK && out)
		*out = r.r1;
	return r.status;
}

static inline status_t log_write(uint32_t level, const char *text, uint64_t len)
{
	return syscall3(SYS_LOG_WRITE, (uint64_t)level, (uint64_t)text, len).status;
}

static inline status_t log_watch(handle_t res, uint64_t position, handle_t nt, uint64_t bits)
{
	return syscall4(SYS_LOG_WATCH, res, position, nt, bits).status;
}

static inline status_t log_read(handle_t res, uint64_t position, void *buffer, uint64_t len, uint64_t *bytes,
				uint64_t *next)
{
	struct syscall_result r = syscall4(SYS_LOG_READ, res, position, (uint64_t)buffer, len);

	if (r.status == OK && bytes)
		*bytes = r.r1;
	if (r.status == OK && next)
		*next = r.r2;
	return r.status;
}

static inline status_t system_info(handle_t res, uint32_t topic, uint64_t index, void *buffer, uint64_t len,
				   uint64_t *bytes)
{
	struct syscall_result r = syscall5(SYS_SYSTEM_INFO, res, (uint64_t)topic, index, (uint64_t)buffer, len);

	if (r.status == OK && bytes)
		*bytes = r.r1;
	return r.status;
}

static inline status_t system_reset(handle_t res, uint32_t how)
{
	return syscall2(SYS_SYSTEM_RESET, res, (uint64_t)how).status;
}

static inline status_t console_control(handle_t res, uint32_t op)
{
	return syscall2(SYS_CONSOLE, res, (uint64_t)op).status;
}
