/* SPDX-License-Identifier: BSD-2-Clause */
/* Mounting: the superblock, group descriptors, and what may be done with the features that they name. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/checksum.h"
#include "fs/ext4/volume.h"

#define LINE_MAX_BYTES   200
#define BLOCK_SHIFT_MAX  12
#define GROUP_BLOCKS_MIN 64u
/* What any operation may read on top of what it changes. */
#define SPARE_EXTRA      8u
/* Revoked blocks of one transaction. */
#define REVOKED_MAX      4096u

struct feature {
	uint32_t bit;
	const char *name;
};

static const struct feature incompat_names[] = {
	{EXT4_INCOMPAT_COMPRESSION, "compression"},
	{EXT4_INCOMPAT_JOURNAL_DEVICE, "journal_dev"},
	{EXT4_INCOMPAT_MMP, "mmp"},
	{EXT4_INCOMPAT_EA_INODE, "ea_inode"},
	{EXT4_INCOMPAT_DIRDATA, "dirdata"},
	{EXT4_INCOMPAT_INLINE_DATA, "inline_data"},
	{EXT4_INCOMPAT_ENCRYPT, "encrypt"},
	{EXT4_INCOMPAT_CASEFOLD, "casefold"},
	{0, NULL},
};
static const struct feature ro_names[] = {
	{EXT4_RO_QUOTA, "quota"},
	{EXT4_RO_BIGALLOC, "bigalloc"},
	{EXT4_RO_READONLY, "read-only"},
	{EXT4_RO_PROJECT, "project"},
	{EXT4_RO_SHARED_BLOCKS, "shared_blocks"},
	{EXT4_RO_VERITY, "verity"},
	{EXT4_RO_BTREE_DIR, "btree_dir"},
	{0, NULL},
};

#define INCOMPAT_WRITABLE                                                                                 \
	(EXT4_INCOMPAT_FILETYPE | EXT4_INCOMPAT_RECOVER | EXT4_INCOMPAT_META_BG | EXT4_INCOMPAT_EXTENTS | \
	 EXT4_INCOMPAT_64BIT | EXT4_INCOMPAT_FLEX_BG | EXT4_INCOMPAT_CHECKSUM_SEED | EXT4_INCOMPAT_LARGE_DIR)
#define INCOMPAT_READABLE (INCOMPAT_WRITABLE | EXT4_INCOMPAT_MMP | EXT4_INCOMPAT_EA_INODE | EXT4_INCOMPAT_ENCRYPT)
#define RO_WRITABLE                                                                                                 \
	(EXT4_RO_SPARSE_SUPER | EXT4_RO_LARGE_FILE | EXT4_RO_HUGE_FILE | EXT4_RO_GDT_CHECKSUM | EXT4_RO_DIR_NLINK | \
	 EXT4_RO_EXTRA_ISIZE | EXT4_RO_METADATA_CHECKSUM | EXT4_RO_ORPHAN_PRESENT)

void ext4_say(struct ext4 *fs, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;

	if (!fs->options.log)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fs->options.log(fs->options.ctx, line);
}

status_t ext4_fail(struct ext4 *fs, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	ext4_say(fs, "%s%s", line, fs->failed ? "" : ": nothing is written any more");
	fs->failed = true;
	return ERR_IO;
}

int64_t ext4_now(struct ext4 *fs)
{
	return fs->options.now ? fs->options.now(fs->options.ctx) : 0;
}

status_t operation_begin(struct ext4 *fs, uint32_t changes)
{
	struct transaction *t = &fs->running;

	if (fs->failed)
		return ERR_IO;
	if (fs->read_only)
		return ERR_READ_ONLY;
	if (!fs->journal.begun) {
		status_t status = journal_begin(fs);
		if (status < 0)
			return status;
	}
	if (t->changed.count + changes > fs->journal.max_changed || t->revoked_count > REVOKED_MAX ||
	    fs->logged.count + t->changed.count > fs->cache.limit / 2) {
		status_t status = journal_commit(fs);
		if (status == OK && fs->logged.count > fs->cache.limit / 4)
			status = journal_checkpoint(fs);
		if (status < 0)
			return status;
	}
	fs->freed_before = t->freed_blocks;
	fs->operation++;
	inodes_trim(fs);
	return buffers_trim(fs, changes + SPARE_EXTRA);
}

