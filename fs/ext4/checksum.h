/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of ext4: CRC-32C of everything, CRC-16 of group descriptors on older disks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`; begins with ~0 and is not inverted at the end, as ext4 has it. */
uint32_t crc32c(uint32_t crc, const void *data, size_t size);
uint16_t crc16(uint16_t crc, const void *data, size_t size);
