// SPDX-License-Identifier: GPL-2.0-only
/*
 * MODE SENSE and MODE SELECT, (6) and (10) (SPC-4 6.11 to 6.14), and the mode
 * pages.  What MODE SELECT changes is for the life of the volume, unless it is
 * saved, for which there must be a state file.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "aca.h"
#include "compat.h"
#include "opcodes.h"
#include "state.h"
#include "thin.h"
#include "volume.h"

#define CDB1_LLBAA 0x10
#define CDB1_DBD 0x08

enum page_control {
	PC_CURRENT,
	PC_CHANGEABLE,
	PC_DEFAULT,
	PC_SAVED,
};

#define PAGE_PS 0x80 /* can be saved */
#define PAGE_SPF 0x40 /* has a subpage code */
#define PAGE_CODE 0x3f
#define ALL_PAGES 0x3f
#define ALL_SUBPAGES 0xff

/* device-specific parameter of disks (SBC-3 6.5.1) */
#define DSP_WP 0x80
#define DSP_DPOFUA 0x10

/* SBC-3 6.5.8: no retries of ours, no counts */
static const u8 rw_error_recovery[12] = { 0x01, 0x0a };

/* SBC-3 6.5.5 */
static const u8 caching[20] = { 0x08, 0x12 };

/* SPC-4 7.5.8: GLTSD; unrestricted reordering */
static const u8 control[12] = { 0x0a, 0x0a, 0x02, 0x10 };

/* SBC-3 6.5.6: DEXCPT, nothing is ever predicted */
static const u8 exceptions[12] = { 0x1c, 0x0a, 0x08 };

/* SPC-4 7.5.10: no limits of how the bus is used */
static const u8 disconnect[16] = { 0x02, 0x0e };

/* SBC-3 6.5.9: as for reading and writing */
static const u8 verify_error_recovery[12] = { 0x07, 0x0a };

/* SPC-4 7.5.9: SCSIP, who sets the clock is right; IALUAE, access may change */
static const u8 control_extension[32] = { 0x4a, 0x01, 0, 0x1c, 0x03 };

/* SBC-3 6.5.7: a soft threshold of the available blocks; all are told */
static const u8 provisioning[24] = { 0x5c, 0x02, 0, 0x14, [16] = 0x80, 0x01 };

static bool has_threshold(const struct iet_volume *vol)
{
	return vol->thin && vol->iotype->space;
}

/* In threshold sets, as page B2 has them. */
static void put_threshold(const struct iet_volume *vol, u8 *page)
{
	u64 count = iet_thin_threshold(vol) >> IET_THIN_SET_SHIFT;

	put_unaligned_be32(min_t(u64, count, U32_MAX), page + 20);
}

/*
 * In ascending order, as SPC-4 6.13 wants them.
 * @if_unit: units that have it, NULL: all
 * @fill: puts in what differs from one unit to another
 */
static const struct {
	const u8 *data;
	u8 len;
	bool (*if_unit)(const struct iet_volume *vol);
	void (*fill)(const struct iet_volume *vol, u8 *page);
} pages[] = {
	{ rw_error_recovery, sizeof(rw_error_recovery) },
	{ disconnect, sizeof(disconnect) },
	{ verify_error_recovery, sizeof(verify_error_recovery) },
	{ caching, sizeof(caching) },
	{ control, sizeof(control) },
	{ control_extension, sizeof(control_extension) },
	{ exceptions, sizeof(exceptions) },
	{ provisioning, sizeof(provisioning), has_threshold, put_threshold },
};

static u8 subpage_of(const u8 *page)
{
	return page[0] & PAGE_SPF ? page[1] : 0;
}

static bool has_page(const struct iet_volume *vol, unsigned int i)
{
	return !pages[i].if_unit || pages[i].if_unit(vol);
}

/* A page as it is, but for its fields that can be changed. */
static void whole_page(const struct iet_volume *vol, unsigned int i, u8 *page)
{
	memcpy(page, pages[i].data, pages[i].len);
	if (pages[i].fill)
		pages[i].fill(vol, page);
}

