/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration of another target as iet-convert reads it, whatever its
 * syntax: words with a value, or with more words below them.  Each remembers
 * where it stands, and whether anybody has looked at it: what nobody has is
 * not dropped in silence.
 */
#ifndef IET_USR_CONVERT_TREE_H
#define IET_USR_CONVERT_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* deeper than any of the formats goes */
#define CONV_DEPTH_MAX 32

struct conv_node {
	struct conv_node *parent;
	struct conv_node *next;
	struct conv_node *child;
	struct conv_node **end; /* of the children */
	const char *file;
	unsigned int line;
	unsigned int depth;
	bool used;
	bool block; /* may have children */
	char *name; /* "": an element of a list */
	char *value; /* "" if there is none */
};

/**
 * conv_checked - end the program if there is no memory
 * @memory: what an allocation has returned
 *
 * Return: @memory
 */
void *conv_checked(void *memory);

/**
 * conv_strndup - copy a part of a text
 * @text: the text
 * @len: bytes
 *
 * Return: the copy; the program ends if there is no memory
 */
char *conv_strndup(const char *text, size_t len);

/**
 * conv_node_add - add a word below another
 * @parent: the other; its file counts for the new one, too
 * @line: where it stands
 * @name: owned by the node from now on
 * @value: as well, or NULL
 *
 * Return: the new node, the last of its parent's; the program ends if there is
 * no memory
 */
struct conv_node *conv_node_add(struct conv_node *parent, unsigned int line,
				char *name, char *value);

/**
 * conv_node_clear - free what is below a node, and wipe it
 * @node: stays, without a child
 */
void conv_node_clear(struct conv_node *node);

/**
 * conv_next - look for a word
 * @parent: below this
 * @prev: after this, or NULL
 * @name: the word
 *
 * Return: the node, which counts as looked at, or NULL
 */
struct conv_node *conv_next(struct conv_node *parent, struct conv_node *prev,
			    const char *name);

/**
 * conv_find - look for the first word of a name
 * @parent: below this
 * @name: the word
 *
 * Others of the name are left, as nobody has looked at them.
 *
 * Return: as conv_next()
 */
struct conv_node *conv_find(struct conv_node *parent, const char *name);

/**
 * conv_ignore - look at all below a node
 * @node: the node
 *
 * For what was said about as a whole.
 */
void conv_ignore(struct conv_node *node);

#endif /* IET_USR_CONVERT_TREE_H */
