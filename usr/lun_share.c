// SPDX-License-Identifier: GPL-2.0-only
#include "lun_share.h"

#include <stddef.h>
#include <string.h>

#include "lun_props.h"

#define AT(m) \
	offsetof(struct kernel_lun, m), sizeof(((struct kernel_lun *)0)->m)
#define TEXT(m) AT(m), true
#define NUMBER(m) AT(m), false

/* Arguments of which a disk has one; properties are looked at as a whole. */
static const struct common {
	int attr;
	const char *name;
	size_t offset;
	size_t size;
	bool text;
} common[] = {
	{ IET_L_IOTYPE, "Type", TEXT(iotype) },
	{ IET_L_IOMODE, "IOMode", NUMBER(iomode) },
	{ IET_L_SCSI_ID, "ScsiId", TEXT(scsi_id) },
	{ IET_L_SCSI_SN, "ScsiSN", TEXT(scsi_sn) },
	{ IET_L_BLOCK_SIZE, "BlockSize", NUMBER(block_size) },
	{ IET_L_THIN, "ThinProvisioned", NUMBER(thin) },
	{ IET_L_REMOVABLE, "Removable", NUMBER(removable) },
	{ IET_L_ENCRYPTED, "Encrypted", NUMBER(encrypted) },
};

#define NR_COMMON (sizeof(common) / sizeof(common[0]))

static void *at(const struct kernel_lun *l, const struct common *c)
{
	return (char *)l + c->offset;
}

const char *lun_share_conflict(const struct kernel_lun *a,
			       const struct kernel_lun *b)
{
	uint64_t both = a->set & b->set;
	size_t i;

	for (i = 0; i < NR_COMMON; i++) {
		const struct common *c = &common[i];

		if (both & K_HAS(c->attr) &&
		    (c->text ? strcmp(at(a, c), at(b, c)) :
			       memcmp(at(a, c), at(b, c), c->size)))
			return c->name;
	}
	if (both & K_HAS(IET_L_PROPS) && !lun_props_same(&a->props, &b->props))
		return "VendorId to OptimalIO";
	return NULL;
}

void lun_share_take(struct kernel_lun *l, const struct kernel_lun *from)
{
	size_t i;

	for (i = 0; i < NR_COMMON; i++) {
		const struct common *c = &common[i];

		if (l->set & K_HAS(c->attr) || !(from->set & K_HAS(c->attr)))
			continue;
		memcpy(at(l, c), at(from, c), c->size);
		l->set |= K_HAS(c->attr);
	}
	if (l->set & K_HAS(IET_L_PROPS) || !(from->set & K_HAS(IET_L_PROPS)))
		return;
	l->props = from->props;
	l->set |= K_HAS(IET_L_PROPS);
}
