/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers of a target and the session keys it offers: one table of
 * names, attributes, ranges and defaults for ietd.conf and ietadm.
 */
#ifndef IET_USR_PARAMS_H
#define IET_USR_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

enum param_space {
	PARAM_TARGET, /* attr is an IET_T_* */
	PARAM_KEY, /* attr is an IET_K_* */
};

enum param_kind {
	PARAM_NUMBER,
	PARAM_BOOL, /* Yes, No */
	PARAM_DIGEST, /* list of None, CRC32C */
	PARAM_ALUA, /* asymmetric access state; kept if the file says none */
};

struct param {
	const char *name;
	enum param_space space;
	enum param_kind kind;
	int attr;
	uint32_t min;
	uint32_t max;
	uint32_t def;
	/* too much is a wish that the maximum serves best, not a mistake */
	bool clamp;
};

/* long enough for every value in words and for every reason */
#define PARAM_TEXT_MAX 160

/* in the order in which ietadm shows them */
extern const struct param params[];
extern const size_t nr_params;

/**
 * param_find - look a name up
 * @name: name in any case
 *
 * Return: the parameter, or NULL if there is none of that name
 */
const struct param *param_find(const char *name);

/**
 * param_parse - turn a value in words into a number
 * @p: parameter
 * @text: value: a number (decimal, 0x..., 0...), Yes or No, or digests
 * @val: the value
 * @reason: why not, or what was done about it
 *
 * Return: 0; 1 if @val is not quite what @text asks for, see @reason; -EINVAL
 * if @text is no value of @p
 */
int param_parse(const struct param *p, const char *text, uint32_t *val,
		char reason[PARAM_TEXT_MAX]);

/**
 * param_print - turn a number into words
 * @p: parameter
 * @val: its value
 * @text: the words, as ietd.conf has them
 */
void param_print(const struct param *p, uint32_t val,
		 char text[PARAM_TEXT_MAX]);

/**
 * param_set - put a value into a target, marked as set
 * @p: parameter
 * @t: target
 * @val: value
 */
void param_set(const struct param *p, struct kernel_target *t, uint32_t val);

/**
 * param_get - take a value out of a target
 * @p: parameter
 * @t: target
 * @val: the value, if it is set
 *
 * Return: whether the value is set
 */
bool param_get(const struct param *p, const struct kernel_target *t,
	       uint32_t *val);

/**
 * param_limit - largest value that the module takes
 * @p: parameter
 * @info: limits of the module
 *
 * Return: the module's limit, or the table's where the module has none
 */
uint32_t param_limit(const struct param *p, const struct kernel_info *info);

/**
 * param_number - read an unsigned number that fills the whole text
 * @text: digits (decimal, 0x..., 0...)
 * @max: largest value
 * @val: the number
 *
 * Return: 0, -EINVAL if @text is no number, -ERANGE if it is above @max
 */
int param_number(const char *text, uint64_t max, uint64_t *val);

/**
 * param_redirect - let a target send initiators elsewhere
 * @t: target
 * @address: ADDR[:PORT], an IPv6 address in brackets; "" = nowhere
 * @flags: IET_REDIRECT_...
 *
 * Return: 0, -EINVAL if this is no address, -E2BIG if it is too long
 */
int param_redirect(struct kernel_target *t, const char *address,
		   uint32_t flags);

#endif /* IET_USR_PARAMS_H */