status_t operation_end(struct ext4 *fs, status_t status)
{
	fs->cache.spending = false;
	fs->cache.reserved = 0;
	if (fs->failed)
		return ERR_IO;
	if (status == ERR_NO_SPACE && fs->freed_before > 0) { /* there is some once that is committed */
		status = journal_commit(fs);
		return status < 0 ? status : ERR_AGAIN;
	}
	return status;
}

/* ---- groups */

struct ext4_group_desc *group_desc(struct ext4 *fs, uint32_t group)
{
	return (void *)(fs->desc_buffers[group / fs->descs_per_block]->data +
			(size_t)(group % fs->descs_per_block) * fs->desc_size);
}

void group_desc_changed(struct ext4 *fs, uint32_t group)
{
	struct buffer *b = fs->desc_buffers[group / fs->descs_per_block];
	uint32_t i = group % fs->descs_per_block;

	buffer_changed(fs, b);
	b->mask[i / 64] |= 1ull << i % 64;
}

static uint64_t join(struct ext4 *fs, uint32_t low, uint32_t high)
{
	return fs->desc_size > EXT4_DESC_SIZE_MIN ? (uint64_t)high << 32 | low : low;
}

uint64_t group_block_bitmap(struct ext4 *fs, uint32_t group)
{
	const struct ext4_group_desc *d = group_desc(fs, group);
	return join(fs, d->block_bitmap_low, fs->desc_size > EXT4_DESC_SIZE_MIN ? d->block_bitmap_high : 0);
}

uint64_t group_inode_bitmap(struct ext4 *fs, uint32_t group)
{
	const struct ext4_group_desc *d = group_desc(fs, group);
	return join(fs, d->inode_bitmap_low, fs->desc_size > EXT4_DESC_SIZE_MIN ? d->inode_bitmap_high : 0);
}

uint64_t group_inode_table(struct ext4 *fs, uint32_t group)
{
	const struct ext4_group_desc *d = group_desc(fs, group);
	return join(fs, d->inode_table_low, fs->desc_size > EXT4_DESC_SIZE_MIN ? d->inode_table_high : 0);
}

static bool is_power(uint32_t n, uint32_t of)
{
	uint64_t power = of;

	while (power < n)
		power *= of;
	return power == n;
}

bool group_has_super(struct ext4 *fs, uint32_t group)
{
	if (group == 0)
		return true;
	if (fs->super->compat & EXT4_COMPAT_SPARSE_SUPER2)
		return group == fs->super->backup_groups[0] || group == fs->super->backup_groups[1];
	if (!(fs->super->ro_compat & EXT4_RO_SPARSE_SUPER) || group == 1)
		return true;
	return is_power(group, 3) || is_power(group, 5) || is_power(group, 7);
}

uint32_t group_blocks(struct ext4 *fs, uint32_t group)
{
	uint64_t left = fs->blocks - group_first_block(fs, group);

	return left < fs->blocks_per_group ? (uint32_t)left : fs->blocks_per_group;
}

static uint64_t desc_block(struct ext4 *fs, uint32_t index)
{
	uint32_t group = index * fs->descs_per_block;

	if (!(fs->super->incompat & EXT4_INCOMPAT_META_BG) || index < fs->super->first_meta_group)
		return fs->first_data_block + 1 + (uint64_t)index;
	return group_first_block(fs, group) + group_has_super(fs, group);
}

/* ---- where the file system's own structures lie */

static int by_first(const void *a, const void *b)
{
	uint64_t x = ((const struct zone *)a)->first, y = ((const struct zone *)b)->first;

	return x < y ? -1 : x > y;
}

