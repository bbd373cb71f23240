/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration file, as it is written: what the administrator asks for,
 * with the lines that say so.  doc/ietd.conf.5 has the language.
 */
#ifndef IET_USR_CONFIG_H
#define IET_USR_CONFIG_H

#include <stdbool.h>

#include "account.h"
#include "kernel.h"
#include "lun_access.h"
#include "report.h"
#include "target_portal.h"

struct config_target;

struct config_lun {
	struct config_lun *next;
	unsigned int line;
	const struct config_target *target;
	struct config_lun *first; /* in the file, with the same path, if any */
	bool shared; /* there are others with the same path */
	struct kernel_lun lun; /* what is given is marked as set */
};

struct config_account {
	struct config_account *next;
	unsigned int line;
	struct account account;
};

struct config_target {
	struct config_target *next;
	unsigned int line;
	struct kernel_target target; /* what is given is marked as set */
	unsigned int target_line[IET_T_MAX + 1];
	unsigned int key_line[IET_K_MAX + 1];
	struct config_lun *luns;
	struct config_account *accounts;
	struct target_portals *portals; /* NULL: all addresses */
	struct lun_access *access; /* NULL: everybody may do everything */
};

struct config {
	char *path;
	struct config_target *targets; /* in the order of the file */
	struct config_account *accounts; /* of discovery */
	char isns_server[256]; /* "" = none */
	bool isns_access_control;
	unsigned int login_rate; /* logins of an address in a second, 0 = any */
};

/**
 * config_load - read and check a configuration file
 * @path: the file
 * @config: the result, to be freed with config_free(); NULL on failure
 * @r: gets a line for everything that is wrong, not for the first only
 *
 * Applies nothing.
 *
 * Return: 0, -EINVAL if the file has errors, or a negative errno if it can't
 * be read
 */
int config_load(const char *path, struct config **config, struct report *r);

/**
 * config_free - free a configuration and wipe its secrets
 * @config: the configuration, or NULL
 */
void config_free(struct config *config);

#endif /* IET_USR_CONFIG_H */
