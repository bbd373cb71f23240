/* SPDX-License-Identifier: GPL-2.0-only */
/* SCST's configuration, as iet-convert reads it. */
#ifndef IET_USR_CONVERT_SCST_H
#define IET_USR_CONVERT_SCST_H

#include "convert.h"

/**
 * conv_scst_lex - read scst.conf
 * @c: the conversion; the root gets what is in the file
 * @path: the file
 *
 * Return: 0, or -1 after an error
 */
int conv_scst_lex(struct conv *c, const char *path);

#endif /* IET_USR_CONVERT_SCST_H */
