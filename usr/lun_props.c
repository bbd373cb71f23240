// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "lun_props.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lun_value.h"
#include "params.h"

#define PHYS_MAX 1048576
#define OPTIMAL_MAX 16777216
#define RPM_MIN 1025
#define RPM_MAX 65534

static int set_vendor(struct kernel_props *p, const char *val, char *reason)
{
	return lun_set_text(p->vendor, IET_VENDOR_LEN, "VendorId", val, reason);
}

static int set_product(struct kernel_props *p, const char *val, char *reason)
{
	return lun_set_text(p->product, IET_PRODUCT_LEN, "ProductId", val,
			    reason);
}

static int set_revision(struct kernel_props *p, const char *val, char *reason)
{
	return lun_set_text(p->revision, IET_REVISION_LEN, "ProductRev", val,
			    reason);
}

/* Copies hexadecimal digits in lower case. Return: how many, or 0 */
static size_t copy_hex(char *dst, size_t max, const char *val)
{
	size_t len = strlen(val), i;

	if (len > max)
		return 0;
	for (i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)val[i]))
			return 0;
		dst[i] = tolower((unsigned char)val[i]);
	}
	dst[len] = '\0';
	return len;
}

/* as other systems write such names */
static const char *without_prefix(const char *val, const char *prefix)
{
	if (!strncasecmp(val, prefix, strlen(prefix)))
		return val + strlen(prefix);
	return strncasecmp(val, "0x", 2) ? val : val + 2;
}

static int set_naa(struct kernel_props *p, const char *val, char *reason)
{
	size_t len = copy_hex(p->naa, IET_NAA_LEN, without_prefix(val, "naa."));

	if ((len == 16 && strchr("235", p->naa[0])) ||
	    (len == 32 && p->naa[0] == '6'))
		return 0;
	return lun_bad(
		reason, "NAA",
		"must be 16 hexadecimal digits that begin with 2, 3 or 5, "
		"or 32 that begin with 6");
}

static int set_eui64(struct kernel_props *p, const char *val, char *reason)
{
	size_t len =
		copy_hex(p->eui64, IET_NAA_LEN, without_prefix(val, "eui."));

	if (len == 16 || len == 24 || len == 32)
		return 0;
	return lun_bad(reason, "EUI64",
		       "must be 16, 24 or 32 hexadecimal digits");
}

static int set_uuid(struct kernel_props *p, const char *val, char *reason)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; shape[i] && val[i]; i++) {
		if (shape[i] == 'x' ? !isxdigit((unsigned char)val[i]) :
				      val[i] != '-')
			break;
		p->uuid[i] = tolower((unsigned char)val[i]);
	}
	p->uuid[i] = '\0';
	if (!shape[i] && !val[i])
		return 0;
	return lun_bad(reason, "UUID", "must be 8-4-4-4-12 hexadecimal digits");
}

static int set_version(struct kernel_props *p, const char *val, char *reason)
{
	uint64_t n;

	if (param_number(val, 7, &n) || n < 3)
		return lun_bad(reason, "ScsiVersion", "must be 3 to 7");
	p->scsi_version = n;
	return 0;
}

static int set_phys(struct kernel_props *p, const char *val, char *reason)
{
	uint64_t n;

	if (param_number(val, PHYS_MAX, &n) || n < 512 || n & (n - 1))
		return lun_bad(reason, "PhysicalBlockSize",
			       "must be a power of two of 512 to 1048576");
	p->phys_block_size = n;
	return 0;
}

static int set_rotation(struct kernel_props *p, const char *val, char *reason)
{
	uint64_t n;

	if (param_number(val, RPM_MAX, &n) || (n > 1 && n < RPM_MIN))
		return lun_bad(reason, "RotationRate",
			       "must be 0, 1 or 1025 to 65534");
	p->rotation = n;
	return 0;
}

/* [GRANULARITY:]LENGTH; that they fit the block size is seen to later */
static int set_optimal(struct kernel_props *p, const char *val, char *reason)
{
	const char *colon = strchr(val, ':');
	char first[16] = "";
	uint64_t min = 0, opt;

	if (colon && (size_t)(colon - val) < sizeof(first))
		memcpy(first, val, colon - val);
	if (colon && (param_number(first, OPTIMAL_MAX, &min) || min < 512))
		return lun_bad(reason, "OptimalIO",
			       "the granularity must be 512 to 16777216 bytes");
	if (param_number(colon ? colon + 1 : val, OPTIMAL_MAX, &opt) ||
	    opt < 512)
		return lun_bad(reason, "OptimalIO",
			       "must be 512 to 16777216 bytes");
	if (min && opt % min)
		return lun_bad(reason, "OptimalIO",
			       "is no multiple of its granularity");
	p->io_granularity = min;
	p->io_optimal = opt;
	if (min)
		p->set |= K_HAS(IET_P_IO_GRANULARITY);
	return 0;
}

#define AT(m) \
	offsetof(struct kernel_props, m), sizeof(((struct kernel_props *)0)->m)
#define TEXT(m) AT(m), true
#define NUMBER(m) AT(m), false

