/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files as memory: each that is mapped has one paged memory object of the kernel's, and here its pager. The object is a cache above the file: pages
 * are copied into it when they are touched, what was written in it is copied back before anybody else reads the file, and when it is synced; what
 * is written to the file otherwise is written to the pages that are there as well.
 *
 * In the table of open files the object has a place of its own, and its badge. So the next instance knows it, with what was written and not yet
 * copied back, and the kernel tells of its last user as it tells of a file's last handle.
 */
#include <string.h>

#include "sys/abi/fault.h"
#include "sys/lib/syscall.h"

#include "fs/lib/clock.h"
#include "fs/lib/internal.h"

#define RIGHTS_MAPPED  (RIGHT_VMO_READ | RIGHT_VMO_EXEC | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)
#define BUFFER_PAGES   (sizeof(((struct fs *)NULL)->page_buffer) / PAGE_SIZE)
#define COPY_BACK_NS   5000000000ull
#define EVERYTHING     (~0ull & ~(PAGE_SIZE - 1))
#define SUPPLY_DEFAULT 1024u /* pages, where the quota is not known */

static uint64_t page_floor(uint64_t n)
{
	return n & ~(PAGE_SIZE - 1);
}

static uint64_t page_ceil(uint64_t n)
{
	return (n + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static uint64_t badge_of(const struct fs *fs, const struct node *node)
{
	return fs->state->files[node->paging.place - 1].badge;
}

/* ---- between file and buffer ------------------------------------------------------------------------- */

static status_t bytes_read(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	const struct fs_io io = {.memory = fs->page_buffer};

	return fs->ops->read(fs, node, from, &io, len);
}

static status_t bytes_write(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	status_t status = OK;

	for (size_t at = 0, done = 0; status == OK && at < len; at += done) {
		const struct fs_io rest = {.memory = fs->page_buffer + at};

		done = 0;
		status = fs->ops->write(fs, node, from + at, &rest, len - at, &done);
		if (status == OK && done == 0)
			status = ERR_IO;
	}
	return status;
}

/* Whole pages, zeroes behind the file's end. */
static status_t pages_read(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	uint64_t there = node->attr->size > from ? node->attr->size - from : 0;

	if (there > len)
		there = len;
	memset(fs->page_buffer + there, 0, len - there);
	return there ? bytes_read(fs, node, from, there) : OK;
}

/* ---- back into the file ------------------------------------------------------------------------------- */

/* It counts as written until it is in the file: also to the next instance, should this one end on the way. */
static status_t page_copy_back(struct fs *fs, struct node *node, uint64_t badge, uint64_t at)
{
	uint64_t len = node->attr->size > at ? node->attr->size - at : 0;
	status_t status = pager_op(fs->endpoint, badge, PAGER_PROTECT, at, PAGE_SIZE, NULL);

	if (status == OK && len)
		status = pager_read(fs->endpoint, badge, at, fs->page_buffer, PAGE_SIZE);
	if (status == OK && len)
		status = bytes_write(fs, node, at, len < PAGE_SIZE ? len : PAGE_SIZE);
	return status == OK ? pager_op(fs->endpoint, badge, PAGER_CLEAN, at, PAGE_SIZE, NULL) : status;
}

status_t paging_copy_back(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	uint64_t at = page_floor(from), end = len > EVERYTHING - from ? EVERYTHING : page_ceil(from + len);
	status_t status = OK;

	if (!node->paging.place || !node->paging.granted)
		return OK;
	uint64_t badge = badge_of(fs, node);
	while (status == OK && at < end && pager_op(fs->endpoint, badge, PAGER_WRITTEN, at, end - at, &at) == OK) {
		status = page_copy_back(fs, node, badge, at);
		at += PAGE_SIZE;
	}
	if (status == OK && from == 0 && end == EVERYTHING)
		node->paging.granted = false;
	return status;
}

status_t paging_copy_back_all(struct fs *fs)
{
	status_t status = OK, one;

	for (uint32_t i = 0; i < fs->open_top && fs->paged_files; i++) {
		struct node *node = fs->open[i].node;

		if (!node || !(fs->state->files[i].mode & STATE_FILE_MEMORY))
			continue;
		one = paging_copy_back(fs, node, 0, EVERYTHING);
		status = status == OK ? one : status;
	}
	return status;
}

void paging_copy_back_due(void *ctx)
{
	struct fs *fs = ctx;

	fs->copy_back_set = false;
	change_begin(fs);
	status_t status = paging_copy_back_all(fs);
	change_end(fs);
	if (status != OK)
		paging_later(fs);
}

void paging_later(struct fs *fs)
{
	if (!fs->copy_back_set)
		fs->copy_back_set = server_timer_set(&fs->copy_back, clock_monotonic() + COPY_BACK_NS) == OK;
}

/* ---- into the memory ---------------------------------------------------------------------------------- */

void paging_update(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	if (!node->paging.place)
		return;
	uint64_t badge = badge_of(fs, node);

	while (len) {
		uint64_t part = len < sizeof(fs->page_buffer) ? len : sizeof(fs->page_buffer);

		/* What cannot be read is taken away: whoever touches it hears of the error. */
		if (bytes_read(fs, node, from, part) == OK)
			(void)pager_copy(fs->endpoint, badge, PAGER_UPDATE, from, fs->page_buffer, part);
		else
			(void)pager_op(fs->endpoint, badge, PAGER_EVICT, page_floor(from),
				       page_ceil(from + part) - page_floor(from), NULL);
		from += part;
		len -= part;
	}
}

void paging_resized(struct fs *fs, struct node *node, uint64_t old_size)
{
	uint64_t end = node->attr->size < old_size ? node->attr->size : old_size;

	if (!node->paging.place || node->attr->size == old_size)
		return;
	uint64_t badge = badge_of(fs, node), tail = page_ceil(end) - end;
	/* Nothing is left of what was behind the end, whichever side it was written from. */
	if (tail) {
		memset(fs->page_buffer, 0, tail);
		(void)pager_copy(fs->endpoint, badge, PAGER_UPDATE, end, fs->page_buffer, tail);
	}
	if (node->attr->size < old_size)
		(void)pager_op(fs->endpoint, badge, PAGER_EVICT, page_ceil(end), EVERYTHING - page_ceil(end), NULL);
}

void paging_punched(struct fs *fs, struct node *node, uint64_t from, uint64_t len)
{
	if (node->paging.place)
		(void)pager_op(fs->endpoint, badge_of(fs, node), PAGER_EVICT, page_floor(from),
			       page_ceil(from + len) - page_floor(from), NULL);
}

/* ---- requests of the kernel's -------------------------------------------------------------------------- */

/* The file system's share of pages is used up: all that are in memory objects go, and come again when they are touched. */
static void pages_reclaim(struct fs *fs)
{
	for (uint32_t i = 0; i < fs->open_top && fs->paged_files; i++) {
		struct node *node = fs->open[i].node;

		if (!node || !(fs->state->files[i].mode & STATE_FILE_MEMORY))
			continue;
		/* Pages that cannot be written back stay. */
		if (paging_copy_back(fs, node, 0, EVERYTHING) == OK)
			(void)pager_op(fs->endpoint, fs->state->files[i].badge, PAGER_EVICT, 0, EVERYTHING, NULL);
	}
	fs->pages_supplied = 0;
}

/* What the earlier instance had done to a file and not yet to its pages is nowhere to be seen: they come anew from the file, which first gets what was
 * written to them. */
void paging_restored(struct fs *fs)
{
	if (!fs->paged_files)
		return;
	change_begin(fs);
	pages_reclaim(fs);
	change_end(fs);
}

static status_t pages_give(struct fs *fs, uint64_t badge, uint32_t op, uint64_t at, uint64_t len)
{
	status_t status = pager_copy(fs->endpoint, badge, op, at, fs->page_buffer, len);

	if (status == OK)
		fs->pages_supplied += (uint32_t)(len / PAGE_SIZE);
	return status;
}

/* How much is brought with the page that was touched: more and more where pages are touched in order. */
static uint64_t window(struct node *node, uint64_t at, uint64_t size)
{
	struct node_paging *p = &node->paging;

	p->window = at != p->next || p->window == 0 ? 1
		    : p->window * 2 < BUFFER_PAGES  ? p->window * 2u
						    : (uint8_t)BUFFER_PAGES;
	uint64_t len = p->window * PAGE_SIZE, left = page_ceil(size) - at;

	if (len > left)
		len = left;
	p->next = at + len;
	return len;
}

static status_t page_for_reading(struct fs *fs, struct node *node, uint64_t badge, uint64_t at)
{
	uint64_t len = window(node, at, node->attr->size);
	status_t status = pages_read(fs, node, at, len);

	return status == OK ? pages_give(fs, badge, PAGER_SUPPLY, at, len) : status;
}

/* Room for it is made in the file now: there is nobody to tell later that there is none. */
static status_t page_for_writing(struct fs *fs, struct node *node, uint64_t badge, uint64_t at)
{
	uint64_t left = node->attr->size - at;
	status_t status = pages_read(fs, node, at, PAGE_SIZE);

	if (status == OK)
		status = bytes_write(fs, node, at, left < PAGE_SIZE ? left : PAGE_SIZE);
	if (status != OK)
		return status;
	node->attr->modified = node->attr->changed = fs_now(fs);
	status = node_changed(fs, node, FS_CHANGED_TIMES);
	node->paging.granted = true;
	paging_later(fs);
	return status == OK ? pages_give(fs, badge, PAGER_GRANT, at, PAGE_SIZE) : status;
}

static status_t page_request(struct fs *fs, uint64_t badge, uint64_t at, uint64_t access)
{
	struct open_file file;
	status_t status = open_file_of(fs, badge, &file);

	if (status != OK)
		return status;
	if (!(file.state->mode & STATE_FILE_MEMORY) || at % PAGE_SIZE)
		return ERR_PROTOCOL;
	if (at >= file.node->attr->size)
		return ERR_RANGE;
	if (access == MAP_WRITE && fs->read_only)
		return ERR_READ_ONLY;
	if (fs->pages_supplied >= fs->pages_max)
		pages_reclaim(fs);
	for (unsigned attempt = 0;; attempt++) {
		if (access == MAP_WRITE)
			status = page_for_writing(fs, file.node, badge, at);
		else
			status = page_for_reading(fs, file.node, badge, at);
		if (status != ERR_NO_MEMORY || attempt)
			return status;
		pages_reclaim(fs);
	}
}

status_t paging_call(void *ctx, struct ipc_request *rq)
{
	struct fs *fs = ctx;

	if (MSG_LABEL(rq->msg.info) != MSG_LABEL_PAGE)
		return ipc_request_finish(rq, ERR_NO_SYSCALL, 0);
	change_begin(fs);
	status_t status = page_request(fs, rq->msg.badge, rq->msg.w[0], rq->msg.w[1]);
	change_end(fs);
	rq->msg = (struct ipc_msg){.info = MSG_INFO(status == OK ? FAULT_RESUME : 0, 0, 0)};
	return OK;
}

/* ---- the object's life ----------------------------------------------------------------------------------- */

void paging_prepare(struct fs *fs)
{
	struct quota_info quota;

	fs->pages_max = SUPPLY_DEFAULT;
	if (quota_info(HANDLE_NONE, &quota) == OK)
		fs->pages_max = (uint32_t)(quota.limit.mem_bytes / 4 / PAGE_SIZE);
}

void paging_adopt(struct fs *fs, struct node *node, uint32_t place)
{
	fs->paged_files++;
	node->paging.place = place + 1;
	node->paging.granted = true; /* for all that is known */
	paging_later(fs);
}

status_t paging_memory(struct fs *fs, const struct open_file *file, uint64_t end, handle_t *memory)
{
	struct node *node = file->node;
	uint32_t rights = RIGHTS_MAPPED;

	if (file->state->mode & FILE_MODE_WRITE)
		rights |= RIGHT_VMO_WRITE;
	if (end < node->attr->size)
		end = node->attr->size;
	if (node->paging.place)
		return pager_vmo(fs->endpoint, badge_of(fs, node), page_ceil(end), rights, memory);
	return open_file_memory(fs, node, file->view, page_ceil(end), rights, memory);
}

status_t paging_gone(struct fs *fs, struct node *node, uint64_t badge)
{
	if (node) {
		change_begin(fs);
		(void)paging_copy_back(fs, node, 0,
				       EVERYTHING); /* an error has been told to whoever synced, if anybody did */
		change_end(fs);
	}
	status_t status = pager_op(fs->endpoint, badge, PAGER_DROP, 0, 0, NULL);
	if (status == ERR_BUSY)
		return status;
	if (node) {
		node->paging = (struct node_paging){0};
		fs->paged_files--;
	}
	return OK;
}
