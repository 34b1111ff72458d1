/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of a file system, and operations on it and on the real one. */
#include "tests/unit/ext4_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/ext4/format.h"
#include "tests/unit/ext4_disk.h"

static void *allocated(void *memory)
{
	if (!memory) {
		perror("malloc");
		exit(1);
	}
	return memory;
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->files[1] = (struct model_file){
		.mode = EXT4_MODE_DIRECTORY | 0755, .links = 2, .parent = 1, .inode = EXT4_ROOT};
	m->directories = 1;
}

static void file_clear(struct model_file *f)
{
	free(f->bytes);
	free(f->synced_bytes);
	free(f->untouched);
	memset(f, 0, sizeof(*f));
}

void model_free(struct model *m)
{
	for (uint32_t i = 0; i < MODEL_FILES_MAX; i++)
		file_clear(&m->files[i]);
	free(m->entries);
	memset(m, 0, sizeof(*m));
}

void model_copy_names(struct model *to, const struct model *from)
{
	model_free(to);
	for (uint32_t i = 0; i < MODEL_FILES_MAX; i++) {
		to->files[i] = from->files[i];
		to->files[i].bytes = to->files[i].synced_bytes = to->files[i].untouched = NULL;
		to->files[i].room = 0;
		to->files[i].synced = false;
		to->files[i].size = 0;
		if ((from->files[i].mode & EXT4_MODE_KIND) == EXT4_MODE_SYMLINK) {
			to->files[i].size = from->files[i].size;
			to->files[i].bytes = allocated(malloc(from->files[i].size));
			to->files[i].room = from->files[i].size;
			memcpy(to->files[i].bytes, from->files[i].bytes, from->files[i].size);
		}
	}
	to->entries = allocated(malloc((from->entry_count + 1) * sizeof(*to->entries)));
	if (from->entry_count)
		memcpy(to->entries, from->entries, from->entry_count * sizeof(*to->entries));
	to->entry_count = from->entry_count;
	to->entry_room = from->entry_count + 1;
	to->directories = from->directories;
}

static struct model_entry *entry_find(const struct model *m, uint32_t directory, const char *name, size_t length)
{
	for (size_t i = 0; i < m->entry_count; i++) {
		struct model_entry *e = &m->entries[i];
		if (e->file && e->directory == directory && e->length == length && !memcmp(e->name, name, length))
			return e;
	}
	return NULL;
}

uint32_t model_find(const struct model *m, uint32_t directory, const char *name, size_t length)
{
	const struct model_entry *e = entry_find(m, directory, name, length);

	return e ? e->file : 0;
}

static bool is_empty(const struct model *m, uint32_t directory)
{
	for (size_t i = 0; i < m->entry_count; i++)
		if (m->entries[i].file && m->entries[i].directory == directory)
			return false;
	return true;
}

static bool is_kind(const struct model *m, uint32_t file, uint16_t kind)
{
	return (m->files[file].mode & EXT4_MODE_KIND) == kind;
}

static bool is_below(const struct model *m, uint32_t directory, uint32_t above)
{
	for (;; directory = m->files[directory].parent) {
		if (directory == above)
			return true;
		if (directory == 1)
			return false;
	}
}

static void entry_add(struct model *m, uint32_t directory, const char *name, uint16_t length, uint32_t file)
{
	struct model_entry *e;

	if (m->entry_count == m->entry_room) {
		m->entry_room = m->entry_room * 2 + 64;
		m->entries = allocated(realloc(m->entries, m->entry_room * sizeof(*m->entries)));
	}
	e = &m->entries[m->entry_count++];
	e->directory = directory;
	e->file = file;
	e->length = length;
	memcpy(e->name, name, length);
}

static void entry_remove(struct model *m, struct model_entry *e)
{
	*e = m->entries[--m->entry_count];
}

static uint32_t file_add(struct model *m)
{
	for (uint32_t i = 2; i < MODEL_FILES_MAX; i++)
		if (!m->files[i].mode)
			return i;
	return 0;
}

