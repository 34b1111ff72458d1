/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict subset of TOML 1.0 for configuration files. What it reads, any TOML reader understands in the same way; what it
 * leaves out (floats, dates, inline tables, nested arrays, multi-line strings, dotted keys and headers)
 * is refused by name. docs/services.md states the subset and its limits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "userland/base/arena.h"

#define TOML_TEXT_MAX   (256u * 1024) /* bytes of a file */
#define TOML_KEY_MAX    64u           /* bytes of a key */
#define TOML_STRING_MAX 4096u         /* bytes of a string value */
#define TOML_KEYS_MAX   64u           /* keys of one table: duplicates are found by comparing all */
#define TOML_ARRAY_MAX  1024u         /* values of one array */
#define TOML_TABLES_MAX 1024u         /* tables of one array of tables */

enum toml_type {
	TOML_STRING,
	TOML_INTEGER,
	TOML_BOOLEAN,
	TOML_ARRAY,
	TOML_TABLE,
	TOML_TABLES, /* an array of tables: [[name]] */
	TOML_TYPE_COUNT
};

/* Counted from 1; columns in characters. */
struct toml_where {
	unsigned line;
	unsigned column;
};

struct toml_value {
	enum toml_type type;
	struct toml_where where;
	struct toml_value *next; /* in its array */
	union {
		const char *string; /* UTF-8 without NUL inside */
		int64_t integer;
		bool boolean;
		struct {
			struct toml_value *first;
			unsigned count;
		} array;
		struct toml_table *table; /* of TOML_TABLES: the first, the others by `next` */
	};
};

struct toml_entry {
	const char *key;
	struct toml_where where;
	struct toml_value value;
	struct toml_entry *next; /* in the order of the file */
};

struct toml_table {
	struct toml_entry *entries;
	unsigned count;
	struct toml_where where; /* of its header; of the root: 1:1 */
	struct toml_table *next; /* in its array of tables */
};

struct toml_error {
	struct toml_where where;
	char message[160]; /* names the culprit; without position */
};

/* The root table, which lives in the arena; NULL with *error filled otherwise. */
struct toml_table *toml_parse(struct arena *arena, const char *text, size_t len, struct toml_error *error);
/* NULL if the table has no such key. */
const struct toml_entry *toml_find(const struct toml_table *table, const char *key);
/* "a string", "an integer", … for messages */
const char *toml_type_name(enum toml_type type);
