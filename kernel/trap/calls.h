/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions behind the system calls (sys/abi/syscall.h says what each does). They run with the kernel lock held, as
 * the thread hart_self()->cur. */
#pragma once

#include "kernel/trap/syscall.h"

struct sysret sys_call(uint64_t handle, uint64_t info);
struct sysret sys_reply_recv(uint64_t handle, uint64_t info);
struct sysret sys_recv(uint64_t handle, uint64_t irq, uint64_t deadline);
struct sysret sys_reply(uint64_t unused, uint64_t info);
struct sysret sys_save_caller(void);
struct sysret sys_reply_to(uint64_t handle, uint64_t info);
struct sysret sys_lease_read(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len);
struct sysret sys_lease_write(uint64_t handle, uint64_t index, uint64_t offset, uint64_t buf, uint64_t len);
struct sysret sys_lease_info(uint64_t handle, uint64_t index);
struct sysret sys_caller(uint64_t handle);
struct sysret sys_handle_close(uint64_t h);
struct sysret sys_handle_dup(uint64_t h, uint64_t rights);
struct sysret sys_handle_revoke(uint64_t h);
struct sysret sys_handle_info(uint64_t h, uint64_t buf);
struct sysret sys_endpoint_create(void);
struct sysret sys_endpoint_mint(uint64_t handle, uint64_t badge, uint64_t rights);
struct sysret sys_endpoint_watch(uint64_t handle, uint64_t nt, uint64_t bits);
struct sysret sys_endpoint_gone(uint64_t handle, uint64_t how);
struct sysret sys_notification_create(void);
struct sysret sys_notification_signal(uint64_t handle, uint64_t bits);
struct sysret sys_notification_wait(uint64_t handle, uint64_t deadline);
struct sysret sys_notification_bind(uint64_t handle, uint64_t thread);
struct sysret sys_vmo_build(uint64_t handle);
struct sysret sys_vmo_create(uint64_t size, uint64_t flags, uint64_t resource);
struct sysret sys_vmo_create_device(uint64_t resource, uint64_t phys, uint64_t size);
struct sysret sys_vmo_clone(uint64_t handle, uint64_t offset, uint64_t size);
struct sysret sys_vmo_read(uint64_t handle, uint64_t offset, uint64_t buf, uint64_t len);
struct sysret sys_vmo_write(uint64_t handle, uint64_t offset, uint64_t buf, uint64_t len);
struct sysret sys_vmo_info(uint64_t handle, uint64_t buf);
struct sysret sys_vmo_map(uint64_t process, uint64_t handle, uint64_t offset, uint64_t addr, uint64_t size,
			  uint64_t flags);
struct sysret sys_vmo_unmap(uint64_t process, uint64_t addr, uint64_t size);
struct sysret sys_vmo_protect(uint64_t process, uint64_t addr, uint64_t size, uint64_t prot);
struct sysret sys_vmo_sync_code(uint64_t handle);
struct sysret sys_vmo_op(uint64_t handle, uint64_t op, uint64_t offset, uint64_t size);
struct sysret sys_pager_vmo(uint64_t handle, uint64_t badge, uint64_t size, uint64_t rights);
struct sysret sys_pager_copy(uint64_t handle, uint64_t badge, uint64_t op, uint64_t offset, uint64_t buf, uint64_t len);
struct sysret sys_pager_op(uint64_t handle, uint64_t badge, uint64_t op, uint64_t offset, uint64_t size);
struct sysret sys_process_create(uint64_t quota, uint64_t name, uint64_t len);
struct sysret sys_process_give(uint64_t process, uint64_t handle, uint64_t rights);
struct sysret sys_process_kill(uint64_t process, uint64_t status);
struct sysret sys_process_exit(uint64_t status);
struct sysret sys_process_watch(uint64_t process, uint64_t nt, uint64_t bits);
struct sysret sys_process_info(uint64_t process, uint64_t buf);
struct sysret sys_process_open(uint64_t resource, uint64_t koid);
struct sysret sys_process_memory(uint64_t process, uint64_t op, uint64_t addr, uint64_t buf, uint64_t len);
struct sysret sys_process_mapping(uint64_t process, uint64_t addr, uint64_t buf);
struct sysret sys_process_handle(uint64_t process, uint64_t index, uint64_t buf);
struct sysret sys_process_thread(uint64_t process, uint64_t after);
struct sysret sys_thread_create(uint64_t process, uint64_t args);
struct sysret sys_thread_start(uint64_t thread);
struct sysret sys_thread_exit(uint64_t futex);
struct sysret sys_thread_kill(uint64_t thread);
struct sysret sys_thread_set_sched(uint64_t thread, uint64_t sched, uint64_t resource);
struct sysret sys_thread_regs(uint64_t thread, uint64_t op, uint64_t buf);
struct sysret sys_thread_set_fault(uint64_t thread, uint64_t endpoint);
struct sysret sys_thread_suspend(uint64_t thread, uint64_t on);
struct sysret sys_thread_cancel(uint64_t thread);
struct sysret sys_thread_yield(void);
struct sysret sys_thread_info(uint64_t thread, uint64_t buf);
struct sysret sys_irq_create(uint64_t resource, uint64_t source, uint64_t flags);
struct sysret sys_irq_bind(uint64_t handle, uint64_t nt, uint64_t bits);
struct sysret sys_irq_ack(uint64_t handle);
struct sysret sys_timer_create(uint64_t nt, uint64_t bits);
struct sysret sys_timer_set(uint64_t handle, uint64_t deadline, uint64_t period_ns);
struct sysret sys_clock_get(void);
struct sysret sys_futex_wait(uint64_t addr, uint64_t expected, uint64_t deadline);
struct sysret sys_futex_wake(uint64_t addr, uint64_t count);
struct sysret sys_quota_create(uint64_t parent, uint64_t limits);
struct sysret sys_quota_info(uint64_t quota, uint64_t buf);
struct sysret sys_quota_set(uint64_t quota, uint64_t limits);
struct sysret sys_quota_kill(uint64_t quota);
struct sysret sys_resource_create(uint64_t handle, uint64_t base, uint64_t len);
struct sysret sys_log_write(uint64_t level, uint64_t text, uint64_t len);
struct sysret sys_log_read(uint64_t resource, uint64_t position, uint64_t buf, uint64_t len);
struct sysret sys_system_info(uint64_t resource, uint64_t topic, uint64_t index, uint64_t buf, uint64_t len);
struct sysret sys_system_reset(uint64_t resource, uint64_t kind);
struct sysret sys_console(uint64_t resource, uint64_t op);
struct sysret sys_null(void);
struct sysret sys_unknown(void);