uint8_t model_byte(uint32_t number, uint64_t offset, uint8_t version)
{
	uint64_t x = number * 0x9e3779b97f4a7c15ull + (offset >> 3) * 0xff51afd7ed558ccdull +
		     version * 0xc4ceb9fe1a85ec53ull;

	x ^= x >> 33;
	return (uint8_t)((x >> (offset & 7) * 8 & 0xff) | 1);
}

static void file_room(struct model_file *f, uint64_t size)
{
	if (size > f->room) {
		size_t room = size + size / 2 + 64;
		f->bytes = allocated(realloc(f->bytes, room));
		memset(f->bytes + f->room, 0, room - f->room);
		f->room = room;
	}
}

static void file_touch(struct model_file *f, uint64_t from, uint64_t end)
{
	if (!f->untouched)
		return;
	if (end > f->synced_size)
		end = f->synced_size;
	if (from < end)
		memset(f->untouched + from, 0, end - from);
}

void model_synced(struct model_file *f)
{
	free(f->synced_bytes);
	free(f->untouched);
	f->synced = true;
	f->shortened = false;
	f->synced_size = f->size;
	f->synced_bytes = allocated(malloc(f->size + 1));
	f->untouched = allocated(malloc(f->size + 1));
	if (f->size)
		memcpy(f->synced_bytes, f->bytes, f->size);
	memset(f->untouched, 1, f->size + 1);
}

static void file_release(struct model *m, uint32_t file)
{
	struct model_file *f = &m->files[file];

	if (f->links == 0 && f->holds == 0)
		file_clear(f);
}

static void file_unname(struct model *m, uint32_t file, uint32_t number)
{
	struct model_file *f = &m->files[file];

	f->named = number;
	if (is_kind(m, file, EXT4_MODE_DIRECTORY)) {
		m->files[f->parent].links--;
		m->directories--;
		f->links = 0;
	} else {
		f->links--;
	}
	file_release(m, file);
}

static uint32_t symlink_length(const struct model_op *op)
{
	return (uint32_t)(op->size % 2 ? 1 + op->size % 59 : 60 + op->size % 900);
}

static void symlink_text(const struct model_op *op, char *text, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		text[i] = (char)('a' + (op->version + i * 7) % 26);
	if (op->version == 3 && length >= 60) /* a block that begins as the journal's own do */
		memcpy(text, "\xc0\x3b\x39\x98", 4);
}

static void apply_make(struct model *m, const struct model_op *op, uint64_t inode, uint32_t number)
{
	uint32_t file = file_add(m);
	struct model_file *f = &m->files[file];

	*f = (struct model_file){.mode = (uint16_t)op->mode,
				 .links = 1,
				 .inode = inode,
				 .named = number,
				 .sized = number,
				 .number = number};
	entry_add(m, op->directory, op->name, op->length, file);
	if (op->kind == MODEL_MKDIR) {
		f->links = 2;
		f->parent = op->directory;
		m->files[op->directory].links++;
		m->directories++;
	}
	if (op->kind == MODEL_SYMLINK) {
		f->size = symlink_length(op);
		file_room(f, f->size);
		symlink_text(op, (char *)f->bytes, (uint32_t)f->size);
	}
}

static void apply_rename(struct model *m, const struct model_op *op, uint32_t number)
{
	struct model_entry *e = entry_find(m, op->directory, op->name, op->length);
	struct model_entry *replaced = entry_find(m, op->to, op->to_name, op->to_length);
	uint32_t file = e->file, old = replaced ? replaced->file : 0;

	if (old == file)
		return;
	if (replaced) {
		entry_remove(m, replaced);
		if (is_kind(m, old, EXT4_MODE_DIRECTORY))
			m->files[old].parent = op->to;
		file_unname(m, old, number);
	}
	entry_remove(m, entry_find(m, op->directory, op->name, op->length));
	entry_add(m, op->to, op->to_name, op->to_length, file);
	m->files[file].named = number;
	if (is_kind(m, file, EXT4_MODE_DIRECTORY)) {
		m->files[op->directory].links--;
		m->files[op->to].links++;
		m->files[file].parent = op->to;
	}
}

