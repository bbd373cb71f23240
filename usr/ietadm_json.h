/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing JSON (RFC 8259): what a program prints for other programs to read.
 */
#ifndef IET_USR_IETADM_JSON_H
#define IET_USR_IETADM_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - a text that is being written
 * @out: where to
 * @more: the next thing is not the first of its object or array
 */
struct json {
	FILE *out;
	bool more;
};

/**
 * json_open - begin an object or an array
 * @j: the text
 * @key: its name in the object around it, NULL: it has none
 * @bracket: "{" or "["
 */
void json_open(struct json *j, const char *key, const char *bracket);

/**
 * json_close - end an object or an array
 * @j: the text
 * @bracket: "}" or "]"
 */
void json_close(struct json *j, const char *bracket);

/**
 * json_number - write a number
 * @j: the text
 * @key: its name, NULL in an array
 * @value: the number
 */
void json_number(struct json *j, const char *key, uint64_t value);

/**
 * json_string - write a string
 * @j: the text
 * @key: its name, NULL in an array
 * @value: the string; bytes that are not ASCII are written as if they were
 *	ISO 8859-1, so that the text is valid whatever they are
 */
void json_string(struct json *j, const char *key, const char *value);

#endif /* IET_USR_IETADM_JSON_H */
