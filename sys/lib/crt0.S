/* SPDX-License-Identifier: BSD-2-Clause */
/* First instructions of a process: a0 is its struct startup (sys/abi/startup.h), sp is valid,
 * nothing else is. */

	.section .text.start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra
	/* End of every chain of frame pointers and return addresses */
	li	s0, 0
	li	ra, 0
	tail	__process_start
	.cfi_endproc
	/* Brings in __program_run with this object, before the linker comes to libc: see
	 * sys/posix/start_posix.c. */
	.reloc	_start, R_RISCV_NONE, __program_run
	.size _start, . - _start
