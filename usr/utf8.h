/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text of others: is it UTF-8, and is it fit to be printed?
 */
#ifndef IET_USR_UTF8_H
#define IET_USR_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * utf8_len - length of a character (RFC 3629 section 4)
 * @p: its first byte, of a text that ends with a NUL
 *
 * Return: its bytes, 1 to 4, or 0 if it is none
 */
size_t utf8_len(const unsigned char *p);

/**
 * utf8_is_printable - may it go to a log or a terminal?
 * @p: a character
 * @len: its bytes, as utf8_len() says
 *
 * Return: false for control characters and what is no character
 */
bool utf8_is_printable(const unsigned char *p, size_t len);

#endif /* IET_USR_UTF8_H */
