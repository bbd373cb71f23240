// SPDX-License-Identifier: GPL-2.0-only
/*
 * LOG SENSE, LOG SELECT (SPC-4 6.9, 6.8) and the log pages.  The error counters
 * can be set back to 0; nothing else can be set, or saved.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "param_data.h"
#include "thin.h"
#include "volume.h"

#define PAGE_WRITE_ERRORS 0x02
#define PAGE_READ_ERRORS 0x03
#define ALL_SUBPAGES 0xff
#define PC_CUMULATIVE 1

#define HEADER 4
#define PARAM_HEADER 4
#define NOT_SAVED 0x80 /* DS */
#define SPF 0x40 /* has a subpage */

/* parameter control byte: what the value is */
#define COUNTER 0x02
#define BINARY_LIST 0x03

/* error counters (SPC-4 7.3.8) */
#define ERRORS_CORRECTED 0x0003
#define ERRORS_UNCORRECTED 0x0006

/* logical block provisioning (SBC-3 6.4.4) */
#define LBP_AVAILABLE 0x0001
#define LBP_USED 0x0002
#define LBP_SHARED 0x02 /* may be used by others as well */

/**
 * struct log - a page that is being put together
 * @s: the command
 * @buf: its parameters
 * @len: bytes of them
 * @first: parameters with a smaller code are left out
 * @seen: there are any with such a code
 * @current_values: cumulative values are wanted, not thresholds or defaults
 */
struct log {
	struct iet_scmd *s;
	u8 *buf;
	u16 len;
	u16 first;
	bool seen;
	bool current_values;
};

/* Adds a parameter: returns where its value of @len bytes goes, or NULL. */
static u8 *add(struct log *l, u16 code, u8 control, u8 len)
{
	u8 *p = l->buf + l->len;

	if (code < l->first)
		return NULL;
	l->seen = true;
	put_unaligned_be16(code, p);
	p[2] = control;
	p[3] = len;
	l->len += PARAM_HEADER + len;
	return p + PARAM_HEADER;
}

static void add_counter(struct log *l, u16 code, u64 value)
{
	u8 *p = add(l, code, COUNTER, 8);

	if (p)
		put_unaligned_be64(l->current_values ? value : 0, p);
}

static void page_write_errors(struct log *l)
{
	add_counter(l, ERRORS_CORRECTED, 0);
	add_counter(l, ERRORS_UNCORRECTED,
		    atomic_read(&l->s->vol->nr_write_errors));
}

static void page_read_errors(struct log *l)
{
	add_counter(l, ERRORS_CORRECTED, 0);
	add_counter(l, ERRORS_UNCORRECTED,
		    atomic_read(&l->s->vol->nr_read_errors));
}

/* In units of what the provisioning page calls a threshold set. */
static void add_resource(struct log *l, u16 code, u64 bytes)
{
	u8 *p = add(l, code, BINARY_LIST, 8);

	if (!p)
		return;
	put_unaligned_be32(min_t(u64, bytes >> IET_THIN_SET_SHIFT, U32_MAX), p);
	p[4] = LBP_SHARED;
}

static void page_provisioning(struct log *l)
{
	u64 used, available;

	if (!iet_thin_space(l->s->vol, &used, &available))
		return;
	add_resource(l, LBP_AVAILABLE, available);
	add_resource(l, LBP_USED, used);
}

/* Nothing is ever predicted, and there is no thermometer (SPC-4 7.3.11). */
static void page_exceptions(struct log *l)
{
	u8 *p = add(l, 0, BINARY_LIST, 4);

	if (p)
		p[2] = 0xff;
}

static void page_supported(struct log *l);

static const struct {
	u8 page;
	bool thin; /* for thin provisioned units only */
	void (*fill)(struct log *l);
} pages[] = {
	{ 0x00, false, page_supported },
	{ PAGE_WRITE_ERRORS, false, page_write_errors },
	{ PAGE_READ_ERRORS, false, page_read_errors },
	{ 0x0c, true, page_provisioning },
	{ 0x2f, false, page_exceptions },
};