void model_apply(struct model *m, const struct model_op *op, uint64_t inode, uint64_t done, uint32_t number)
{
	struct model_file *f = &m->files[op->file];
	struct model_entry *e;
	uint32_t file;

	switch (op->kind) {
	case MODEL_CREATE:
	case MODEL_MKDIR:
	case MODEL_SYMLINK:
	case MODEL_NODE: apply_make(m, op, inode, number); break;
	case MODEL_LINK:
		entry_add(m, op->directory, op->name, op->length, op->file);
		f->links++;
		f->named = number;
		break;
	case MODEL_UNLINK:
	case MODEL_RMDIR:
		e = entry_find(m, op->directory, op->name, op->length);
		file = e->file;
		entry_remove(m, e);
		file_unname(m, file, number);
		break;
	case MODEL_RENAME: apply_rename(m, op, number); break;
	case MODEL_WRITE:
		if (done == 0)
			break;
		file_room(f, op->offset + done);
		for (uint64_t i = op->offset; i < op->offset + done; i++)
			f->bytes[i] = model_byte(f->number, i, op->version);
		file_touch(f, op->offset, op->offset + done);
		if (op->offset + done > f->size) {
			f->size = op->offset + done;
			f->sized = number;
		}
		break;
	case MODEL_TRUNCATE:
		file_room(f, op->size);
		if (op->size < f->size) {
			memset(f->bytes + op->size, 0, f->size - op->size);
			file_touch(f, op->size, f->size);
			f->shortened = true;
		}
		f->size = op->size;
		f->sized = number;
		break;
	case MODEL_PUNCH: {
		uint64_t end = op->offset + op->size < f->size ? op->offset + op->size : f->size;
		if (op->offset < end) {
			memset(f->bytes + op->offset, 0, end - op->offset);
			file_touch(f, op->offset, end);
		}
		break;
	}
	case MODEL_ALLOCATE:
		if (op->version == 0 && op->offset + op->size > f->size) {
			file_room(f, op->offset + op->size);
			f->size = op->offset + op->size;
			f->sized = number;
		}
		break;
	case MODEL_CHANGE:
		f->mode = (uint16_t)((f->mode & EXT4_MODE_KIND) | (op->mode & EXT4_MODE_PERMISSIONS));
		f->uid = (uint32_t)op->offset;
		f->gid = (uint32_t)op->size;
		break;
	case MODEL_HOLD: f->holds++; break;
	case MODEL_RELEASE:
		f->holds--;
		file_release(m, op->file);
		break;
	default: break;
	}
}

status_t model_expect(const struct model *m, const struct model_op *op)
{
	uint32_t there = model_find(m, op->directory, op->name, op->length), to;

	switch (op->kind) {
	case MODEL_CREATE:
	case MODEL_MKDIR:
	case MODEL_SYMLINK:
	case MODEL_NODE:
	case MODEL_LINK: return there ? ERR_EXISTS : OK;
	case MODEL_UNLINK:
		return !there ? ERR_NOT_FOUND : is_kind(m, there, EXT4_MODE_DIRECTORY) ? ERR_IS_DIRECTORY : OK;
	case MODEL_RMDIR:
		return !there                                    ? ERR_NOT_FOUND
		       : !is_kind(m, there, EXT4_MODE_DIRECTORY) ? ERR_NOT_DIRECTORY
		       : !is_empty(m, there)                     ? ERR_NOT_EMPTY
								 : OK;
	case MODEL_RENAME:
		if (!there)
			return ERR_NOT_FOUND;
		if (is_kind(m, there, EXT4_MODE_DIRECTORY) && is_below(m, op->to, there))
			return ERR_INVALID;
		to = model_find(m, op->to, op->to_name, op->to_length);
		if (!to || to == there)
			return OK;
		if (is_kind(m, there, EXT4_MODE_DIRECTORY)) {
			if (!is_kind(m, to, EXT4_MODE_DIRECTORY))
				return ERR_NOT_DIRECTORY;
			return is_empty(m, to) ? OK : ERR_NOT_EMPTY;
		}
		return is_kind(m, to, EXT4_MODE_DIRECTORY) ? ERR_IS_DIRECTORY : OK;
	default: return OK;
	}
}

