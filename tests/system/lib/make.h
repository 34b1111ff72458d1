/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects for tests: each call returns the handle, or HANDLE_NONE after a failed check at the caller's line. */
#pragma once

#include "tests/system/lib/test.h"

handle_t make_endpoint_at(const char *file, int line);
handle_t make_notification_at(const char *file, int line);
handle_t make_vmo_at(uint64_t size, const char *file, int line);
handle_t make_dup_at(handle_t h, uint32_t rights, const char *file, int line);
handle_t make_mint_at(handle_t ep, uint64_t badge, uint32_t rights, const char *file, int line);
handle_t make_timer_at(handle_t nt, uint64_t bits, const char *file, int line);
handle_t make_quota_at(const struct quota_limits *limits, const char *file, int line);
void *map_at(handle_t vmo, uint64_t offset, uint64_t size, uint32_t flags, const char *file, int line);

#define make_endpoint()               make_endpoint_at(__FILE__, __LINE__)
#define make_notification()           make_notification_at(__FILE__, __LINE__)
#define make_vmo(size)                make_vmo_at(size, __FILE__, __LINE__)
#define make_dup(h, rights)           make_dup_at(h, (uint32_t)(rights), __FILE__, __LINE__)
#define make_mint(ep, badge, rights)  make_mint_at(ep, badge, rights, __FILE__, __LINE__)
#define make_timer(nt, bits)          make_timer_at(nt, bits, __FILE__, __LINE__)
#define make_quota(limits)            make_quota_at(limits, __FILE__, __LINE__)
/* Into the own process, at an address of the kernel's choice; NULL after a failed check. */
#define map(vmo, offset, size, flags) map_at(vmo, offset, size, flags, __FILE__, __LINE__)
#define unmap(address, size)          CHECK_OK(vmo_unmap(HANDLE_NONE, address, size))
#define shut(h)                       CHECK_OK(handle_close(h))
