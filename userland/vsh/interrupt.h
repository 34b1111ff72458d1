/* SPDX-License-Identifier: BSD-2-Clause */
/* Ctrl-C while commands run: their programs are ended and the shell goes back to its prompt. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Once; false: there is no terminal, or none that can tell. Then Ctrl-C does nothing while a program runs. */
bool interrupt_init(void);
/* From here on Ctrl-C interrupts, until interrupt_off; so does one that came since the line was read. */
void interrupt_on(void);
/* Ctrl-C is a byte again, for the line editor. */
void interrupt_off(void);
/* Was there one? */
bool interrupt_seen(void);
/* The shell waits for this program: it is ended by an interrupt, at once if there was one already. */
void interrupt_target(pid_t pid);
/* The shell has waited for it: its number may be somebody else's. */
void interrupt_target_gone(pid_t pid);