/* ---- choosing */

static uint32_t choose_file(const struct model *m, uint64_t *random, uint16_t kind, bool held)
{
	uint32_t start = random_below(random, MODEL_FILES_MAX), best = 0;

	for (uint32_t i = 0; i < MODEL_FILES_MAX; i++) {
		uint32_t file = (start + i) % MODEL_FILES_MAX;
		const struct model_file *f = &m->files[file];
		if (f->mode && is_kind(m, file, kind) && (held ? f->holds > 0 : f->links > 0 || f->holds > 0)) {
			best = file;
			break;
		}
	}
	return best;
}

static void choose_name(const struct model_limits *limits, uint64_t *random, char *name, uint16_t *length)
{
	uint32_t kind = random_below(random, 10);

	if (kind < 8)
		*length = (uint16_t)snprintf(name, 256, "n%u", (unsigned)random_below(random, limits->files));
	else
		*length = (uint16_t)snprintf(name, 256, "long-%0*u", (int)random_below(random, limits->name_length),
					     (unsigned)random_below(random, limits->files));
	if (*length > 255)
		*length = 255;
}

static bool choose_there(const struct model *m, uint64_t *random, struct model_op *op)
{
	const struct model_entry *e;

	if (m->entry_count == 0)
		return false;
	e = &m->entries[random_below(random, (uint32_t)m->entry_count)];
	op->directory = e->directory;
	op->length = e->length;
	memcpy(op->name, e->name, e->length);
	return true;
}

static uint64_t choose_offset(const struct model_file *f, const struct model_limits *limits, uint64_t *random)
{
	switch (random_below(random, 6)) {
	case 0:
	case 1:
	case 2: return f->size;
	case 3: return 0;
	case 4: return f->size ? random_next(random) % f->size : 0;
	default: return random_next(random) % limits->file_size;
	}
}

static uint64_t choose_size(const struct model_limits *limits, uint64_t *random)
{
	uint64_t size = random_next(random) % limits->write_size;

	return random_below(random, 3) ? size % 5000 : size;
}

static const uint8_t weights[MODEL_OPS] = {
	[MODEL_CREATE] = 20, [MODEL_MKDIR] = 4,    [MODEL_SYMLINK] = 4, [MODEL_NODE] = 1,   [MODEL_LINK] = 4,
	[MODEL_UNLINK] = 16, [MODEL_RMDIR] = 3,    [MODEL_RENAME] = 12, [MODEL_WRITE] = 22, [MODEL_TRUNCATE] = 5,
	[MODEL_PUNCH] = 3,   [MODEL_ALLOCATE] = 3, [MODEL_CHANGE] = 3,  [MODEL_HOLD] = 2,   [MODEL_RELEASE] = 2,
};

