/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logical unit as the administrator writes it: "Path=...,Type=...", the
 * identity it gets by default, and its backing file.  Shared by ietd.conf and
 * ietadm.
 */
#ifndef IET_USR_LUN_H
#define IET_USR_LUN_H

#include <stddef.h>

#include "kernel.h"

/* room for a reason: a path and some words */
#define LUN_REASON_MAX (IET_PATH_LEN + 128)

/**
 * lun_parse - read the arguments of a logical unit
 * @text: "key=value,..."; keys in any case, blanks around the commas and an
 *	empty element are let pass
 * @l: lun set; members that @text names are set and marked, Type always
 * @reason: why not
 *
 * Return: 0, or -EINVAL
 */
int lun_parse(const char *text, struct kernel_lun *l,
	      char reason[LUN_REASON_MAX]);

/**
 * lun_has_arg - is there such an argument that is no property?
 * @key: in any case
 *
 * Return: true if there is
 */
bool lun_has_arg(const char *key);

/**
 * lun_defaults - give a logical unit the identity it has by default
 * @l: lun set with the number; scsi_id and scsi_sn are filled if not set
 * @target: name of the target
 *
 * The identity depends on the name of the target (in any case) and on the
 * number only, so that it is the same after every restart.
 *
 * Return: 0, or -ENOTSUP if the machine has no MD5
 */
int lun_defaults(struct kernel_lun *l, const char *target);

/**
 * lun_needs_file - does this logical unit have a backing file?
 * @l: lun set
 *
 * Return: whether lun_open() is for it
 */
bool lun_needs_file(const struct kernel_lun *l);

/**
 * lun_open - open the backing file of a logical unit
 * @path: file or block device
 * @iotype: fileio or blockio
 * @iomode: enum iet_iomode
 * @reason: why not, in words that follow the path
 *
 * Claims a block device for itself.  May block for as long as the file's
 * storage does.
 *
 * Return: a descriptor (close-on-exec), or a negative errno
 */
int lun_open(const char *path, const char *iotype, uint32_t iomode,
	     char reason[LUN_REASON_MAX]);

/**
 * lun_open_wait - open a backing file that may still be in use
 * @path: as of lun_open()
 * @iotype: as of lun_open()
 * @iomode: as of lun_open()
 * @ms: for how long to try again while the device is in use
 * @reason: as of lun_open()
 *
 * A device is let go of a moment after its logical unit was deleted.
 *
 * Return: as lun_open()
 */
int lun_open_wait(const char *path, const char *iotype, uint32_t iomode,
		  unsigned int ms, char reason[LUN_REASON_MAX]);

/**
 * lun_iomode_name - iomode in words
 * @iomode: enum iet_iomode
 *
 * Return: "wt", "wb", "ro", or "unknown"
 */
const char *lun_iomode_name(uint32_t iomode);

#endif /* IET_USR_LUN_H */
