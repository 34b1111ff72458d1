/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC-32C, eight bytes at a time with tables that are made at the first use, and CRC-16. */
#include "fs/ext4/checksum.h"

#include <string.h>

#define CRC32C_POLYNOMIAL 0x82f63b78u /* reflected */
#define CRC16_POLYNOMIAL  0xa001u

static uint32_t table[8][256];

static void table_make(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
		table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];
}

uint32_t crc32c(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *p = data;

	if (!table[0][1])
		table_make();
	for (; size && ((uintptr_t)p & 7); size--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	for (; size >= 8; size -= 8, p += 8) {
		uint64_t word;
		memcpy(&word, __builtin_assume_aligned(p, 8), 8);
		word ^= crc;
		crc = table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^ table[5][word >> 16 & 0xff] ^
		      table[4][word >> 24 & 0xff] ^ table[3][word >> 32 & 0xff] ^ table[2][word >> 40 & 0xff] ^
		      table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
	}
	for (; size; size--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

uint16_t crc16(uint16_t crc, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? CRC16_POLYNOMIAL : 0));
	}
	return crc;
}
