/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes of names, the order of entries in indexed directories. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum name_hash_kind {
	NAME_HASH_LEGACY = 0,
	NAME_HASH_HALF_MD4 = 1,
	NAME_HASH_TEA = 2,
	NAME_HASH_UNSIGNED = 3, /* added to those above: bytes of names are unsigned */
	NAME_HASH_KINDS = 6,
};

struct name_hash {
	uint32_t
		major; /* bit 0 is always clear: in an index it says that entries of that hash began one block before */
	uint32_t minor;
};

/* seed: four words, NULL for the standard ones. False: no such kind. */
bool name_hash(enum name_hash_kind kind, const uint32_t seed[4], const char *name, size_t length,
	       struct name_hash *out);