static const struct lun_prop {
	const char *name;
	int attr;
	int (*set)(struct kernel_props *p, const char *val, char *reason);
	size_t offset;
	size_t size;
	bool text;
} lun_props[] = {
	{ "VendorId", IET_P_VENDOR, set_vendor, TEXT(vendor) },
	{ "ProductId", IET_P_PRODUCT, set_product, TEXT(product) },
	{ "ProductRev", IET_P_REVISION, set_revision, TEXT(revision) },
	{ "NAA", IET_P_NAA, set_naa, TEXT(naa) },
	{ "EUI64", IET_P_EUI64, set_eui64, TEXT(eui64) },
	{ "UUID", IET_P_UUID, set_uuid, TEXT(uuid) },
	{ "ScsiVersion", IET_P_SCSI_VERSION, set_version,
	  NUMBER(scsi_version) },
	{ "PhysicalBlockSize", IET_P_PHYS_BLOCK_SIZE, set_phys,
	  NUMBER(phys_block_size) },
	{ "RotationRate", IET_P_ROTATION, set_rotation, NUMBER(rotation) },
	{ "OptimalIO", IET_P_IO_OPTIMAL, set_optimal, NUMBER(io_optimal) },
};

#define NR_PROPS (sizeof(lun_props) / sizeof(lun_props[0]))

int lun_prop_parse(const char *key, const char *val, struct kernel_props *p,
		   char reason[LUN_REASON_MAX])
{
	size_t i;

	for (i = 0; i < NR_PROPS; i++) {
		const struct lun_prop *prop = &lun_props[i];

		if (strcasecmp(prop->name, key))
			continue;
		if (p->set & K_HAS(prop->attr))
			return lun_bad(reason, prop->name, "is given twice");
		p->set |= K_HAS(prop->attr);
		return prop->set(p, val, reason) ?: 1;
	}
	return 0;
}

static void *at(const struct kernel_props *p, const struct lun_prop *prop)
{
	return (char *)p + prop->offset;
}

static void copy_one(struct kernel_props *to, const struct kernel_props *from,
		     const struct lun_prop *prop)
{
	memcpy(at(to, prop), at(from, prop), prop->size);
}

void lun_props_merge(struct kernel_props *p, const struct kernel_props *given)
{
	size_t i;

	for (i = 0; i < NR_PROPS; i++)
		if (given->set & K_HAS(lun_props[i].attr))
			copy_one(p, given, &lun_props[i]);
	p->set |= given->set;
	/* the two go together */
	if (!(given->set & K_HAS(IET_P_IO_OPTIMAL)))
		return;
	p->io_granularity = given->io_granularity;
	if (!given->io_granularity)
		p->set &= ~K_HAS(IET_P_IO_GRANULARITY);
}

int lun_props_check(const struct kernel_props *p, uint32_t block_size,
		    char reason[LUN_REASON_MAX])
{
	if (!block_size)
		return 0;
	if (p->set & K_HAS(IET_P_PHYS_BLOCK_SIZE) &&
	    p->phys_block_size < block_size)
		return lun_bad(reason, "PhysicalBlockSize",
			       "is less than BlockSize");
	if ((p->io_granularity | p->io_optimal) & (block_size - 1))
		return lun_bad(reason, "OptimalIO",
			       "is no multiple of BlockSize");
	return 0;
}

bool lun_props_same_unit(const struct kernel_props *a,
			 const struct kernel_props *b)
{
	return !strcmp(a->naa, b->naa) && !strcmp(a->eui64, b->eui64) &&
	       !strcmp(a->uuid, b->uuid);
}

bool lun_props_same(const struct kernel_props *a, const struct kernel_props *b)
{
	size_t i;

	if (a->set != b->set || a->io_granularity != b->io_granularity)
		return false;
	for (i = 0; i < NR_PROPS; i++) {
		const struct lun_prop *prop = &lun_props[i];

		if (prop->text ?
			    strcmp(at(a, prop), at(b, prop)) :
			    memcmp(at(a, prop), at(b, prop), sizeof(uint32_t)))
			return false;
	}
	return true;
}

const char *lun_prop_text(const struct kernel_props *p, size_t i,
			  char text[LUN_PROP_TEXT_MAX])
{
	const struct lun_prop *prop = &lun_props[i];

	if (i >= NR_PROPS)
		return NULL;
	text[0] = '\0';
	if (!(p->set & K_HAS(prop->attr)))
		return prop->name;
	if (prop->text)
		snprintf(text, LUN_PROP_TEXT_MAX, "%s", (char *)at(p, prop));
	else if (prop->attr == IET_P_IO_OPTIMAL && p->io_granularity)
		snprintf(text, LUN_PROP_TEXT_MAX, "%u:%u", p->io_granularity,
			 p->io_optimal);
	else
		snprintf(text, LUN_PROP_TEXT_MAX, "%u",
			 *(uint32_t *)at(p, prop));
	return prop->name;
}

void lun_props_print(const struct kernel_props *p, FILE *out)
{
	char text[LUN_PROP_TEXT_MAX];
	const char *name;
	size_t i;

	for (i = 0; (name = lun_prop_text(p, i, text)); i++)
		if (text[0])
			fprintf(out, "%s=%s\n", name, text);
}
