/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals between processes: who may send them, what becomes of them, what is pending. */
#pragma once

#include <stdbool.h>

#include "sys/abi/status.h"
#include "userland/procd/table.h"

/* POSIX, kill(): the same user, user 0, or SIGCONT within the session. */
bool signal_is_allowed(const struct proc *from, const struct proc *to, uint32_t signal);

/* Gives it to the process, whatever that makes of it; `info` says which. ERR_QUOTA: too many are pending. */
status_t signal_send(uint32_t place, const struct signal_info *info);
/* To all living members. */
void signal_send_group(uint64_t group, const struct signal_info *info);

/* A fault of one of its threads. True: the signal is caught and not blocked, and is kept for that thread to take. False: the process is to end. */
bool signal_fault(uint32_t place, const struct signal_info *info);

/* The next one for that thread; signal 0: none. */
void signal_take(uint32_t place, uint64_t blocked, uint64_t thread, struct signal_info *out);
void signal_disposition(uint32_t place, uint64_t caught, uint64_t ignored, uint64_t blocked);
/* Its parent hears of it: SIGCHLD. */
void signal_child(uint32_t place);
