/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at a configuration file, without a module or a daemon.
 */
#ifndef IET_USR_CONFIG_CHECK_H
#define IET_USR_CONFIG_CHECK_H

#include <stdio.h>

/**
 * config_check - say what is wrong with a configuration file
 * @path: the file
 * @out: gets a line for each error and warning, or one that there is none
 *
 * Whether disks can be opened is not looked at.
 *
 * Return: 0, -EINVAL if the file has errors, or a negative errno if it can't
 * be read
 */
int config_check(const char *path, FILE *out);

#endif /* IET_USR_CONFIG_CHECK_H */
