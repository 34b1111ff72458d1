/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printf-like text into a bounded buffer, for the log and panics. Knows %d %i %u %x %X %p %c %s
 * %%, the flags 0 - + space #, width and precision (also *), the lengths hh h l ll z j t. No
 * floats, no %n.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Returns the length the whole text has; what does not fit is cut. NUL-terminated if size > 0. */
size_t format_text(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
size_t format_text_va(char *buf, size_t size, const char *fmt, va_list args) __attribute__((format(printf, 3, 0)));
