// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "convert_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *conv_checked(void *memory)
{
	if (!memory) {
		fputs("iet-convert: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

char *conv_strndup(const char *text, size_t len)
{
	return conv_checked(strndup(text, len));
}

struct conv_node *conv_node_add(struct conv_node *parent, unsigned int line,
				char *name, char *value)
{
	struct conv_node *node = conv_checked(calloc(1, sizeof(*node)));

	node->parent = parent;
	node->file = parent->file;
	node->line = line;
	node->depth = parent->depth + 1;
	node->name = name;
	node->value = value ? value : conv_strndup("", 0);
	node->end = &node->child;
	if (!parent->end)
		parent->end = &parent->child;
	*parent->end = node;
	parent->end = &node->next;
	return node;
}

static void wipe(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

/* as deep as the readers go, CONV_DEPTH_MAX */
void conv_node_clear(struct conv_node *node)
{
	struct conv_node *child, *next;

	for (child = node->child; child; child = next) {
		next = child->next;
		conv_node_clear(child);
		wipe(child->name);
		wipe(child->value);
		free(child);
	}
	node->child = NULL;
	node->end = &node->child;
}

struct conv_node *conv_next(struct conv_node *parent, struct conv_node *prev,
			    const char *name)
{
	struct conv_node *node = prev ? prev->next : parent->child;

	while (node && strcmp(node->name, name))
		node = node->next;
	if (node)
		node->used = true;
	return node;
}

struct conv_node *conv_find(struct conv_node *parent, const char *name)
{
	return conv_next(parent, NULL, name);
}

void conv_ignore(struct conv_node *node)
{
	struct conv_node *child;

	node->used = true;
	for (child = node->child; child; child = child->next)
		conv_ignore(child);
}
