/* SPDX-License-Identifier: BSD-2-Clause */
/* Views, and the directories that they are given. */
#include <stdlib.h>

#include "fs/vfs/vfs.h"
#include "sys/lib/ipc_stub.h"
#include "sys/lib/syscall.h"

#define HANDLE_RIGHTS  (RIGHT_EP_CALL | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO)
/* Badges of views: a place in the table and a number that never comes again; lower ones are init's (enum vfs_badge). */
#define BADGE_SERIAL   16
#define BADGE_PLACE(b) ((uint32_t)((b) & ((1u << BADGE_SERIAL) - 1)))

void views_init(struct vfs *v)
{
	v->manager = (struct view){.badge = VFS_BADGE_MANAGER, .who = {.id = VFS_BADGE_MANAGER}, .manage = true};
	v->system = (struct view){.badge = VFS_BADGE_SYSTEM, .who = {.id = VFS_BADGE_SYSTEM}};
}

struct view *view_of(struct vfs *v, uint64_t badge)
{
	uint32_t place = BADGE_PLACE(badge);

	if (badge == VFS_BADGE_MANAGER || badge == 0)
		return &v->manager;
	if (badge == VFS_BADGE_SYSTEM)
		return &v->system;
	if (place >= VIEWS_MAX || !v->views[place] || v->views[place]->badge != badge)
		return NULL;
	return v->views[place];
}

static void view_free(struct view *view)
{
	while (view->tickets) {
		struct view_ticket *ticket = view->tickets;

		view->tickets = ticket->next;
		ipc_close(ticket->handle);
		free(ticket);
	}
	ipc_close(view->root_handle);
	free(view);
}

static uint32_t place_take(struct vfs *v)
{
	for (uint32_t i = 0; i < VIEWS_MAX; i++) {
		uint32_t place = (v->view_hint + i) % VIEWS_MAX;

		if (!v->views[place]) {
			v->view_hint = place + 1;
			return place;
		}
	}
	return VIEWS_MAX;
}

status_t view_make(struct vfs *v, const struct view *like, struct view **out, handle_t *handle)
{
	uint32_t place = place_take(v);
	struct view *view = place < VIEWS_MAX ? malloc(sizeof(*view)) : NULL;
	status_t status = OK;

	if (!view)
		return ERR_NO_MEMORY;
	*view = *like;
	view->tickets = NULL;
	view->root_handle = HANDLE_NONE;
	view->badge = ++v->view_serial << BADGE_SERIAL | place;
	view->who.id = view->badge;
	if (like->root_handle != HANDLE_NONE)
		status = handle_dup(like->root_handle, RIGHTS_SAME, &view->root_handle);
	if (status == OK)
		status = endpoint_mint(v->endpoint, view->badge, HANDLE_RIGHTS, handle);
	if (status != OK) {
		view_free(view);
		return status;
	}
	v->views[place] = view;
	*out = view;
	return OK;
}

void views_closed(void *vfs)
{
	struct vfs *v = vfs;
	uint64_t badge;

	while (endpoint_gone(v->endpoint, 0, &badge) == OK) {
		uint32_t place = BADGE_PLACE(badge);

		if (place < VIEWS_MAX && v->views[place] && v->views[place]->badge == badge) {
			view_free(v->views[place]);
			v->views[place] = NULL;
		}
	}
}

bool view_reaches(struct vfs *v, const struct view *view, const struct mount *m)
{
	const struct mount *inner = NULL;

	if (m->hidden)
		return false;
	if (!view->confined)
		return true;
	for (; m && m->number != view->root_mount; m = m->parent)
		inner = m;
	if (!m)
		return false;
	if (!inner)
		return view->root_inode == m->root;
	/* Below the root of the view, not on it: the view begins under such a mount. Directories above a mount point stay where they are. */
	for (uint32_t i = 1; i < inner->above_count; i++) {
		if (inner->above[i].number == view->root_inode)
			return true;
	}
	(void)v;
	return false;
}

static void tickets_forget(struct view *view, const struct mount *m)
{
	for (struct view_ticket **at = &view->tickets; *at;) {
		struct view_ticket *ticket = *at;

		if (ticket->mount != m->number) {
			at = &ticket->next;
			continue;
		}
		*at = ticket->next;
		ipc_close(ticket->handle);
		free(ticket);
	}
}

void views_forget(struct vfs *v, const struct mount *m)
{
	tickets_forget(&v->manager, m);
	tickets_forget(&v->system, m);
	for (uint32_t i = 0; i < VIEWS_MAX; i++) {
		if (v->views[i])
			tickets_forget(v->views[i], m);
	}
}

/* ---- tickets ---------------------------------------------------------------------------------------------- */

static struct state_ticket *ticket_free(struct mount *m, uint32_t *place)
{
	for (uint32_t i = 0; i < m->tickets_top; i++) {
		*place = (m->ticket_place + i) % m->tickets_top;
		struct state_ticket *ticket = &m->shared->tickets[*place];

		if (__atomic_load_n(&ticket->state, __ATOMIC_ACQUIRE) == STATE_TICKET_FREE) {
			m->ticket_place = *place + 1;
			return ticket;
		}
	}
	if (m->tickets_top == STATE_TICKETS_MAX)
		return NULL;
	*place = m->tickets_top++;
	m->shared->tickets_top = m->tickets_top;
	return &m->shared->tickets[*place];
}

