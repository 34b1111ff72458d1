/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel log, system_info topics, system_reset and the firmware console. */
#pragma once

#include <stdint.h>

#include "sys/abi/object.h"

enum { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
#define LOG_LINE_MAX 512

/* log_read returns whole records: a header, then `len` bytes of text, padded to 8. */
struct log_record {
	uint64_t time_ns;
	uint64_t koid; /* of the writing process, 0 the kernel */
	uint16_t level;
	uint16_t len;
	uint32_t lost; /* records dropped just before this one because the ring was full */
};

enum {
	RESET_POWER_OFF = 0,
	RESET_REBOOT = 1,
};
enum {
	CONSOLE_ECHO_OFF = 0, /* a driver owns the console's device now */
	CONSOLE_ECHO_ON = 1,
};

/* Topics of system_info. Index counts from 0; ERR_NOT_FOUND past the end. */
enum {
	INFO_SYSTEM = 0, /* struct system_info; needs no resource */
	INFO_PROCESS =
		1, /* struct process_info; index: a koid, answers the process with the next higher one (0: the first) */
	INFO_THREAD = 2, /* struct thread_info; index: the n-th thread */
	INFO_IRQ = 3,    /* struct irq_info; index: the n-th irq object */
	INFO_HART = 4,   /* struct hart_info */
};

struct system_info {
	uint64_t timebase_hz;
	uint64_t uptime_ns;
	uint64_t ram_bytes;  /* all RAM the kernel was given */
	uint64_t free_bytes; /* free pages */
	uint64_t kernel_image_bytes;
	uint64_t kernel_heap_bytes; /* pages of kernel objects and page tables */
	uint64_t kernel_used_bytes; /* what of them is in use; the rest is room left by objects that are gone */
	uint32_t harts;
	uint32_t processes;
	uint32_t threads;
	uint32_t page_size;
	uint32_t boot_hart; /* hart id */
	uint32_t asid_bits; /* 0: address space switches flush the TLB */
	uint32_t flags;     /* SYSTEM_FLAG_* */
	uint32_t reserved;
};
enum {
	SYSTEM_FLAG_CHECKED = 1u << 0, /* a kernel with run-time checks */
	SYSTEM_FLAG_SSTC = 1u << 1,
	SYSTEM_FLAG_ZICBOZ = 1u << 2,
};

struct irq_info {
	uint32_t source;
	uint32_t flags;
	uint64_t count;      /* times fired */
	uint64_t owner_koid; /* process that bound it last; before the first, that created it */
	uint32_t masked;     /* fired and not acknowledged yet */
	uint32_t hart;       /* logical number of the one that it is routed to */
};

struct hart_info {
	uint64_t hart_id;
	uint64_t idle_ns;
	uint64_t switches;
	uint64_t interrupts;
	uint64_t ipis;
};
