// SPDX-License-Identifier: GPL-2.0-only
/*
 * Targets and their initiators, for iSNS.
 */
#define _GNU_SOURCE
#include "isns_node.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct isns_node_list isns_nodes = TAILQ_HEAD_INITIALIZER(isns_nodes);

static void *by_name; /* a tree of the same nodes */

static int compare_nodes(const void *a, const void *b)
{
	const struct isns_node *one = a, *other = b;

	return strcasecmp(one->name, other->name);
}

struct isns_node *isns_node_find(const char *name)
{
	struct isns_node key, **found;

	if (strlen(name) >= sizeof(key.name))
		return NULL;
	snprintf(key.name, sizeof(key.name), "%s", name);
	found = tfind(&key, &by_name, compare_nodes);
	return found ? *found : NULL;
}

int isns_node_see(const char *name, const char *alias)
{
	struct isns_node *n = isns_node_find(name);

	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			return -ENOMEM;
		snprintf(n->name, sizeof(n->name), "%s", name);
		n->stale = true;
		if (!tsearch(n, &by_name, compare_nodes)) {
			free(n);
			return -ENOMEM;
		}
		TAILQ_INSERT_TAIL(&isns_nodes, n, link);
	}
	n->present = true;
	if (!strcmp(n->alias, alias))
		return 0;
	snprintf(n->alias, sizeof(n->alias), "%s", alias);
	n->registered = false;
	n->refused = false;
	return 0;
}

static void free_names(struct isns_names *names)
{
	for (size_t i = 0; i < names->nr; i++)
		free(names->name[i]);
	free(names->name);
	memset(names, 0, sizeof(*names));
}

void isns_node_forget(struct isns_node *n)
{
	tdelete(n, &by_name, compare_nodes);
	TAILQ_REMOVE(&isns_nodes, n, link);
	free_names(&n->initiators);
	free_names(&n->found);
	free(n);
}

int isns_node_found(struct isns_node *n, const char *initiator)
{
	struct isns_names *f = &n->found;
	char **name;

	if (f->nr == ISNS_INITIATORS_MAX)
		return -E2BIG;
	/* room is doubled: full at each power of two */
	if (!(f->nr & (f->nr - 1))) {
		name = reallocarray(f->name, f->nr ? f->nr * 2 : 1,
				    sizeof(*name));
		if (!name)
			return -ENOMEM;
		f->name = name;
	}
	f->name[f->nr] = strdup(initiator);
	if (!f->name[f->nr])
		return -ENOMEM;
	f->nr++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

void isns_node_take_found(struct isns_node *n)
{
	free_names(&n->initiators);
	n->initiators = n->found;
	memset(&n->found, 0, sizeof(n->found));
	if (n->initiators.nr)
		qsort(n->initiators.name, n->initiators.nr,
		      sizeof(*n->initiators.name), compare_names);
	n->known = true;
	n->step = 0;
}

void isns_node_drop_found(struct isns_node *n)
{
	free_names(&n->found);
	n->step = 0;
}

bool isns_node_shows(const struct isns_node *n, const char *initiator)
{
	return n->initiators.nr &&
	       bsearch(&initiator, n->initiators.name, n->initiators.nr,
		       sizeof(*n->initiators.name), compare_names);
}