static void zones_sort(struct ext4 *fs)
{
	uint32_t kept = 0;

	qsort(fs->zones, fs->zone_count, sizeof(*fs->zones), by_first);
	for (uint32_t i = 0; i < fs->zone_count; i++) {
		struct zone *z = &fs->zones[i];
		if (z->first == z->end)
			continue;
		if (kept && z->first <= fs->zones[kept - 1].end) {
			if (fs->zones[kept - 1].end < z->end)
				fs->zones[kept - 1].end = z->end;
		} else {
			fs->zones[kept++] = *z;
		}
	}
	fs->zone_count = kept;
}

static void zone_put(struct ext4 *fs, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;

	fs->zones[fs->zone_count++] = (struct zone){first, end < fs->blocks ? end : fs->blocks};
}

static status_t zones_make(struct ext4 *fs)
{
	uint32_t desc_blocks = (fs->groups + fs->descs_per_block - 1) / fs->descs_per_block;
	bool meta = fs->super->incompat & EXT4_INCOMPAT_META_BG;

	fs->zones = calloc((size_t)fs->groups * 4 + 1, sizeof(*fs->zones));
	if (!fs->zones)
		return ERR_NO_MEMORY;
	zone_put(fs, 0, fs->first_data_block);
	for (uint32_t g = 0; g < fs->groups; g++) {
		uint32_t index = g / fs->descs_per_block, in = g % fs->descs_per_block;
		uint64_t first = group_first_block(fs, g);
		bool super = group_has_super(fs, g);

		if (!meta || index < fs->super->first_meta_group) {
			uint32_t descs = meta && fs->super->first_meta_group < desc_blocks ? fs->super->first_meta_group
											   : desc_blocks;
			if (super)
				zone_put(fs, first, 1 + (uint64_t)descs + fs->super->reserved_gdt_blocks);
		} else { /* the descriptors of these groups, three times */
			zone_put(fs, first, super + (in <= 1 || in == fs->descs_per_block - 1));
		}
		zone_put(fs, group_block_bitmap(fs, g), 1);
		zone_put(fs, group_inode_bitmap(fs, g), 1);
		zone_put(fs, group_inode_table(fs, g), fs->inodes_per_group / fs->inodes_per_block);
	}
	zones_sort(fs);
	return OK;
}

bool blocks_good(struct ext4 *fs, uint64_t first, uint64_t count)
{
	uint32_t low = 0, high = fs->zone_count;

	if (count == 0 || first >= fs->blocks || count > fs->blocks - first)
		return false;
	while (low < high) { /* the first zone that ends behind `first` */
		uint32_t middle = low + (high - low) / 2;
		if (fs->zones[middle].end <= first)
			low = middle + 1;
		else
			high = middle;
	}
	return low == fs->zone_count || fs->zones[low].first >= first + count;
}

/* The journal's blocks are known only now: none of them is any other file's. */
static status_t zones_add_journal(struct ext4 *fs)
{
	struct journal *j = &fs->journal;
	uint32_t runs = 0;
	struct zone *zones;

	for (uint32_t i = 0; i < j->blocks; i++)
		runs += i == 0 || j->map[i] != j->map[i - 1] + 1;
	zones = realloc(fs->zones, (fs->zone_count + runs) * sizeof(*zones));
	if (!zones)
		return ERR_NO_MEMORY;
	fs->zones = zones;
	for (uint32_t i = 0, length; i < j->blocks; i += length) {
		for (length = 1; i + length < j->blocks && j->map[i + length] == j->map[i] + length; length++)
			;
		zone_put(fs, j->map[i], length);
	}
	zones_sort(fs);
	return OK;
}

/* ---- mounting */

static status_t refuse(struct ext4 *fs, const char *what)
{
	ext4_say(fs, "not a file system that can be mounted: %s", what);
	return ERR_BAD_FORMAT;
}

