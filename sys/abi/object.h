/* SPDX-License-Identifier: BSD-2-Clause */
/* Structures and flags of the object calls (see syscall.h). koid: an object's number, never reused. */
#pragma once

#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/mapping.h"

#define NAME_MAX_BYTES 32 /* of a process, NUL included; longer names are cut */

struct handle_info {
	uint64_t koid;
	uint64_t badge;
	uint32_t type; /* enum object_type */
	uint32_t rights;
	uint32_t refs; /* handles to the object, in all processes */
	uint32_t reserved;
};

/* vmo_create */
enum {
	VMO_CONTIGUOUS = 1u << 0, /* physically contiguous and resident, for DMA; zeroed at once */
	VMO_COMMIT = 1u << 1,     /* all pages now instead of at first touch */
};
/* Paged objects and views are mapped, never copied from and to by calls: vmo_read, vmo_write and vmo_op answer ERR_UNSUPPORTED. */
enum {
	VMO_KIND_ANON,
	VMO_KIND_CONTIGUOUS,
	VMO_KIND_DEVICE,
	VMO_KIND_PAGED, /* somebody else's pages (pager_vmo) */
	VMO_KIND_VIEW,  /* a clone of such: shows its pages until they are written */
};
enum {
	VMO_OP_COMMIT = 0,   /* allocate the pages of a range */
	VMO_OP_DECOMMIT = 1, /* give them back: they read as zero again */
};

/* pager_copy. Only whole pages can be made; what is copied of those that are there may be any bytes of the object. */
enum {
	PAGER_SUPPLY = 0, /* make the pages that are missing; those that are there stay as they are */
	PAGER_GRANT = 1,  /* the same, and all of them may be written */
	PAGER_UPDATE = 2, /* write to pages that are there; others are left out */
	PAGER_READ = 3,   /* into the buffer; ERR_NOT_FOUND at the first page that is missing */
};
/* pager_op; a range may go beyond the object's end */
enum {
	PAGER_EVICT = 0,   /* take the pages away, whatever is in them */
	PAGER_PROTECT = 1, /* they may be written no longer */
	PAGER_CLEAN = 2,   /* the pager has what was written; those that may still be written are left out */
	PAGER_WRITTEN = 3, /* -> offset of the first page that was granted and not cleaned since; ERR_NOT_FOUND */
	PAGER_DROP = 4,    /* the whole object; ERR_BUSY while it has handles, mappings or clones */
};

struct vmo_info {
	uint64_t size;      /* bytes, a multiple of PAGE_SIZE */
	uint64_t committed; /* bytes of pages held (shared copy-on-write pages count for each holder) */
	uint64_t phys;      /* contiguous and device, with RIGHT_VMO_PHYS; else 0 */
	uint32_t kind;      /* VMO_KIND_* */
	uint32_t offset;    /* device: of the registers in the first page (base was not page aligned) */
};

/* Where user mappings may lie */
#define USER_BASE 0x10000ull
#define USER_TOP  0x3fffff0000ull

struct process_info {
	uint64_t koid;
	int64_t exit_status;   /* valid when state is PROCESS_ENDED; PROCESS_STATUS_KILLED.. below */
	uint64_t cpu_ns;       /* CPU time paid by its threads */
	uint64_t mem_bytes;    /* pages of its mappings that are present, private or shared */
	uint64_t kernel_bytes; /* page tables and kernel objects */
	uint32_t threads;
	uint32_t handles;
	uint32_t state;
	uint32_t active;      /* threads that run or are ready to */
	uint64_t parent_koid; /* creator; 0 for the first */
	uint64_t quota_koid;
	uint64_t started_ns; /* when its first thread was started; 0: not yet */
	uint64_t arg0;       /* a0 that this one began with: by convention the address of its struct startup */
	uint32_t faulted;    /* threads that wait for their fault handler */
	uint32_t reserved;
	char name[NAME_MAX_BYTES];
};
enum { PROCESS_NEW, PROCESS_RUNNING, PROCESS_ENDING, PROCESS_ENDED };

struct thread_args {
	uint64_t entry;
	uint64_t stack; /* initial sp, 16-byte aligned */
	uint64_t arg0;  /* a0 */
	uint64_t arg1;  /* a1 */
	uint64_t tls;   /* tp */
	uint32_t prio;  /* 0..PRIO_USER_MAX, higher: at most the creating thread's own base priority */
	uint32_t reserved;
};

