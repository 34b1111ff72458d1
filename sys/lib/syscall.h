/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls as C functions: one static inline stub for each number of sys/abi/syscall.h, except
 * the message calls, which are in sys/lib/ipc.h. SYS_NULL, SYS_TIMER_CREATE and SYS_CONSOLE have
 * longer names, as C or POSIX has taken the plain ones. What each call does and returns is said
 * there.
 *
 * Results come through the trailing pointers. They are written only when the call returns OK, and a
 * pointer whose result nobody wants may be NULL. On other machines than RISC-V the functions are
 * plain declarations, so that a host test can define the ones it needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/object.h"
#include "sys/abi/status.h"
#include "sys/abi/syscall.h"
#include "sys/abi/system.h"

#ifdef __riscv
#define SYSCALL_API static inline
#else
#define SYSCALL_API
#endif

SYSCALL_API status_t syscall_null(void);

/* Leases of a received call: reply is HANDLE_NONE for the caller being served, or its reply handle
 */
SYSCALL_API status_t lease_read(handle_t reply, unsigned lease, uint64_t offset, void *buffer, uint64_t len);
SYSCALL_API status_t lease_write(handle_t reply, unsigned lease, uint64_t offset, const void *buffer, uint64_t len);
SYSCALL_API status_t lease_info(handle_t reply, unsigned lease, uint64_t *len, uint32_t *access);
SYSCALL_API status_t caller_process(handle_t reply, uint64_t *koid);

/* Handles */
SYSCALL_API status_t handle_close(handle_t handle);
SYSCALL_API status_t handle_dup(handle_t handle, uint32_t rights, handle_t *out);
SYSCALL_API status_t handle_revoke(handle_t handle);
SYSCALL_API status_t handle_info(handle_t handle, struct handle_info *info);

/* Endpoints and notifications */
SYSCALL_API status_t endpoint_create(handle_t *out);
SYSCALL_API status_t endpoint_mint(handle_t ep, uint64_t badge, uint32_t rights, handle_t *out);
SYSCALL_API status_t endpoint_watch(handle_t ep, handle_t nt, uint64_t bits);
SYSCALL_API status_t endpoint_gone(handle_t ep, uint32_t how, uint64_t *badge);
SYSCALL_API status_t notification_create(handle_t *out);
/* What the handle is given to ends: bits (0: nothing) are signalled. */
SYSCALL_API status_t notification_mint(handle_t nt, uint64_t bits, uint32_t rights, handle_t *out);
SYSCALL_API status_t notification_signal(handle_t nt, uint64_t bits);
SYSCALL_API status_t notification_wait(handle_t nt, uint64_t deadline, uint64_t *bits);
SYSCALL_API status_t notification_wait_interruptible(handle_t nt, uint64_t deadline, uint64_t *bits);
SYSCALL_API status_t notification_bind(handle_t nt, handle_t thread);

/* Memory objects; proc is HANDLE_NONE for the caller's own process */
SYSCALL_API status_t vmo_create(uint64_t size, uint32_t flags, handle_t res, handle_t *out);
SYSCALL_API status_t vmo_create_device(handle_t res, uint64_t phys, uint64_t size, handle_t *out);
SYSCALL_API status_t vmo_clone(handle_t vmo, uint64_t offset, uint64_t size, handle_t *out);
SYSCALL_API status_t vmo_read(handle_t vmo, uint64_t offset, void *buffer, uint64_t len);
SYSCALL_API status_t vmo_write(handle_t vmo, uint64_t offset, const void *buffer, uint64_t len);
SYSCALL_API status_t vmo_info(handle_t vmo, struct vmo_info *info);
SYSCALL_API status_t vmo_map(handle_t proc, handle_t vmo, uint64_t offset, void *addr, uint64_t size, uint32_t flags,
			     void **out);
SYSCALL_API status_t vmo_unmap(handle_t proc, void *addr, uint64_t size);
SYSCALL_API status_t vmo_protect(handle_t proc, void *addr, uint64_t size, uint32_t flags);
SYSCALL_API status_t vmo_sync_code(handle_t vmo);
SYSCALL_API status_t vmo_op(handle_t vmo, uint32_t op, uint64_t offset, uint64_t size);
/* Of a server that is asked for pages, by the badge of the object. The answers to its MSG_LABEL_PAGE calls are FAULT_RESUME or anything else. */
SYSCALL_API status_t pager_vmo(handle_t ep, uint64_t badge, uint64_t size, uint32_t rights, handle_t *out);
SYSCALL_API status_t pager_copy(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, const void *buffer,
				uint64_t len);
