/* SPDX-License-Identifier: BSD-2-Clause */
/* Treap by split and merge, without recursion: the kernel stack is small. */
#include "kernel/lib/treap.h"

static uint32_t weight_next(void)
{
	/* xorshift32 (Marsaglia 2003): balance needs spread, not secrecy. */
	static uint32_t s = 2463534242u;

	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	return s;
}

static bool before(const struct treap_node *a, const struct treap_node *b)
{
	return a->key < b->key || (a->key == b->key && (uintptr_t)a < (uintptr_t)b);
}

void treap_insert(struct treap *t, struct treap_node *n)
{
	struct treap_node **link = &t->root;

	n->weight = weight_next();
	while (*link && (*link)->weight >= n->weight)
		link = before(n, *link) ? &(*link)->left : &(*link)->right;
	struct treap_node *rest = *link;
	struct treap_node **less = &n->left, **more = &n->right;

	*link = n;
	n->in_tree = true;
	while (rest) {
		if (before(rest, n)) {
			*less = rest;
			less = &rest->right;
			rest = rest->right;
		} else {
			*more = rest;
			more = &rest->left;
			rest = rest->left;
		}
	}
	*less = *more = NULL;
}

void treap_remove(struct treap *t, struct treap_node *n)
{
	struct treap_node **link = &t->root;

	while (*link != n)
		link = before(n, *link) ? &(*link)->left : &(*link)->right;
	struct treap_node *a = n->left, *b = n->right;
	while (a && b) {
		if (a->weight >= b->weight) {
			*link = a;
			link = &a->right;
			a = a->right;
		} else {
			*link = b;
			link = &b->left;
			b = b->left;
		}
	}
	*link = a ? a : b;
	n->in_tree = false;
}

struct treap_node *treap_first(const struct treap *t)
{
	struct treap_node *n = t->root;

	while (n && n->left)
		n = n->left;
	return n;
}

struct treap_node *treap_floor(const struct treap *t, uint64_t key)
{
	struct treap_node *best = NULL;

	for (struct treap_node *n = t->root; n;) {
		if (n->key <= key) {
			best = n;
			n = n->right;
		} else {
			n = n->left;
		}
	}
	return best;
}

struct treap_node *treap_ceiling(const struct treap *t, uint64_t key)
{
	struct treap_node *best = NULL;

	for (struct treap_node *n = t->root; n;) {
		if (n->key >= key) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}
