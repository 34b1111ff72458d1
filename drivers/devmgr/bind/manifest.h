/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the manifest out of a driver's ELF file. The file is checked, not trusted. */
#pragma once

#include <stddef.h>

#include "sys/abi/status.h"
#include "sys/driver/manifest.h"

/* ERR_NOT_FOUND: a good ELF file without the section (no driver); ERR_BAD_FORMAT: no ELF file for this
 * machine, or a malformed manifest; *problem then says what is wrong. */
status_t manifest_read(const void *file, size_t size, struct driver_manifest *out, const char **problem);
