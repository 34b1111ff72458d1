/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the test library. */
#pragma once

#include "tests/system/lib/test.h"

/* Exit statuses from here on: a child with that many failed checks */
#define CHILD_FAILED 0x10000

void images_inherited(void); /* in a child: its copy of the program knows handles of the parent's table */
void case_begin(const char *name);
const char *case_skip_reason(void); /* NULL: it ran */

_Noreturn void test_child_start(const struct child_args *args);
_Noreturn void test_thread_start(struct thread *t);

/* entry.S */
extern char test_child_entry[], test_thread_entry[];
