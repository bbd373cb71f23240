/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iSCSI text: key=value pairs, each ended by a NUL (RFC 7143 section 6.1).
 */
#ifndef IET_USR_TEXT_H
#define IET_USR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_KEY_MAX 63
/* a value, unless its key says otherwise; 6.1 */
#define TEXT_VALUE_MAX 255
/* binary values (CHAP) have up to 1024 bytes: 12.1.3 */
#define TEXT_BINARY_MAX 1024
/* what a value may be on the wire: a binary one in hex, with its 0x */
#define TEXT_ENCODED_MAX (2 + 2 * TEXT_BINARY_MAX)

/**
 * struct text_buf - bytes that grow
 * @data: the bytes, not NUL-terminated as a whole; NULL if empty
 * @len: how many
 * @size: allocated
 * @max: never grow beyond this many bytes
 * @failed: something did not fit, the content is not complete
 */
struct text_buf {
	char *data;
	size_t len;
	size_t size;
	size_t max;
	bool failed;
};

/**
 * text_init - make an empty buffer
 * @b: buffer
 * @max: bytes it may grow to
 */
void text_init(struct text_buf *b, size_t max);

/**
 * text_free - wipe and free what a buffer holds; it is empty then
 * @b: buffer
 */
void text_free(struct text_buf *b);

/**
 * text_append - add bytes as they are
 * @b: buffer
 * @data: the bytes
 * @len: how many
 *
 * Return: 0, or -ENOMEM if @max or the memory is exhausted; @b->failed keeps
 * this in mind, so that a caller may look once after many calls
 */
int text_append(struct text_buf *b, const void *data, size_t len);

/**
 * text_add - add a pair
 * @b: buffer
 * @key: name
 * @fmt: its value, as in printf()
 *
 * Return: as text_append()
 */
int text_add(struct text_buf *b, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * text_add_binary - add a pair whose value is binary, in hex
 * @b: buffer
 * @key: name
 * @data: value
 * @len: bytes of it, at most %TEXT_BINARY_MAX
 *
 * Return: as text_append()
 */
int text_add_binary(struct text_buf *b, const char *key, const void *data,
		    size_t len);

/**
 * text_next - take the next pair out of a complete text
 * @pos: where to go on, updated; start with the first byte of the text
 * @end: behind the last byte
 * @key: the key; NULL at the end of the text
 * @value: the value
 *
 * The text is changed in place: the '=' of each pair becomes a NUL.
 *
 * Return: 0, or -EINVAL: no NUL at the end, no '=', a key that is no
 * standard-label, a key or value that is too long
 */
int text_next(char **pos, char *end, const char **key, const char **value);

/**
 * text_number - read a numerical value (6.1: decimal or hex constant)
 * @value: the value
 * @num: the number
 *
 * Return: 0, or -EINVAL if it is no number or does not fit
 */
int text_number(const char *value, uint64_t *num);

/**
 * text_binary - read a binary value (6.1: 0x hex, 0b base64, or a number)
 * @value: the value
 * @data: the bytes
 * @size: room at @data
 * @len: how many bytes there are
 *
 * Return: 0, or -EINVAL if it is not such a value or does not fit
 */
int text_binary(const char *value, uint8_t *data, size_t size, size_t *len);

/**
 * text_list_has - is a word in a list of values?
 * @list: comma separated
 * @word: to look for
 *
 * Return: true if it is
 */
bool text_list_has(const char *list, const char *word);

/**
 * text_list_next - walk through a list of values
 * @pos: where to go on, updated; start with the list
 * @len: length of the word
 *
 * Return: the next word (not NUL-terminated, may be empty), or NULL
 */
const char *text_list_next(const char **pos, size_t *len);

#endif /* IET_USR_TEXT_H */