static status_t ticket_make(struct view *view, struct mount *m, enum state_ticket_kind kind, uint64_t inode,
			    uint32_t generation, handle_t *out)
{
	uint32_t place;
	struct state_ticket *ticket = ticket_free(m, &place);

	if (!ticket)
		return ERR_NO_MEMORY;
	ticket->kind = kind;
	ticket->badge = STATE_BADGE_TICKET | STATE_BADGE(++m->ticket_serial, place);
	ticket->inode = inode;
	ticket->generation = generation;
	ticket->view = view->who;
	if (view->confined) {
		ticket->view.root = view->root_mount == m->number ? view->root_inode : 0;
		ticket->view.root_generation = view->root_generation;
	} else {
		ticket->view.root = m->parent ? 0 : m->root;
	}
	__atomic_store_n(&ticket->state, STATE_TICKET_ISSUED, __ATOMIC_RELEASE);
	status_t status = endpoint_mint(m->endpoint, ticket->badge, HANDLE_RIGHTS, out);
	if (status != OK)
		__atomic_store_n(&ticket->state, STATE_TICKET_FREE, __ATOMIC_RELEASE);
	return status;
}

/* The view keeps each for the next time: all processes of a view share them. */
status_t ticket_give(struct vfs *v, struct view *view, struct mount *m, enum state_ticket_kind kind, uint64_t inode,
		     uint32_t generation, handle_t *out)
{
	struct view_ticket *ticket = view->tickets;
	status_t status;

	(void)v;
	while (ticket && (ticket->mount != m->number || ticket->kind != kind || ticket->inode != inode))
		ticket = ticket->next;
	if (!ticket) {
		ticket = malloc(sizeof(*ticket));
		if (!ticket)
			return ERR_NO_MEMORY;
		*ticket = (struct view_ticket){.next = view->tickets, .mount = m->number, .kind = kind, .inode = inode};
		status = ticket_make(view, m, kind, inode, generation, &ticket->handle);
		if (status != OK) {
			free(ticket);
			return status;
		}
		view->tickets = ticket;
	}
	return handle_dup(ticket->handle, RIGHTS_SAME, out);
}

/* ---- handles that clients show ------------------------------------------------------------------------------ */

/* One that was never called through: vfs itself has said what it is. */
static status_t place_of_ticket(struct vfs *v, struct mount *m, const struct state_ticket *ticket, struct place *out)
{
	out->mount = m;
	out->generation = 0;
	switch (ticket->kind) {
	case STATE_TICKET_ROOT: out->inode = m->root; return OK;
	case STATE_TICKET_INODE:
		out->inode = ticket->inode;
		out->generation = ticket->generation;
		return OK;
	default: break;
	}
	for (struct mount *child = v->mounts; child; child = child->next) {
		if (child->parent != m || child->above_count == 0 || child->above[0].number != ticket->inode)
			continue;
		out->inode = child->above[child->above_count > 1 && ticket->inode != ticket->view.root ? 1 : 0].number;
		return OK;
	}
	return ERR_INVALID;
}

status_t mount_open_inode(const struct mount *m, uint64_t badge, uint64_t *inode)
{
	uint32_t place = STATE_BADGE_INDEX(badge);

	if (badge == 0 || place >= (badge & STATE_BADGE_TICKET ? STATE_TICKETS_MAX : STATE_FILES_MAX))
		return ERR_NOT_FOUND;
	const struct state_file *file = &m->shared->files[badge & STATE_BADGE_TICKET ? place + STATE_FILES_MAX : place];

	*inode = 0;
	if (__atomic_load_n(&file->badge, __ATOMIC_ACQUIRE) == badge) {
		if (!(file->mode & STATE_FILE_LOST))
			*inode = file->inode;
		return OK;
	}
	/* Given out, and not used so far */
	const struct state_ticket *ticket = &m->shared->tickets[place];
	if (!(badge & STATE_BADGE_TICKET) || ticket->badge != badge || ticket->kind == STATE_TICKET_ABOVE)
		return ERR_NOT_FOUND;
	*inode = ticket->kind == STATE_TICKET_ROOT ? m->root : ticket->inode;
	return OK;
}

status_t place_of_handle(struct vfs *v, handle_t handle, struct place *out)
{
	struct handle_info info;
	status_t status = handle_info(handle, &info);
	struct mount *m;
	uint32_t place;

	if (status != OK)
		return status;
	m = info.type == OBJ_ENDPOINT && (info.rights & RIGHT_EP_CALL) ? mount_by_endpoint(v, info.koid) : NULL;
	place = STATE_BADGE_INDEX(info.badge);
	if (!m || info.badge == 0 || m->state == VFS_STATE_FAILED)
		return ERR_INVALID;
	if (info.badge & STATE_BADGE_TICKET) {
		if (place >= STATE_TICKETS_MAX)
			return ERR_INVALID;
		place += STATE_FILES_MAX;
	} else if (place >= STATE_FILES_MAX) {
		return ERR_INVALID;
	}
	/* The file system writes this: it can lie about its own files, and about nothing else. */
	const struct state_file *file = &m->shared->files[place];

	if (__atomic_load_n(&file->badge, __ATOMIC_ACQUIRE) != info.badge) {
		const struct state_ticket *ticket = place >= STATE_FILES_MAX
							    ? &m->shared->tickets[place - STATE_FILES_MAX]
							    : NULL;

		return ticket && ticket->badge == info.badge ? place_of_ticket(v, m, ticket, out) : ERR_INVALID;
	}
	if (file->mode & STATE_FILE_LOST)
		return ERR_IO;
	if (file->kind != FILE_KIND_DIRECTORY)
		return ERR_NOT_DIRECTORY;
	*out = (struct place){.mount = m, .inode = file->inode, .generation = file->generation};
	return OK;
}
