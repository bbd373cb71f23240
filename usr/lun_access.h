/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which initiator may do what with which logical unit of a target: the
 * LunAccess lines of the configuration file.
 */
#ifndef IET_USR_LUN_ACCESS_H
#define IET_USR_LUN_ACCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kernel.h"

#define LUN_ACCESS_REASON_MAX 192

/**
 * struct lun_rule - one range of a line
 * @next: the next, in the order of the file
 * @rule: what it is about, and the access
 * @who: the initiator, an item as in initiators.allow
 */
struct lun_rule {
	struct lun_rule *next;
	struct kernel_lun_rule rule;
	char who[];
};

/**
 * struct lun_access - a target with such lines
 * @next: the next target
 * @name: its name
 * @rules: of all its lines
 * @nr: how many
 */
struct lun_access {
	struct lun_access *next;
	char name[ISCSI_NAME_MAX + 1];
	struct lun_rule *rules;
	unsigned int nr;
};

/**
 * lun_access_parse - read a line
 * @who: item as in initiators.allow
 * @luns: "all", "none" or "0,2-5"; is changed
 * @how: "rw", "ro" or NULL, which is rw
 * @a: gets the rules
 * @reason: why not
 *
 * Return: 0, -EINVAL or -ENOMEM
 */
int lun_access_parse(const char *who, char *luns, const char *how,
		     struct lun_access *a, char reason[LUN_ACCESS_REASON_MAX]);

/**
 * lun_access_replace - say what the rules are from now on
 * @all: the targets that have any; belongs to us from now on
 *
 * Sessions are told what has changed for them.
 */
void lun_access_replace(struct lun_access *all);

/**
 * lun_access_of - the rules of a target
 * @target: its name
 *
 * Return: the first of them, or NULL if there are none: everything
 */
const struct lun_rule *lun_access_of(const char *target);

/**
 * lun_rule_print - a rule as in the configuration file, without its keyword
 * @r: the rule
 * @out: where to, without a newline
 *
 * Rules that follow each other and differ in the LUNs only are one line.
 *
 * Return: the first rule that has not been printed, or NULL
 */
const struct lun_rule *lun_rule_print(const struct lun_rule *r, FILE *out);

/**
 * lun_access_map - what an initiator may do
 * @target: name of the target
 * @initiator: InitiatorName
 * @peer: its address
 * @map: the map
 *
 * Return: false if the target has no rules: everything
 */
bool lun_access_map(const char *target, const char *initiator,
		    const struct sockaddr *peer, struct kernel_lun_map *map);

/**
 * lun_access_update - let a session have the rules that there are now
 * @target: name of its target
 * @s: the session, with the map that it has
 * @peer: address of its initiator
 */
void lun_access_update(const char *target, const struct kernel_session *s,
		       const struct sockaddr *peer);

/**
 * lun_access_free - free targets and their rules
 * @all: the targets, or NULL
 */
void lun_access_free(struct lun_access *all);

#endif /* IET_USR_LUN_ACCESS_H */
