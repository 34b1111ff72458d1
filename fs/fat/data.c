/* SPDX-License-Identifier: BSD-2-Clause */
/* Contents of FAT files: where they lie, and bytes between there and the caller. */
#include <stdlib.h>
#include <string.h>

#include "fs/fat/fat_internal.h"

/* ---- where they lie --------------------------------------------------------------------------------------------------- */

void fat_runs_drop(struct fat_node *node)
{
	free(node->runs);
	node->runs = NULL;
	node->run_count = node->run_room = node->run_last = node->mapped = 0;
	node->mapped_all = false;
}

static uint32_t last_cluster(const struct fat_node *node)
{
	const struct fat_run *r = &node->runs[node->run_count - 1];

	return r->cluster + r->count - 1;
}

static status_t runs_append(struct fat_node *node, uint32_t cluster)
{
	if (node->run_count && cluster == last_cluster(node) + 1) {
		node->runs[node->run_count - 1].count++;
		node->mapped++;
		return OK;
	}
	if (node->run_count == node->run_room) {
		uint32_t room = node->run_room ? 2 * node->run_room : 4;
		struct fat_run *runs = realloc(node->runs, room * sizeof(*runs));

		if (!runs)
			return ERR_NO_MEMORY;
		node->runs = runs;
		node->run_room = room;
	}
	node->runs[node->run_count++] = (struct fat_run){node->mapped++, cluster, 1};
	return OK;
}

/* The file keeps its first `count` clusters. */
static void runs_cut(struct fat_node *node, uint32_t count)
{
	while (node->run_count && node->runs[node->run_count - 1].index >= count)
		node->run_count--;
	if (node->run_count) {
		struct fat_run *r = &node->runs[node->run_count - 1];

		if (r->count > count - r->index)
			r->count = count - r->index;
	}
	node->run_last = 0;
	if (node->mapped > count)
		node->mapped = count;
}

/* Follows the chain until `count` clusters are known or it ends. A ring ends when all of the volume's clusters have been seen. */
static status_t map(struct fat *f, struct fat_node *node, uint32_t count)
{
	while (node->mapped < count && !node->mapped_all) {
		DWORD next = node->run_count ? fatfs_link(&f->fs, last_cluster(node)) : node->cluster;

		if (!node->run_count && !next) {
			node->mapped_all = true;
			break;
		}
		if (next == 0xffffffff || next < 2 || node->mapped >= f->fs.n_fatent)
			return ERR_IO;
		if (next >= f->fs.n_fatent) {
			if (!node->run_count)
				return ERR_IO;
			node->mapped_all = true;
			break;
		}
		status_t status = runs_append(node, next);
		if (status != OK)
			return status;
	}
	return OK;
}

/* The run that has the file's cluster `index`, which is known */
static const struct fat_run *run_find(struct fat_node *node, uint32_t index)
{
	uint32_t low = 0, high = node->run_count;
	const struct fat_run *r = &node->runs[node->run_last];

	if (index >= r->index && index - r->index < r->count)
		return r;
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (node->runs[middle].index <= index)
			low = middle;
		else
			high = middle;
	}
	node->run_last = low;
	return &node->runs[low];
}

static uint32_t clusters_for(const struct fat *f, uint64_t size)
{
	return (uint32_t)((size + f->cluster_bytes - 1) / f->cluster_bytes);
}

uint64_t fat_allocated(struct fat *f, const struct fat_node *node)
{
	return node->directory ? f->cluster_bytes : (uint64_t)clusters_for(f, node->size) * f->cluster_bytes;
}

/* Bytes on the disk that belong to the file from `offset` on */
struct extent {
	uint64_t at, length;
};

