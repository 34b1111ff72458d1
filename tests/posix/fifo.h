/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the chapter on FIFOs that needs other processes. */
#pragma once

/* "fifo" is there. */
void fifo_children(void);