/*
 * The fields of them that MODE SELECT can change: which member has them.
 * @allowed: BIT(value) of those that there are, 0: of one bit, both
 */
static const struct {
	u8 page;
	u8 byte;
	u8 mask;
	u8 allowed;
	size_t member;
} fields[] = {
	{ 0x08, 2, 0x04, 0, offsetof(struct iet_mode, wce) },
	{ 0x0a, 2, 0x20, 0, offsetof(struct iet_mode, tst) },
	{ 0x0a, 2, 0x04, 0, offsetof(struct iet_mode, d_sense) },
	{ 0x0a, 3, 0x06, BIT(0) | BIT(1) | BIT(3),
	  offsetof(struct iet_mode, qerr) },
	{ 0x0a, 4, 0x30, BIT(0) | BIT(2) | BIT(3),
	  offsetof(struct iet_mode, ua_intlck) },
	{ 0x0a, 4, 0x08, 0, offsetof(struct iet_mode, swp) },
	{ 0x0a, 5, 0x40, 0, offsetof(struct iet_mode, tas) },
};

static u8 get_field(const struct iet_mode *mode, unsigned int i)
{
	return READ_ONCE(*((const u8 *)mode + fields[i].member));
}

static void set_field(struct iet_mode *mode, unsigned int i, u8 value)
{
	WRITE_ONCE(*((u8 *)mode + fields[i].member), value);
}

/* Sets the changeable fields of a page as they are in @mode, NULL: all ones. */
static void put_fields(u8 *page, const struct iet_mode *mode)
{
	u8 code = page[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		u8 mask = fields[i].mask;

		if (fields[i].page == code)
			page[fields[i].byte] |=
				mode ? get_field(mode, i) << __ffs(mask) : mask;
	}
}

static bool is_changeable(u8 code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].page == code)
			return true;
	return false;
}

/* Returns the bytes used. */
static u16 put_pages(const struct iet_volume *vol, u8 code, u8 subpage,
		     enum page_control pc, u8 *buf)
{
	const struct iet_mode *const modes[] = {
		[PC_CURRENT] = &vol->mode,
		[PC_CHANGEABLE] = NULL,
		[PC_DEFAULT] = &vol->mode_default,
		[PC_SAVED] = &vol->mode_saved,
	};
	unsigned int i;
	u16 len = 0;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		const u8 *data = pages[i].data;

		if ((code != ALL_PAGES && code != (data[0] & PAGE_CODE)) ||
		    (subpage != ALL_SUBPAGES && subpage != subpage_of(data)) ||
		    !has_page(vol, i))
			continue;
		if (pc == PC_CHANGEABLE)
			memcpy(buf + len, data, data[0] & PAGE_SPF ? 4 : 2);
		else
			whole_page(vol, i, buf + len);
		put_fields(buf + len, modes[pc]);
		if (vol->state && is_changeable(data[0]))
			buf[len] |= PAGE_PS;
		len += pages[i].len;
	}
	return len;
}

/* Returns the bytes used (SBC-3 6.5.2). */
static u8 put_block_descriptor(const struct iet_volume *vol, bool llbaa,
			       u8 *buf)
{
	u64 nr_blocks = READ_ONCE(vol->nr_blocks);

	if (llbaa) {
		put_unaligned_be64(nr_blocks, buf);
		put_unaligned_be32(1U << vol->blk_shift, buf + 12);
		return 16;
	}
	put_unaligned_be32(min_t(u64, nr_blocks, U32_MAX), buf);
	put_unaligned_be32(1U << vol->blk_shift, buf + 4); /* of 24 bits */
	return 8;
}

static void put_header(u8 *buf, bool ten, u8 dsp, bool llbaa, u8 desc_len,
		       u16 len)
{
	if (ten) {
		put_unaligned_be16(len - 2, buf);
		buf[3] = dsp;
		buf[4] = llbaa;
		put_unaligned_be16(desc_len, buf + 6);
	} else {
		buf[0] = len - 1;
		buf[2] = dsp;
		buf[3] = desc_len;
	}
}

