// SPDX-License-Identifier: GPL-2.0-only
#include "lun_text.h"

#include <stdio.h>
#include <string.h>

#include "lun.h"
#include "lun_props.h"

static void path(const struct kernel_lun *l, char *text)
{
	snprintf(text, LUN_TEXT_MAX, "%s", l->path);
}

static void type(const struct kernel_lun *l, char *text)
{
	snprintf(text, LUN_TEXT_MAX, "%s", l->iotype);
}

static void scsi_id(const struct kernel_lun *l, char *text)
{
	snprintf(text, LUN_TEXT_MAX, "%s", l->scsi_id);
}

/* by default it is that of the identity, in hexadecimal */
static void scsi_sn(const struct kernel_lun *l, char *text)
{
	struct kernel_lun by_default = *l;

	by_default.set = K_HAS(IET_L_SCSI_ID);
	if (!lun_defaults(&by_default, "") &&
	    strcmp(by_default.scsi_sn, l->scsi_sn))
		snprintf(text, LUN_TEXT_MAX, "%s", l->scsi_sn);
}

static void iomode(const struct kernel_lun *l, char *text)
{
	if (l->iomode != IET_IOMODE_WT)
		snprintf(text, LUN_TEXT_MAX, "%s", lun_iomode_name(l->iomode));
}

/* a blockio disk with blocks of 512 bytes has them from its device */
static void block_size(const struct kernel_lun *l, char *text)
{
	if (l->block_size && l->block_size != 512)
		snprintf(text, LUN_TEXT_MAX, "%u", l->block_size);
}

static void blocks(const struct kernel_lun *l, char *text)
{
	if (!lun_needs_file(l) && l->blocks)
		snprintf(text, LUN_TEXT_MAX, "%llu",
			 (unsigned long long)l->blocks);
}

static void yes(uint32_t flag, char *text)
{
	if (flag)
		snprintf(text, LUN_TEXT_MAX, "Yes");
}

static void thin(const struct kernel_lun *l, char *text)
{
	yes(l->thin, text);
}

static void removable(const struct kernel_lun *l, char *text)
{
	yes(l->removable, text);
}

static void encrypted(const struct kernel_lun *l, char *text)
{
	yes(l->encrypted, text);
}

static const struct {
	const char *name;
	void (*print)(const struct kernel_lun *l, char *text);
} args[] = {
	{ "Path", path },	    { "Type", type },
	{ "ScsiId", scsi_id },	    { "ScsiSN", scsi_sn },
	{ "IOMode", iomode },	    { "BlockSize", block_size },
	{ "Blocks", blocks },	    { "ThinProvisioned", thin },
	{ "Removable", removable }, { "Encrypted", encrypted },
};

#define NR_ARGS (sizeof(args) / sizeof(args[0]))

const char *lun_text(const struct kernel_lun *l, size_t i,
		     char text[LUN_TEXT_MAX])
{
	if (i >= NR_ARGS)
		return lun_prop_text(&l->props, i - NR_ARGS, text);
	text[0] = '\0';
	args[i].print(l, text);
	return args[i].name;
}
