/* SPDX-License-Identifier: GPL-2.0-only */
/* Logical units of a configuration file that are one disk. */
#ifndef IET_USR_CONFIG_SHARE_H
#define IET_USR_CONFIG_SHARE_H

#include "config.h"

/**
 * config_share - find the logical units that have the same path
 * @config: complete, with its logical units checked each by itself
 * @r: gets a line for each contradiction
 *
 * Their identity by default is that of the first of them in the file.
 */
void config_share(struct config *config, struct report *r);

#endif /* IET_USR_CONFIG_SHARE_H */