static int refuse_saved(struct iet_scmd *s)
{
	struct iet_sense sense = {
		.key = ILLEGAL_REQUEST,
		.asc = IET_ASC_SAVING_NOT_SUPPORTED,
	};

	iet_scsi_check(s, &sense);
	return 0;
}

/**
 * iet_spc_mode_sense() - MODE SENSE(6), (10), SPC-4 6.13, 6.14
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_mode_sense(struct iet_scmd *s, u8 *buf)
{
	bool ten = s->op->len == 10;
	bool llbaa = ten && (s->cdb[1] & CDB1_LLBAA);
	u8 pc = s->cdb[2] >> 6, code = s->cdb[2] & 0x3f;
	u8 header = ten ? 8 : 4, desc_len = 0, dsp = DSP_DPOFUA;
	u16 len;

	if (pc == PC_SAVED && !s->vol->state)
		return refuse_saved(s);
	if (code == ALL_PAGES && s->cdb[3] && s->cdb[3] != ALL_SUBPAGES) {
		iet_scsi_invalid_field(s, 3, 7);
		return 0;
	}
	if (!(s->cdb[1] & CDB1_DBD))
		desc_len = put_block_descriptor(s->vol, llbaa, buf + header);
	llbaa = llbaa && desc_len;
	len = put_pages(s->vol, code, s->cdb[3], pc, buf + header + desc_len);
	if (!len) {
		iet_scsi_invalid_field(s, s->cdb[3] ? 3 : 2, s->cdb[3] ? 7 : 5);
		return 0;
	}
	len += header + desc_len;
	if (iet_scsi_read_only(s) || READ_ONCE(s->vol->mode.swp))
		dsp |= DSP_WP;
	put_header(buf, ten, dsp, llbaa, desc_len, len);
	return len;
}

/* --- MODE SELECT ---------------------------------------------------------- */

#define CDB1_PF 0x10
#define CDB1_SP 0x01

/**
 * struct select - a parameter list
 * @s: the command
 * @p: the list
 * @len: its length, bytes
 * @mode: what the pages ask for
 */
struct select {
	struct iet_scmd *s;
	const u8 *p;
	u32 len;
	struct iet_mode mode;
};

static bool too_short(struct select *sel)
{
	iet_scsi_refuse(sel->s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
	return false;
}

static bool bad_byte(struct select *sel, u32 at, u8 bit)
{
	iet_scsi_invalid_param(sel->s, at, bit);
	return false;
}

/*
 * Header and block descriptor; *@off: where the pages begin.  Nothing of them
 * can be changed: the descriptor is what it is, or says so by 0 or all ones.
 */
static bool check_header(struct select *sel, u32 *off)
{
	bool ten = sel->s->op->len == 10, llbaa;
	u8 have[16], desc_len;
	u32 header = ten ? 8 : 4, i;

	if (sel->len < header)
		return too_short(sel);
	llbaa = ten && (sel->p[4] & 1);
	desc_len = ten ? sel->p[7] : sel->p[3];
	if (ten && sel->p[6])
		return bad_byte(sel, 6, 7);
	*off = header + desc_len;
	if (!desc_len)
		return true;
	if (desc_len != (llbaa ? 16 : 8))
		return bad_byte(sel, ten ? 7 : 3, 7);
	if (sel->len < *off)
		return too_short(sel);
	memset(have, 0, sizeof(have));
	put_block_descriptor(sel->s->vol, llbaa, have);
	/* the number of blocks may be left open: 0 */
	i = memchr_inv(sel->p + header, 0, desc_len / 2) ? 0 : desc_len / 2;
	for (; i < desc_len; i++)
		if (sel->p[header + i] != have[i])
			return bad_byte(sel, header + i, 7);
	return true;
}

/* @code: with the SPF bit; @subpage: which means nothing without */
static int find_page(const struct iet_volume *vol, u8 code, u8 subpage)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i].data[0] == code &&
		    (!(code & PAGE_SPF) || pages[i].data[1] == subpage) &&
		    has_page(vol, i))
			return i;
	return -1;
}

