/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages hold a file: the first few in the inode, the others in a tree that grows at its root. A page is in the map only once its content is the
 * file's, so that nobody ever reads what it held before.
 */
#include <string.h>

#include "fs/tmpfs/store.h"
#include "sys/lib/syscall.h"

#define TREE(page, height) ((uint64_t)(page) << 8 | (height))
#define TREE_PAGE(tree)    ((uint32_t)((tree) >> 8))
#define TREE_HEIGHT(tree)  ((unsigned)((tree)&0xff))

/* What is not the usual case: its registers are not to be saved in that. */
#define NOINLINE __attribute__((noinline))

static const uint8_t zeroes[STORE_PAGE];

static uint32_t *tree_slots(const struct store *s, uint32_t page)
{
	return (uint32_t *)(void *)store_page(s, page);
}

static uint64_t tree_reach(unsigned height)
{
	return 1ull << (10 * height);
}

/* Where the number of a page is; NULL: there is a hole. */
static uint32_t *slot_find(const struct store *s, const struct store_inode *inode, uint64_t index)
{
	if (index < STORE_DIRECT)
		return (uint32_t *)(uintptr_t)&inode->direct[index];
	unsigned height = TREE_HEIGHT(inode->tree);
	uint32_t page = TREE_PAGE(inode->tree);

	index -= STORE_DIRECT;
	if (height == 0 || index >= tree_reach(height))
		return NULL;
	while (--height) {
		page = tree_slots(s, page)[index >> (10 * height) & (STORE_FANOUT - 1)];
		if (page == 0)
			return NULL;
	}
	return &tree_slots(s, page)[index & (STORE_FANOUT - 1)];
}

/* The same, making what is missing of the tree. */
static status_t slot_make(struct store *s, struct store_inode *inode, uint64_t index, uint32_t **out)
{
	uint32_t page;
	status_t status;

	*out = slot_find(s, inode, index);
	if (*out)
		return OK;
	index -= STORE_DIRECT;
	while (TREE_HEIGHT(inode->tree) == 0 || index >= tree_reach(TREE_HEIGHT(inode->tree))) {
		if (TREE_HEIGHT(inode->tree) == STORE_HEIGHT)
			return ERR_TOO_BIG;
		status = store_page_take_backed(s, &page);
		if (status != OK)
			return status;
		if (inode->tree)
			tree_slots(s, page)[0] = TREE_PAGE(inode->tree);
		__atomic_store_n(&inode->tree, TREE(page, TREE_HEIGHT(inode->tree) + 1), __ATOMIC_RELEASE);
	}
	unsigned height = TREE_HEIGHT(inode->tree);

	page = TREE_PAGE(inode->tree);
	while (--height) {
		uint32_t *slot = &tree_slots(s, page)[index >> (10 * height) & (STORE_FANOUT - 1)];

		if (*slot == 0) {
			uint32_t below;

			status = store_page_take_backed(s, &below);
			if (status != OK)
				return status;
			__atomic_store_n(slot, below, __ATOMIC_RELEASE);
		}
		page = *slot;
	}
	*out = &tree_slots(s, page)[index & (STORE_FANOUT - 1)];
	return OK;
}

uint32_t map_page(const struct store *s, const struct store_inode *inode, uint64_t index)
{
	const uint32_t *slot = slot_find(s, inode, index);

	return slot ? *slot : 0;
}

/* The usual case of both: bytes of one page, which is there and that the inode knows itself. 0: another case. */
static inline uint32_t page_near(const struct store_inode *inode, uint64_t offset, size_t len)
{
	return offset < STORE_DIRECT * STORE_PAGE && offset % STORE_PAGE + len <= STORE_PAGE
		       ? inode->direct[offset / STORE_PAGE]
		       : 0;
}

/* ---- read and write --------------------------------------------------------------------------------------- */

static NOINLINE status_t read_pages(struct store *s, const struct store_inode *inode, uint64_t offset,
				    const struct fs_io *io, size_t len)
{
	uint64_t at = 0;

	while (len) {
		uint64_t index = offset / STORE_PAGE;
		size_t skip = offset % STORE_PAGE, part = STORE_PAGE - skip;
		uint32_t page = map_page(s, inode, index), next = page;

		/* Pages that follow each other are moved together. */
		while (page && part < len && map_page(s, inode, ++index) == ++next)
			part += STORE_PAGE;
		if (part > len)
			part = len;
		status_t status = fs_io_put(io, at, page ? store_page(s, page) + skip : zeroes, part);
		if (status != OK)
			return status;
		at += part;
		offset += part;
		len -= part;
	}
	return OK;
}

