/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel log: a bounded ring of records (sys/abi/system.h), echoed on the firmware console until a driver owns it. Callers hold the kernel lock. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void klog(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One line written by process `koid`; control characters are replaced. */
void log_write_user(int level, uint64_t koid, const char *text, size_t len);
/* Copies whole records starting at *position (or the oldest kept) into buf; returns bytes, advances *position past them. */
size_t log_copy(uint64_t *position, void *buf, size_t size);
void log_set_echo(bool on);
/* Position of the next record. */
uint64_t log_next(void);