static bool has_page(const struct iet_scmd *s, unsigned int i)
{
	return !pages[i].thin || s->vol->thin;
}

/* A list of pages, or of pages and subpages: of the latter there is but this */
static void page_supported(struct log *l)
{
	bool subpages = l->s->cdb[3] == ALL_SUBPAGES;
	unsigned int i;

	l->seen = true;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!has_page(l->s, i))
			continue;
		l->buf[l->len++] = pages[i].page;
		if (subpages)
			l->buf[l->len++] = 0;
		if (subpages && !pages[i].page) {
			l->buf[l->len++] = 0;
			l->buf[l->len++] = ALL_SUBPAGES;
		}
	}
}

static int find_page(const struct iet_scmd *s)
{
	u8 page = s->cdb[2] & 0x3f, subpage = s->cdb[3];
	unsigned int i;

	if (subpage && (page || subpage != ALL_SUBPAGES))
		return -1;
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i].page == page && has_page(s, i))
			return i;
	return -1;
}

static int build(struct iet_scmd *s, u8 *buf, int page)
{
	struct log l = {
		.s = s,
		.buf = buf + HEADER,
		.first = get_unaligned_be16(s->cdb + 5),
		.current_values = s->cdb[2] >> 6 == PC_CUMULATIVE,
	};

	pages[page].fill(&l);
	if (!l.seen && l.first) {
		iet_scsi_invalid_field(s, 5, 7);
		return 0;
	}
	buf[0] = NOT_SAVED | pages[page].page;
	if (s->cdb[3])
		buf[0] |= SPF;
	buf[1] = s->cdb[3];
	put_unaligned_be16(l.len, buf + 2);
	return HEADER + l.len;
}

static void log_work(struct iet_scmd *s)
{
	iet_param_end(s, build(s, s->state, find_page(s)));
}

/**
 * iet_spc_log_sense() - LOG SENSE, SPC-4 6.9
 * @s: the command
 * @gfp: for the page
 *
 * In a worker: to know what space there is, the file system may have to be
 * waited for.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_log_sense(struct iet_scmd *s, gfp_t gfp)
{
	if (find_page(s) < 0) {
		iet_scsi_invalid_field(s, s->cdb[3] ? 3 : 2, s->cdb[3] ? 7 : 5);
		return 0;
	}
	return iet_param_in_worker(s, log_work, gfp);
}

#define CDB1_PCR 0x02

static bool set_back(atomic_t *counter)
{
	return atomic_xchg(counter, 0);
}

/**
 * iet_spc_log_select() - LOG SELECT, SPC-4 6.8
 * @s: the command
 * @gfp: unused
 *
 * With PCR, and without parameters, the counters of a page, or of all pages,
 * are 0 again, and the other initiators are told.
 *
 * Return: 0
 */
int iet_spc_log_select(struct iet_scmd *s, gfp_t gfp)
{
	u8 page = s->cdb[2] & 0x3f;
	bool changed = false;

	if (s->read_only) {
		iet_scsi_refuse(s, DATA_PROTECT, IET_ASC_WRITE_PROTECTED);
	} else if (find_page(s) < 0) {
		iet_scsi_invalid_field(s, s->cdb[3] ? 3 : 2, s->cdb[3] ? 7 : 5);
	} else if (get_unaligned_be16(s->cdb + 7)) {
		iet_scsi_invalid_field(s, 7, 7);
	} else if (s->cdb[1] & CDB1_PCR) {
		if (!page || page == PAGE_WRITE_ERRORS)
			changed |= set_back(&s->vol->nr_write_errors);
		if (!page || page == PAGE_READ_ERRORS)
			changed |= set_back(&s->vol->nr_read_errors);
	}
	if (changed)
		iet_ua_volume(s->vol, IET_ASC_LOG_CHANGED, s->nexus);
	return 0;
}