status_t map_read(struct store *s, const struct store_inode *inode, uint64_t offset, const struct fs_io *io, size_t len)
{
	uint32_t page = page_near(inode, offset, len);

	return page ? fs_io_put(io, 0, store_page(s, page) + offset % STORE_PAGE, len)
		    : read_pages(s, inode, offset, io, len);
}

/* Over pages that the file has. */
static status_t write_over(struct store *s, const struct store_inode *inode, uint64_t offset, const struct fs_io *io,
			   uint64_t at, size_t len, uint32_t page, size_t *part)
{
	uint64_t index = offset / STORE_PAGE;
	size_t skip = offset % STORE_PAGE;
	uint32_t next = page;

	*part = STORE_PAGE - skip;
	while (*part < len && map_page(s, inode, ++index) == ++next)
		*part += STORE_PAGE;
	if (*part > len)
		*part = len;
	return fs_io_take(io, at, store_page(s, page) + skip, *part);
}

/* Into a hole: as many pages as follow each other in the file and in the store. */
static status_t write_new(struct store *s, struct store_inode *inode, uint64_t offset, const struct fs_io *io,
			  uint64_t at, size_t len, size_t *part)
{
	uint64_t index = offset / STORE_PAGE;
	size_t skip = offset % STORE_PAGE;
	uint32_t first, count = 1, page;
	uint32_t *slot;
	bool clean, same;
	status_t status = slot_make(s, inode, index, &slot);

	if (status == OK)
		status = store_page_take(s, &first, &clean);
	if (status != OK)
		return status;
	*part = STORE_PAGE - skip;
	while (*part < len && map_page(s, inode, index + count) == 0 && store_page_next_is(s, first + count, clean)) {
		(void)store_page_take(s, &page, &same);
		*part += STORE_PAGE;
		count++;
	}
	if (*part > len)
		*part = len;
	size_t tail = (size_t)count * STORE_PAGE - skip - *part;

	if (!clean && skip)
		status = vmo_write(s->vmo, store_page_offset(s, first), zeroes, skip);
	if (status == OK && !clean && tail)
		status = vmo_write(s->vmo, store_page_offset(s, first) + skip + *part, zeroes, tail);
	if (status == OK)
		status = fs_io_take(io, at, store_page(s, first) + skip, *part);
	for (page = 0; status == OK && page < count; page++) {
		status = slot_make(s, inode, index + page, &slot);
		if (status != OK)
			break;
		__atomic_store_n(slot, first + page, __ATOMIC_RELEASE);
		inode->attr.blocks += STORE_PAGE / 512;
	}
	if (status == OK)
		return OK;
	/* Those that are in the map stay: they hold what was written. */
	uint32_t kept = page;

	store_pages_give(s, first + kept, count - kept);
	*part = kept ? (size_t)kept * STORE_PAGE - skip : 0;
	return kept ? OK : status;
}

/* What is beyond the size does not exist: so at once. */
static inline void size_reach(struct store_inode *inode, uint64_t end)
{
	if (end > inode->attr.size)
		__atomic_store_n(&inode->attr.size, end, __ATOMIC_RELEASE);
}

static NOINLINE status_t write_pages(struct store *s, struct store_inode *inode, uint64_t offset,
				     const struct fs_io *io, size_t len, size_t *done)
{
	status_t status = OK;

	*done = 0;
	while (*done < len) {
		uint32_t page = map_page(s, inode, offset / STORE_PAGE);
		size_t part = 0;

		if (page)
			status = write_over(s, inode, offset, io, *done, len - *done, page, &part);
		else
			status = write_new(s, inode, offset, io, *done, len - *done, &part);
		if (status != OK)
			break;
		*done += part;
		offset += part;
		size_reach(inode, offset);
	}
	return *done ? OK : status;
}

status_t map_write(struct store *s, struct store_inode *inode, uint64_t offset, const struct fs_io *io, size_t len,
		   size_t *done)
{
	uint32_t page = page_near(inode, offset, len);

	if (!page)
		return write_pages(s, inode, offset, io, len, done);
	status_t status = fs_io_take(io, 0, store_page(s, page) + offset % STORE_PAGE, len);
	if (status == OK) {
		*done = len;
		size_reach(inode, offset + len);
	}
	return status;
}

/* ---- cutting ------------------------------------------------------------------------------------------------ */

/* Pages that follow each other are given back together. */
struct run {
	struct store *s;
	uint32_t first, count;
};

static void run_end(struct run *run)
{
	if (run->count)
		store_pages_give(run->s, run->first, run->count);
	run->count = 0;
}

static void run_add(struct run *run, uint32_t page)
{
	if (run->count && page == run->first + run->count) {
		run->count++;
		return;
	}
	run_end(run);
	run->first = page;
	run->count = 1;
}

static void slot_cut(struct run *run, struct store_inode *inode, uint32_t *slot)
{
	uint32_t page = *slot;

	if (page == 0)
		return;
	__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
	inode->attr.blocks -= STORE_PAGE / 512;
	run_add(run, page);
}

