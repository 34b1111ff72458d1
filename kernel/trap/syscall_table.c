/* SPDX-License-Identifier: BSD-2-Clause */
/* System call number → function. trap/entry.S jumps through syscall_table; calls marked STASH find their argument registers in the
 * thread as well, because they move messages. */
#include "kernel/trap/calls.h"
#include "sys/abi/syscall.h"

void syscall_stash(void);

struct sysret sys_null(void)
{
	return (struct sysret){OK, 0};
}

struct sysret sys_unknown(void)
{
	return (struct sysret){ERR_NO_SYSCALL, 0};
}

typedef void (*call_t)(void);
#define DIRECT(nr, fn) [nr] = (call_t)(fn)
#define STASH(nr, fn)  [nr] = syscall_stash

/* clang-format off */
#define CALLS(D, S) \
	S(SYS_CALL, sys_call), S(SYS_REPLY_RECV, sys_reply_recv), D(SYS_NULL, sys_null), D(SYS_RECV, sys_recv), \
	S(SYS_REPLY, sys_reply), D(SYS_SAVE_CALLER, sys_save_caller), S(SYS_REPLY_TO, sys_reply_to), \
	D(SYS_LEASE_READ, sys_lease_read), D(SYS_LEASE_WRITE, sys_lease_write), D(SYS_LEASE_INFO, sys_lease_info), \
	D(SYS_HANDLE_CLOSE, sys_handle_close), D(SYS_HANDLE_DUP, sys_handle_dup), \
	D(SYS_HANDLE_REVOKE, sys_handle_revoke), D(SYS_HANDLE_INFO, sys_handle_info), \
	D(SYS_ENDPOINT_CREATE, sys_endpoint_create), D(SYS_ENDPOINT_MINT, sys_endpoint_mint), \
	D(SYS_NOTIFICATION_CREATE, sys_notification_create), D(SYS_NOTIFICATION_SIGNAL, sys_notification_signal), \
	D(SYS_NOTIFICATION_WAIT, sys_notification_wait), D(SYS_NOTIFICATION_BIND, sys_notification_bind), \
	D(SYS_VMO_CREATE, sys_vmo_create), D(SYS_VMO_CREATE_DEVICE, sys_vmo_create_device), \
	D(SYS_VMO_CLONE, sys_vmo_clone), D(SYS_VMO_READ, sys_vmo_read), D(SYS_VMO_WRITE, sys_vmo_write), \
	D(SYS_VMO_INFO, sys_vmo_info), D(SYS_VMO_MAP, sys_vmo_map), D(SYS_VMO_UNMAP, sys_vmo_unmap), \
	D(SYS_VMO_PROTECT, sys_vmo_protect), D(SYS_VMO_SYNC_CODE, sys_vmo_sync_code), D(SYS_VMO_OP, sys_vmo_op), \
	D(SYS_PROCESS_CREATE, sys_process_create), D(SYS_PROCESS_GIVE, sys_process_give), \
	D(SYS_PROCESS_KILL, sys_process_kill), D(SYS_PROCESS_EXIT, sys_process_exit), \
	D(SYS_PROCESS_WATCH, sys_process_watch), D(SYS_PROCESS_INFO, sys_process_info), \
	D(SYS_PROCESS_OPEN, sys_process_open), D(SYS_THREAD_CREATE, sys_thread_create), \
	D(SYS_THREAD_START, sys_thread_start), D(SYS_THREAD_EXIT, sys_thread_exit), D(SYS_THREAD_KILL, sys_thread_kill), \
	D(SYS_THREAD_SET_SCHED, sys_thread_set_sched), D(SYS_THREAD_REGS, sys_thread_regs), \
	D(SYS_THREAD_SET_FAULT, sys_thread_set_fault), D(SYS_THREAD_SUSPEND, sys_thread_suspend), \
	D(SYS_THREAD_CANCEL, sys_thread_cancel), D(SYS_THREAD_YIELD, sys_thread_yield), D(SYS_THREAD_INFO, sys_thread_info), \
	D(SYS_IRQ_CREATE, sys_irq_create), D(SYS_IRQ_BIND, sys_irq_bind), D(SYS_IRQ_ACK, sys_irq_ack), \
	D(SYS_TIMER_CREATE, sys_timer_create), D(SYS_TIMER_SET, sys_timer_set), D(SYS_CLOCK_GET, sys_clock_get), \
	D(SYS_FUTEX_WAIT, sys_futex_wait), D(SYS_FUTEX_WAKE, sys_futex_wake), \
	D(SYS_QUOTA_CREATE, sys_quota_create), D(SYS_QUOTA_INFO, sys_quota_info), D(SYS_QUOTA_SET, sys_quota_set), \
	D(SYS_QUOTA_KILL, sys_quota_kill), D(SYS_RESOURCE_CREATE, sys_resource_create), \
	D(SYS_LOG_WRITE, sys_log_write), D(SYS_LOG_READ, sys_log_read), D(SYS_SYSTEM_INFO, sys_system_info), \
	D(SYS_SYSTEM_RESET, sys_system_reset), D(SYS_CONSOLE, sys_console), \
	D(SYS_VMO_BUILD, sys_vmo_build), D(SYS_ENDPOINT_WATCH, sys_endpoint_watch), \
	D(SYS_ENDPOINT_GONE, sys_endpoint_gone), D(SYS_PROCESS_MEMORY, sys_process_memory), \
	D(SYS_PROCESS_MAPPING, sys_process_mapping), D(SYS_PROCESS_THREAD, sys_process_thread), \
	D(SYS_PAGER_VMO, sys_pager_vmo), D(SYS_PAGER_COPY, sys_pager_copy), D(SYS_PAGER_OP, sys_pager_op), \
	D(SYS_PROCESS_HANDLE, sys_process_handle), D(SYS_CALLER, sys_caller), \
	D(SYS_THREAD_UPCALL, sys_thread_upcall), D(SYS_THREAD_INTERRUPT, sys_thread_interrupt), \
	D(SYS_UPCALL_RETURN, sys_upcall_return), D(81, sys_unknown), D(82, sys_unknown), D(83, sys_unknown), \
	D(SYS_LOG_WATCH, sys_log_watch)
/* clang-format on */

extern const call_t syscall_table[SYS_COUNT], syscall_stash_table[SYS_COUNT];
const call_t syscall_table[SYS_COUNT] = {CALLS(DIRECT, STASH)};
const call_t syscall_stash_table[SYS_COUNT] = {CALLS(DIRECT, DIRECT)};
