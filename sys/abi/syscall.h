/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System call numbers and registers.
 *
 * A system call is a function call: t0 holds the number, a0..a7 the arguments, the result is in a0.
 * The callee-saved registers (s0-s11, sp, gp, tp) survive; a1-a7, t0-t6 and ra do not: they come
 * back zero, or as results where a call says so. `ecall` is the only instruction of it. "-> x, y" below:
 * a0 is the status and, when that is OK, x is in a1 and y in a2.
 *
 * All times are nanoseconds of the monotonic clock (clock_get). A deadline is an absolute time;
 * DEADLINE_NEVER waits for ever, 0 only polls (ERR_WOULD_BLOCK). All sizes are bytes, all addresses of mappings
 * and offsets of vmos multiples of PAGE_SIZE unless said otherwise. Any call can return
 * ERR_HANDLE, ERR_TYPE, ERR_RIGHTS or ERR_INVALID for its arguments; further errors are listed.
 */
#pragma once

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul

#define DEADLINE_NEVER (~0ull)

/* How to wait */
#define WAIT_INTERRUPTIBLE 1u

/* Priorities: 0 is the lowest (only idle runs below it). */
#define PRIO_COUNT    256
#define PRIO_DEFAULT  96
#define PRIO_USER_MAX 127 /* above it thread_create and thread_set_sched ask for a SYSTEM_PRIORITY resource */
#define PRIO_SERVER   160
#define PRIO_DRIVER   192

/* IPC. See sys/abi/ipc.h for the layout of a message. */
#define SYS_CALL 0 /* a0 endpoint, a1 msginfo, a2-a7 words, t1 leases, t2-t5 handles, t6 deadline (MSG_DEADLINE) */
#define SYS_REPLY_RECV \
	1 /* a0 endpoint, a1 msginfo, a2-a7 words, t2-t5 handles: answer the current caller, wait for the next event */
#define SYS_NULL 2 /* does nothing */
#define SYS_RECV \
	3 /* a0 endpoint (or HANDLE_NONE: only the bound notification), a1 irq to acknowledge or HANDLE_NONE, a2 deadline */
#define SYS_REPLY \
	4 /* a1 msginfo, a2-a7 words, t2-t5 handles: answer the current caller; never blocks; OK also if it is gone */
#define SYS_SAVE_CALLER 5 /* -> reply handle (one shot) for the current caller */
#define SYS_REPLY_TO \
	6 /* a0 reply handle (consumed), a1 msginfo, a2-a7 words, t2-t5 handles; never blocks. ERR_PEER_DIED: its caller is gone, nobody heard it \
	   * (the reply and the handles are consumed all the same) */
#define SYS_LEASE_READ \
	7 /* a0 reply handle or HANDLE_NONE (current caller), a1 lease index, a2 offset, a3 buffer, a4 length */
#define SYS_LEASE_WRITE 8 /* the same, from buffer into the lender's memory */
#define SYS_LEASE_INFO  9 /* a0 reply handle or HANDLE_NONE, a1 lease index -> length, access (LEASE_*) */

/* Handles */
#define SYS_HANDLE_CLOSE  10 /* a0 handle */
#define SYS_HANDLE_DUP    11 /* a0 handle, a1 rights (subset) or RIGHTS_SAME -> new handle, derived from a0 */
#define SYS_HANDLE_REVOKE 12 /* a0 handle: destroy everything derived from it, in every process; needs RIGHT_REVOKE */
#define SYS_HANDLE_INFO   13 /* a0 handle, a1 struct handle_info * */

/* Endpoints and notifications */
#define SYS_ENDPOINT_CREATE 14 /* -> handle with all rights */
#define SYS_ENDPOINT_MINT \
	15 /* a0 endpoint, a1 badge, a2 rights -> derived handle with that badge; needs RIGHT_EP_MINT. a0 notification (RIGHT_DUP, RIGHT_NT_SIGNAL): \
	    * the badge is bits that are signalled when a process ends that holds the handle or a duplicate of it (to close it signals nothing) */
