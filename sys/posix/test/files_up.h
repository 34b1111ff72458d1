/* SPDX-License-Identifier: BSD-2-Clause */
/* A vfs of a test's own, for programs that kernels start as their first. */
#pragma once

#include <stdbool.h>

/* Was this process given a view? */
bool files_given(void);

/* Starts vfs and procd and, when everything is mounted, the program again, with a view of user 0 and its arguments: the exit status of that. */
int files_run(const char *program, char **argv);
