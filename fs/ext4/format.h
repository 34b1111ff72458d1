/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies on an ext4 disk: structures (little endian; those of the journal big endian) and the numbers in them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the structures are used in place: little-endian machines only"
#endif

#define EXT4_SUPER_OFFSET 1024
#define EXT4_SUPER_SIZE   1024
#define EXT4_MAGIC        0xef53
#define EXT4_FIRST_INODE  11 /* of revision 0 */

struct ext4_super {
	uint32_t inodes_count;
	uint32_t blocks_count_low;
	uint32_t reserved_blocks_low;
	uint32_t free_blocks_low;
	uint32_t free_inodes;
	uint32_t first_data_block;
	uint32_t log_block_size;
	uint32_t log_cluster_size;
	uint32_t blocks_per_group;
	uint32_t clusters_per_group;
	uint32_t inodes_per_group;
	uint32_t mount_time;
	uint32_t write_time;
	uint16_t mount_count;
	uint16_t max_mount_count;
	uint16_t magic;
	uint16_t state;
	uint16_t errors;
	uint16_t minor_revision;
	uint32_t last_check;
	uint32_t check_interval;
	uint32_t creator_os;
	uint32_t revision;
	uint16_t reserved_uid;
	uint16_t reserved_gid;
	uint32_t first_inode;
	uint16_t inode_size;
	uint16_t block_group;
	uint32_t compat;
	uint32_t incompat;
	uint32_t ro_compat;
	uint8_t uuid[16];
	char volume_name[16];
	char last_mounted[64];
	uint32_t algorithm_bitmap;
	uint8_t prealloc_blocks;
	uint8_t prealloc_dir_blocks;
	uint16_t reserved_gdt_blocks;
	uint8_t journal_uuid[16];
	uint32_t journal_inode;
	uint32_t journal_device;
	uint32_t last_orphan;
	uint32_t hash_seed[4];
	uint8_t default_hash;
	uint8_t journal_backup_type;
	uint16_t desc_size;
	uint32_t default_mount_options;
	uint32_t first_meta_group;
	uint32_t make_time;
	uint32_t journal_blocks[17];
	uint32_t blocks_count_high;
	uint32_t reserved_blocks_high;
	uint32_t free_blocks_high;
	uint16_t min_extra_isize;
	uint16_t want_extra_isize;
	uint32_t flags;
	uint16_t raid_stride;
	uint16_t mmp_interval;
	uint64_t mmp_block;
	uint32_t raid_stripe_width;
	uint8_t log_groups_per_flex;
	uint8_t checksum_type;
	uint16_t reserved0;
	uint64_t kbytes_written;
	uint8_t unused0[0x240 - 0x180];
	uint32_t user_quota_inode;
	uint32_t group_quota_inode;
	uint32_t overhead_blocks;
	uint32_t backup_groups[2];
	uint8_t encrypt_algorithms[4];
	uint8_t encrypt_salt[16];
	uint32_t lost_found_inode;
	uint32_t project_quota_inode;
	uint32_t checksum_seed;
	uint8_t time_high[8];
	uint32_t encoding;
	uint32_t orphan_file_inode;
	uint32_t reserved1[94];
	uint32_t checksum;
};
_Static_assert(offsetof(struct ext4_super, journal_inode) == 0xe0, "layout");
_Static_assert(offsetof(struct ext4_super, flags) == 0x160, "layout");
_Static_assert(offsetof(struct ext4_super, kbytes_written) == 0x178, "layout");
_Static_assert(offsetof(struct ext4_super, checksum_seed) == 0x270, "layout");
_Static_assert(offsetof(struct ext4_super, orphan_file_inode) == 0x280, "layout");
_Static_assert(offsetof(struct ext4_super, checksum) == 0x3fc, "layout");
_Static_assert(sizeof(struct ext4_super) == EXT4_SUPER_SIZE, "layout");

enum ext4_state { EXT4_STATE_VALID = 1, EXT4_STATE_ERROR = 2, EXT4_STATE_ORPHANS = 4 };
enum ext4_super_flag { EXT4_HASH_SIGNED = 1, EXT4_HASH_UNSIGNED = 2 };

