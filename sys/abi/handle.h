/* SPDX-License-Identifier: BSD-2-Clause */
/* Handles, object types and rights. A handle is an index into the caller's own table and the
 * generation of that slot; generations never repeat, so a stale handle never names a new object. */
#pragma once

#include <stdint.h>

typedef uint64_t handle_t;

#define HANDLE_NONE       ((handle_t)0)
#define HANDLE_INDEX_BITS 16 /* low bits: slot; the rest: generation (48 bits, never zero) */
#define HANDLE_MAX_COUNT  (1u << HANDLE_INDEX_BITS)

enum object_type {
	OBJ_NONE = 0,
	OBJ_PROCESS = 1,
	OBJ_THREAD = 2,
	OBJ_ENDPOINT = 3,
	OBJ_NOTIFICATION = 4,
	OBJ_VMO = 5,
	OBJ_IRQ = 6,
	OBJ_TIMER = 7,
	OBJ_RESOURCE = 8,
	OBJ_QUOTA = 9,
	OBJ_REPLY = 10,
	OBJ_TYPE_COUNT
};

/* Rights. The low byte holds generic rights; every other bit belongs to one object type only, so
 * one test of a bit checks the type and the right together. */
enum {
	RIGHT_DUP = 1u << 0,    /* handle_dup, and lending it in process_give */
	RIGHT_MOVE = 1u << 1,   /* may travel in a message or be given to a new process */
	RIGHT_REVOKE = 1u << 2, /* handle_revoke of everything derived from it */
	RIGHT_INFO = 1u << 3,   /* process_info, thread_info, quota_info */

	RIGHT_EP_CALL = 1u << 8,
	RIGHT_EP_RECV = 1u << 9,
	RIGHT_EP_MINT = 1u << 11, /* derive caller handles with a badge */

	RIGHT_NT_SIGNAL = 1u << 10, /* by hand, or by an irq or a timer */
	RIGHT_NT_WAIT = 1u << 12,   /* wait, poll, bind to a thread */

	RIGHT_VMO_READ = 1u << 13,
	RIGHT_VMO_WRITE = 1u << 14,
	RIGHT_VMO_EXEC = 1u << 15,
	RIGHT_VMO_PHYS = 1u << 16, /* learn the physical addresses (DMA) */

	RIGHT_PROC_MANAGE = 1u << 17, /* map, give handles, create threads, kill */
	RIGHT_PROC_WATCH = 1u << 18,  /* learn of its exit */

	RIGHT_THREAD_MANAGE = 1u << 19, /* start, registers, scheduling, cancel, kill */

	RIGHT_IRQ_USE = 1u << 20, /* bind, acknowledge */

	RIGHT_TIMER_USE = 1u << 21,

	RIGHT_RES_MINT = 1u << 22, /* create the objects this resource stands for, or a smaller one */

	RIGHT_QUOTA_USE = 1u << 23,    /* let a process or a child quota draw on it */
	RIGHT_QUOTA_MANAGE = 1u << 24, /* change limits, kill the subtree */

	RIGHT_REPLY = 1u << 25,

	RIGHT_PROC_READ = 1u << 26, /* read its memory */

	RIGHTS_GENERIC = RIGHT_DUP | RIGHT_MOVE | RIGHT_REVOKE | RIGHT_INFO,
	RIGHTS_ALL = 0x07ffffff,
	RIGHTS_SAME = -1, /* handle_dup, process_give: as the source */
};

/* Kinds of resource: the root rights, split into ranges by resource_create. */
enum resource_kind {
	RES_MMIO = 0,   /* physical addresses outside of RAM: vmo_create_device */
	RES_IRQ = 1,    /* interrupt source numbers: irq_create */
	RES_SYSTEM = 2, /* base selects the right: one of SYSTEM_* , len 1 */
	RES_KIND_COUNT
};
enum {
	SYSTEM_RESET = 0,    /* system_reset */
	SYSTEM_INSPECT = 1,  /* system_info about every process, log_read */
	SYSTEM_PROCESS = 2,  /* process_open by koid */
	SYSTEM_DMA = 3,      /* vmo_create with VMO_CONTIGUOUS (physical addresses) */
	SYSTEM_PRIORITY = 4, /* thread priorities above PRIO_USER_MAX */
	SYSTEM_CONSOLE = 5,  /* kernel log echo on the firmware console on/off, early console input */
	SYSTEM_EXAMINE = 6,  /* process_open by koid, to look at it only */
	SYSTEM_COUNT
};
