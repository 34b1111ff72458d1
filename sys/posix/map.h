/* SPDX-License-Identifier: BSD-2-Clause */
/* What mappings and programs share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

/* Fills the buffer from the file; what is behind the file's end stays as it is. */
status_t file_read_all(handle_t file, uint64_t offset, void *buffer, size_t size);
