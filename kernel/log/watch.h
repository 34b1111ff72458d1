/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for records of the kernel log. */
#pragma once

/* A record was added: to be called where threads can be woken, which is not everywhere that writes to the log. */
void log_watch_signal(void);
