/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files whose bytes are made when they are read. What was made for an open file is kept until it has been read to its end, so that a reader who
 * takes it in pieces sees one state of things; reading from the beginning makes it anew. There is room for a number of them: whoever
 * waits longest between two pieces is the first to find a later state.
 */
#include <stdlib.h>

#include "fs/lib/internal.h"

#define KEPT_MAX       64u
#define KEPT_BYTES_MAX (512 * 1024ul)

struct made {
	struct made *next; /* read longer ago */
	uint64_t badge;    /* of the open file */
	struct fs_text text;
};

static void made_free(struct fs *fs, struct made **at)
{
	struct made *m = *at;

	*at = m->next;
	fs->made_count--;
	fs->made_bytes -= m->text.room;
	fs_text_free(&m->text);
	free(m);
}

static struct made **made_find(struct fs *fs, uint64_t badge)
{
	struct made **at = &fs->made;

	while (*at && (*at)->badge != badge)
		at = &(*at)->next;
	return at;
}

void made_forget(struct fs *fs, uint64_t badge)
{
	struct made **at = made_find(fs, badge);

	if (*at)
		made_free(fs, at);
}

static void made_room(struct fs *fs, size_t bytes)
{
	while (fs->made && (fs->made_count >= KEPT_MAX || fs->made_bytes + bytes > KEPT_BYTES_MAX)) {
		struct made **last = &fs->made;

		while ((*last)->next)
			last = &(*last)->next;
		made_free(fs, last);
	}
}

static status_t made_make(struct fs *fs, const struct open_file *file, uint64_t badge, struct made **out)
{
	struct made *m = calloc(1, sizeof(*m));
	status_t status;

	if (!m)
		return ERR_NO_MEMORY;
	status = fs->ops->make(fs, file->node, file->view, &m->text);
	if (status == OK)
		status = m->text.status;
	if (status != OK) {
		fs_text_free(&m->text);
		free(m);
		return status;
	}
	made_room(fs, m->text.room);
	m->badge = badge;
	m->next = fs->made;
	fs->made = m;
	fs->made_count++;
	fs->made_bytes += m->text.room;
	*out = m;
	return OK;
}

status_t made_read(struct fs *fs, const struct open_file *file, uint64_t badge, uint64_t from, const struct fs_io *io,
		   size_t len, uint64_t *count)
{
	struct made **at = made_find(fs, badge), *m = *at;
	status_t status = OK;

	if (m && from == 0) {
		made_free(fs, at);
		m = NULL;
	}
	if (!m) {
		status = made_make(fs, file, badge, &m);
	} else {
		*at = m->next;
		m->next = fs->made;
		fs->made = m;
	}
	if (status != OK)
		return status;
	if (from >= m->text.len) {
		made_free(fs, &fs->made);
		return OK;
	}
	if (len > m->text.len - from)
		len = m->text.len - from;
	*count = len;
	return fs_io_put(io, 0, m->text.data + from, len);
}
