/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files: the table in the state memory, and what hangs on it. A badge says its place; it is good while the place holds
 * the same badge. What the kernel says of a badge's last handle is how they are closed.
 */
#include <string.h>

#include "fs/lib/internal.h"
#include "sys/lib/syscall.h"

#define HANDLE_RIGHTS (RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)

static bool is_ticket(uint64_t badge)
{
	return badge & STATE_BADGE_TICKET;
}

/* ---- views -------------------------------------------------------------------------------------- */

static void view_put(struct fs *fs, uint32_t view)
{
	if (--fs->view_users[view] == 0)
		fs->state->views[view].id = 0;
}

/* Seldom: when vfs has handed out a directory to a view that is new here. */
static status_t view_bring(struct fs *fs, const struct state_view *view, uint32_t *out)
{
	uint32_t place = UINT32_MAX;

	if (view->id == 0 || view->group_count > STATE_GROUPS_MAX)
		return ERR_PROTOCOL;
	for (uint32_t i = 0; i < fs->state->views_top; i++) {
		if (fs->state->views[i].id == view->id) {
			fs->view_users[i]++;
			*out = i;
			return OK;
		}
		if (fs->state->views[i].id == 0 && place == UINT32_MAX)
			place = i;
	}
	if (place == UINT32_MAX && fs->state->views_top == STATE_VIEWS_MAX)
		return ERR_NO_MEMORY;
	if (place == UINT32_MAX)
		place = fs->state->views_top++;
	struct state_view *copy = &fs->state->views[place];
	uint64_t id = view->id;

	*copy = *view;
	copy->id = 0;
	__atomic_store_n(&copy->id, id, __ATOMIC_RELEASE);
	fs->view_users[place] = 1;
	*out = place;
	return OK;
}

static void open_fill(struct fs *fs, uint32_t place, uint64_t badge, struct node *node)
{
	node->opens++;
	fs->open[place] = (struct open_entry){
		.badge = badge, .node = node, .view = &fs->state->views[fs->state->files[place].view]};
}

/* ---- tickets ------------------------------------------------------------------------------------ */

static status_t ticket_node(struct fs *fs, const struct state_ticket *ticket, struct node **out)
{
	uint64_t inode = ticket->inode;
	status_t status = OK;
	bool inside;

	if (ticket->kind == STATE_TICKET_ROOT) {
		*out = fs->root;
		return OK;
	}
	status = node_get(fs, inode, out);
	if (status != OK)
		return status;
	if ((*out)->attr->kind != FILE_KIND_DIRECTORY ||
	    (ticket->generation && ticket->generation != (*out)->attr->generation))
		return ERR_NOT_FOUND;
	if (ticket->kind != STATE_TICKET_ABOVE)
		return OK;
	/* As `..` goes: not out of the view's root. */
	if (ticket->view.root == (*out)->inode || *out == fs->root)
		return OK;
	status = fs->ops->parent(fs, *out, &inode);
	if (status == OK)
		status = node_get(fs, inode, out);
	if (status == OK && ticket->view.root != 0) {
		struct node *root;

		status = node_get(fs, ticket->view.root, &root);
		if (status == OK)
			status = node_below(fs, *out, root, &inside);
		if (status == OK && !inside)
			status = ERR_NOT_FOUND;
	}
	return status;
}

/* The first call through what vfs handed out. */
static status_t ticket_take(struct fs *fs, uint64_t badge, uint32_t place)
{
	/* vfs may be writing other tickets, never this one. */
	const struct state_ticket *ticket = &fs->state->tickets[place - STATE_FILES_MAX];
	struct state_file *file = &fs->state->files[place];
	struct node *node;
	uint32_t view;

	if (__atomic_load_n(&ticket->state, __ATOMIC_ACQUIRE) != STATE_TICKET_ISSUED || ticket->badge != badge)
		return ERR_HANDLE;
	status_t status = ticket_node(fs, ticket, &node);
	if (status == OK)
		status = view_bring(fs, &ticket->view, &view);
	if (status != OK)
		return status;
	*file = (struct state_file){.inode = node->inode,
				    .generation = node->attr->generation,
				    .mode = FILE_MODE_PATH | FILE_MODE_DIRECTORY,
				    .kind = FILE_KIND_DIRECTORY,
				    .view = view};
	__atomic_store_n(&file->badge, badge, __ATOMIC_RELEASE);
	open_fill(fs, place, badge, node);
	return OK;
}

/* ---- open files ----------------------------------------------------------------------------------- */

