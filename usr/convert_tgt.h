/* SPDX-License-Identifier: GPL-2.0-only */
/* tgt's configuration, as iet-convert reads it. */
#ifndef IET_USR_CONVERT_TGT_H
#define IET_USR_CONVERT_TGT_H

#include "convert.h"

/**
 * conv_tgt_lex - read targets.conf and what it includes
 * @c: the conversion; the root gets what is in the files
 * @path: the file
 *
 * Return: 0, or -1 after an error
 */
int conv_tgt_lex(struct conv *c, const char *path);

#endif /* IET_USR_CONVERT_TGT_H */
