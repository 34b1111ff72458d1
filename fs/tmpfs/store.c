/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables in the memory object, and who of them is free. */
#include "fs/tmpfs/store.h"

#include <string.h>

#include "sys/lib/syscall.h"

#define MAGIC           0x7366706d74ull /* "tmpfs" */
#define VERSION         1u
#define NAMES_PER_INODE 2u    /* places for names: long ones take more than one */
#define DIRTY_MAX       512u  /* free pages that are kept backed: 2 MiB */
#define INODE_BYTES     8192u /* of the quota for each inode, unless said otherwise */
#define INODES_MIN      64u
#define BUCKETS_MAX     65536u

static uint64_t round_up(uint64_t n)
{
	return (n + STORE_PAGE - 1) & ~(uint64_t)(STORE_PAGE - 1);
}

static uint32_t capped(uint64_t n)
{
	return n < UINT32_MAX / 2 ? (uint32_t)n : UINT32_MAX / 2;
}

/* Pages of the map count as data's do: a file of one page needs one, a sparse one more. */
static status_t layout(struct store_header *h, size_t bytes, uint64_t quota_bytes, uint64_t quota_inodes)
{
	uint64_t inodes = quota_inodes ? quota_inodes : quota_bytes / INODE_BYTES;
	uint64_t at = STORE_PAGE;

	inodes = capped((inodes < INODES_MIN ? INODES_MIN : inodes) + STORE_ROOT + 1);
	h->inodes_max = (uint32_t)inodes;
	h->names_max = capped(inodes * NAMES_PER_INODE + 1);
	h->pages_max = capped(quota_bytes / STORE_PAGE + 1);
	h->inodes_at = at;
	at += round_up(inodes * sizeof(struct store_inode));
	h->names_at = at;
	at += round_up((uint64_t)h->names_max * sizeof(struct store_name));
	h->pages_at = at;
	at += (uint64_t)h->pages_max * STORE_PAGE;
	return at <= bytes ? OK : ERR_INVALID;
}

static bool tables_allocate(struct store *s)
{
	const struct store_header *h = s->header;
	uint32_t buckets = 64;

	while (buckets < h->names_max / 2 && buckets < BUCKETS_MAX)
		buckets *= 2;
	s->bucket_mask = buckets - 1;
	s->page_next = table_allocate(h->pages_max * sizeof(uint32_t));
	s->hash_next = table_allocate(h->names_max * sizeof(uint32_t));
	s->name_next = table_allocate(h->names_max * sizeof(uint32_t));
	s->name_prev = table_allocate(h->names_max * sizeof(uint32_t));
	s->first_name = table_allocate(h->inodes_max * sizeof(uint32_t));
	s->last_name = table_allocate(h->inodes_max * sizeof(uint32_t));
	s->buckets = table_allocate(buckets * sizeof(uint32_t));
	return s->page_next && s->hash_next && s->name_next && s->name_prev && s->first_name && s->last_name &&
	       s->buckets;
}

status_t store_open(struct store *s, void *base, size_t bytes, handle_t vmo, uint64_t quota_bytes,
		    uint64_t quota_inodes, bool *fresh)
{
	struct store_header want = {.magic = MAGIC, .version = VERSION};
	status_t status = layout(&want, bytes, quota_bytes, quota_inodes);

	if (status != OK)
		return status;
	memset(s, 0, sizeof(*s));
	s->base = base;
	s->vmo = vmo;
	s->header = base;
	const struct store_header *h = s->header;
	/* An object that is not of this shape is a new one, or damaged: either way there is nothing in it. */
	*fresh = h->magic != MAGIC || h->version != VERSION || h->inodes_max != want.inodes_max ||
		 h->names_max != want.names_max || h->pages_max != want.pages_max || h->inodes_at != want.inodes_at ||
		 h->names_at != want.names_at || h->pages_at != want.pages_at;
	if (*fresh) {
		if (vmo_op(vmo, VMO_OP_DECOMMIT, 0, bytes & ~(size_t)(STORE_PAGE - 1)) != OK ||
		    vmo_op(vmo, VMO_OP_COMMIT, 0, STORE_PAGE) != OK)
			return ERR_NO_MEMORY;
		want.inode_top = want.name_top = want.page_top = 1;
		want.magic = 0;
		*s->header = want;
		__atomic_store_n(&s->header->magic, MAGIC, __ATOMIC_RELEASE);
	}
	s->inodes = (struct store_inode *)(void *)(s->base + h->inodes_at);
	s->names = (struct store_name *)(void *)(s->base + h->names_at);
	s->quota_pages = h->pages_max - 1;
	s->quota_inodes = h->inodes_max - STORE_ROOT - 1;
	return tables_allocate(s) ? OK : ERR_NO_MEMORY;
}