/* A directory of vfs's that nobody has called through yet; or one that is lost; or nothing at all. */
status_t open_file_seldom(struct fs *fs, uint64_t badge, struct open_file *out)
{
	uint32_t place = open_file_place(badge);
	status_t status = ERR_HANDLE;

	if (place == UINT32_MAX || badge == 0)
		return ERR_HANDLE;
	if (fs->state->files[place].badge == badge)
		return ERR_IO;
	if (is_ticket(badge))
		status = ticket_take(fs, badge, place);
	return status == OK ? open_file_of(fs, badge, out) : status;
}

static uint32_t place_take(struct fs *fs)
{
	uint32_t place = fs->open_free;

	if (place != UINT32_MAX) {
		fs->open_free = fs->open_next[place];
		return place;
	}
	if (fs->open_top == STATE_FILES_MAX)
		return UINT32_MAX;
	fs->state->files_top = fs->open_top + 1;
	return fs->open_top++;
}

static void place_give(struct fs *fs, uint32_t place)
{
	fs->open_next[place] = fs->open_free;
	fs->open_free = place;
}

/* With the badge it is there, for this instance and the next. */
static void place_fill(struct fs *fs, uint32_t place, uint64_t badge, struct node *node, uint32_t mode, uint32_t view)
{
	struct state_file *file = &fs->state->files[place];

	file->inode = node->inode;
	file->generation = node->attr->generation;
	file->position = 0;
	file->mode = mode;
	file->view = view;
	file->kind = node->attr->kind;
	__atomic_store_n(&file->badge, badge, __ATOMIC_RELEASE);
	open_fill(fs, place, badge, node);
	fs->open_count++;
	fs->view_users[view]++;
}

status_t open_file_make(struct fs *fs, struct node *node, uint32_t mode, uint32_t view, handle_t *out)
{
	uint32_t place = place_take(fs);

	if (place == UINT32_MAX)
		return ERR_NO_MEMORY;
	uint64_t badge = STATE_BADGE(++fs->state->serial, place);
	/* First the handle: should this process end here, the kernel reports a badge that the next one does not know. */
	status_t status = endpoint_mint(fs->endpoint, badge, HANDLE_RIGHTS, out);
	if (status != OK) {
		place_give(fs, place);
		return status;
	}
	place_fill(fs, place, badge, node, mode, view);
	return OK;
}

status_t open_file_memory(struct fs *fs, struct node *node, const struct state_view *view, uint64_t size,
			  uint32_t rights, handle_t *out)
{
	uint32_t place = place_take(fs);

	if (place == UINT32_MAX)
		return ERR_NO_MEMORY;
	uint64_t badge = STATE_BADGE(++fs->state->serial, place);
	status_t status = pager_vmo(fs->endpoint, badge, size, rights, out);
	if (status != OK) {
		place_give(fs, place);
		return status;
	}
	place_fill(fs, place, badge, node, STATE_FILE_MEMORY, (uint32_t)(view - fs->state->views));
	paging_adopt(fs, node, place);
	return OK;
}

static inline void ticket_give(struct fs *fs, uint32_t place, uint64_t badge)
{
	struct state_ticket *ticket = &fs->state->tickets[place - STATE_FILES_MAX];

	if (ticket->badge == badge)
		__atomic_store_n(&ticket->state, STATE_TICKET_FREE, __ATOMIC_RELEASE);
}

/* What no lock is on any more; lost: there is no node. */
static inline __attribute__((always_inline)) void place_close(struct fs *fs, uint32_t place, uint64_t badge, bool lost)
{
	struct state_file *file = &fs->state->files[place];
	struct open_entry *entry = &fs->open[place];
	struct node *node = entry->node;
	uint32_t view = file->view;

	file->badge = 0;
	*entry = (struct open_entry){0};
	if (is_ticket(badge)) {
		ticket_give(fs, place, badge);
	} else {
		place_give(fs, place);
		fs->open_count--;
	}
	if (lost)
		return;
	view_put(fs, view);
	if (--node->opens == 0 && node->attr->links == 0)
		node_settle(fs, node);
}

static __attribute__((noinline)) void file_close_seldom(struct fs *fs, uint32_t place, uint64_t badge)
{
	struct state_file *file = &fs->state->files[place];
	bool lost = file->mode & STATE_FILE_LOST;

	/* What a wrong files_top hid is in the state but not open. */
	if (file->badge == badge && (lost || fs->open[place].badge == badge)) {
		struct node *node = fs->open[place].node;

		if (file->mode & STATE_FILE_MEMORY && paging_gone(fs, node, badge) == ERR_BUSY)
			return; /* somebody mapped it again */
		if (!lost) {
			locks_forget(fs, file, node);
			if (node->made)
				made_forget(fs, badge);
			if (node->fifo)
				fifo_closed(fs, file, place, node);
		}
		place_close(fs, place, badge, lost);
	} else if (is_ticket(badge)) {
		ticket_give(fs, place, badge); /* handed out, never called through */
	}
}