void model_choose(const struct model *m, const struct model_limits *limits, uint64_t *random, struct model_op *op)
{
	uint32_t total = 0, pick;

	memset(op, 0, sizeof(*op));
	for (uint32_t i = 0; i < MODEL_OPS; i++)
		total += weights[i];
	for (;;) {
		const struct model_file *f;
		pick = random_below(random, total);
		for (op->kind = MODEL_CREATE; pick >= weights[op->kind]; op->kind++)
			pick -= weights[op->kind];
		op->version = (uint8_t)random_below(random, 4);
		op->directory = choose_file(m, random, EXT4_MODE_DIRECTORY, false);
		if (!m->files[op->directory].links)
			continue;
		choose_name(limits, random, op->name, &op->length);
		op->mode = EXT4_MODE_REGULAR | (uint32_t)(random_next(random) & 0777);
		op->size = random_next(random) >> 8;
		switch (op->kind) {
		case MODEL_CREATE: break;
		case MODEL_MKDIR:
			if (m->directories >= limits->directories)
				continue;
			op->mode = EXT4_MODE_DIRECTORY | 0755;
			break;
		case MODEL_SYMLINK: op->mode = EXT4_MODE_SYMLINK | 0777; break;
		case MODEL_NODE:
			op->mode = (random_below(random, 2) ? EXT4_MODE_FIFO : EXT4_MODE_CHARACTER) | 0600;
			break;
		case MODEL_RENAME:
			op->to = choose_file(m, random, EXT4_MODE_DIRECTORY, false);
			choose_name(limits, random, op->to_name, &op->to_length);
			if (!m->files[op->to].links || !choose_there(m, random, op))
				continue;
			if (random_below(random, 4) == 0) { /* onto something */
				const struct model_entry *e =
					&m->entries[random_below(random, (uint32_t)m->entry_count)];
				op->to = e->directory;
				op->to_length = e->length;
				memcpy(op->to_name, e->name, e->length);
			}
			break;
		case MODEL_UNLINK:
		case MODEL_RMDIR:
			if (!choose_there(m, random, op))
				continue;
			break;
		default:
			op->file = choose_file(m, random, EXT4_MODE_REGULAR, op->kind == MODEL_RELEASE);
			if (!op->file || (op->kind == MODEL_LINK && m->files[op->file].links == 0))
				continue;
			f = &m->files[op->file];
			op->offset = choose_offset(f, limits, random);
			op->size = choose_size(limits, random);
			if (op->offset + op->size > limits->file_size)
				continue;
			if (op->kind == MODEL_TRUNCATE)
				op->size = random_below(random, 3) ? random_next(random) % (f->size + 1) : op->offset;
		}
		for (uint32_t i = 2; (op->kind <= MODEL_NODE) && i < MODEL_FILES_MAX; i++)
			if (!m->files[i].mode)
				return;
		if (op->kind > MODEL_NODE)
			return;
	}
}

status_t model_tell(struct model *m, struct ext4 *fs, const struct model_op *op, uint64_t *inode, uint64_t *done)
{
	uint64_t directory = m->files[op->directory].inode, file = m->files[op->file].inode;
	struct ext4_new with = {.mode = op->mode, .device_major = 4, .device_minor = 300};
	struct ext4_attributes values = {.mode = op->mode, .uid = (uint32_t)op->offset, .gid = (uint32_t)op->size};
	char text[1100];
	uint8_t *bytes;
	size_t count = 0;
	status_t status;

	*done = 0;
	switch (op->kind) {
	case MODEL_CREATE:
	case MODEL_MKDIR:
	case MODEL_NODE: return ext4_create(fs, directory, op->name, op->length, &with, inode);
	case MODEL_SYMLINK:
		symlink_text(op, text, symlink_length(op));
		return ext4_symlink(fs, directory, op->name, op->length, text, symlink_length(op), &with, inode);
	case MODEL_LINK: return ext4_link(fs, file, directory, op->name, op->length);
	case MODEL_UNLINK: return ext4_unlink(fs, directory, op->name, op->length);
	case MODEL_RMDIR: return ext4_rmdir(fs, directory, op->name, op->length);
	case MODEL_RENAME:
		return ext4_rename(fs, directory, op->name, op->length, m->files[op->to].inode, op->to_name,
				   op->to_length, false);
	case MODEL_WRITE:
		bytes = allocated(malloc(op->size + 1));
		for (uint64_t i = 0; i < op->size; i++)
			bytes[i] = model_byte(m->files[op->file].number, op->offset + i, op->version);
		status = ext4_write(fs, file, op->offset, bytes, op->size, &count);
		*done = count;
		free(bytes);
		return status;
	case MODEL_TRUNCATE: return ext4_truncate(fs, file, op->size);
	case MODEL_PUNCH: return ext4_punch(fs, file, op->offset, op->size);
	case MODEL_ALLOCATE: return ext4_allocate(fs, file, op->offset, op->size, op->version != 0);
	case MODEL_CHANGE:
		return ext4_change(fs, file, EXT4_CHANGE_PERMISSIONS | EXT4_CHANGE_UID | EXT4_CHANGE_GID, &values);
	case MODEL_HOLD: return ext4_hold(fs, file);
	case MODEL_RELEASE: ext4_release(fs, file); return OK;
	default: return ERR_INVALID;
	}
}