enum ext4_compat {
	EXT4_COMPAT_JOURNAL = 0x4,
	EXT4_COMPAT_XATTR = 0x8,
	EXT4_COMPAT_RESIZE_INODE = 0x10,
	EXT4_COMPAT_DIR_INDEX = 0x20,
	EXT4_COMPAT_SPARSE_SUPER2 = 0x200,
	EXT4_COMPAT_FAST_COMMIT = 0x400,
	EXT4_COMPAT_ORPHAN_FILE = 0x1000,
};

enum ext4_incompat {
	EXT4_INCOMPAT_COMPRESSION = 0x1,
	EXT4_INCOMPAT_FILETYPE = 0x2,
	EXT4_INCOMPAT_RECOVER = 0x4,
	EXT4_INCOMPAT_JOURNAL_DEVICE = 0x8,
	EXT4_INCOMPAT_META_BG = 0x10,
	EXT4_INCOMPAT_EXTENTS = 0x40,
	EXT4_INCOMPAT_64BIT = 0x80,
	EXT4_INCOMPAT_MMP = 0x100,
	EXT4_INCOMPAT_FLEX_BG = 0x200,
	EXT4_INCOMPAT_EA_INODE = 0x400,
	EXT4_INCOMPAT_DIRDATA = 0x1000,
	EXT4_INCOMPAT_CHECKSUM_SEED = 0x2000,
	EXT4_INCOMPAT_LARGE_DIR = 0x4000,
	EXT4_INCOMPAT_INLINE_DATA = 0x8000,
	EXT4_INCOMPAT_ENCRYPT = 0x10000,
	EXT4_INCOMPAT_CASEFOLD = 0x20000,
};

enum ext4_ro_compat {
	EXT4_RO_SPARSE_SUPER = 0x1,
	EXT4_RO_LARGE_FILE = 0x2,
	EXT4_RO_BTREE_DIR = 0x4,
	EXT4_RO_HUGE_FILE = 0x8,
	EXT4_RO_GDT_CHECKSUM = 0x10,
	EXT4_RO_DIR_NLINK = 0x20,
	EXT4_RO_EXTRA_ISIZE = 0x40,
	EXT4_RO_QUOTA = 0x100,
	EXT4_RO_BIGALLOC = 0x200,
	EXT4_RO_METADATA_CHECKSUM = 0x400,
	EXT4_RO_READONLY = 0x1000,
	EXT4_RO_PROJECT = 0x2000,
	EXT4_RO_SHARED_BLOCKS = 0x4000,
	EXT4_RO_VERITY = 0x8000,
	EXT4_RO_ORPHAN_PRESENT = 0x10000,
};

/* A group's descriptor: 32 bytes, or 64 with 64BIT. */
struct ext4_group_desc {
	uint32_t block_bitmap_low;
	uint32_t inode_bitmap_low;
	uint32_t inode_table_low;
	uint16_t free_blocks_low;
	uint16_t free_inodes_low;
	uint16_t used_dirs_low;
	uint16_t flags;
	uint32_t exclude_bitmap_low;
	uint16_t block_bitmap_checksum_low;
	uint16_t inode_bitmap_checksum_low;
	uint16_t unused_inodes_low;
	uint16_t checksum;
	uint32_t block_bitmap_high;
	uint32_t inode_bitmap_high;
	uint32_t inode_table_high;
	uint16_t free_blocks_high;
	uint16_t free_inodes_high;
	uint16_t used_dirs_high;
	uint16_t unused_inodes_high;
	uint32_t exclude_bitmap_high;
	uint16_t block_bitmap_checksum_high;
	uint16_t inode_bitmap_checksum_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct ext4_group_desc) == 64, "layout");
#define EXT4_DESC_SIZE_MIN 32

enum ext4_group_flag { EXT4_GROUP_INODES_UNUSED = 1, EXT4_GROUP_BLOCKS_UNUSED = 2, EXT4_GROUP_TABLE_ZEROED = 4 };

