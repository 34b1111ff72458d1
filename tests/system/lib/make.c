/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects for tests. */

#include "tests/system/lib/make.h"

static handle_t result(status_t status, handle_t h, const char *file, int line, const char *what)
{
	return test_check_status(status, OK, file, line, what) ? h : HANDLE_NONE;
}

handle_t make_endpoint_at(const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(endpoint_create(&h), h, file, line, "endpoint_create");
}

handle_t make_notification_at(const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(notification_create(&h), h, file, line, "notification_create");
}

handle_t make_vmo_at(uint64_t size, const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(vmo_create(size, 0, HANDLE_NONE, &h), h, file, line, "vmo_create");
}

handle_t make_dup_at(handle_t h, uint32_t rights, const char *file, int line)
{
	handle_t copy = HANDLE_NONE;

	return result(handle_dup(h, rights, &copy), copy, file, line, "handle_dup");
}

handle_t make_mint_at(handle_t ep, uint64_t badge, uint32_t rights, const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(endpoint_mint(ep, badge, rights, &h), h, file, line, "endpoint_mint");
}

handle_t make_timer_at(handle_t nt, uint64_t bits, const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(timer_object_create(nt, bits, &h), h, file, line, "timer_create");
}

handle_t make_quota_at(const struct quota_limits *limits, const char *file, int line)
{
	handle_t h = HANDLE_NONE;

	return result(quota_create(HANDLE_NONE, limits, &h), h, file, line, "quota_create");
}

void *map_at(handle_t vmo, uint64_t offset, uint64_t size, uint32_t flags, const char *file, int line)
{
	void *address = NULL;

	if (!test_check_status(vmo_map(HANDLE_NONE, vmo, offset, NULL, size, flags, &address), OK, file, line,
			       "vmo_map"))
		return NULL;
	return address;
}