/* ---- comparing */

static bool wrong(const char *what, const struct tree_entry *e)
{
	printf("%s: entry %.*s, inode %llu\n", what, e->length, e->name, (unsigned long long)e->inode);
	return false;
}

struct tree_reading {
	struct tree *tree;
	uint32_t parent;
	uint64_t next;
	uint32_t left; /* entries until it says that there is no room */
};

static bool tree_emit(void *ctx, const struct ext4_entry *entry)
{
	struct tree_reading *r = ctx;
	struct tree *t = r->tree;
	struct tree_entry *e;

	if (r->left-- == 0)
		return false;
	r->next = entry->next;
	if (entry->name[0] == '.' && (entry->length == 1 || (entry->length == 2 && entry->name[1] == '.')))
		return true;
	if (t->count == t->room) {
		t->room = t->room * 2 + 64;
		t->entries = allocated(realloc(t->entries, t->room * sizeof(*t->entries)));
	}
	e = &t->entries[t->count++];
	memset(e, 0, offsetof(struct tree_entry, target));
	e->parent = r->parent;
	e->inode = entry->inode;
	e->length = (uint16_t)entry->length;
	e->target_length = 0;
	memcpy(e->name, entry->name, entry->length);
	return true;
}

bool tree_read(struct tree *t, struct ext4 *fs)
{
	t->count = 0;
	if (!t->room) {
		t->room = 64;
		t->entries = allocated(malloc(t->room * sizeof(*t->entries)));
	}
	memset(t->entries, 0, offsetof(struct tree_entry, target));
	t->entries[t->count++].inode = EXT4_ROOT;
	for (size_t i = 0; i < t->count; i++) {
		struct tree_entry *e = &t->entries[i];
		struct tree_reading r = {.tree = t, .parent = (uint32_t)i};
		uint64_t cursor;
		status_t status = ext4_attributes(fs, e->inode, &e->attributes);

		if (status < 0) {
			printf("attributes: %lld: ", (long long)status);
			return wrong("unreadable", e);
		}
		if ((e->attributes.mode & EXT4_MODE_KIND) == EXT4_MODE_SYMLINK) {
			status = ext4_read_link(fs, e->inode, e->target, sizeof(e->target), &e->target_length);
			if (status < 0)
				return wrong("unreadable link", e);
		}
		if ((e->attributes.mode & EXT4_MODE_KIND) != EXT4_MODE_DIRECTORY)
			continue;
		do {
			cursor = r.next;
			r.left = 7;
			status = ext4_list(fs, t->entries[i].inode, cursor, tree_emit, &r);
			if (status < 0 || t->count > 4 * MODEL_FILES_MAX)
				return wrong("cannot be listed", &t->entries[i]);
		} while (r.next != cursor);
	}
	return true;
}

void tree_free(struct tree *t)
{
	free(t->entries);
	memset(t, 0, sizeof(*t));
}

void tree_print(const struct tree *t, const struct model *m)
{
	for (size_t i = 0; i < t->count; i++)
		printf("  disk: entry %zu in %u, inode %llu, %o, %u links, %.*s\n", i, t->entries[i].parent,
		       (unsigned long long)t->entries[i].inode, (unsigned)t->entries[i].attributes.mode,
		       (unsigned)t->entries[i].attributes.links, t->entries[i].length, t->entries[i].name);
	for (size_t i = 0; i < m->entry_count; i++) {
		const struct model_file *f = &m->files[m->entries[i].file];
		printf("  model: file %u in %u, inode %llu, %o, %u links, %.*s\n", m->entries[i].file,
		       m->entries[i].directory, (unsigned long long)f->inode, (unsigned)f->mode, (unsigned)f->links,
		       m->entries[i].length, m->entries[i].name);
	}
}

