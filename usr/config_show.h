/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration that runs, in the language of ietd.conf: what config.c
 * reads and apply.c makes again.
 */
#ifndef IET_USR_CONFIG_SHOW_H
#define IET_USR_CONFIG_SHOW_H

#include "admin_msg.h"
#include "report.h"

/**
 * config_show - write down what there is
 * @secrets: with the secrets of accounts; those that came from files of their
 *	own are named by these in any case
 * @out: gets the lines of a file, each behind "line "; without a secret the
 *	line of its account is one that config_load() refuses, so that nobody
 *	gets a target without accounts from it
 * @r: gets a warning for what can't be written in this language, which is in
 *	@out as a comment or as a line that config_load() refuses
 *
 * Return: 0, or a negative errno with the reason in @r
 */
int config_show(bool secrets, struct admin_msg *out, struct report *r);

#endif /* IET_USR_CONFIG_SHOW_H */
