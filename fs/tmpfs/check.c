/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an earlier instance left, before anything is done with it: every number is in its range, every page in one place, every name of a file that is there.
 * What a killed process leaves always is; what one leaves that went astray may be anything.
 */
#include <string.h>

#include "fs/tmpfs/store.h"
#include "sys/lib/syscall.h"

#define SEEN UINT32_MAX

static bool header_sensible(const struct store_header *h)
{
	return h->inode_top > STORE_ROOT && h->inode_top <= h->inodes_max && h->name_top >= 1 &&
	       h->name_top <= h->names_max && h->page_top >= 1 && h->page_top <= h->pages_max;
}

static bool inode_sensible(const struct store_inode *inode)
{
	const struct fs_attr *attr = &inode->attr;

	return inode->valid == 1 && attr->kind >= FILE_KIND_REGULAR && attr->kind <= FILE_KIND_SOCKET &&
	       !(attr->permissions & ~07777u) && attr->size <= STORE_FILE_PAGES * STORE_PAGE;
}

/* ---- names ------------------------------------------------------------------------------------------------ */

static bool text_sensible(const char *text, size_t len)
{
	if (len == 0 || (len <= 2 && memcmp(text, "..", len) == 0))
		return false;
	return !memchr(text, '/', len) && !memchr(text, '\0', len);
}

/* Marks the parts of its text as used, each by one name. */
static bool parts_take(struct store *s, const struct store_name *entry)
{
	size_t left = entry->len > STORE_NAME_HEAD ? entry->len - STORE_NAME_HEAD : 0;
	uint32_t more = entry->more;

	for (; left; left -= left < STORE_NAME_MORE ? left : STORE_NAME_MORE) {
		if (more == 0 || more >= s->header->name_top || s->parts[more].dir != STORE_NAME_PART ||
		    s->hash_next[more] == SEEN)
			return false;
		s->hash_next[more] = SEEN;
		more = s->parts[more].more;
	}
	return more == 0;
}

static bool name_sensible(struct store *s, uint32_t name)
{
	const struct store_name *entry = &s->names[name];
	const struct store_header *h = s->header;
	char text[FILE_NAME_MAX];

	if (entry->dir >= h->inode_top || entry->inode == 0 || entry->inode >= h->inode_top || entry->len == 0)
		return false;
	const struct store_inode *dir = &s->inodes[entry->dir], *inode = &s->inodes[entry->inode];

	if (!dir->valid || dir->attr.kind != FILE_KIND_DIRECTORY || !inode->valid || entry->inode == STORE_ROOT ||
	    entry->order > h->order || !parts_take(s, entry))
		return false;
	name_text(s, name, text);
	return text_sensible(text, entry->len) && entry->hash == name_hash(entry->dir, text, entry->len) &&
	       name_find(s, entry->dir, text, entry->len) == 0;
}

/* A rename whose new name is made has lost its old one. */
static void rename_finish(struct store *s)
{
	struct store_header *h = s->header;
	uint32_t from = h->rename_from, to = h->rename_to;

	h->rename_to = 0;
	if (to == 0 || from == 0 || from == to || to >= h->name_top || from >= h->name_top)
		return;
	if (s->names[to].dir != 0 && s->names[to].dir != STORE_NAME_PART && s->names[to].inode == h->rename_inode &&
	    s->names[from].dir != STORE_NAME_PART && s->names[from].inode == h->rename_inode)
		s->names[from].dir = 0;
}

/* Sorting by order: heapsort needs neither memory nor luck. */
static void order_sort(const struct store *s, uint32_t *names, uint32_t count)
{
	for (uint32_t end = count, start = count / 2; end > 1;) {
		uint32_t root;

		if (start) {
			start--;
		} else {
			uint32_t last = names[--end];

			names[end] = names[0];
			names[0] = last;
		}
		for (root = start; root * 2 + 1 < end;) {
			uint32_t child = root * 2 + 1, name = names[root];

			if (child + 1 < end && s->names[names[child]].order < s->names[names[child + 1]].order)
				child++;
			if (s->names[name].order >= s->names[names[child]].order)
				break;
			names[root] = names[child];
			names[child] = name;
			root = child;
		}
	}
}

