/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a rule for faults may say, as text: tables of parameters, for the rules
 * of the module (ietadm_fault.c) and for those of the daemon (login_fault.h).
 */
#ifndef IET_USR_FAULT_KEY_H
#define IET_USR_FAULT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* a word for a number; a table of them ends with NULL */
struct fault_word {
	const char *name;
	uint32_t val;
};

/**
 * struct fault_key - something that a rule may say
 * @name: as in --params
 * @attr: its number
 * @at: where it is in the rule
 * @size: room for a text
 * @words: what a number may be, NULL: any number
 * @or_number: or a number
 * @parse: reads a value; 0, or -EINVAL
 * @print: prints a value
 */
struct fault_key {
	const char *name;
	int attr;
	size_t at;
	size_t size;
	const struct fault_word *words;
	bool or_number;
	int (*parse)(const struct fault_key *k, void *rule, const char *text);
	void (*print)(const struct fault_key *k, const void *rule, FILE *out);
};

/* where, and of which type: a row of the table */
#define FAULT_NUMBER(n, a, type, member, w, or)                               \
	{                                                                     \
		.name = (n), .attr = (a), .at = offsetof(type, member),       \
		.words = (w), .or_number = (or), .parse = fault_number_parse, \
		.print = fault_number_print                                   \
	}
#define FAULT_CHANCE(n, a, type, member)                                 \
	{                                                                \
		.name = (n), .attr = (a), .at = offsetof(type, member),  \
		.parse = fault_chance_parse, .print = fault_chance_print \
	}
#define FAULT_TEXT(n, a, type, member)                                  \
	{                                                               \
		.name = (n), .attr = (a), .at = offsetof(type, member), \
		.size = sizeof(((type *)0)->member),                    \
		.parse = fault_text_parse, .print = fault_text_print    \
	}

/**
 * fault_word_find - look a word up
 * @w: table, or NULL
 * @name: word, in any case
 *
 * Return: its row, or NULL
 */
const struct fault_word *fault_word_find(const struct fault_word *w,
					 const char *name);

/**
 * fault_word_of - the word for a number
 * @w: table, or NULL
 * @val: the number
 *
 * Return: the word, or NULL
 */
const char *fault_word_of(const struct fault_word *w, uint32_t val);

/* a number of 32 bits, or a word of the table for one */
int fault_number_parse(const struct fault_key *k, void *rule, const char *text);
void fault_number_print(const struct fault_key *k, const void *rule, FILE *out);

/* percent, with up to four decimals: kept in millionths */
int fault_chance_parse(const struct fault_key *k, void *rule, const char *text);
void fault_chance_print(const struct fault_key *k, const void *rule, FILE *out);

/* a text that is kept as it is given, and is not empty */
int fault_text_parse(const struct fault_key *k, void *rule, const char *text);
void fault_text_print(const struct fault_key *k, const void *rule, FILE *out);

/**
 * fault_key_find - look a parameter up
 * @keys: table
 * @nr: its rows
 * @name: of the parameter, in any case
 *
 * Return: its row, or NULL
 */
const struct fault_key *fault_key_find(const struct fault_key *keys, size_t nr,
				       const char *name);

#endif /* IET_USR_FAULT_KEY_H */
