// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations in a state file: see pr_image.h.
 *
 * A header and the registrations, numbers big-endian.  PRGENERATION is not
 * among it: a power cut sets it to zero (SPC-4 6.15.2).
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "pr_image.h"

#define VERSION 1
#define HEADER 8
#define AT_TYPE 1
#define AT_NR 2 /* u16: registrations */
#define AT_HOLDER 4 /* u16: which of them holds it */
#define NO_HOLDER 0xffff

/* a registration; the two names follow, without NUL */
#define REG 12
#define REG_AT_KEY 0
#define REG_AT_TARGET_PORT 8
#define REG_AT_PORT_LEN 10 /* u8 */
#define REG_AT_TARGET_LEN 11 /* u8 */

/**
 * iet_pr_image_size() - how much is there to be kept?
 * @pr: state of a logical unit
 *
 * Return: bytes; 0: nothing is to survive
 */
u32 iet_pr_image_size(const struct iet_pr *pr)
{
	const struct iet_pr_reg *reg;
	u32 size = HEADER;

	if (!pr->aptpl)
		return 0;
	list_for_each_entry(reg, &pr->regs.list, node)
		size += REG + strlen(reg->port) + strlen(reg->target);
	return size;
}

static u8 *put_name(u8 *p, const char *name)
{
	size_t len = strlen(name);

	memcpy(p, name, len);
	return p + len;
}

/**
 * iet_pr_image_make() - put it in a form that can be kept
 * @pr: state of a logical unit
 * @buf: room for iet_pr_image_size() bytes
 */
void iet_pr_image_make(const struct iet_pr *pr, u8 *buf)
{
	const struct iet_pr_reg *reg;
	u16 holder = NO_HOLDER, nr = 0;
	u8 *p = buf + HEADER;

	list_for_each_entry(reg, &pr->regs.list, node) {
		if (pr->holder == reg)
			holder = nr;
		nr++;
		put_unaligned_be64(reg->key, p + REG_AT_KEY);
		put_unaligned_be16(reg->target_port, p + REG_AT_TARGET_PORT);
		p[REG_AT_PORT_LEN] = strlen(reg->port);
		p[REG_AT_TARGET_LEN] = strlen(reg->target);
		p = put_name(p + REG, reg->port);
		p = put_name(p, reg->target);
	}
	memset(buf, 0, HEADER);
	buf[0] = VERSION;
	buf[AT_TYPE] = pr->type;
	put_unaligned_be16(nr, buf + AT_NR);
	put_unaligned_be16(holder, buf + AT_HOLDER);
}

static bool get_name(char *name, size_t room, const u8 *p, u8 len)
{
	if (!len || len >= room || memchr(p, 0, len))
		return false;
	memcpy(name, p, len);
	name[len] = 0;
	return true;
}

/* Returns the bytes used, or a negative errno. */
static int read_reg(struct iet_pr *pr, const u8 *p, u32 room, gfp_t gfp)
{
	char port[IET_PORT_NAME_MAX], target[IET_PR_TARGET_MAX];
	struct iet_pr_reg *reg;
	u8 port_len, target_len;

	if (room < REG)
		return -EILSEQ;
	port_len = p[REG_AT_PORT_LEN];
	target_len = p[REG_AT_TARGET_LEN];
	if (room < REG + port_len + target_len ||
	    !get_unaligned_be64(p + REG_AT_KEY) ||
	    !get_name(port, sizeof(port), p + REG, port_len) ||
	    !get_name(target, sizeof(target), p + REG + port_len, target_len))
		return -EILSEQ;
	reg = iet_pr_reg_new(port, target,
			     get_unaligned_be16(p + REG_AT_TARGET_PORT), gfp);
	if (!reg)
		return -ENOMEM;
	reg->key = get_unaligned_be64(p + REG_AT_KEY);
	if (!iet_pr_regs_add(&pr->regs, reg)) {
		kfree(reg);
		return -EILSEQ;
	}
	return REG + port_len + target_len;
}

static int read_all(struct iet_pr *pr, const u8 *buf, u32 len, gfp_t gfp)
{
	u32 holder, nr, off = HEADER, i;

	if (len < HEADER || buf[0] != VERSION)
		return -EILSEQ;
	nr = get_unaligned_be16(buf + AT_NR);
	holder = get_unaligned_be16(buf + AT_HOLDER);
	if (nr > IET_PR_MAX_REGS)
		return -EILSEQ;
	for (i = 0; i < nr; i++) {
		int n = read_reg(pr, buf + off, len - off, gfp);

		if (n < 0)
			return n;
		off += n;
		if (holder == i)
			pr->holder = list_last_entry(&pr->regs.list,
						     struct iet_pr_reg, node);
	}
	pr->aptpl = true;
	pr->type = buf[AT_TYPE];
	if (off != len || (holder != NO_HOLDER && !pr->holder) ||
	    !iet_pr_consistent(pr))
		return -EILSEQ;
	return 0;
}

/**
 * iet_pr_image_read() - take it up again
 * @pr: gets it; initialized
 * @buf: what iet_pr_image_make() has made, and a checksum has passed
 * @len: its length, bytes
 * @gfp: for the registrations
 *
 * Return: 0; -ENOMEM; -EILSEQ: this can't be.  Then @pr is as it was.
 */
int iet_pr_image_read(struct iet_pr *pr, const u8 *buf, u32 len, gfp_t gfp)
{
	int err = read_all(pr, buf, len, gfp);

	if (err) {
		iet_pr_regs_free(&pr->regs);
		iet_pr_init(pr);
	}
	return err;
}