struct ext4_raw_inode {
	uint16_t mode;
	uint16_t uid_low;
	uint32_t size_low;
	uint32_t accessed;
	uint32_t changed;
	uint32_t modified;
	uint32_t deleted; /* time, or the next of the list of orphans */
	uint16_t gid_low;
	uint16_t links;
	uint32_t blocks_low;
	uint32_t flags;
	uint32_t version;
	uint32_t block[15];
	uint32_t generation;
	uint32_t xattr_block_low;
	uint32_t size_high;
	uint32_t fragment;
	uint16_t blocks_high;
	uint16_t xattr_block_high;
	uint16_t uid_high;
	uint16_t gid_high;
	uint16_t checksum_low;
	uint16_t reserved;
	/* Only of inodes greater than 128 bytes, as far as extra_isize says. */
	uint16_t extra_isize;
	uint16_t checksum_high;
	uint32_t changed_extra;
	uint32_t modified_extra;
	uint32_t accessed_extra;
	uint32_t created;
	uint32_t created_extra;
	uint32_t version_high;
	uint32_t project;
};
_Static_assert(offsetof(struct ext4_raw_inode, extra_isize) == 128, "layout");
_Static_assert(sizeof(struct ext4_raw_inode) == 160, "layout");
#define EXT4_INODE_SIZE_MIN 128
/* What of the extra part must be there for each of its fields. */
#define EXT4_EXTRA_END(field) \
	(offsetof(struct ext4_raw_inode, field) + sizeof(((struct ext4_raw_inode *)0)->field) - EXT4_INODE_SIZE_MIN)

enum ext4_inode_flag {
	EXT4_INODE_IMMUTABLE = 0x10,
	EXT4_INODE_APPEND = 0x20,
	EXT4_INODE_ENCRYPTED = 0x800,
	EXT4_INODE_INDEX = 0x1000,
	EXT4_INODE_JOURNAL_DATA = 0x4000,
	EXT4_INODE_HUGE_FILE = 0x40000,
	EXT4_INODE_EXTENTS = 0x80000,
	EXT4_INODE_VERITY = 0x100000,
	EXT4_INODE_EA_INODE = 0x200000,
	EXT4_INODE_INLINE_DATA = 0x10000000,
	EXT4_INODE_CASEFOLD = 0x40000000,
};
#define EXT4_INODE_INHERITED 0xc8u /* what a new file takes over from its directory: sync, nodump, noatime */

enum ext4_mode {
	EXT4_MODE_FIFO = 0x1000,
	EXT4_MODE_CHARACTER = 0x2000,
	EXT4_MODE_DIRECTORY = 0x4000,
	EXT4_MODE_BLOCK = 0x6000,
	EXT4_MODE_REGULAR = 0x8000,
	EXT4_MODE_SYMLINK = 0xa000,
	EXT4_MODE_SOCKET = 0xc000,
	EXT4_MODE_KIND = 0xf000,
	EXT4_MODE_SETGID = 02000,
	EXT4_MODE_PERMISSIONS = 07777,
};

struct ext4_extent_header {
	uint16_t magic;
	uint16_t entries;
	uint16_t max;
	uint16_t depth;
	uint32_t generation;
};
#define EXT4_EXTENT_MAGIC     0xf30a
#define EXT4_EXTENT_DEPTH_MAX 5

struct ext4_extent {
	uint32_t logical;
	uint16_t length; /* above 32768: unwritten, so many more than that */
	uint16_t start_high;
	uint32_t start_low;
};
#define EXT4_EXTENT_LENGTH_MAX    32768u
#define EXT4_UNWRITTEN_LENGTH_MAX 32767u

struct ext4_extent_index {
	uint32_t logical;
	uint32_t leaf_low;
	uint16_t leaf_high;
	uint16_t unused;
};
_Static_assert(sizeof(struct ext4_extent) == 12 && sizeof(struct ext4_extent_index) == 12, "layout");

/* An entry of a directory; the name follows. */
struct ext4_dirent {
	uint32_t inode;
	uint16_t size;
	uint8_t name_length;
	uint8_t kind;
	char name[];
};
#define EXT4_DIRENT_SIZE(name_length) ((8u + (name_length) + 3) & ~3u)

/* Looks like an unused entry at the end of a block. */
struct ext4_dir_tail {
	uint32_t zero0;
	uint16_t size; /* 12 */
	uint8_t zero1;
	uint8_t kind; /* 0xde */
	uint32_t checksum;
};
#define EXT4_DIR_TAIL_KIND 0xde

enum ext4_dirent_kind {
	EXT4_KIND_NONE,
	EXT4_KIND_REGULAR,
	EXT4_KIND_DIRECTORY,
	EXT4_KIND_CHARACTER,
	EXT4_KIND_BLOCK,
	EXT4_KIND_FIFO,
	EXT4_KIND_SOCKET,
	EXT4_KIND_SYMLINK
};