/*
 * Takes the changeable fields of a page; clears them in @page.  Returns the
 * one that has a value that there is not, which is left alone, or -1.
 */
static int take_fields(struct iet_mode *mode, u8 *page)
{
	unsigned int i;
	int bad = -1;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		u8 mask = fields[i].mask, *byte = page + fields[i].byte, value;

		if (fields[i].page != page[0])
			continue;
		value = (*byte & mask) >> __ffs(mask);
		*byte &= ~mask;
		if (fields[i].allowed && !(fields[i].allowed & BIT(value)))
			bad = i;
		else
			set_field(mode, i, value);
	}
	return bad;
}

/* most that a page has, bytes */
#define PAGE_MAX 32

/* A page of the list: whole, ours, and what can't be changed unchanged. */
static bool take_page(struct select *sel, u32 off, u32 *len)
{
	struct iet_volume *vol = sel->s->vol;
	const u8 *p = sel->p + off;
	u8 page[PAGE_MAX], have[PAGE_MAX], code = p[0] & ~PAGE_PS;
	bool subpage = code & PAGE_SPF;
	int n, bad;
	u32 i;

	if (sel->len - off < (subpage ? 4 : 2))
		return too_short(sel);
	n = find_page(vol, code, p[1]);
	if (n < 0)
		return bad_byte(sel, off, 5);
	*len = pages[n].len;
	if (subpage ? get_unaligned_be16(p + 2) != *len - 4 : p[1] != *len - 2)
		return bad_byte(sel, off + (subpage ? 2 : 1), 7);
	if (sel->len - off < *len)
		return too_short(sel);
	whole_page(vol, n, have);
	memcpy(page, p, *len);
	page[0] = code; /* PS means nothing here */
	bad = take_fields(&sel->mode, page);
	if (bad >= 0)
		return bad_byte(sel, off + fields[bad].byte,
				fls(fields[bad].mask) - 1);
	for (i = 0; i < *len; i++)
		if (page[i] != have[i])
			return bad_byte(sel, off + i, 7);
	return true;
}

static bool take_list(struct select *sel)
{
	u32 off, len;

	if (!check_header(sel, &off))
		return false;
	for (; off < sel->len; off += len)
		if (!take_page(sel, off, &len))
			return false;
	return true;
}

/*
 * The other initiators are told.  Without a cache from now on, what is in it
 * must get out before status GOOD says that it has.
 */
static int change(struct iet_scmd *s, const struct iet_mode *mode)
{
	struct iet_volume *vol = s->vol;
	bool flush = iet_volume_caches(vol) && !mode->wce;
	unsigned int i;

	if (!memcmp(&vol->mode, mode, sizeof(*mode)))
		return 0;
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		set_field(&vol->mode, i, get_field(mode, i));
	iet_aca_changed(vol);
	iet_ua_volume(vol, IET_ASC_MODE_CHANGED, s->nexus);
	if (!flush)
		return 0;
	return iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0,
			   READ_ONCE(vol->nr_blocks) << vol->blk_shift, NULL);
}

/**
 * struct mode_save - mode pages on their way to the state file
 * @s: the command
 * @mode: what they say
 * @save: its way; the data are pages, as MODE SENSE has them
 *
 * Lifetime: iet_scmd.state, from execute to release.
 */
struct mode_save {
	struct iet_scmd *s;
	struct iet_mode mode;
	struct iet_state_save save;
};

static void free_save(void *state)
{
	struct mode_save *m = state;

	kvfree(m->save.data);
}

/* What can't be saved is not changed either. */
static void saved(struct iet_state_save *save, int err)
{
	struct mode_save *m = container_of(save, struct mode_save, save);
	struct iet_scmd *s = m->s;

	if (err) {
		iet_scsi_refuse(s, HARDWARE_ERROR, IET_ASC_TARGET_FAILURE);
	} else {
		save->data = NULL; /* the state file's now */
		s->vol->mode_saved = m->mode;
		if (change(s, &m->mode) == -EIOCBQUEUED)
			return;
	}
	iet_scsi_end(s, 0);
}

/* most that all pages have, bytes */
#define PAGES_MAX 256