static __attribute__((noinline)) void file_close(struct fs *fs, uint64_t badge)
{
	uint32_t place = open_file_place(badge);

	if (place == UINT32_MAX)
		return;
	struct node *node = fs->open[place].node;

	/* Open here, not lost, and nothing hangs on it: one that is open has its badge in the state as well. */
	if (__builtin_expect(badge != 0 && fs->open[place].badge == badge && !fs->waiters &&
				     !((node->lock ^ LOCK_NONE) | node->paging.place | node->made) && !node->fifo,
			     1))
		place_close(fs, place, badge, false);
	else
		file_close_seldom(fs, place, badge);
}

/* A badge is dropped when it has been worked off: should this process end before, the next one hears of it again. That is done with the question for
 * the next one, also if that comes much later: hearing of a badge that is no more harms nobody. But the leash is one for all instances. */
void open_files_closed(void *context)
{
	struct fs *fs = context;
	uint64_t badge;

	for (;;) {
		status_t status = endpoint_gone(fs->endpoint, GONE_KEEP | GONE_TELL | fs->closed_drop, &badge);

		if (status < OK) {
			fs->closed_drop = 0;
			return;
		}
		fs->closed_drop = GONE_DROP;
		if (__builtin_expect(badge == STATE_BADGE_LEASH, 0)) {
			server_stop(&fs->server, ERR_CLOSED);
			continue;
		}
		file_close(fs, badge);
		if (status == GONE_LAST)
			return;
	}
}

/* ---- after a restart -------------------------------------------------------------------------------- */

/* A place whose content makes no sense is lost: it stays until its handles are gone. */
static void file_restore(struct fs *fs, uint32_t place)
{
	struct state_file *file = &fs->state->files[place];
	struct node *node;

	if (open_file_place(file->badge) != place) {
		file->badge = 0;
		return;
	}
	if (!is_ticket(file->badge))
		fs->open_count++;
	if (file->mode & STATE_FILE_LOST)
		return;
	if (file->view >= fs->state->views_top || fs->state->views[file->view].id == 0 ||
	    node_get(fs, file->inode, &node) != OK || node->attr->generation != file->generation) {
		file->mode = STATE_FILE_LOST | (file->mode & STATE_FILE_MEMORY);
		return;
	}
	if (node->attr->kind == FILE_KIND_FIFO &&
	    fifo_restore(fs, file, place, node, fs->state->views[file->view].user) != OK) {
		file->mode = STATE_FILE_LOST;
		return;
	}
	open_fill(fs, place, file->badge, node);
	fs->view_users[file->view]++;
	if (file->mode & STATE_FILE_MEMORY)
		paging_adopt(fs, node, place);
}

static void views_check(struct fs *fs)
{
	for (uint32_t i = 0; i < fs->state->views_top; i++) {
		if (fs->state->views[i].group_count > STATE_GROUPS_MAX)
			fs->state->views[i].id = 0;
	}
}

static void tops_check(struct state *state)
{
	if (state->files_top > STATE_FILES_MAX)
		state->files_top = STATE_FILES_MAX;
	if (state->views_top > STATE_VIEWS_MAX)
		state->views_top = STATE_VIEWS_MAX;
	if (state->tickets_top > STATE_TICKETS_MAX)
		state->tickets_top = STATE_TICKETS_MAX;
}

status_t open_files_restore(struct fs *fs)
{
	struct state *state = fs->state;

	tops_check(state);
	views_check(fs);
	fs->open_top = 0;
	fs->open_free = UINT32_MAX;
	for (uint32_t i = 0; i < state->files_top; i++) {
		if (state->files[i].badge == 0)
			continue;
		file_restore(fs, i);
		if (state->files[i].badge != 0) {
			if (state->files[i].badge >> STATE_BADGE_INDEX_BITS > state->serial)
				state->serial = state->files[i].badge >> STATE_BADGE_INDEX_BITS;
			fs->open_top = i + 1;
		}
	}
	for (uint32_t i = STATE_FILES_MAX; i < STATE_FILES_MAX + state->tickets_top; i++) {
		if (state->files[i].badge != 0)
			file_restore(fs, i);
	}
	for (uint32_t i = fs->open_top; i-- > 0;) {
		if (state->files[i].badge == 0)
			place_give(fs, i);
	}
	for (uint32_t i = 0; i < state->views_top; i++) {
		if (fs->view_users[i] == 0)
			state->views[i].id = 0;
	}
	return OK;
}
