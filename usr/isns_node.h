/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our targets as the iSNS server has, or shall have, them; and the
 * initiators that it shows to each.
 */
#ifndef IET_USR_ISNS_NODE_H
#define IET_USR_ISNS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "iet_netlink.h"
#include "iscsi_proto.h"

/* initiators of one target; a server that shows more is out of its mind */
#define ISNS_INITIATORS_MAX 65536

/**
 * struct isns_names - a set of iSCSI names
 * @name: sorted, without regard to case
 * @nr: how many
 */
struct isns_names {
	char **name;
	size_t nr;
};

/**
 * struct isns_node - a target
 * @link: in the list of all
 * @name: its iSCSI name
 * @alias: its alias, "" = none
 * @present: the module has it
 * @registered: the server has it, with its alias
 * @scn: the server tells us of changes that concern it, or never will
 * @doubt: or has it?  The server shall be asked
 * @refused: the server does not want it; not to be tried again soon
 * @known: @initiators is what the server has said, at whatever time
 * @stale: and it may have changed since
 * @step: which question about them comes next
 * @initiators: who has a discovery domain in common with it
 * @found: those of an answer that is not whole yet
 */
struct isns_node {
	TAILQ_ENTRY(isns_node) link;
	char name[ISCSI_NAME_MAX + 1];
	char alias[IET_ALIAS_LEN + 1];
	bool present;
	bool registered;
	bool scn;
	bool doubt;
	bool refused;
	bool known;
	bool stale;
	unsigned int step;
	struct isns_names initiators;
	struct isns_names found;
};

TAILQ_HEAD(isns_node_list, isns_node);

/* all of them, in the order in which they came */
extern struct isns_node_list isns_nodes;

/**
 * isns_node_find - find a target
 * @name: its name, in any case
 *
 * Return: the node or NULL
 */
struct isns_node *isns_node_find(const char *name);

/**
 * isns_node_see - a target is there
 * @name: its name
 * @alias: its alias, "" = none
 *
 * Makes its node if it is new.
 *
 * Return: 0 or -ENOMEM
 */
int isns_node_see(const char *name, const char *alias);

/**
 * isns_node_forget - remove a node
 * @n: the node
 */
void isns_node_forget(struct isns_node *n);

/**
 * isns_node_found - the server shows an initiator to a target
 * @n: the target
 * @initiator: its name
 *
 * Return: 0, -ENOMEM, or -E2BIG
 */
int isns_node_found(struct isns_node *n, const char *initiator);

/**
 * isns_node_take_found - these are all
 * @n: the target, now @known
 */
void isns_node_take_found(struct isns_node *n);

/**
 * isns_node_drop_found - begin anew to ask for the initiators
 * @n: the target
 */
void isns_node_drop_found(struct isns_node *n);

/**
 * isns_node_shows - does the server show an initiator to a target?
 * @n: the target, @known
 * @initiator: name, in any case
 *
 * Return: true if so
 */
bool isns_node_shows(const struct isns_node *n, const char *initiator);

#endif /* IET_USR_ISNS_NODE_H */