status_t store_make_root(struct store *s, uint32_t permissions, uint32_t user, uint32_t group, int64_t now)
{
	uint32_t root;
	status_t status = store_inode_take(s, &root);

	if (status != OK)
		return status;
	struct store_inode *inode = &s->inodes[root];

	inode->attr = (struct fs_attr){
		.kind = FILE_KIND_DIRECTORY,
		.permissions = permissions,
		.links = 2,
		.user = user,
		.group = group,
		.generation = ++s->header->generation,
		.accessed = now,
		.modified = now,
		.changed = now,
	};
	inode->parent = root;
	__atomic_store_n(&inode->valid, 1, __ATOMIC_RELEASE);
	return OK;
}

/* Places at the top of a table that get used have to be backed before they are touched: the kernel ends a process that
 * touches memory that nobody has left. */
static status_t back(struct store *s, uint64_t at, size_t size, uint32_t place)
{
	uint64_t first = at + (uint64_t)place * size, last = first + size - 1;

	/* Places do not cross pages. */
	if (place != 1 && first % STORE_PAGE != 0)
		return OK;
	return vmo_op(s->vmo, VMO_OP_COMMIT, last & ~(uint64_t)(STORE_PAGE - 1), STORE_PAGE);
}

status_t store_inode_take(struct store *s, uint32_t *inode)
{
	struct store_header *h = s->header;

	if (s->free_inode != 0) {
		*inode = s->free_inode;
		s->free_inode = s->first_name[*inode];
		s->first_name[*inode] = 0;
	} else {
		if (h->inode_top == h->inodes_max)
			return ERR_NO_SPACE;
		status_t status = back(s, h->inodes_at, sizeof(*s->inodes), h->inode_top);

		if (status != OK)
			return status;
		*inode = h->inode_top++;
	}
	s->used_inodes++;
	return OK;
}

void store_inode_give(struct store *s, uint32_t inode)
{
	s->inodes[inode].valid = 0;
	s->last_name[inode] = 0;
	s->first_name[inode] = s->free_inode;
	s->free_inode = inode;
	s->used_inodes--;
}

status_t store_name_take(struct store *s, unsigned places, uint32_t *first)
{
	struct store_header *h = s->header;

	/* Those that come from the top become free ones, which are kept if it does not suffice. */
	while (s->free_name_count < places) {
		if (h->name_top == h->names_max)
			return ERR_NO_SPACE;
		status_t status = back(s, h->names_at, sizeof(*s->names), h->name_top);

		if (status != OK)
			return status;
		store_name_give(s, h->name_top++);
	}
	*first = s->free_name;
	for (unsigned i = 0; i < places; i++)
		s->free_name = s->hash_next[s->free_name];
	s->free_name_count -= places;
	return OK;
}

void store_name_give(struct store *s, uint32_t name)
{
	s->hash_next[name] = s->free_name;
	s->free_name = name;
	s->free_name_count++;
}

/* ---- pages ---------------------------------------------------------------------------------------------- */

static bool pages_left(const struct store *s)
{
	return s->used_pages < s->quota_pages;
}

status_t store_page_take(struct store *s, uint32_t *page, bool *clean)
{
	struct store_header *h = s->header;

	if (!pages_left(s))
		return ERR_NO_SPACE;
	*clean = s->free_dirty == 0;
	if (s->free_dirty != 0) {
		*page = s->free_dirty;
		s->free_dirty = s->page_next[*page];
		s->dirty_count--;
	} else if (s->free_clean != 0) {
		*page = s->free_clean;
		s->free_clean = s->page_next[*page];
	} else {
		*page = h->page_top++;
	}
	s->used_pages++;
	return OK;
}

bool store_page_next_is(const struct store *s, uint32_t page, bool clean)
{
	if (!pages_left(s) || clean != (s->free_dirty == 0))
		return false;
	if (s->free_dirty != 0)
		return s->free_dirty == page;
	return (s->free_clean != 0 ? s->free_clean : s->header->page_top) == page;
}

/* Pages that were other files' may still be shared with memory that clients got of those; fresh ones are nobody's. */
status_t store_page_take_backed(struct store *s, uint32_t *page)
{
	bool clean;
	status_t status = store_page_take(s, page, &clean);

	if (status != OK)
		return status;
	if (!clean)
		status = vmo_op(s->vmo, VMO_OP_DECOMMIT, store_page_offset(s, *page), STORE_PAGE);
	if (status == OK)
		status = vmo_op(s->vmo, VMO_OP_COMMIT, store_page_offset(s, *page), STORE_PAGE);
	if (status != OK)
		store_pages_give(s, *page, 1);
	return status;
}

/* From the last to the first: they are taken in order again. */
void store_pages_give(struct store *s, uint32_t first, uint32_t count)
{
	uint32_t *list = &s->free_dirty;

	if (s->dirty_count + count > DIRTY_MAX) {
		/* It has no way to fail but wrong arguments. */
		(void)vmo_op(s->vmo, VMO_OP_DECOMMIT, store_page_offset(s, first), (uint64_t)count * STORE_PAGE);
		list = &s->free_clean;
	} else {
		s->dirty_count += count;
	}
	for (uint32_t page = first + count; page-- > first;) {
		s->page_next[page] = *list;
		*list = page;
	}
	s->used_pages -= count;
}