struct thread_sched {
	uint32_t prio;
	uint32_t reserved;
	uint64_t affinity;  /* bit per logical hart; 0: all */
	uint64_t budget_ns; /* CPU time in every period; 0: no limit */
	uint64_t period_ns; /* 1 ms .. 10 s when budget_ns is not 0 */
};

struct thread_regs {
	uint64_t pc;
	uint64_t x[32]; /* x[0] is ignored */
};
enum { THREAD_REGS_GET, THREAD_REGS_SET };

/* What the kernel writes, 16-byte aligned, before it makes an upcall: a thread as it was. The entry gets its address in a0 and sp, and the other
 * registers as they were. If it cannot be written the thread faults there (FAULT_STORE_PAGE), at the pc that it was interrupted at. */
struct upcall_frame {
	uint64_t pc;
	uint64_t x[32]; /* x[0] is ignored */
	uint64_t flags; /* UPCALL_* */
	uint64_t fcsr;  /* with UPCALL_FP */
	uint64_t f[32];
	uint64_t reserved;
};
/* It had used floating-point registers: they are here. Returning without it they are all zero. */
#define UPCALL_FP        1u
/* Its next wait that may be interrupted is over before it begins. */
#define UPCALL_FAIL_NEXT 2u
/* Another process interrupted it, perhaps its own as well. */
#define UPCALL_OUTSIDE   4u

/* endpoint_gone: 0 takes the badge that it tells. A server whose successor has to hear of what it did not finish looks, and drops what is done. */
enum {
	GONE_KEEP = 1u << 0, /* it is told again until it is dropped */
	GONE_DROP = 1u << 1, /* first drop the one that is there: it was looked at before */
	GONE_TELL = 1u << 2, /* with the last that there is the status is GONE_LAST instead of OK */
};
#define GONE_LAST 1

/* process_memory */
enum { PROCESS_READ, PROCESS_WRITE };

/* process_mapping */
struct mapping_info {
	uint64_t base;
	uint64_t size;
	uint64_t offset; /* of its first byte in the memory object */
	uint64_t vmo_koid;
	uint32_t prot;  /* MAP_READ | MAP_WRITE | MAP_EXEC */
	uint32_t kind;  /* VMO_KIND_* */
	uint32_t flags; /* MAPPING_* */
	uint32_t reserved;
};
enum {
	MAPPING_SHARED = 1u << 0, /* another process has mapped of the same object, too */
};

struct thread_info {
	uint64_t koid;
	uint64_t process_koid;
	uint64_t cpu_ns;
	uint32_t state; /* THREAD_* */
	uint32_t prio;  /* effective */
	uint32_t base_prio;
	uint32_t hart; /* where it runs or ran last */
};
enum {
	THREAD_NEW,
	THREAD_READY,
	THREAD_RUNNING,
	THREAD_BLOCKED_CALL,
	THREAD_BLOCKED_REPLY,
	THREAD_BLOCKED_RECV,
	THREAD_BLOCKED_NOTIFICATION,
	THREAD_BLOCKED_FUTEX,
	THREAD_FAULTED,
	THREAD_SUSPENDED,
	THREAD_THROTTLED,
	THREAD_ENDED,
};

/* irq_create */
enum {
	IRQ_LEVEL = 0,
	IRQ_EDGE = 1,
	/* Level, and other objects for the source may exist if they say so too: it fires all that are bound, and stays quiet until each
	 * has acknowledged. */
	IRQ_SHARED = 2,
};

#define QUOTA_DEPTH_MAX 32 /* quotas below the first one, each in the one before */
struct quota_limits {
	uint64_t mem_bytes;
	uint32_t handles;
	uint32_t threads;
	uint32_t processes;
	uint32_t reserved;
};
struct quota_info {
	uint64_t koid;
	struct quota_limits limit;
	struct quota_limits used; /* children's limits count as used */
};

/* A process's exit status: what process_exit gave, or */
#define EXIT_KILLED 0x100 /* process_kill(status) ORs its own status in */
#define EXIT_FAULT  0x200 /* | scause: a fault that nobody handled */