#define SYS_NOTIFICATION_CREATE 16 /* -> handle */
#define SYS_NOTIFICATION_SIGNAL 17 /* a0 notification, a1 bits to set (nonzero) */
#define SYS_NOTIFICATION_WAIT \
	18 /* a0 notification, a1 deadline, a2 WAIT_* -> bits, which are cleared; ERR_TIMED_OUT, ERR_WOULD_BLOCK, ERR_INTERRUPTED */
#define SYS_NOTIFICATION_BIND \
	19 /* a0 notification or HANDLE_NONE (unbind), a1 thread: recv of that thread also returns its bits */

/* Memory objects */
#define SYS_VMO_CREATE 20 /* a0 size, a1 VMO_* flags, a2 resource (SYSTEM_DMA, for VMO_CONTIGUOUS) -> handle */
#define SYS_VMO_CREATE_DEVICE \
	21 /* a0 resource (RES_MMIO), a1 physical address, a2 size -> handle; any alignment inside of the resource's pages */
#define SYS_VMO_CLONE \
	22 /* a0 vmo, a1 offset, a2 size -> copy-on-write snapshot; ERR_UNSUPPORTED for device and contiguous. Pages are \
	    * taken in order: of what others write meanwhile each page has the old or the new. Of a paged object it is no snapshot: it shows \
	    * the object's pages until they are written through the clone */
#define SYS_VMO_READ  23 /* a0 vmo, a1 offset (any), a2 buffer, a3 length */
#define SYS_VMO_WRITE 24 /* a0 vmo, a1 offset (any), a2 buffer, a3 length */
#define SYS_VMO_INFO  25 /* a0 vmo, a1 struct vmo_info * */
#define SYS_VMO_MAP \
	26 /* a0 process or HANDLE_NONE (self), a1 vmo, a2 offset, a3 address or 0, a4 size, a5 MAP_* -> address */
#define SYS_VMO_UNMAP 27 /* a0 process or HANDLE_NONE, a1 address, a2 size */
#define SYS_VMO_PROTECT \
	28 /* a0 process or HANDLE_NONE, a1 address, a2 size, a3 MAP_READ|WRITE|EXEC; on an error what lies before the culprit has changed */
#define SYS_VMO_SYNC_CODE 29 /* a0 vmo: make written instructions visible to every hart */
#define SYS_VMO_OP        30 /* a0 vmo, a1 VMO_OP_*, a2 offset, a3 size */

/* Processes and threads */
#define SYS_PROCESS_CREATE 31 /* a0 quota or HANDLE_NONE (own), a1 name, a2 name length -> handle */
#define SYS_PROCESS_GIVE \
	32 /* a0 process, a1 handle, a2 rights or RIGHTS_SAME -> the handle's value there; a1 is duplicated (derived) */
#define SYS_PROCESS_KILL \
	33 /* a0 process, a1 exit status: begins its end, process_watch tells when it is over. One without threads ends with its last \
	    * handle too; one whose threads were made but not started only so */
#define SYS_PROCESS_EXIT 34 /* a0 exit status; does not return */
#define SYS_PROCESS_WATCH \
	35 /* a0 process, a1 notification, a2 bits: signalled once when it has ended and given everything back */
#define SYS_PROCESS_INFO 36 /* a0 process or HANDLE_NONE, a1 struct process_info * */
#define SYS_PROCESS_OPEN \
	37 /* a0 resource (SYSTEM_PROCESS; SYSTEM_EXAMINE: the handle has RIGHT_INFO and RIGHT_PROC_READ only), a1 koid -> process handle; \
	    * ERR_NOT_FOUND */
#define SYS_THREAD_CREATE    38 /* a0 process or HANDLE_NONE, a1 struct thread_args * -> handle (not yet running) */
#define SYS_THREAD_START     39 /* a0 thread */
#define SYS_THREAD_EXIT      40 /* a0 address of a futex word to clear and wake, or 0 (joins); does not return */
#define SYS_THREAD_KILL      41 /* a0 thread */
#define SYS_THREAD_SET_SCHED 42 /* a0 thread or HANDLE_NONE, a1 struct thread_sched *, a2 resource or HANDLE_NONE */
#define SYS_THREAD_REGS \
	43 /* a0 thread (new, faulted or suspended), a1 THREAD_REGS_GET/SET, a2 struct thread_regs *. Suspended while it waits in a system call: \
	    * GET only, and the registers that calls clobber are zero */