static int save(struct iet_scmd *s, const struct iet_mode *mode, gfp_t gfp)
{
	struct mode_save *m;
	unsigned int i;
	u16 len = 0;
	u8 *p;

	m = iet_scsi_state(s, sizeof(*m), free_save, gfp);
	if (!m)
		return -ENOMEM;
	p = kmalloc(PAGES_MAX, gfp);
	if (!p)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!is_changeable(pages[i].data[0]))
			continue;
		memcpy(p + len, pages[i].data, pages[i].len);
		put_fields(p + len, mode);
		len += pages[i].len;
	}
	m->s = s;
	m->mode = *mode;
	m->save.part = IET_STATE_MODE;
	m->save.data = p;
	m->save.len = len;
	m->save.done = saved;
	iet_state_save(s->vol, &m->save);
	return -EIOCBQUEUED;
}

/**
 * iet_spc_mode_select() - MODE SELECT(6), (10), SPC-4 6.11, 6.12
 * @s: the command
 * @gfp: for the list
 *
 * All of the list is looked at before anything is changed.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_mode_select(struct iet_scmd *s, gfp_t gfp)
{
	struct select sel = {
		.s = s,
		.len = min(s->out_len, s->edtl),
		.mode = s->vol->mode,
	};
	u8 *buf;

	if (!sel.len)
		return 0;
	/* else it could make writes of others volatile, or keep them off */
	if (s->read_only) {
		iet_scsi_refuse(s, DATA_PROTECT, IET_ASC_WRITE_PROTECTED);
		return 0;
	}
	if (!(s->cdb[1] & CDB1_PF)) {
		iet_scsi_invalid_field(s, 1, 4);
		return 0;
	}
	if (s->cdb[1] & CDB1_SP && !s->vol->state) {
		iet_scsi_invalid_field(s, 1, 0);
		return 0;
	}
	if (sel.len > IET_PARAM_MAX) {
		too_short(&sel);
		return 0;
	}
	buf = iet_scsi_state(s, IET_PARAM_MAX, NULL, gfp);
	if (!buf)
		return -ENOMEM;
	iet_tio_read(&s->tio, 0, buf, sel.len);
	sel.p = buf;
	if (!take_list(&sel))
		return 0;
	if (s->cdb[1] & CDB1_SP)
		return save(s, &sel.mode, gfp);
	return change(s, &sel.mode);
}

/*
 * Pages of another release may be unknown, or have other bits: what is known
 * of them counts.
 */
static void load(struct iet_mode *mode, const u8 *p, u32 len)
{
	u8 page[PAGE_MAX];
	unsigned int i;
	u32 n;

	for (; len >= 2; p += n, len -= n) {
		n = p[1] + 2;
		if (n > len)
			return;
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			if (!is_changeable(p[0]) || pages[i].data[0] != p[0] ||
			    pages[i].len != n)
				continue;
			memcpy(page, p, n);
			take_fields(mode, page);
		}
	}
}

/**
 * iet_mode_init() - the mode pages of a new logical unit
 * @vol: the volume; its defaults are set, and its state has been read
 *
 * What an initiator has saved counts for more than the configuration.
 *
 * Context: any.
 */
void iet_mode_init(struct iet_volume *vol)
{
	const void *image;
	u32 len;

	vol->mode_saved = vol->mode_default;
	image = iet_state_get(vol, IET_STATE_MODE, &len);
	if (image)
		load(&vol->mode_saved, image, len);
	vol->mode = vol->mode_saved;
}

/**
 * iet_mode_reset() - a logical unit has been reset
 * @vol: the logical unit
 *
 * Mode pages are as they have been saved, or at the beginning, but for a write
 * cache that has been turned on: what is in it would pass for stable.
 *
 * Context: any.
 */
void iet_mode_reset(struct iet_volume *vol)
{
	u8 wce = iet_volume_caches(vol) | vol->mode_saved.wce;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		set_field(&vol->mode, i,
			  fields[i].member == offsetof(struct iet_mode, wce) ?
				  wce :
				  get_field(&vol->mode_saved, i));
}