/* Indices first to end (not included) of what hangs below a page of the tree. True: nothing is left there. */
static bool tree_cut(struct run *run, struct store_inode *inode, uint32_t page, unsigned height, uint64_t first,
		     uint64_t end)
{
	uint32_t *slots = tree_slots(run->s, page);
	unsigned shift = 10 * (height - 1);
	uint64_t reach = tree_reach(height);
	bool empty = true;

	if (end > reach)
		end = reach;
	for (uint64_t i = 0; i < STORE_FANOUT; i++) {
		uint64_t from = i << shift, to = (i + 1) << shift;

		if (slots[i] == 0)
			continue;
		if (to > first && from < end) {
			if (height == 1) {
				slot_cut(run, inode, &slots[i]);
			} else if (tree_cut(run, inode, slots[i], height - 1, first > from ? first - from : 0,
					    end - from)) {
				uint32_t below = slots[i];

				__atomic_store_n(&slots[i], 0, __ATOMIC_RELEASE);
				run_add(run, below);
			}
		}
		empty = empty && slots[i] == 0;
	}
	return empty;
}

void map_cut(struct store *s, struct store_inode *inode, uint64_t first, uint64_t count)
{
	uint64_t end = count > STORE_FILE_PAGES - first ? STORE_FILE_PAGES : first + count;
	struct run run = {.s = s};

	for (uint64_t i = first; i < STORE_DIRECT && i < end; i++)
		slot_cut(&run, inode, &inode->direct[i]);
	if (inode->tree && end > STORE_DIRECT) {
		uint32_t page = TREE_PAGE(inode->tree);

		if (tree_cut(&run, inode, page, TREE_HEIGHT(inode->tree),
			     first > STORE_DIRECT ? first - STORE_DIRECT : 0, end - STORE_DIRECT)) {
			__atomic_store_n(&inode->tree, 0, __ATOMIC_RELEASE);
			run_add(&run, page);
		}
	}
	run_end(&run);
}

status_t map_zero(struct store *s, struct store_inode *inode, uint64_t from, uint64_t to)
{
	status_t status = OK;

	while (status == OK && from < to) {
		size_t skip = from % STORE_PAGE, part = STORE_PAGE - skip;
		uint32_t page = map_page(s, inode, from / STORE_PAGE);

		if (part > to - from)
			part = to - from;
		/* By the kernel: a page that is shared with a client's memory is copied for it, and that can fail. */
		if (page)
			status = vmo_write(s->vmo, store_page_offset(s, page) + skip, zeroes, part);
		from += part;
	}
	return status;
}

status_t map_fill(struct store *s, struct store_inode *inode, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++) {
		uint32_t *slot, page;
		status_t status = slot_make(s, inode, i, &slot);

		if (status == OK && *slot == 0) {
			status = store_page_take_backed(s, &page);
			if (status == OK) {
				__atomic_store_n(slot, page, __ATOMIC_RELEASE);
				inode->attr.blocks += STORE_PAGE / 512;
			}
		}
		if (status != OK)
			return status;
	}
	return OK;
}

uint64_t map_find(const struct store *s, const struct store_inode *inode, uint64_t from, uint64_t end, bool hole)
{
	while (from < end) {
		const uint32_t *slot = slot_find(s, inode, from);

		if (slot ? (*slot == 0) == hole : hole)
			return from;
		/* No page of the tree, no slots in it. */
		if (slot || from < STORE_DIRECT)
			from++;
		else
			from = ((from - STORE_DIRECT) / STORE_FANOUT + 1) * STORE_FANOUT + STORE_DIRECT;
	}
	return end;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static bool tree_each(struct store *s, uint32_t page, unsigned height, map_page_fn fn, void *ctx)
{
	if (!fn(ctx, page, height == 0))
		return false;
	if (height == 0)
		return true;
	for (uint32_t i = 0; i < STORE_FANOUT; i++) {
		uint32_t below = tree_slots(s, page)[i];

		if (below && !tree_each(s, below, height - 1, fn, ctx))
			return false;
	}
	return true;
}

bool map_each(struct store *s, const struct store_inode *inode, map_page_fn fn, void *ctx)
{
	for (unsigned i = 0; i < STORE_DIRECT; i++) {
		if (inode->direct[i] && !fn(ctx, inode->direct[i], true))
			return false;
	}
	if (inode->tree == 0)
		return true;
	if (TREE_HEIGHT(inode->tree) == 0 || TREE_HEIGHT(inode->tree) > STORE_HEIGHT || inode->tree >> 40)
		return false;
	return tree_each(s, TREE_PAGE(inode->tree), TREE_HEIGHT(inode->tree), fn, ctx);
}
