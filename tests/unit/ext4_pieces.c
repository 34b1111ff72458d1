/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of ext4 that know no disk: checksums and hashes of names, against known answers (debugfs's for the hashes). */
#include <stdlib.h>

#include "fs/ext4/checksum.h"
#include "fs/ext4/hash.h"
#include "tests/unit/check.h"

static void check_checksums(void)
{
	uint8_t bytes[300];

	CHECK_INT((uint32_t)~crc32c(~0u, "123456789", 9), 0xe3069283u);
	CHECK_INT(crc16(0, "123456789", 9), 0xbb3d);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t at = 0; at < 9; at++) { /* whatever way it is cut, and wherever it lies */
		uint32_t whole = crc32c(1, bytes + at, 280);
		for (size_t cut = 0; cut < 30; cut++)
			CHECK(crc32c(crc32c(1, bytes + at, cut), bytes + at + cut, 280 - cut) == whole);
	}
}

struct known {
	enum name_hash_kind kind;
	const char *name;
	uint32_t major, minor;
};

/* 255 bytes */
#define LONG_51 "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
#define LONG    LONG_51 LONG_51 LONG_51 LONG_51 LONG_51

static void check_hashes(void)
{
	/* The seed is the words of a UUID as they lie on a disk. */
	static const uint32_t seed[4] = {0x23c9e5e5, 0x40da72db, 0xb8abf8a4, 0x0b5409fc};
	static const struct known known[] = {
		{NAME_HASH_LEGACY, "a", 0xe74b53e2, 0x0},
		{NAME_HASH_LEGACY, "hello", 0x32252546, 0x0},
		{NAME_HASH_LEGACY, "file-number-12", 0xf68e6806, 0x0},
		{NAME_HASH_LEGACY, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xa365191c, 0x0},
		{NAME_HASH_LEGACY, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xccf8e87c, 0x0},
		{NAME_HASH_LEGACY, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0x477fb8ce, 0x0},
		{NAME_HASH_LEGACY, "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text", 0xca2aadaa,
		 0x0},
		{NAME_HASH_LEGACY, LONG, 0xf94f0890, 0x0},
		{NAME_HASH_LEGACY,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0xcbd577fa, 0x0},
		{NAME_HASH_HALF_MD4, "a", 0xb12a5384, 0x4073d037},
		{NAME_HASH_HALF_MD4, "hello", 0xf1721916, 0x6cc42071},
		{NAME_HASH_HALF_MD4, "file-number-12", 0xa1f5a368, 0x1d291188},
		{NAME_HASH_HALF_MD4, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xe3eb982e, 0xc3099d1f},
		{NAME_HASH_HALF_MD4, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x74d17492, 0x28e2682f},
		{NAME_HASH_HALF_MD4, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0x1c6f5cf8, 0x92fa34ec},
		{NAME_HASH_HALF_MD4, "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text",
		 0x812e213e, 0xd12b8ee0},
		{NAME_HASH_HALF_MD4, LONG, 0x59be5300, 0x9f77bf4d},
		{NAME_HASH_HALF_MD4,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0xe0dac686, 0xad937e96},
		{NAME_HASH_TEA, "a", 0xdf436ca0, 0xaec0f890},
		{NAME_HASH_TEA, "hello", 0xc81160f2, 0x4969bff9},
		{NAME_HASH_TEA, "file-number-12", 0xa145ce80, 0x6fa3fc39},
		{NAME_HASH_TEA, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x81d3f9dc, 0x90b6ddc1},
		{NAME_HASH_TEA, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xbd954a78, 0xd039b45e},
		{NAME_HASH_TEA, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0xa7af2e96, 0xb74284e4},
		{NAME_HASH_TEA, "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text", 0xe0267eda,
		 0x17a8a64},
		{NAME_HASH_TEA, LONG, 0x62068f06, 0xd837eb15},
		{NAME_HASH_TEA,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0x241037b2, 0xe5a7951d},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "a", 0xe74b53e2, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "hello", 0x32252546, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "file-number-12", 0xf68e6806, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xa365191c, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xccf8e87c, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0x477fb8ce, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED,
		 "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text", 0xca2aadaa, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED, LONG, 0xf94f0890, 0x0},
		{NAME_HASH_LEGACY + NAME_HASH_UNSIGNED,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0xf7be1b70, 0x0},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "a", 0xb12a5384, 0x4073d037},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "hello", 0xf1721916, 0x6cc42071},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "file-number-12", 0xa1f5a368, 0x1d291188},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xe3eb982e, 0xc3099d1f},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x74d17492, 0x28e2682f},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0x1c6f5cf8, 0x92fa34ec},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED,
		 "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text", 0x812e213e, 0xd12b8ee0},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED, LONG, 0x59be5300, 0x9f77bf4d},
		{NAME_HASH_HALF_MD4 + NAME_HASH_UNSIGNED,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0x38bad78c, 0x3bb43013},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "a", 0xdf436ca0, 0xaec0f890},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "hello", 0xc81160f2, 0x4969bff9},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "file-number-12", 0xa145ce80, 0x6fa3fc39},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0x81d3f9dc, 0x90b6ddc1},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0xbd954a78, 0xd039b45e},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0xa7af2e96, 0xb74284e4},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED,
		 "A-rather-long-name-of-a-file-that-needs-several-rounds-of-hashing.text", 0xe0267eda, 0x17a8a64},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED, LONG, 0x62068f06, 0xd837eb15},
		{NAME_HASH_TEA + NAME_HASH_UNSIGNED,
		 "\xc3\xa4\xf6\xfc"
		 "-umlaut",
		 0x80775066, 0xd04ce7d7},
	};
	struct name_hash hash;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct known *k = &known[i];
		CHECK(name_hash(k->kind, seed, k->name, strlen(k->name), &hash));
		if (!CHECK_INT(hash.major, k->major) || !CHECK_INT(hash.minor, k->minor))
			printf("  kind %d, %s\n", k->kind, k->name);
	}
	CHECK(!name_hash(NAME_HASH_KINDS, NULL, "a", 1, &hash));
	CHECK(!name_hash((enum name_hash_kind)200, NULL, "a", 1, &hash));
}

int main(void)
{
	check_checksums();
	check_hashes();
	return check_end();
}