static bool names_check(struct store *s)
{
	struct store_header *h = s->header;
	uint32_t *sorted = s->name_next, count = 0;

	rename_finish(s);
	for (uint32_t i = 1; i < h->name_top; i++) {
		if (s->names[i].dir != 0 && s->names[i].dir != STORE_NAME_PART)
			sorted[count++] = i;
	}
	order_sort(s, sorted, count);
	/* name_link writes name_next of those that it has linked, which lie anywhere: the sorted list moves out of the way. */
	uint32_t *list = s->name_prev;

	memcpy(list, sorted, count * sizeof(*list));
	/* The lists are made of the same arrays, so links come in a second pass; chains of hashes are made now, to find doubles. */
	for (uint32_t i = 0; i < count; i++) {
		uint32_t name = list[i];

		if (!name_sensible(s, name))
			return false;
		uint32_t *bucket = &s->buckets[s->names[name].hash & s->bucket_mask];

		s->hash_next[name] = *bucket;
		*bucket = name;
		s->inodes[s->names[name].inode].attr.links++;
	}
	return true;
}

/* In their order: each after the last of its directory. The arrays are read from names' own order, which is the truth. */
static void names_link(struct store *s, const uint32_t *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t name = list[i], dir = s->names[name].dir, last = s->last_name[dir];

		s->name_next[name] = 0;
		if (last)
			s->name_next[last] = name;
		else
			s->first_name[dir] = name;
		s->last_name[dir] = name;
	}
	/* The list is in name_prev: it is no longer needed once the others are made. */
	memset(s->name_prev, 0, s->header->names_max * sizeof(*s->name_prev));
	for (uint32_t dir = 1; dir < s->header->inode_top; dir++) {
		uint32_t prev = 0;

		if (!s->inodes[dir].valid || s->inodes[dir].attr.kind != FILE_KIND_DIRECTORY)
			continue;
		for (uint32_t name = s->first_name[dir]; name; name = s->name_next[name]) {
			s->name_prev[name] = prev;
			prev = name;
		}
	}
}

/* ---- pages ------------------------------------------------------------------------------------------------ */

struct seen {
	struct store *s;
	uint64_t data;
};

static bool page_see(void *ctx, uint32_t page, bool data)
{
	struct seen *seen = ctx;
	struct store *s = seen->s;

	if (page == 0 || page >= s->header->page_top || s->page_next[page] == SEEN)
		return false;
	s->page_next[page] = SEEN;
	s->used_pages++;
	seen->data += data;
	return true;
}

static bool pages_check(struct store *s, struct store_inode *inode)
{
	struct seen seen = {.s = s};
	struct fs_attr *attr = &inode->attr;

	if (attr->kind == FILE_KIND_SYMLINK) {
		if (attr->size == 0 || attr->size > FILE_PATH_MAX)
			return false;
		return attr->size <= STORE_TEXT_MAX || page_see(&seen, inode->direct[0], true);
	}
	if (attr->kind != FILE_KIND_REGULAR)
		return true;
	if (!map_each(s, inode, page_see, &seen))
		return false;
	attr->blocks = seen.data * (STORE_PAGE / 512);
	return true;
}

/* What a truncate that was cut short left behind the end. */
static status_t tail_clear(struct store *s, struct store_inode *inode)
{
	uint64_t size = inode->attr.size, pages = (size + STORE_PAGE - 1) / STORE_PAGE;

	map_cut(s, inode, pages, UINT64_MAX);
	return map_zero(s, inode, size, pages * STORE_PAGE);
}

/* ---- all -------------------------------------------------------------------------------------------------- */