/* In block 0 of an indexed directory, behind the entries "." and "..". */
struct ext4_index_root {
	uint32_t zero;
	uint8_t hash;
	uint8_t size; /* 8 */
	uint8_t levels;
	uint8_t flags;
};
#define EXT4_INDEX_ROOT_OFFSET 24
/* The first entry of each index block has these in the place of a hash. */
struct ext4_index_limit {
	uint16_t limit;
	uint16_t count;
};
struct ext4_index_entry {
	uint32_t hash;
	uint32_t block;
};
struct ext4_index_tail {
	uint32_t reserved;
	uint32_t checksum;
};

struct ext4_xattr_header {
	uint32_t magic;
	uint32_t references;
	uint32_t blocks;
	uint32_t hash;
	uint32_t checksum;
	uint32_t reserved[3];
};
#define EXT4_XATTR_MAGIC 0xea020000u

struct ext4_orphan_tail {
	uint32_t magic;
	uint32_t checksum;
};
#define EXT4_ORPHAN_MAGIC 0x0b10ca04u

/* The journal (jbd2), big endian. */
#define JOURNAL_MAGIC 0xc03b3998u
enum journal_block_type {
	JOURNAL_DESCRIPTOR = 1,
	JOURNAL_COMMIT = 2,
	JOURNAL_SUPER_1 = 3,
	JOURNAL_SUPER_2 = 4,
	JOURNAL_REVOKE = 5,
};

struct journal_header {
	uint32_t magic;
	uint32_t type;
	uint32_t sequence;
};

struct journal_super {
	struct journal_header header;
	uint32_t block_size;
	uint32_t blocks; /* of the journal, this one included */
	uint32_t first;  /* of the log */
	uint32_t sequence;
	uint32_t start; /* 0: the log is empty */
	uint32_t error;
	uint32_t compat;
	uint32_t incompat;
	uint32_t ro_compat;
	uint8_t uuid[16];
	uint32_t users;
	uint32_t dynamic_super;
	uint32_t max_transaction;
	uint32_t max_data;
	uint8_t checksum_type;
	uint8_t padding0[3];
	uint32_t fast_blocks;
	uint32_t head;
	uint32_t padding1[40];
	uint32_t checksum;
	uint8_t user_ids[48 * 16];
};
_Static_assert(sizeof(struct journal_super) == 1024, "layout");
_Static_assert(offsetof(struct journal_super, checksum) == 0xfc, "layout");

enum journal_compat { JOURNAL_COMPAT_CHECKSUM = 1 };
enum journal_incompat {
	JOURNAL_INCOMPAT_REVOKE = 0x1,
	JOURNAL_INCOMPAT_64BIT = 0x2,
	JOURNAL_INCOMPAT_ASYNC_COMMIT = 0x4,
	JOURNAL_INCOMPAT_CHECKSUM_2 = 0x8,
	JOURNAL_INCOMPAT_CHECKSUM_3 = 0x10,
	JOURNAL_INCOMPAT_FAST_COMMIT = 0x20,
};

enum journal_tag_flag {
	JOURNAL_TAG_ESCAPED = 1,
	JOURNAL_TAG_SAME_UUID = 2,
	JOURNAL_TAG_DELETED = 4,
	JOURNAL_TAG_LAST = 8
};

struct journal_tag { /* without CHECKSUM_3; block_high only with 64BIT; CHECKSUM_2 adds two bytes */
	uint32_t block;
	uint16_t checksum;
	uint16_t flags;
	uint32_t block_high;
};
struct journal_tag_3 {
	uint32_t block;
	uint32_t flags;
	uint32_t block_high;
	uint32_t checksum;
};

struct journal_revoke {
	struct journal_header header;
	uint32_t size; /* bytes in use, this header included */
};

struct journal_commit {
	struct journal_header header;
	uint8_t checksum_type;
	uint8_t checksum_size;
	uint8_t padding[2];
	uint32_t checksum[8];
	uint64_t seconds;
	uint32_t nanoseconds;
} __attribute__((packed));
_Static_assert(offsetof(struct journal_commit, seconds) == 48, "layout");
#define JOURNAL_CHECKSUM_CRC32C 4