static void name_features(struct ext4 *fs, const struct feature *names, uint32_t bits, const char *consequence)
{
	for (; names->name; names++) {
		if (bits & names->bit) {
			ext4_say(fs, "feature %s: %s", names->name, consequence);
			bits &= ~names->bit;
		}
	}
	if (bits)
		ext4_say(fs, "unknown features %#x: %s", (unsigned)bits, consequence);
}

/* Everything in the superblock that is used, within its bounds. */
static status_t super_take(struct ext4 *fs)
{
	const struct ext4_super *s = fs->super;
	bool wide = s->incompat & EXT4_INCOMPAT_64BIT;
	uint64_t data_blocks, groups;

	if (s->magic != EXT4_MAGIC)
		return refuse(fs, "no ext4");
	if (s->revision > 1)
		return refuse(fs, "a revision later than 1");
	if (s->log_block_size > BLOCK_SHIFT_MAX - 10)
		return refuse(fs, "blocks of more than 4096 bytes");
	fs->block_shift = 10 + s->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	if (fs->block_size < fs->disk->block_size)
		return refuse(fs, "blocks smaller than the disk's");
	fs->sector_shift = (uint32_t)__builtin_ctz(fs->block_size / fs->disk->block_size);
	fs->sectors_per_block = fs->block_size / 512;
	fs->blocks = s->blocks_count_low | (wide ? (uint64_t)s->blocks_count_high << 32 : 0);
	fs->first_data_block = s->first_data_block;
	fs->blocks_per_group = s->blocks_per_group;
	fs->inodes_per_group = s->inodes_per_group;
	fs->inodes = s->inodes_count;
	if (fs->blocks > fs->disk->blocks >> fs->sector_shift)
		return refuse(fs, "it is larger than the disk");
	if (fs->first_data_block != (fs->block_size == 1024) || fs->blocks <= fs->first_data_block)
		return refuse(fs, "a wrong first block");
	if (fs->blocks_per_group < GROUP_BLOCKS_MIN || fs->blocks_per_group % 8 ||
	    (fs->blocks_per_group > fs->block_size * 8 && !(s->ro_compat & EXT4_RO_BIGALLOC)))
		return refuse(fs, "a wrong number of blocks in a group");
	if (!(s->ro_compat & EXT4_RO_BIGALLOC) && s->log_cluster_size != s->log_block_size && s->log_cluster_size != 0)
		return refuse(fs, "clusters without bigalloc");
	fs->inode_size = s->revision == 0 ? EXT4_INODE_SIZE_MIN : s->inode_size;
	fs->first_inode = s->revision == 0 ? EXT4_FIRST_INODE : s->first_inode;
	if (fs->inode_size < EXT4_INODE_SIZE_MIN || fs->inode_size > fs->block_size ||
	    (fs->inode_size & (fs->inode_size - 1)))
		return refuse(fs, "a wrong size of inodes");
	fs->inodes_per_block = fs->block_size / fs->inode_size;
	if (fs->inodes_per_group == 0 || fs->inodes_per_group > fs->block_size * 8 ||
	    fs->inodes_per_group % fs->inodes_per_block || fs->inodes_per_group % 8)
		return refuse(fs, "a wrong number of inodes in a group");
	fs->desc_size = wide ? s->desc_size : EXT4_DESC_SIZE_MIN;
	if (wide && (fs->desc_size < sizeof(struct ext4_group_desc) || fs->desc_size > fs->block_size ||
		     (fs->desc_size & (fs->desc_size - 1))))
		return refuse(fs, "a wrong size of group descriptors");
	fs->descs_per_block = fs->block_size / fs->desc_size;
	data_blocks = fs->blocks - fs->first_data_block;
	groups = (data_blocks + fs->blocks_per_group - 1) / fs->blocks_per_group;
	if (groups > UINT32_MAX / fs->inodes_per_group || groups * fs->inodes_per_group != fs->inodes)
		return refuse(fs, "numbers of inodes and groups that do not fit each other");
	fs->groups = (uint32_t)groups;
	if (fs->first_inode < EXT4_FIRST_INODE || fs->first_inode > fs->inodes)
		return refuse(fs, "a wrong first inode");
	if (s->reserved_gdt_blocks > fs->block_size / 4)
		return refuse(fs, "too many blocks kept for descriptors");
	fs->metadata_checksum = s->ro_compat & EXT4_RO_METADATA_CHECKSUM;
	fs->gdt_checksum = s->ro_compat & EXT4_RO_GDT_CHECKSUM;
	if (fs->metadata_checksum && s->checksum_type != 1)
		return refuse(fs, "an unknown kind of checksums");
	fs->seed = s->incompat & EXT4_INCOMPAT_CHECKSUM_SEED ? s->checksum_seed : crc32c(~0u, s->uuid, sizeof(s->uuid));
	fs->dir_index = s->compat & EXT4_COMPAT_DIR_INDEX;
	fs->large_dir = s->incompat & EXT4_INCOMPAT_LARGE_DIR;
	fs->hash_unsigned = s->flags & EXT4_HASH_UNSIGNED;
	fs->reserved_blocks = s->reserved_blocks_low | (wide ? (uint64_t)s->reserved_blocks_high << 32 : 0);
	return OK;
}