static bool inodes_check(struct store *s)
{
	for (uint32_t i = STORE_ROOT; i < s->header->inode_top; i++) {
		struct store_inode *inode = &s->inodes[i];

		if (inode->valid == 0)
			continue;
		if (!inode_sensible(inode) || !pages_check(s, inode))
			return false;
		inode->attr.links = 0;
		s->used_inodes++;
	}
	return s->inodes[STORE_ROOT].valid && s->inodes[STORE_ROOT].attr.kind == FILE_KIND_DIRECTORY;
}

/* A directory has one name, itself and those in it that are directories. */
static bool directories_check(struct store *s)
{
	for (uint32_t i = 1; i < s->header->name_top; i++) {
		const struct store_name *entry = &s->names[i];

		if (entry->dir == 0 || entry->dir == STORE_NAME_PART ||
		    s->inodes[entry->inode].attr.kind != FILE_KIND_DIRECTORY)
			continue;
		if (s->inodes[entry->inode].attr.links != 1)
			return false;
		s->inodes[entry->inode].parent = entry->dir;
	}
	for (uint32_t i = STORE_ROOT; i < s->header->inode_top; i++) {
		struct store_inode *inode = &s->inodes[i];

		if (inode->valid && inode->attr.kind == FILE_KIND_DIRECTORY && (i == STORE_ROOT || inode->attr.links))
			inode->attr.links = 2;
	}
	for (uint32_t i = 1; i < s->header->name_top; i++) {
		const struct store_name *entry = &s->names[i];

		if (entry->dir != 0 && entry->dir != STORE_NAME_PART &&
		    s->inodes[entry->inode].attr.kind == FILE_KIND_DIRECTORY)
			s->inodes[entry->dir].attr.links++;
	}
	s->inodes[STORE_ROOT].parent = STORE_ROOT;
	return true;
}

static void free_lists_make(struct store *s)
{
	const struct store_header *h = s->header;

	for (uint32_t i = h->inode_top; i-- > STORE_ROOT;) {
		if (s->inodes[i].valid)
			continue;
		s->first_name[i] = s->free_inode;
		s->free_inode = i;
	}
	for (uint32_t i = h->name_top; i-- > 1;) {
		if (s->names[i].dir == STORE_NAME_PART && s->hash_next[i] != SEEN)
			s->names[i].dir = 0;
		if (s->names[i].dir == 0)
			store_name_give(s, i);
	}
	for (uint32_t i = h->page_top; i-- > 1;) {
		if (s->page_next[i] == SEEN)
			continue;
		s->page_next[i] = s->free_dirty;
		s->free_dirty = i;
		s->dirty_count++;
	}
}

status_t store_check(struct store *s)
{
	status_t status = OK;
	uint32_t count = 0;

	if (!header_sensible(s->header) || !inodes_check(s) || !names_check(s) || !directories_check(s))
		return ERR_BAD_FORMAT;
	for (uint32_t i = 1; i < s->header->name_top; i++)
		count += s->names[i].dir != 0 && s->names[i].dir != STORE_NAME_PART;
	names_link(s, s->name_prev, count);
	free_lists_make(s);
	for (uint32_t i = STORE_ROOT; status == OK && i < s->header->inode_top; i++) {
		if (s->inodes[i].valid && s->inodes[i].attr.kind == FILE_KIND_REGULAR)
			status = tail_clear(s, &s->inodes[i]);
	}
	return status;
}

static void inode_reap(struct store *s, uint32_t i)
{
	struct store_inode *inode = &s->inodes[i];

	if (inode->attr.kind == FILE_KIND_REGULAR)
		map_cut(s, inode, 0, UINT64_MAX);
	else if (inode->attr.kind == FILE_KIND_SYMLINK && inode->attr.size > STORE_TEXT_MAX)
		store_pages_give(s, inode->direct[0], 1);
	store_inode_give(s, i);
}

void store_reap(struct store *s, bool (*open)(void *ctx, uint32_t inode), void *ctx)
{
	for (uint32_t i = STORE_ROOT + 1; i < s->header->inode_top; i++) {
		if (s->inodes[i].valid && s->inodes[i].attr.links == 0 && !open(ctx, i))
			inode_reap(s, i);
	}
}
