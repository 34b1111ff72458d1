/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving bytes between the kernel or one address space and another through the page tables and the direct map: user addresses are never
 * dereferenced, so no user pointer can make the kernel fault. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

struct process;

status_t user_read(struct process *p, uint64_t addr, void *to, size_t len);
status_t user_write(struct process *p, uint64_t addr, const void *from, size_t len);
/* len bounded by the caller; on ERR_FAULT a part may have been copied. fault_in_src names the side that failed. */
status_t user_copy(struct process *dst, uint64_t to, struct process *src, uint64_t from, uint64_t len);
