/* SPDX-License-Identifier: BSD-2-Clause */
/* Circular doubly linked lists with the node inside of the element. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert(struct list *node, struct list *before)
{
	node->next = before;
	node->prev = before->prev;
	before->prev->next = node;
	before->prev = node;
}

static inline void list_push_back(struct list *l, struct list *node)
{
	list_insert(node, l);
}

static inline void list_push_front(struct list *l, struct list *node)
{
	list_insert(node, l->next);
}

/* Leaves the node pointing at itself, so a second removal is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
}

#define list_for_each(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
