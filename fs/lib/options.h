/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of a mount: "size=64M,mode=1777,ro". Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

struct option {
	const char *name, *value; /* value NULL: none given */
	size_t name_len, value_len;
};

/* One after the other; *at is the text at first. False: no more. */
bool option_next(const char **at, struct option *out);
bool option_is(const struct option *option, const char *name);
/* "0x10", "1777" with base 8, "64K", "4M", "1G"; "25%" of `whole` (0: no per cent). ERR_INVALID: no such number, or none that fits. */
status_t option_number(const struct option *option, unsigned base, uint64_t whole, uint64_t *out);
