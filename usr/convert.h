/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iet-convert: the configuration of another target, in ietd.conf's words.
 * Here is what the readers of all those configurations have in common: they
 * make a tree of nodes, then say what is in it by these functions, which
 * write lines that ietd takes.
 */
#ifndef IET_USR_CONVERT_H
#define IET_USR_CONVERT_H

#include <stdarg.h>
#include <stdio.h>

#include "config_lex.h"
#include "convert_tree.h"
#include "kernel.h"
#include "report.h"

struct conv_medium;

struct conv {
	struct report report;
	struct conv_node root;
	FILE *conf; /* what ietd.conf is to hold */
	FILE *allow; /* what initiators.allow is to hold */
	char *conf_text;
	char *allow_text;
	size_t conf_len;
	size_t allow_len;
	bool restricted; /* initiators.allow keeps somebody out */
	bool in_target;
	struct conv_medium *media; /* what is served already */
	struct conv_text *texts; /* names of files */
};

/**
 * conv_init - begin
 * @c: the conversion
 */
void conv_init(struct conv *c);

/**
 * conv_end - free everything and wipe its secrets
 * @c: the conversion
 */
void conv_end(struct conv *c);

/**
 * conv_finish - say what nobody has looked at, and check what was written
 * @c: the conversion; conf_text and allow_text are whole after that
 *
 * The report gets an error if ietd would not take the result.
 */
void conv_finish(struct conv *c);

/**
 * conv_warn - something is not carried over
 * @c: the conversion
 * @node: where it stands
 * @fmt: as printf(); no secrets
 */
void conv_warn(struct conv *c, const struct conv_node *node, const char *fmt,
	       ...) __attribute__((format(printf, 3, 4)));

/**
 * conv_error - the result would be worse than none
 * @c: the conversion
 * @node: where it stands
 * @fmt: as printf(); no secrets
 *
 * Return: -1
 */
int conv_error(struct conv *c, const struct conv_node *node, const char *fmt,
	       ...) __attribute__((format(printf, 3, 4)));

/**
 * conv_ignore_value - a word that means nothing here if it has this value
 * @c: the conversion
 * @parent: it is below this
 * @name: the word
 * @harmless: the values, with "|" between them
 *
 * Another value is warned of.
 */
void conv_ignore_value(struct conv *c, struct conv_node *parent,
		       const char *name, const char *harmless);

/**
 * conv_open - read a file of text
 * @c: the conversion; gets an error
 * @from: the node that names the file, or NULL
 * @path: the file
 * @lx: to be closed with lex_close()
 *
 * Return: the file's name for nodes, or NULL
 */
const char *conv_open(struct conv *c, const struct conv_node *from,
		      const char *path, struct lexer *lx);

/**
 * conv_target - begin a target
 * @c: the conversion
 * @node: where it stands
 * @name: its iSCSI name
 */
void conv_target(struct conv *c, const struct conv_node *node,
		 const char *name);

/**
 * conv_word - write a word and its value
 * @c: the conversion
 * @node: where it comes from
 * @word: of ietd.conf, of the kind that takes the rest of the line
 * @value: the value
 *
 * Warns if it can't be written; parameters are also checked.
 */
void conv_word(struct conv *c, const struct conv_node *node, const char *word,
	       const char *value);

/**
 * conv_account - write an account
 * @c: the conversion
 * @node: where it comes from
 * @word: IncomingUser or OutgoingUser
 * @user: its name
 * @secret: its secret
 * @initiator: who may be it, or NULL
 *
 * An incoming one that can't be written is an error: all could log in.
 */
void conv_account(struct conv *c, const struct conv_node *node,
		  const char *word, const char *user, const char *secret,
		  const char *initiator);

/**
 * conv_allow_begin - begin the line of a target in initiators.allow
 * @c: the conversion
 * @name: of the target, or "ALL"
 */
void conv_allow_begin(struct conv *c, const char *name);

/**
 * conv_allow_item - let initiators use the target
 * @c: the conversion
 * @node: where it comes from
 * @item: as initiators.allow has it; NULL for all
 *
 * Warns of what is no item, and keeps those initiators out.
 *
 * Return: true if there is one more now
 */
bool conv_allow_item(struct conv *c, const struct conv_node *node,
		     const char *item);

/**
 * conv_allow_end - end the line
 * @c: the conversion
 */
void conv_allow_end(struct conv *c);

/**
 * conv_access - write a LunAccess line
 * @c: the conversion
 * @node: where it comes from
 * @item: the initiator, as initiators.allow has it
 * @luns: and the rest of the line
 *
 * Warns if there is no such item.  A target has to have one such line at least
 * then, so one for nobody takes its place.
 */
void conv_access(struct conv *c, const struct conv_node *node, const char *item,
		 const char *luns);

/* what an initiator may do with each LUN */
enum conv_how {
	CONV_NONE,
	CONV_RW,
	CONV_RO,
};

struct conv_mask {
	unsigned char how[IET_LUN_MAX + 1]; /* enum conv_how */
};

/**
 * conv_mask - write LunAccess lines for what there is in a mask
 * @c: the conversion
 * @node: where it comes from
 * @item: the initiator, as initiators.allow has it
 * @mask: its LUNs; writes nothing if there are none
 *
 * A target takes 256 ranges of LUNs, so these are as long as they can be.
 */
void conv_mask(struct conv *c, const struct conv_node *node, const char *item,
	       const struct conv_mask *mask);

/* a logical unit in the making */
struct conv_lun {
	const struct conv_node *node;
	FILE *args;
	char *text;
	size_t len;
	size_t column;
};

/**
 * conv_lun_begin - begin a logical unit
 * @l: the unit
 * @node: where it comes from
 */
void conv_lun_begin(struct conv_lun *l, const struct conv_node *node);

/**
 * conv_lun_set - say something of it
 * @c: the conversion
 * @l: the unit
 * @node: where that comes from
 * @key: argument of Lun
 * @fmt: its value, as printf(); "": none
 *
 * Warns if it can't be written; blanks around it go.
 *
 * Return: true if it was
 */
bool conv_lun_set(struct conv *c, struct conv_lun *l,
		  const struct conv_node *node, const char *key,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/**
 * conv_lun_end - write it
 * @c: the conversion
 * @l: the unit; is freed
 * @number: its LUN
 *
 * Return: true if it was written; there was a warning otherwise
 */
bool conv_lun_end(struct conv *c, struct conv_lun *l, uint64_t number);

/**
 * conv_lun_drop - don't write it
 * @l: the unit; is freed
 */
void conv_lun_drop(struct conv_lun *l);

/**
 * conv_media_free - forget what is served already
 * @c: the conversion
 */
void conv_media_free(struct conv *c);

/* the readers: 0, or -1 after an error in the report */
int conv_read_tgt(struct conv *c, const char *path);
int conv_read_lio(struct conv *c, const char *path);
int conv_read_scst(struct conv *c, const char *path);

#endif /* IET_USR_CONVERT_H */
