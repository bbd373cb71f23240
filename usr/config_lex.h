/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines and words of the configuration file.
 *
 * A directive is one line; a backslash at its end makes it go on in the next
 * one.  A '#' at the beginning of a word ends the line.  The last line needs
 * no newline.
 */
#ifndef IET_USR_CONFIG_LEX_H
#define IET_USR_CONFIG_LEX_H

#include <stddef.h>

struct lexer {
	char *text; /* whole file, cut up by the reading */
	size_t len;
	char *next; /* where the next line begins */
	unsigned int nr; /* lines of the file read so far */
	unsigned int line; /* where the directive began */
};

/**
 * lex_open - read a whole file
 * @lx: lexer
 * @path: file
 * @mode: its permission bits
 *
 * Return: 0, -EFBIG if it is too large, -EISDIR, or another negative errno
 */
int lex_open(struct lexer *lx, const char *path, unsigned int *mode);

/**
 * lex_close - wipe and free the text
 * @lx: lexer
 */
void lex_close(struct lexer *lx);

/**
 * lex_line - the next directive
 * @lx: lexer; @lx->line tells where it is
 *
 * Skips empty lines and comments.
 *
 * Return: text without leading blanks, valid until lex_close(), or NULL at
 * the end of the file
 */
char *lex_line(struct lexer *lx);

/**
 * lex_word - take the next word of a directive
 * @rest: what is left of the directive
 *
 * Return: the word, or NULL at its end or at a comment
 */
char *lex_word(char **rest);

/**
 * lex_secret - take the next word, which may begin with '#'
 * @rest: what is left of the directive
 *
 * Return: the word, or NULL at its end
 */
char *lex_secret(char **rest);

/**
 * lex_rest - take all the words up to a comment
 * @rest: what is left of the directive
 *
 * Return: the words without blanks before and after, or NULL if there are
 * none
 */
char *lex_rest(char **rest);

#endif /* IET_USR_CONFIG_LEX_H */
