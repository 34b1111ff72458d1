/* SPDX-License-Identifier: BSD-2-Clause */
/* For libfdt alone: what its overlay code declares a need for. The linker drops that code. */
#pragma once

#include <stddef.h>

unsigned long strtoul(const char *s, char **end, int base);