SYSCALL_API status_t pager_read(handle_t ep, uint64_t badge, uint64_t offset, void *buffer, uint64_t len);
SYSCALL_API status_t pager_op(handle_t ep, uint64_t badge, uint32_t op, uint64_t offset, uint64_t size,
			      uint64_t *found);

/* Processes and threads */
SYSCALL_API status_t process_create(handle_t quota, const char *name, uint64_t name_len, handle_t *out);
SYSCALL_API status_t process_give(handle_t proc, handle_t handle, uint32_t rights, handle_t *out);
SYSCALL_API status_t process_kill(handle_t proc, int64_t exit_status);
SYSCALL_API _Noreturn void process_exit(int64_t exit_status);
SYSCALL_API status_t process_watch(handle_t proc, handle_t nt, uint64_t bits);
SYSCALL_API status_t process_info(handle_t proc, struct process_info *info);
SYSCALL_API status_t process_open(handle_t res, uint64_t koid, handle_t *out);
SYSCALL_API status_t process_memory(handle_t proc, uint32_t op, uint64_t addr, void *buffer, uint64_t len);
SYSCALL_API status_t process_mapping(handle_t proc, uint64_t addr, struct mapping_info *info);
SYSCALL_API status_t process_handle(handle_t proc, uint64_t index, struct handle_info *info, handle_t *value);
SYSCALL_API status_t process_thread(handle_t proc, uint64_t after, handle_t *out);
SYSCALL_API status_t thread_create(handle_t proc, const struct thread_args *args, handle_t *out);
SYSCALL_API status_t thread_start(handle_t thread);
SYSCALL_API _Noreturn void thread_exit(volatile void *futex);
SYSCALL_API status_t thread_kill(handle_t thread);
SYSCALL_API status_t thread_set_sched(handle_t thread, const struct thread_sched *sched, handle_t res);
SYSCALL_API status_t thread_regs(handle_t thread, uint32_t op, struct thread_regs *regs);
SYSCALL_API status_t thread_set_fault(handle_t thread, handle_t ep);
SYSCALL_API status_t thread_suspend(handle_t thread, uint32_t suspend);
SYSCALL_API status_t thread_cancel(handle_t thread);
SYSCALL_API status_t thread_yield(void);
SYSCALL_API status_t thread_upcall(void (*entry)(void), void *stack, uint64_t size);
SYSCALL_API status_t thread_interrupt(handle_t thread, bool *now);
SYSCALL_API status_t upcall_return(const struct upcall_frame *frame);
SYSCALL_API status_t thread_info(handle_t thread, struct thread_info *info);

/* Interrupts, timers, time */
SYSCALL_API status_t irq_create(handle_t res, uint32_t source, uint32_t flags, handle_t *out);
SYSCALL_API status_t irq_bind(handle_t irq, handle_t nt, uint64_t bits);
SYSCALL_API status_t irq_ack(handle_t irq);
SYSCALL_API status_t timer_object_create(handle_t nt, uint64_t bits, handle_t *out);
SYSCALL_API status_t timer_set(handle_t timer, uint64_t deadline, uint64_t period_ns);
SYSCALL_API status_t clock_get(uint64_t *ns);

/* Synchronisation */
SYSCALL_API status_t futex_wait(const volatile void *word, uint32_t expected, uint64_t deadline);
SYSCALL_API status_t futex_wait_interruptible(const volatile void *word, uint32_t expected, uint64_t deadline);
SYSCALL_API status_t futex_wake(const volatile void *word, uint32_t max, uint32_t *woken);

/* Quotas, resources, system */
SYSCALL_API status_t quota_create(handle_t parent, const struct quota_limits *limits, handle_t *out);
SYSCALL_API status_t quota_info(handle_t quota, struct quota_info *info);
SYSCALL_API status_t quota_set(handle_t quota, const struct quota_limits *limits);
SYSCALL_API status_t quota_kill(handle_t quota);
SYSCALL_API status_t resource_create(handle_t res, uint64_t base, uint64_t len, handle_t *out);
SYSCALL_API status_t log_write(uint32_t level, const char *text, uint64_t len);
SYSCALL_API status_t log_read(handle_t res, uint64_t position, void *buffer, uint64_t len, uint64_t *bytes,
			      uint64_t *next);
SYSCALL_API status_t log_watch(handle_t res, uint64_t position, handle_t nt, uint64_t bits);
SYSCALL_API status_t system_info(handle_t res, uint32_t topic, uint64_t index, void *buffer, uint64_t len,
				 uint64_t *bytes);
SYSCALL_API status_t system_reset(handle_t res, uint32_t how);
SYSCALL_API status_t console_control(handle_t res, uint32_t op);

#ifdef __riscv
#include "sys/lib/syscall_riscv.h"
#endif
