/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of directories: found by hash, listed in the order of their making. */
#include <string.h>

#include "fs/tmpfs/store.h"

uint32_t name_hash(uint32_t dir, const char *name, size_t len)
{
	uint64_t hash = dir * 0x9e3779b97f4a7c15ull + len;

	for (; len >= 8; name += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, name, 8);
		hash = (hash ^ word) * 0x9fb21c651e98df25ull;
		hash ^= hash >> 32;
	}
	for (; len; name++, len--)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ull;
	hash *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(hash >> 32);
}

static bool text_is(const struct store *s, const struct store_name *entry, const char *name, size_t len)
{
	size_t part = len < STORE_NAME_HEAD ? len : STORE_NAME_HEAD;
	uint32_t more = entry->more;

	if (memcmp(entry->text, name, part) != 0)
		return false;
	for (name += part, len -= part; len; name += part, len -= part) {
		part = len < STORE_NAME_MORE ? len : STORE_NAME_MORE;
		if (memcmp(s->parts[more].text, name, part) != 0)
			return false;
		more = s->parts[more].more;
	}
	return true;
}

uint32_t name_find(const struct store *s, uint32_t dir, const char *name, size_t len)
{
	uint32_t hash = name_hash(dir, name, len);

	for (uint32_t i = s->buckets[hash & s->bucket_mask]; i; i = s->hash_next[i]) {
		const struct store_name *entry = &s->names[i];

		if (entry->hash == hash && entry->dir == dir && entry->len == len && text_is(s, entry, name, len))
			return i;
	}
	return 0;
}

void name_text(const struct store *s, uint32_t name, char text[FILE_NAME_MAX])
{
	const struct store_name *entry = &s->names[name];
	size_t len = entry->len, part = len < STORE_NAME_HEAD ? len : STORE_NAME_HEAD;
	uint32_t more = entry->more;

	memcpy(text, entry->text, part);
	for (text += part, len -= part; len; text += part, len -= part) {
		part = len < STORE_NAME_MORE ? len : STORE_NAME_MORE;
		memcpy(text, s->parts[more].text, part);
		more = s->parts[more].more;
	}
}

static unsigned places_for(size_t len)
{
	return len <= STORE_NAME_HEAD ? 1
				      : 1 + (unsigned)((len - STORE_NAME_HEAD + STORE_NAME_MORE - 1) / STORE_NAME_MORE);
}

/* Everything but `dir`, which makes it valid. */
static status_t name_write(struct store *s, uint32_t dir, const char *name, size_t len, uint32_t inode, uint32_t *out)
{
	size_t part = len < STORE_NAME_HEAD ? len : STORE_NAME_HEAD;
	status_t status = store_name_take(s, places_for(len), out);
	uint32_t *more;

	if (status != OK)
		return status;
	struct store_name *entry = &s->names[*out];
	uint32_t next = s->hash_next[*out];

	entry->inode = inode;
	entry->order = ++s->header->order;
	entry->hash = name_hash(dir, name, len);
	entry->len = (uint8_t)len;
	entry->kind = s->inodes[inode].attr.kind;
	memcpy(entry->text, name, part);
	more = &entry->more;
	for (name += part, len -= part; len; name += part, len -= part) {
		struct store_part *rest = &s->parts[next];

		part = len < STORE_NAME_MORE ? len : STORE_NAME_MORE;
		memcpy(rest->text, name, part);
		rest->dir = STORE_NAME_PART;
		*more = next;
		more = &rest->more;
		next = s->hash_next[next];
	}
	*more = 0;
	return OK;
}

void name_link(struct store *s, uint32_t name)
{
	const struct store_name *entry = &s->names[name];
	uint32_t *bucket = &s->buckets[entry->hash & s->bucket_mask];
	uint32_t last = s->last_name[entry->dir];

	s->hash_next[name] = *bucket;
	*bucket = name;
	s->name_prev[name] = last;
	s->name_next[name] = 0;
	s->last_name[entry->dir] = name;
	if (last)
		s->name_next[last] = name;
	else
		s->first_name[entry->dir] = name;
}

static void name_unlink(struct store *s, uint32_t name)
{
	const struct store_name *entry = &s->names[name];
	uint32_t *at = &s->buckets[entry->hash & s->bucket_mask];
	uint32_t next = s->name_next[name], prev = s->name_prev[name];

	while (*at != name)
		at = &s->hash_next[*at];
	*at = s->hash_next[name];
	if (prev)
		s->name_next[prev] = next;
	else
		s->first_name[entry->dir] = next;
	if (next)
		s->name_prev[next] = prev;
	else
		s->last_name[entry->dir] = prev;
}

status_t name_add(struct store *s, uint32_t dir, const char *name, size_t len, uint32_t inode)
{
	uint32_t place;
	status_t status = name_write(s, dir, name, len, inode, &place);

	if (status != OK)
		return status;
	__atomic_store_n(&s->names[place].dir, dir, __ATOMIC_RELEASE);
	name_link(s, place);
	return OK;
}

void name_drop(struct store *s, uint32_t name)
{
	uint32_t more = s->names[name].more;

	name_unlink(s, name);
	__atomic_store_n(&s->names[name].dir, 0, __ATOMIC_RELEASE);
	store_name_give(s, name);
	while (more) {
		uint32_t next = s->parts[more].more;

		s->parts[more].dir = 0;
		store_name_give(s, more);
		more = next;
	}
}

/* The note in the header makes the two stores one: from the moment at which the new name is the inode's, the old one is void. */
status_t name_move(struct store *s, uint32_t name, uint32_t to_dir, const char *to_name, size_t len, uint32_t replaced)
{
	struct store_header *h = s->header;
	uint32_t inode = s->names[name].inode, place = replaced;
	status_t status = replaced ? OK : name_write(s, to_dir, to_name, len, inode, &place);

	if (status != OK)
		return status;
	h->rename_from = name;
	h->rename_inode = inode;
	__atomic_store_n(&h->rename_to, place, __ATOMIC_RELEASE);
	if (replaced) {
		s->names[place].kind = s->inodes[inode].attr.kind;
		__atomic_store_n(&s->names[place].inode, inode, __ATOMIC_RELEASE);
	} else {
		__atomic_store_n(&s->names[place].dir, to_dir, __ATOMIC_RELEASE);
		name_link(s, place);
	}
	name_drop(s, name);
	__atomic_store_n(&h->rename_to, 0, __ATOMIC_RELEASE);
	return OK;
}
