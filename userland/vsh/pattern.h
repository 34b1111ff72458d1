/* SPDX-License-Identifier: BSD-2-Clause */
/* Shell patterns (POSIX XCU 2.13): * ? [set] [!set] [[:class:]] and \ before a character that stands for itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool pattern_match(const char *pattern, const char *text);
/* `pattern` has a character that makes it more than a text. */
bool pattern_is_magic(const char *pattern);
/* Removes the escapes, in place. */
void pattern_unescape(char *pattern);