static status_t features_check(struct ext4 *fs)
{
	const struct ext4_super *s = fs->super;
	uint32_t never = s->incompat & ~INCOMPAT_READABLE, not_written = s->incompat & ~INCOMPAT_WRITABLE;
	uint32_t ro_not_written = s->ro_compat & ~RO_WRITABLE;

	if (never) {
		name_features(fs, incompat_names, never, "cannot be mounted");
		return ERR_UNSUPPORTED;
	}
	if (fs->read_only)
		return OK;
	if (not_written || ro_not_written) {
		name_features(fs, incompat_names, not_written, "mounted read-only");
		name_features(fs, ro_names, ro_not_written, "mounted read-only");
		fs->read_only = true;
	} else if (!(s->compat & EXT4_COMPAT_JOURNAL)) {
		ext4_say(fs, "no feature has_journal: mounted read-only");
		fs->read_only = true;
	} else if (!(s->incompat & EXT4_INCOMPAT_EXTENTS)) {
		ext4_say(fs, "no feature extent: mounted read-only");
		fs->read_only = true;
	} else if (!(s->incompat & EXT4_INCOMPAT_FILETYPE)) {
		ext4_say(fs, "no feature filetype: mounted read-only");
		fs->read_only = true;
	} else if (s->state & EXT4_STATE_ERROR) {
		ext4_say(fs, "errors were found in it and not repaired (e2fsck does): mounted read-only");
		fs->read_only = true;
	}
	return OK;
}

/* A power cut may tear the superblock in two: what cannot change is compared with its first copy. */
static bool super_torn_only(struct ext4 *fs)
{
	struct buffer *b;
	const struct ext4_super *copy, *s = fs->super;

	for (uint32_t g = 1; g < fs->groups; g++) {
		if (!group_has_super(fs, g))
			continue;
		if (buffer_read(fs, group_first_block(fs, g), &b) < 0)
			return false;
		copy = (const void *)b->data;
		return super_checksum_good(copy) && !memcmp(copy->uuid, s->uuid, sizeof(s->uuid)) &&
		       copy->inodes_count == s->inodes_count && copy->blocks_count_low == s->blocks_count_low &&
		       copy->blocks_count_high == s->blocks_count_high &&
		       copy->first_data_block == s->first_data_block && copy->log_block_size == s->log_block_size &&
		       copy->blocks_per_group == s->blocks_per_group && copy->inodes_per_group == s->inodes_per_group &&
		       copy->first_inode == s->first_inode && copy->inode_size == s->inode_size &&
		       copy->desc_size == s->desc_size && copy->reserved_gdt_blocks == s->reserved_gdt_blocks &&
		       copy->first_meta_group == s->first_meta_group && copy->checksum_seed == s->checksum_seed &&
		       copy->checksum_type == s->checksum_type && copy->flags == s->flags &&
		       copy->journal_inode == s->journal_inode && copy->orphan_file_inode == s->orphan_file_inode &&
		       !memcmp(copy->hash_seed, s->hash_seed, sizeof(s->hash_seed)) &&
		       !((copy->incompat ^ s->incompat) & ~(uint32_t)EXT4_INCOMPAT_RECOVER) &&
		       !((copy->ro_compat ^ s->ro_compat) & ~(uint32_t)(EXT4_RO_ORPHAN_PRESENT | EXT4_RO_LARGE_FILE));
	}
	return false;
}

