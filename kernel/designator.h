/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Designators (SPC-4 7.8.6): the names of logical units, target ports and
 * targets, as pages 83 and 88 have them.  Pure functions.
 */
#ifndef IET_DESIGNATOR_H
#define IET_DESIGNATOR_H

#include <linux/types.h>

struct iet_props;

/* who we are: T10 vendor identification (SPC-4 6.6.2) */
#define IET_T10_VENDOR "IET     "

void iet_spc_put_text(u8 *field, size_t len, const char *text,
		      const char *otherwise);
u8 iet_props_hex(const char *text, u8 *bytes);
u8 *iet_designators_of_unit(u8 *d, const struct iet_props *props,
			    const char *scsi_id);
u8 *iet_designator_port_name(u8 *d, const char *target, const char *suffix);
u8 *iet_designators_of_port(u8 *d, const char *target, const char *suffix,
			    u16 port);

#endif /* IET_DESIGNATOR_H */