#define SYS_THREAD_SET_FAULT 44 /* a0 thread, a1 endpoint (RIGHT_EP_CALL) or HANDLE_NONE */
#define SYS_THREAD_SUSPEND   45 /* a0 thread, a1 1 suspend / 0 resume */
#define SYS_THREAD_CANCEL    46 /* a0 thread: its present or next blocking wait returns ERR_CANCELLED */
#define SYS_THREAD_YIELD     47
#define SYS_THREAD_INFO      48 /* a0 thread or HANDLE_NONE, a1 struct thread_info * */

/* Interrupts, timers, time */
#define SYS_IRQ_CREATE   49 /* a0 resource (RES_IRQ), a1 source number, a2 IRQ_* flags -> handle; ERR_BUSY if it exists */
#define SYS_IRQ_BIND     50 /* a0 irq, a1 notification, a2 bits; unmasks */
#define SYS_IRQ_ACK      51 /* a0 irq: unmask until it fires next */
#define SYS_TIMER_CREATE 52 /* a0 notification, a1 bits -> handle */
#define SYS_TIMER_SET    53 /* a0 timer, a1 deadline (DEADLINE_NEVER: stop), a2 period ns or 0 */
#define SYS_CLOCK_GET    54 /* -> nanoseconds since boot */

/* Synchronisation */
#define SYS_FUTEX_WAIT \
	55 /* a0 address (4-byte aligned), a1 expected 32-bit value, a2 deadline, a3 WAIT_*; ERR_AGAIN if different, ERR_INTERRUPTED */
#define SYS_FUTEX_WAKE 56 /* a0 address, a1 most threads to wake -> threads woken */

/* Quotas, resources, system */
#define SYS_QUOTA_CREATE \
	57 /* a0 quota or HANDLE_NONE (own), a1 struct quota_limits * -> handle; taken out of the parent. ERR_QUOTA also at \
	    * QUOTA_DEPTH_MAX */
#define SYS_QUOTA_INFO      58 /* a0 quota or HANDLE_NONE, a1 struct quota_info * */
#define SYS_QUOTA_SET       59 /* a0 quota, a1 struct quota_limits * (moves the difference from or to the parent) */
#define SYS_QUOTA_KILL      60 /* a0 quota: kill every process that draws on it or on its descendants */
#define SYS_RESOURCE_CREATE 61 /* a0 resource, a1 base, a2 length -> smaller resource, derived */
#define SYS_LOG_WRITE       62 /* a0 level (LOG_*), a1 text, a2 length (at most LOG_LINE_MAX): one line into the kernel log */
#define SYS_LOG_READ        63 /* a0 resource (SYSTEM_INSPECT), a1 position, a2 buffer, a3 length -> bytes, next position */
#define SYS_SYSTEM_INFO \
	64 /* a0 resource (SYSTEM_INSPECT) or HANDLE_NONE where the topic allows, a1 topic, a2 index, a3 buffer, a4 length -> bytes */
#define SYS_SYSTEM_RESET 65 /* a0 resource (SYSTEM_RESET), a1 RESET_*; does not return */
#define SYS_CONSOLE      66 /* a0 resource (SYSTEM_CONSOLE), a1 CONSOLE_* */
#define SYS_VMO_BUILD \
	67 /* internal: how a vmo_create or vmo_clone of many pages goes on after an interrupt; of no use to others */
#define SYS_ENDPOINT_WATCH \
	68 /* a0 endpoint (RIGHT_EP_RECV), a1 notification, a2 bits: from now on all badges minted from it are watched, and the bits signalled when \
	    * the last handle of one is gone, in whatever process it was. Anew: another notification for the same */
#define SYS_ENDPOINT_GONE \
	69 /* a0 endpoint (RIGHT_EP_RECV), a1 GONE_* -> a watched badge whose last handle is gone; ERR_WOULD_BLOCK: none. Each comes once (one that was \
	    * minted twice, twice), and after it no call with that badge any more; calls that were taken before may still be open */
