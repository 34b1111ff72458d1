/* SPDX-License-Identifier: BSD-2-Clause */
/* First instructions of the threads and of the child processes of a test program. */

	.text
	.globl test_child_entry
	.type test_child_entry, @function
test_child_entry: /* a0: struct child_args on the child's stack */
	li fp, 0
	li ra, 0
	tail test_child_start
	.size test_child_entry, . - test_child_entry

	.globl test_thread_entry
	.type test_thread_entry, @function
test_thread_entry: /* a0: struct thread */
	li fp, 0
	li ra, 0
	tail test_thread_start
	.size test_thread_entry, . - test_thread_entry
