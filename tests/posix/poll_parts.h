/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the chapter on poll. */
#pragma once

#include <stddef.h>

/* What poll says of a descriptor that is asked about those events, without waiting: "IN HUP". Valid until the next. */
const char *polled(int fd, short events);
const char *events_text(int events);
void poll_children(void);
void poll_threads(void);
void poll_select(void);