/* strict: whether the checksum counts; before the journal is replayed the superblock may be in two parts. */
static status_t super_load(struct ext4 *fs, bool strict)
{
	status_t status = buffer_read(fs, fs->block_size == 1024 ? 1 : 0, &fs->super_buffer);

	if (status < 0)
		return status;
	fs->super_buffer->flags |= BUFFER_KEPT;
	buffer_become(fs->super_buffer, BLOCK_SUPER, 0, 0);
	fs->super = (void *)(fs->super_buffer->data + (fs->block_size == 1024 ? 0 : EXT4_SUPER_OFFSET));
	status = super_take(fs);
	if (status < 0)
		return status;
	if (strict && fs->metadata_checksum && !super_checksum_good(fs->super) && !super_torn_only(fs))
		return refuse(fs, "the superblock's checksum is wrong");
	return OK;
}

static status_t descs_load(struct ext4 *fs)
{
	uint32_t count = (fs->groups + fs->descs_per_block - 1) / fs->descs_per_block;

	fs->desc_buffers = calloc(count, sizeof(*fs->desc_buffers));
	if (!fs->desc_buffers)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < count; i++) {
		struct buffer *b;
		status_t status;
		uint64_t block = desc_block(fs, i);

		if (block >= fs->blocks)
			return refuse(fs, "group descriptors behind the end");
		status = buffer_read(fs, block, &b);
		if (status < 0)
			return status;
		if (b->flags & BUFFER_KEPT)
			return refuse(fs, "group descriptors in the superblock");
		b->flags |= BUFFER_KEPT;
		buffer_become(b, BLOCK_DESCRIPTORS, (uint64_t)i * fs->descs_per_block, 0);
		fs->desc_buffers[i] = b;
	}
	return OK;
}

static status_t groups_load(struct ext4 *fs)
{
	uint32_t table_blocks = fs->inodes_per_group / fs->inodes_per_block;

	fs->group = calloc(fs->groups, sizeof(*fs->group));
	if (!fs->group)
		return ERR_NO_MEMORY;
	fs->free_blocks = 0;
	fs->free_inodes = 0;
	for (uint32_t g = 0; g < fs->groups; g++) {
		const struct ext4_group_desc *d = group_desc(fs, g);
		struct group *group = &fs->group[g];
		uint64_t table = group_inode_table(fs, g);

		if (!fs->recovering && !desc_checksum_good(fs, g))
			return refuse(fs, "a group descriptor's checksum is wrong");
		if (group_block_bitmap(fs, g) < fs->first_data_block || group_block_bitmap(fs, g) >= fs->blocks ||
		    group_inode_bitmap(fs, g) < fs->first_data_block || group_inode_bitmap(fs, g) >= fs->blocks ||
		    table < fs->first_data_block || table >= fs->blocks || table_blocks > fs->blocks - table)
			return refuse(fs, "a group's bitmaps or inodes lie outside of it");
		group->free_blocks = d->free_blocks_low |
				     (fs->desc_size > EXT4_DESC_SIZE_MIN ? (uint32_t)d->free_blocks_high << 16 : 0);
		group->free_inodes = d->free_inodes_low |
				     (fs->desc_size > EXT4_DESC_SIZE_MIN ? (uint32_t)d->free_inodes_high << 16 : 0);
		if (!fs->recovering && !(fs->super->ro_compat & EXT4_RO_BIGALLOC) &&
		    (group->free_blocks > group_blocks(fs, g) || group->free_inodes > fs->inodes_per_group))
			return refuse(fs, "a group has more free than it has");
		fs->free_blocks += group->free_blocks;
		fs->free_inodes += group->free_inodes;
	}
	return OK;
}

