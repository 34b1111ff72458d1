/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading properties of a flattened tree with the checks that libfdt leaves to its caller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/platform.h"

/* A property of one or two cells. */
bool tree_number(const void *fdt, int node, const char *name, uint64_t *out);
/* A NUL-terminated string, or NULL. */
const char *tree_string(const void *fdt, int node, const char *name);
/*
 * Entry `index` of `reg`, in the parent's address space; false past the end, or if the cells are
 * not understood.
 */
bool tree_reg(const void *fdt, int parent, int node, unsigned index, uint64_t *base, uint64_t *size);
/*
 * An address below `bus`, as the root (the processor) sees it: through every `ranges` on the way.
 */
bool tree_translate(const void *fdt, int bus, uint64_t *address, uint64_t size);
/* "status" is absent, "okay" or "ok". */
bool tree_is_okay(const void *fdt, int node);
/* Compatible with any of the NULL-terminated names. */
bool tree_is_compatible(const void *fdt, int node, const char *const *names);
