/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines of initiators.allow, initiators.deny and targets.allow, kept in
 * memory for as long as the files stay as they are.
 */
#ifndef IET_USR_ACL_RULES_H
#define IET_USR_ACL_RULES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct acl_line - a line of such a file
 * @target: the name of a target, or ALL
 * @items: what follows it, with a NUL behind each
 * @end: the end of @items
 * @nr: its place in the file
 * @asked: the initiator whose name was compared with it last, or NULL
 * @answer: whether one of the items fitted that
 */
struct acl_line {
	char *target;
	char *items;
	char *end;
	size_t nr;
	char *asked;
	bool answer;
};

/**
 * struct acl_found - what a file has on a target
 * @err: 0, or a negative errno if the file can't be read
 * @present: there is a file
 * @named: it names the target, in whichever line
 * @line: the line that decides, or NULL
 */
struct acl_found {
	int err;
	bool present;
	bool named;
	struct acl_line *line;
};

/**
 * acl_rules_find - look for a target in a file
 * @dir: directory
 * @name: the file in it
 * @target: name of the target, in any case
 *
 * A file that has changed is read again.  @line stays until the next call.
 *
 * Return: what there is
 */
struct acl_found acl_rules_find(const char *dir, const char *name,
				const char *target);

/**
 * acl_rules_hold - do not look for changes of the files
 * @on: from now on, or no longer
 *
 * For many questions at once.  Each file is looked at when it is first asked
 * for.
 */
void acl_rules_hold(bool on);

/**
 * acl_rules_forget - forget all files
 */
void acl_rules_forget(void);

#endif /* IET_USR_ACL_RULES_H */
