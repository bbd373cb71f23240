/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Properties of a logical unit, as the administrator writes them: what
 * initiators are told of the disk.
 */
#ifndef IET_USR_LUN_PROPS_H
#define IET_USR_LUN_PROPS_H

#include <stdio.h>

#include "kernel.h"
#include "lun.h"

/* room for the value of each property */
#define LUN_PROP_TEXT_MAX 64

/**
 * lun_prop_parse - read a property
 * @key: in any case
 * @val: its value
 * @p: what is given is set and marked
 * @reason: why not
 *
 * Return: 1, 0 if @key is not the name of a property, or -EINVAL
 */
int lun_prop_parse(const char *key, const char *val, struct kernel_props *p,
		   char reason[LUN_REASON_MAX]);

/**
 * lun_props_merge - change some properties
 * @p: properties
 * @given: takes the place of those in @p
 */
void lun_props_merge(struct kernel_props *p, const struct kernel_props *given);

/**
 * lun_props_check - can a disk have these properties?
 * @p: properties, each of which is right by itself
 * @block_size: of the disk in bytes, 0 = not known
 * @reason: why not
 *
 * Return: 0 or -EINVAL
 */
int lun_props_check(const struct kernel_props *p, uint32_t block_size,
		    char reason[LUN_REASON_MAX]);

/**
 * lun_props_same - are these the same properties?
 * @a: properties
 * @b: properties
 *
 * Return: whether they are
 */
bool lun_props_same(const struct kernel_props *a, const struct kernel_props *b);

/**
 * lun_props_same_unit - would initiators take it for the same logical unit?
 * @a: properties
 * @b: properties
 *
 * Return: whether the designators are the same
 */
bool lun_props_same_unit(const struct kernel_props *a,
			 const struct kernel_props *b);

/**
 * lun_prop_text - a property as the administrator writes it
 * @p: properties
 * @i: which: 0 and up, in the order in which they are printed
 * @text: its value, "" if it is by default
 *
 * Return: its keyword, or NULL if there are not so many
 */
const char *lun_prop_text(const struct kernel_props *p, size_t i,
			  char text[LUN_PROP_TEXT_MAX]);

/**
 * lun_props_print - print KEY=VALUE lines
 * @p: properties; what is by default is left out
 * @out: where to
 */
void lun_props_print(const struct kernel_props *p, FILE *out);

#endif /* IET_USR_LUN_PROPS_H */
