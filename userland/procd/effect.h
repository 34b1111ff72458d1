/* SPDX-License-Identifier: BSD-2-Clause */
/* What the rules have done to processes. Behind it are system calls (effect.c), or a test that keeps a list. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Ends the process; its end is told later like any other. */
void effect_kill(uint32_t place, uint32_t signal);
/* The same, after what it was doing is in the log and in a core file. */
void effect_dump(uint32_t place, uint32_t signal);
/* All its threads stand still, or go on. */
void effect_stop(uint32_t place);
void effect_continue(uint32_t place);
/* Its first thread looks for signals. */
/* Threads at the usual priority get that of the niceness. */
void effect_nice(uint32_t place, int32_t from, int32_t to);
void effect_interrupt(uint32_t place);
/* The place is given up. */
void effect_forget(uint32_t place);
/* Some child of it changed, or it has one less: calls of `wait` are to be looked at. */
void effect_children(uint32_t place);
