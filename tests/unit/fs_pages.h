/* SPDX-License-Identifier: BSD-2-Clause */
/* Paged memory objects beside fs_host.h: the kernel's part of a file system's pager. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PAGES_MAX 64u /* of one object */

extern unsigned pages_limit; /* in all objects; more is ERR_NO_MEMORY */
extern unsigned pages_requests;

void pages_reset(void);
unsigned pages_objects(void);
/* The byte as a thread sees it that maps the object; NULL: its access is refused. Good until the next call of anything. */
uint8_t *pages_touch(uint64_t badge, uint64_t offset, bool write);
