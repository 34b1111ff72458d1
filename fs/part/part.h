/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Partition tables: GPT (its backup if the primary is damaged) and MBR with logical partitions. Pure: it reads blocks by a
 * function and changes nothing. What a table says is not believed before it is checked; partitions that lie outside of the
 * disk or over each other are left out, and counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

#define PART_NAME_BYTES 112 /* 36 units of UTF-16 as UTF-8, and a NUL */
#define PART_MAX        128 /* what is told; tables may have room for more */

enum part_table {
	PART_TABLE_NONE, /* neither: the disk is empty, or a file system takes all of it */
	PART_TABLE_MBR,
	PART_TABLE_GPT,
	PART_TABLE_GPT_BACKUP, /* the primary one is damaged */
};

struct part_entry {
	uint64_t first, count; /* blocks */
	uint32_t number;       /* from 1 on, as Linux counts: entry of the GPT; MBR 1 to 4, logical ones from 5 on */
	uint8_t mbr_type;
	bool bootable; /* MBR: active; GPT: legacy BIOS bootable */
	uint8_t type[16], id[16];
	uint64_t attributes;
	char name[PART_NAME_BYTES];
};

struct part_list {
	enum part_table table;
	uint8_t disk_id[16];     /* GPT */
	uint32_t disk_signature; /* MBR */
	uint32_t count, left_out;
	struct part_entry entries[PART_MAX]; /* by number */
};

/* Reads one block into `data`. Anything but OK counts as damage. */
typedef status_t (*part_read_t)(void *context, uint64_t block, void *data);

/*
 * block_size: a power of two, 512 to 4096. Always fills `list`. ERR_INVALID; ERR_IO if the first block cannot be read and there
 * is no GPT at the end; ERR_BAD_FORMAT if the disk is marked as having a GPT (protective MBR) and neither of the two is good:
 * it must not be taken for an empty one.
 */
status_t part_scan(struct part_list *list, part_read_t read, void *context, uint64_t blocks, uint32_t block_size);

/* The id or type in its usual form, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"; text has 37 bytes. */
void part_id_text(const uint8_t id[16], char *text);