static void volume_clear(struct ext4 *fs)
{
	io_close(fs); /* what is under way still knows files and buffers */
	inodes_close(fs);
	journal_close(fs);
	buffers_close(fs);
	if (fs->group)
		for (uint32_t g = 0; g < fs->groups; g++)
			free(fs->group[g].freed);
	free(fs->group);
	free(fs->desc_buffers);
	free(fs->zones);
	free(fs->scratch);
	free(fs->zeroes);
	free(fs->running.revoked);
	fs->group = NULL;
	fs->desc_buffers = NULL;
	fs->zones = NULL;
	fs->zone_count = 0;
	fs->scratch = NULL;
	fs->zeroes = NULL;
	fs->super = NULL;
	memset(&fs->running, 0, sizeof(fs->running));
	memset(&fs->logged, 0, sizeof(fs->logged));
}

static status_t volume_load(struct ext4 *fs, bool recovering)
{
	status_t status;

	fs->recovering = recovering;
	status = io_open(fs);
	if (status == OK)
		status = buffers_open(fs, fs->options.cache_blocks);
	if (status == OK)
		status = inodes_open(fs);
	if (status == OK)
		status = super_load(fs, !recovering);
	if (status == OK)
		status = features_check(fs);
	if (status == OK && (!(fs->scratch = malloc(fs->block_size)) || !(fs->zeroes = calloc(1, fs->block_size))))
		status = ERR_NO_MEMORY;
	if (status == OK)
		status = descs_load(fs);
	if (status == OK)
		status = groups_load(fs);
	if (status == OK)
		status = zones_make(fs);
	return status;
}

static status_t journal_load(struct ext4 *fs)
{
	struct inode *n;
	status_t status;

	if (!(fs->super->compat & EXT4_COMPAT_JOURNAL))
		return fs->super->incompat & EXT4_INCOMPAT_RECOVER ? refuse(fs, "to be replayed, without a journal")
								   : OK;
	if (fs->super->journal_inode == 0) {
		ext4_say(fs, "the journal is on another device: mounted read-only");
		fs->read_only = true;
		return fs->super->incompat & EXT4_INCOMPAT_RECOVER ? ERR_UNSUPPORTED : OK;
	}
	status = inode_get_any(fs, fs->super->journal_inode, &n);
	if (status == ERR_NOT_FOUND)
		return refuse(fs, "the journal has no inode");
	return status < 0 ? status : journal_open(fs, n);
}

/* The block size is not known yet; the superblock's place is. */
static status_t super_peek(struct ext4 *fs)
{
	uint32_t size = EXT4_SUPER_OFFSET + EXT4_SUPER_SIZE, sector = fs->disk->block_size;
	uint32_t count = (size + sector - 1) / sector;
	uint8_t *bytes;
	const struct ext4_super *s;
	status_t status = OK;

	if (fs->disk->blocks < count)
		return refuse(fs, "the disk is too small");
	bytes = malloc((size_t)count * sector);
	if (!bytes)
		return ERR_NO_MEMORY;
	s = (const void *)(bytes + EXT4_SUPER_OFFSET);
	if (disk_read(fs->disk, 0, count, bytes) < 0)
		status = ERR_IO;
	else if (s->magic != EXT4_MAGIC)
		status = refuse(fs, "no ext4");
	else if (s->log_block_size > BLOCK_SHIFT_MAX - 10)
		status = refuse(fs, "blocks of more than 4096 bytes");
	else
		fs->block_shift = 10 + s->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	if (status == OK && fs->block_size < sector)
		status = refuse(fs, "blocks smaller than the disk's");
	if (status == OK) {
		fs->sector_shift = (uint32_t)__builtin_ctz(fs->block_size / sector);
		fs->blocks = fs->disk->blocks >> fs->sector_shift;
		fs->recovering = s->incompat & EXT4_INCOMPAT_RECOVER;
	}
	free(bytes);
	return status;
}

