/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new process finds: a0 of its first thread points to a struct startup at the top of its
 * stack mapping, followed by strings. Everything in it is the parent's word; offsets are from the start of
 * the struct, strings are NUL-terminated. The kernel fills one for the first process.
 */
#pragma once

#include <stdint.h>

#include "sys/abi/handle.h"

#define STARTUP_MAGIC   0x54535256u /* "VRST" */
#define STARTUP_HANDLES 48

struct startup_handle {
	handle_t handle;
	char name[24]; /* what it is for: HND_* below, or a service's own name */
};

struct startup {
	uint32_t magic;
	uint32_t size;        /* of the struct and its strings */
	uint64_t timebase_hz; /* of the time CSR */
	uint32_t argc, argv;  /* argv: offset of argc uint32_t string offsets */
	uint32_t envc, envp;
	uint64_t image_base; /* load address of the program */
	uint64_t image_phdr; /* address of its ELF program headers in memory, 0 if not mapped */
	uint32_t image_phnum;
	uint32_t nhandles;
	uint64_t stack_base, stack_size;
	uint64_t heap_hint; /* first free address after the image */
	uint64_t
		descriptors; /* the program's own word, for who looks at it: address of a struct descriptors (sys/posix), 0: none */
	struct startup_handle handles[STARTUP_HANDLES];
};

/* Names every process may meet */
#define HND_SELF       "self"   /* own process (RIGHT_PROC_MANAGE) */
#define HND_THREAD     "thread" /* own first thread */
#define HND_QUOTA      "quota"  /* the quota it draws on */
#define HND_BOOTFS     "bootfs" /* vmo: the boot archive, read-only (newc cpio, data page-aligned) */
#define HND_FDT        "fdt"    /* vmo: the flattened device tree */
#define HND_STDIN      "stdin"  /* serial class endpoint, where there is no terminal server */
#define HND_STDOUT     "stdout"
#define HND_STDERR     "stderr"
#define HND_TTY        "tty"    /* the terminal server: protocol tty */
#define HND_FAULT      "fault"  /* endpoint for faults of threads it creates */
#define HND_INIT       "init"   /* init's endpoint: readiness, service control */
#define HND_DEVMGR     "devmgr" /* devmgr's endpoint: device list, open by class */
#define HND_VFS        "vfs"    /* view of the files: protocol vfs */
#define HND_PROC       "proc"   /* procd: protocol process; also where faults go */
#define HND_LOG        "log"    /* the logger's endpoint: protocol logger */
/* Open files: fd:N:FLAGS[:K], descriptor, O_* in hexadecimal, and what it is if it is no file: FD_* */
#define HND_FD         "fd:"
#define FD_TERMINAL    "t" /* of the terminal server */
#define FD_SERIAL      "s" /* a line of a driver, without a terminal server */
#define FD_NULL        "n" /* /dev/null: the handle is any */
/* Only the first process gets these; it hands on what its services need */
#define HND_RES_MMIO   "res.mmio"
#define HND_RES_IRQ    "res.irq"
#define HND_RES_SYSTEM "res.system" /* base 0, length SYSTEM_COUNT: split with resource_create */
