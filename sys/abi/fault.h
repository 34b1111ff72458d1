/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes in MSG_LABEL_FAULT messages: scause of the RISC-V privileged specification (table
 * "Supervisor cause register (scause) values after trap"). */
#pragma once

enum {
	FAULT_FETCH_MISALIGNED = 0,
	FAULT_FETCH_ACCESS = 1,
	FAULT_ILLEGAL = 2,
	FAULT_BREAKPOINT = 3,
	FAULT_LOAD_MISALIGNED = 4,
	FAULT_LOAD_ACCESS = 5,
	FAULT_STORE_MISALIGNED = 6,
	FAULT_STORE_ACCESS = 7,
	FAULT_ECALL_USER = 8,
	FAULT_FETCH_PAGE = 12,
	FAULT_LOAD_PAGE = 13,
	FAULT_STORE_PAGE = 15,
};

/* Answers of a fault handler: the label of its reply. With FAULT_RESUME the thread runs again at its (possibly
 * changed: thread_regs) pc; with anything else, or if the handler dies, its process ends with
 * EXIT_FAULT | cause. */
#define FAULT_RESUME 1u