static status_t volume_mount(struct ext4 *fs)
{
	status_t status = super_peek(fs);
	bool replay;

	if (status < 0)
		return status;
	fs->read_only = fs->options.read_only || fs->disk->read_only;
	replay = fs->recovering;
	status = volume_load(fs, replay);
	if (status == OK)
		status = journal_load(fs);
	if (status == OK && replay) {
		status = journal_replay(fs);
		if (status == OK && !fs->disk->read_only) { /* what was read before may be old */
			bool read_only = fs->read_only;
			volume_clear(fs);
			fs->read_only = read_only;
			status = volume_load(fs, false);
			if (status == OK)
				status = journal_load(fs);
		}
		fs->recovering = false;
	}
	if (status == OK && fs->journal.present)
		status = zones_add_journal(fs);
	if (status == OK && !fs->read_only)
		status = orphans_load(fs);
	if (status == OK && !fs->read_only && !fs->options.keep_orphans)
		status = ext4_clean_orphans(fs);
	fs->orphans_kept = fs->options.keep_orphans;
	if (fs->read_only && status == OK && replay && !fs->disk->read_only)
		status = journal_finish(fs);
	return status;
}

status_t ext4_mount(struct disk *disk, const struct ext4_options *options, struct ext4 **out)
{
	struct ext4 *fs = calloc(1, sizeof(*fs));
	status_t status;

	if (!fs)
		return ERR_NO_MEMORY;
	fs->disk = disk;
	fs->options = *options;
	fs->running.id = 1;
	fs->generation = (uint32_t)(ext4_now(fs) >> 10);
	status = volume_mount(fs);
	if (status < 0) {
		ext4_abandon(fs);
		return status;
	}
	*out = fs;
	return OK;
}

void ext4_abandon(struct ext4 *fs)
{
	volume_clear(fs);
	free(fs);
}

status_t ext4_unmount(struct ext4 *fs)
{
	status_t status = OK;

	if (fs->failed) {
		status = ERR_IO;
	} else if (!fs->read_only) {
		for (struct inode *n = fs->orphans; n; n = n->orphan_next)
			n->holds = 0;
		status = ext4_clean_orphans(fs);
		if (status == OK)
			status = ext4_checkpoint(fs);
		if (status == OK)
			status = journal_finish(fs);
	}
	ext4_abandon(fs);
	return status;
}

void ext4_volume(struct ext4 *fs, struct ext4_volume *out)
{
	uint64_t reserved = fs->reserved_blocks, overhead = fs->super->overhead_blocks;

	*out = (struct ext4_volume){
		.block_size = fs->block_size,
		.blocks = fs->blocks - (overhead < fs->blocks ? overhead : 0),
		.free_blocks = fs->free_blocks,
		.available_blocks = fs->free_blocks > reserved ? fs->free_blocks - reserved : 0,
		.files = fs->inodes,
		.free_files = fs->free_inodes,
		.read_only = fs->read_only,
		.failed = fs->failed,
	};
}

void ext4_set_privileged(struct ext4 *fs, bool privileged)
{
	fs->privileged = privileged;
}

status_t ext4_sync(struct ext4 *fs)
{
	status_t status, result;

	if (fs->read_only)
		return OK;
	result = buffers_write_all(fs);
	if (io_writes_end(fs) < 0)
		result = ERR_IO;
	for (struct inode *n = fs->use_first; n; n = n->use_next) {
		if (n->write_error < 0)
			result = n->write_error;
		n->write_error = OK;
	}
	status = journal_commit(fs);
	if (status == OK && volume_flush(fs) < 0) /* data that the commit knew nothing of */
		status = ERR_IO;
	return status < 0 ? status : result;
}

status_t ext4_checkpoint(struct ext4 *fs)
{
	status_t status = ext4_sync(fs);

	return status < 0 || fs->read_only ? status : journal_checkpoint(fs);
}
