/* SPDX-License-Identifier: BSD-2-Clause */
/* The types are <signal.h>'s. Functions that POSIX has withdrawn do not exist. */
#ifndef _UCONTEXT_H
#define _UCONTEXT_H

#include <signal.h>

#endif
