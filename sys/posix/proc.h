/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to procd (protocol process), and what a child is started with beside files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/abi/handle.h"

/* HANDLE_NONE: this process was started without, and knows of itself and of its own children only. */
handle_t proc_endpoint(void);

/*
 * What is not as usual from the start is told in names of the startup block: PREFIX and a hexadecimal number, with any handle. Nothing is asked for
 * when nothing is.
 */
#define PROC_BLOCKED "blk:" /* set of signals, bit 1 << signal */
#define PROC_IGNORED "ign:"
#define PROC_LIMIT   "lim."        /* the following: */
#define PROC_NOFILE  "lim.nofile:" /* RLIMIT_NOFILE */
#define PROC_STACK   "lim.stack:"  /* RLIMIT_STACK, for its children */

/* The number with that prefix; false: there is none. */
bool proc_startup(const char *prefix, uint64_t *number);

/* What of that this process keeps to itself; at its start. */
void proc_start(void);
/* RLIMIT_STACK as it was set; 0: it was not. */
extern uint64_t proc_stack_limit;

/* For the child: those of this process, in signal.c. */
uint64_t signals_blocked(void);
uint64_t signals_ignored(void);
