/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls: threads are interrupted where they said, with their registers on a stack of theirs (sys/abi/object.h: struct upcall_frame). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct thread;

/* Makes the upcall that is due to t, which is the hart's running thread and on its way out. False: its frame could not be written, and it
 * waits with a fault now or has ended. */
bool upcall_enter(struct thread *t);
/* The registers that upcall_return asked for; after the system call's own have been saved. */
void upcall_restore(struct thread *t);
/* Called where a wait that may be interrupted would begin: true if it is over already. */
bool upcall_forestalls(struct thread *t);
/* The call of t has been put aside by its server: from now on it may be interrupted, and may have been. */
void upcall_put_aside(struct thread *t);