bool tree_matches(const struct tree *t, const struct model *m, uint32_t *files)
{
	size_t extra = 0;

	files[0] = 1;
	for (size_t i = 1; i < t->count; i++) {
		const struct tree_entry *e = &t->entries[i];
		const struct model_file *f;

		if (files[e->parent] == 1 && e->length == 10 && !memcmp(e->name, "lost+found", 10)) {
			files[i] = 0;
			extra++;
			continue;
		}
		files[i] = files[e->parent] ? model_find(m, files[e->parent], e->name, e->length) : 0;
		if (!files[i])
			return false;
		f = &m->files[files[i]];
		if ((f->mode & EXT4_MODE_KIND) != (e->attributes.mode & EXT4_MODE_KIND) || f->inode != e->inode ||
		    f->links != e->attributes.links)
			return false;
		if ((f->mode & EXT4_MODE_KIND) == EXT4_MODE_SYMLINK &&
		    (e->target_length != f->size || memcmp(e->target, f->bytes, f->size) != 0))
			return false;
	}
	return t->count - 1 - extra == m->entry_count;
}

static status_t give_bytes(void *ctx, size_t at, const void *data, size_t size)
{
	memcpy((uint8_t *)ctx + at, data, size);
	return OK;
}

static bool file_compare(struct ext4 *fs, const struct model_file *f)
{
	uint8_t *bytes = allocated(malloc(f->size + 100));
	size_t count = 0;
	/* Half of them past the cache, where what was not written yet is all the same. */
	status_t status = f->inode % 2 ? ext4_read_past(fs, f->inode, 0, f->size + 100, give_bytes, bytes, &count)
				       : ext4_read(fs, f->inode, 0, bytes, f->size + 100, &count);
	bool good = status == OK && count == f->size && (f->size == 0 || !memcmp(bytes, f->bytes, f->size));

	if (!good) {
		size_t at = 0;
		while (at < count && at < f->size && bytes[at] == f->bytes[at])
			at++;
		printf("inode %llu: status %lld, %zu bytes of %llu, differs at %zu\n", (unsigned long long)f->inode,
		       (long long)status, count, (unsigned long long)f->size, at);
	}
	free(bytes);
	return good;
}

bool model_compare(struct model *m, struct ext4 *fs)
{
	struct tree t = {0};
	uint32_t *files = allocated(malloc(5 * MODEL_FILES_MAX * sizeof(*files)));
	bool good = tree_read(&t, fs);

	if (good && !tree_matches(&t, m, files)) {
		printf("names differ: %zu here, %zu expected\n", t.count, m->entry_count);
		good = false;
	}
	for (size_t i = 0; good && i < t.count; i++) {
		const struct tree_entry *e = &t.entries[i];
		const struct model_file *f = &m->files[files[i]];
		uint64_t inode = 0;

		if (!files[i])
			continue;
		if (i &&
		    (ext4_lookup(fs, t.entries[e->parent].inode, e->name, e->length, &inode) < 0 || inode != e->inode))
			good = wrong("not found", e);
		if (i && (e->attributes.mode != f->mode || e->attributes.uid != f->uid || e->attributes.gid != f->gid))
			good = wrong("other attributes", e);
		if (is_kind(m, files[i], EXT4_MODE_CHARACTER) &&
		    (e->attributes.device_major != 4 || e->attributes.device_minor != 300))
			good = wrong("another device", e);
	}
	for (uint32_t i = 2; good && i < MODEL_FILES_MAX; i++)
		if (m->files[i].mode && is_kind(m, i, EXT4_MODE_REGULAR))
			good = file_compare(fs, &m->files[i]);
	tree_free(&t);
	free(files);
	return good;
}