static status_t extent_find(struct fat *f, struct fat_node *node, uint64_t offset, struct extent *e)
{
	uint32_t index = (uint32_t)(offset / f->cluster_bytes), within = (uint32_t)(offset % f->cluster_bytes);

	if (index >= node->mapped) {
		/* some more at once: the rest of a run is then one extent */
		uint32_t want = index + 64 < clusters_for(f, node->size) ? index + 64 : index + 1;
		status_t status = map(f, node, want);

		if (status != OK)
			return status;
		if (index >= node->mapped)
			return ERR_IO; /* the chain is shorter than the file */
	}
	const struct fat_run *r = run_find(node, index);
	LBA_t sector = fatfs_sector(&f->fs, r->cluster + (index - r->index));
	if (!sector)
		return ERR_IO;
	e->at = (uint64_t)sector * f->sector_bytes + within;
	e->length = (uint64_t)(r->count - (index - r->index)) * f->cluster_bytes - within;
	return OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

status_t fat_read(struct fat *f, struct fat_node *node, uint64_t offset, size_t length, void *context, fat_copy_t copy)
{
	uint64_t done = 0;

	while (done < length) {
		struct extent e;
		status_t status = extent_find(f, node, offset + done, &e);

		if (status != OK)
			return status;
		if (e.length > length - done)
			e.length = length - done;
		uint64_t first = e.at >> CACHE_PAGE_SHIFT, last = (e.at + e.length - 1) >> CACHE_PAGE_SHIFT;
		const struct fat_run *r = run_find(node, (uint32_t)((offset + done) / f->cluster_bytes));
		uint64_t end = (uint64_t)fatfs_sector(&f->fs, r->cluster) * f->sector_bytes +
			       (uint64_t)r->count * f->cluster_bytes;
		cache_read_ahead(f->cache, &node->ahead, first, last - first + 1, end >> CACHE_PAGE_SHIFT);
		if (last > first && !cache_find(f->cache, first))
			(void)cache_prefetch(f->cache, first, last - first + 1);
		for (uint64_t number = first; number <= last; number++) {
			uint32_t start = number == first ? e.at & (CACHE_PAGE_SIZE - 1) : 0,
				 n = CACHE_PAGE_SIZE - start;
			struct cache_page *p;

			if (n > length - done)
				n = (uint32_t)(length - done);
			if (n > e.length)
				n = (uint32_t)e.length;
			status = cache_get(f->cache, number, &p);
			if (status != OK)
				return status;
			status = copy(context, done, p->data + start, n);
			cache_put(f->cache, p);
			if (status != OK)
				return status;
			done += n;
			e.length -= n;
		}
	}
	return OK;
}

/* ---- growing ------------------------------------------------------------------------------------------------------------- */

static DWORD allocate(struct fat *f, DWORD after)
{
	DWORD cluster = fatfs_allocate(&f->fs, after);

	/* What has been removed is free after a sync. */
	if (!cluster && f->chain_count && fat_sync(f, NULL, false) == OK)
		cluster = fatfs_allocate(&f->fs, after);
	return cluster;
}

/* A power cut may have left clusters behind the file's end, and in FAT12, whose links may lie in two sectors, half a link, which
 * leads into some other file. Both are left behind. */
static status_t distrust_end(struct fat *f, struct fat_node *node)
{
	uint32_t keep = clusters_for(f, node->size);
	status_t status = map(f, node, keep);

	if (status != OK || node->mapped < keep || node->mapped_all)
		return status;
	runs_cut(node, keep);
	node->mapped_all = true;
	if (!keep)
		node->cluster = 0;
	else if (fatfs_link(&f->fs, last_cluster(node)) < f->fs.n_fatent)
		status = fat_status(fatfs_link_set(&f->fs, last_cluster(node), 0xffffffff));
	return status;
}

/* The file has so many clusters, or as many as there are. */
static status_t grow(struct fat *f, struct fat_node *node, uint32_t count)
{
	status_t status = OK;

	if (node->cut == f->syncs)
		status = fat_sync(f, NULL, false);
	if (status == OK && f->was_marked && !node->trusted)
		status = distrust_end(f, node);
	node->trusted = status == OK;
	if (status == OK)
		status = map(f, node, count);
	while (status == OK && node->mapped < count) {
		DWORD cluster = allocate(f, node->run_count ? last_cluster(node) : 0);

		if (cluster < 2 || cluster >= f->fs.n_fatent)
			return fat_allocate_status(cluster);
		if (!node->run_count)
			node->cluster = cluster;
		status = runs_append(node, cluster);
		if (status != OK) {
			/* It is linked already: follow the chain again when it is asked for. */
			fat_runs_drop(node);
			break;
		}
		node->mapped_all = true;
	}
	return status;
}

/* The page as it is to be changed. What is behind the file's end need not be read, if nobody else's bytes are in the page. */
static status_t page_for_write(struct fat *f, struct fat_node *node, const struct extent *e, uint64_t offset,
			       uint32_t start, uint32_t n, struct cache_page **page)
{
	uint64_t number = e->at >> CACHE_PAGE_SHIFT;
	bool whole = n == CACHE_PAGE_SIZE;
	bool behind = offset >= start && offset - start >= node->size && e->length >= CACHE_PAGE_SIZE - start &&
		      offset % f->cluster_bytes >= start;
	status_t status = whole || behind ? cache_get_new(f->cache, number, page) : cache_get(f->cache, number, page);

	if (status != OK)
		return status;
	status = cache_modify(f->cache, page, &node->owner);
	if (status != OK)
		cache_put(f->cache, *page);
	return status;
}

/* copy NULL: zeroes */
static status_t put(struct fat *f, struct fat_node *node, uint64_t offset, uint64_t length, void *context,
		    fat_copy_t copy, uint64_t *done)
{
	*done = 0;
	while (*done < length) {
		struct extent e;
		struct cache_page *p;
		status_t status = extent_find(f, node, offset + *done, &e);

		if (status != OK)
			return status;
		uint32_t start = e.at & (CACHE_PAGE_SIZE - 1), n = CACHE_PAGE_SIZE - start;
		if (n > length - *done)
			n = (uint32_t)(length - *done);
		if (n > e.length)
			n = (uint32_t)e.length;
		status = page_for_write(f, node, &e, offset + *done, start, n, &p);
		if (status != OK)
			return status;
		if (copy)
			status = copy(context, *done, p->data + start, n);
		else
			memset(p->data + start, 0, n);
		cache_put(f->cache, p);
		if (status != OK)
			return status;
		*done += n;
		if (offset + *done > node->size) {
			node->size = offset + *done;
			fat_node_change(f, node, false);
		}
	}
	return OK;
}

static status_t extend(struct fat *f, struct fat_node *node, uint64_t size)
{
	uint64_t done;

	return put(f, node, node->size, size - node->size, NULL, NULL, &done);
}

/* Gives up the clusters that the size does not need. */
static status_t shrink(struct fat *f, struct fat_node *node)
{
	uint32_t keep = clusters_for(f, node->size);

	if (node->mapped <= keep)
		return OK;
	const struct fat_run *r = run_find(node, keep);
	uint32_t start = r->cluster + (keep - r->index);
	runs_cut(node, keep);
	status_t status = fat_chain_give_up(f, node->cluster, start, keep ? last_cluster(node) : 0);
	if (status != OK) {
		fat_runs_drop(node); /* as they still are */
		return status;
	}
	node->mapped_all = true;
	if (keep) {
		node->cut = f->syncs;
	} else {
		/* A sync on the way may have stored it, and it will be others'. */
		node->cluster = 0;
		fat_node_change(f, node, false);
	}
	return OK;
}

/* A disk that is full gives what it has. */
static status_t write_part(struct fat *f, struct fat_node *node, uint64_t offset, uint64_t length, void *context,
			   fat_copy_t copy, uint64_t *done)
{
	status_t status = offset + length > node->size ? grow(f, node, clusters_for(f, offset + length)) : OK;

	if (status == ERR_NO_SPACE) {
		uint64_t room = (uint64_t)node->mapped * f->cluster_bytes;

		if (room <= offset)
			return status;
		length = room - offset < length ? room - offset : length;
		status = OK;
	}
	if (status == OK && offset > node->size)
		status = extend(f, node, offset);
	return status == OK ? put(f, node, offset, length, context, copy, done) : status;
}

status_t fat_write(struct fat *f, struct fat_node *node, uint64_t offset, size_t length, void *context, fat_copy_t copy,
		   size_t *done)
{
	uint64_t written = 0, size = node->size;
	status_t status = fat_begin(f);

	*done = 0;
	if (status != OK || !length)
		return status;
	if (offset >= FAT_SIZE_MAX || length > FAT_SIZE_MAX - offset)
		return ERR_TOO_BIG;
	status = write_part(f, node, offset, length, context, copy, &written);
	*done = (size_t)written;
	if (!written && node->size > size)
		node->size = size; /* zeroes up to where nothing came */
	if (status != OK)
		(void)shrink(f, node);
	if (written) {
		node->modified = f->now();
		fat_node_change(f, node, true);
	}
	return status;
}

static status_t lengthen(struct fat *f, struct fat_node *node, uint64_t size)
{
	uint64_t old = node->size;
	status_t status = grow(f, node, clusters_for(f, size));

	if (status == OK)
		status = extend(f, node, size);
	if (status != OK) {
		node->size = old;
		(void)shrink(f, node);
	}
	return status;
}

status_t fat_truncate(struct fat *f, struct fat_node *node, uint64_t size)
{
	status_t status = fat_begin(f);

	if (status == OK && size > FAT_SIZE_MAX)
		status = ERR_TOO_BIG;
	if (status == OK)
		status = size > node->size ? lengthen(f, node, size) : map(f, node, clusters_for(f, size) + 1);
	if (status != OK)
		return status;
	if (size < node->size) {
		uint64_t old = node->size;

		node->size = size;
		status = shrink(f, node);
		if (status != OK) {
			node->size = old;
			return status;
		}
	}
	node->modified = f->now();
	fat_node_change(f, node, false);
	return OK;
}
