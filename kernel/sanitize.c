// SPDX-License-Identifier: GPL-2.0-only
/*
 * SANITIZE (SBC-3 5.21): OVERWRITE, BLOCK ERASE, CRYPTOGRAPHIC ERASE of
 * encrypted media, EXIT FAILURE MODE.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "erase.h"
#include "opcodes.h"
#include "ready.h"
#include "volume.h"

#define CDB1_IMMED 0x80
#define CDB1_AUSE 0x20

/* parameter list of OVERWRITE */
#define HEADER 4
#define INVERT 0x80
#define TEST 0x60
#define COUNT 0x1f
#define BLOCK_MAX 4096

static int start(struct iet_scmd *s, struct iet_erase *e)
{
	e->failed = IET_SANITIZE_FAILED;
	e->failed_asc = IET_ASC_SANITIZE_FAILED;
	s->vol->unrestricted = s->cdb[1] & CDB1_AUSE;
	return iet_erase_start(s, e, IET_SANITIZING, s->cdb[1] & CDB1_IMMED);
}

/* The wrong field, if there is one, is told; the length of the CDB included. */
static bool check_list(struct iet_scmd *s, const u8 *list, u32 have)
{
	u32 bs = 1U << s->vol->blk_shift, len = s->out_len;
	u32 pattern = get_unaligned_be16(list + 2);

	if (len <= HEADER || len > HEADER + bs)
		iet_scsi_invalid_field(s, 7, IET_WHOLE_FIELD);
	else if (have < len)
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
	else if (list[0] & TEST)
		iet_scsi_invalid_param(s, 0, 6);
	else if (!(list[0] & COUNT))
		iet_scsi_invalid_param(s, 0, 4);
	else if (list[1])
		iet_scsi_invalid_param(s, 1, 7);
	else if (!pattern || pattern > bs)
		iet_scsi_invalid_param(s, 2, 7);
	else if (HEADER + pattern > len)
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
	else
		return true;
	return false;
}

/**
 * iet_sbc_overwrite() - SANITIZE, OVERWRITE, SBC-3 5.21.2
 * @s: the command
 * @gfp: for the list and the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_overwrite(struct iet_scmd *s, gfp_t gfp)
{
	u32 have = min3(s->out_len, s->edtl, (u32)(HEADER + BLOCK_MAX));
	u8 *list = iet_scsi_state(s, HEADER + BLOCK_MAX, NULL, gfp);
	struct iet_erase *e;
	int err;

	if (!list)
		return -ENOMEM;
	iet_tio_read(&s->tio, 0, list, have);
	if (!check_list(s, list, have))
		return 0;
	e = iet_erase_alloc(s, gfp);
	if (!e)
		return -ENOMEM;
	err = iet_erase_pattern(e, list + HEADER, get_unaligned_be16(list + 2),
				gfp);
	if (err) {
		iet_erase_free(e);
		return err;
	}
	e->passes = list[0] & COUNT;
	e->invert = list[0] & INVERT;
	return start(s, e);
}

/**
 * iet_sbc_block_erase() - SANITIZE, BLOCK ERASE, SBC-3 5.21.3
 * @s: the command
 * @gfp: for the memory
 *
 * All blocks are unmapped where the medium can, so that they read as zeroes;
 * where it can't they are written with zeroes.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_block_erase(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_erase *e = iet_erase_alloc(s, gfp);

	if (!e)
		return -ENOMEM;
	e->unmap = true;
	return start(s, e);
}

/**
 * iet_sbc_crypto_erase() - SANITIZE, CRYPTOGRAPHIC ERASE, SBC-3 5.21.4
 * @s: the command
 * @gfp: for the memory
 *
 * The key is changed, so that what was written before reads as something
 * else; what is not mapped reads as zeroes still.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_crypto_erase(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_erase *e = iet_erase_alloc(s, gfp);

	if (!e)
		return -ENOMEM;
	e->new_key = true;
	return start(s, e);
}

/**
 * iet_sbc_exit_failure() - SANITIZE, EXIT FAILURE MODE, SBC-3 5.21.5
 * @s: the command
 * @gfp: unused
 *
 * A sanitize operation that failed may be left only if it was begun so (AUSE);
 * otherwise only another one that does not fail makes the unit usable again.
 *
 * Return: 0
 */
int iet_sbc_exit_failure(struct iet_scmd *s, gfp_t gfp)
{
	if (s->vol->condition != IET_SANITIZE_FAILED)
		return 0;
	if (s->vol->unrestricted)
		WRITE_ONCE(s->vol->condition, IET_READY);
	else
		iet_scsi_invalid_field(s, 1, 4);
	return 0;
}
