/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON (RFC 8259) for iet-convert: with the lines, which libraries forget. */
#ifndef IET_USR_CONVERT_JSON_H
#define IET_USR_CONVERT_JSON_H

#include "convert.h"

/**
 * conv_json_read - read a file
 * @c: the conversion; the root gets the members of the object that it is
 * @path: the file
 *
 * A member is a node of its name, an element of an array one without.  Numbers
 * and words are as they are written, null has no value, strings are UTF-8.
 *
 * Return: 0, or -1 after an error
 */
int conv_json_read(struct conv *c, const char *path);

#endif /* IET_USR_CONVERT_JSON_H */
