/* SPDX-License-Identifier: BSD-2-Clause */
/* UTF-8: decoding with all checks, encoding, and the columns a character takes on a terminal. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4

/* Bytes of the well-formed character at `bytes`, its value in *out; 0 if there is none (overlong, surrogate,
 * beyond U+10FFFF, cut off by `len`). */
unsigned utf8_decode(const char *bytes, size_t len, uint32_t *out);
/* Bytes that the sequence starting with `first` has, 0 if none starts so. */
unsigned utf8_length(unsigned char first);
/* Bytes written; 0 if `c` is not a character. */
unsigned utf8_encode(uint32_t c, char out[UTF8_BYTES_MAX]);
/* 0 combining or formatting, 1, or 2 wide. Control characters count 0. */
unsigned utf8_width(uint32_t c);
