/* SPDX-License-Identifier: BSD-2-Clause */
/* An ordered set with the node inside of the element: a treap, O(log n) expected. Equal keys are told apart by address. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct treap_node {
	struct treap_node *left, *right;
	uint64_t key;
	uint32_t weight;
	bool in_tree;
};

struct treap {
	struct treap_node *root;
};

void treap_insert(struct treap *t, struct treap_node *n); /* key set by the caller */
void treap_remove(struct treap *t, struct treap_node *n);
struct treap_node *treap_first(const struct treap *t);
struct treap_node *treap_floor(const struct treap *t, uint64_t key);   /* greatest key <= key */
struct treap_node *treap_ceiling(const struct treap *t, uint64_t key); /* smallest key >= key */