#define SYS_PROCESS_MEMORY \
	70 /* a0 process (RIGHT_PROC_READ, RIGHT_PROC_MANAGE to write), a1 PROCESS_READ/WRITE, a2 address there (any), a3 buffer, a4 length: as the process itself could; \
	    * ERR_FAULT where it could not (code is changed by mapping other pages: vmo_map with MAP_REPLACE) */
#define SYS_PROCESS_MAPPING \
	71 /* a0 process (RIGHT_INFO) or HANDLE_NONE, a1 address, a2 struct mapping_info *: the first mapping that ends above the address; \
	    * ERR_NOT_FOUND */
#define SYS_PROCESS_THREAD \
	72 /* a0 process (RIGHT_PROC_MANAGE), a1 koid: -> handle of its thread with the next higher koid (0: the first); ERR_NOT_FOUND */
/* Memory objects whose pages a server keeps: it is asked for them by messages MSG_LABEL_PAGE to its endpoint, and tells by the badge which object it
 * means. Objects outlive it: whoever receives next from the endpoint is the pager. The endpoint holds them: when the last handle, mapping and
 * clone of one is gone, endpoint_gone tells its badge (once for each time that it was in use), and the pages stay until PAGER_DROP. If the endpoint
 * closes, pages that are not there are access faults. All need RIGHT_EP_RECV and RIGHT_EP_MINT. */
#define SYS_PAGER_VMO \
	73 /* a0 endpoint, a1 badge, a2 size, a3 rights -> handle to the object with that badge: a new one, or the one there is, made longer if need \
	    * be; the caller's quota pays for it and its pages */
#define SYS_PAGER_COPY \
	74 /* a0 endpoint, a1 badge, a2 PAGER_SUPPLY/GRANT/UPDATE/READ, a3 offset, a4 buffer, a5 length; ERR_NOT_FOUND, ERR_RANGE, ERR_NO_MEMORY */
#define SYS_PAGER_OP 75 /* a0 endpoint, a1 badge, a2 PAGER_EVICT/PROTECT/CLEAN/WRITTEN/DROP, a3 offset, a4 size */
#define SYS_PROCESS_HANDLE \
	76 /* a0 process (RIGHT_INFO), a1 index, a2 struct handle_info * -> value of its first handle with that index (HANDLE_INDEX_BITS) or a \
	    * higher one; ERR_NOT_FOUND */
#define SYS_CALLER \
	77 /* a0 reply handle or HANDLE_NONE (current caller) -> koid of the process whose call or fault it is. It says who asks, never what he \
	    * may; ERR_STATE: there is none, ERR_PEER_DIED: it gave up */
/* Upcalls: a thread says where it wants to be interrupted, others interrupt it. What that means is up to its program (signals). struct upcall_frame
 * in sys/abi/object.h says what it finds. A wait that may be interrupted (WAIT_INTERRUPTIBLE, MSG_INTERRUPTIBLE) ends with ERR_INTERRUPTED and then
 * the upcall comes; one that is over already keeps its result, and other system calls are finished first. */
#define SYS_THREAD_UPCALL \
	78 /* a0 entry or 0 (nowhere), a1 stack, a2 its size or 0: of the calling thread. Frames go to the upper end of the stack, unless sp is inside of \
	    * it already, or it has no size: then below sp. A new thread has the entry of the one that made it, and no stack. Allows upcalls again, and forgets UPCALL_FAIL_NEXT */
#define SYS_THREAD_INTERRUPT \
	79 /* a0 thread or HANDLE_NONE (self): its upcall comes as soon as it is in user mode and allows it; until then it is kept, once. -> 1 if it \
	    * allows it now; ERR_STATE: it has ended */
#define SYS_UPCALL_RETURN \
	80 /* a0 struct upcall_frame *: goes on with these registers, and allows upcalls again; ERR_FAULT, ERR_NO_MEMORY: nothing has happened. Does \
	    * not return otherwise */
/* 81 to 83 are not used. */
#define SYS_LOG_WATCH \
	84 /* a0 resource (SYSTEM_INSPECT), a1 position, a2 notification, a3 bits: signalled once when the log has a record at that position or behind it, \
	    * which may be at once. One watch in all: the last one counts */
#define SYS_COUNT 85
