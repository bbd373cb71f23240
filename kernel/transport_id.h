/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TransportIDs of iSCSI (SPC-4 7.6.4.6): names of initiator ports in parameter
 * data.  Pure logic.
 */
#ifndef IET_TRANSPORT_ID_H
#define IET_TRANSPORT_ID_H

#include <linux/types.h>

#include "pr_state.h"

#define IET_TRANSPORT_ID_HEADER 4
/* the longest that we take or make, bytes */
#define IET_TRANSPORT_ID_MAX (IET_TRANSPORT_ID_HEADER + IET_PORT_NAME_MAX)

u32 iet_transport_id_len(const u8 *header, u32 room);
bool iet_transport_id_parse(const u8 *id, u32 len, char name[IET_PORT_NAME_MAX],
			    bool *node);
u32 iet_transport_id_make(u8 *id, const char *port);

#endif /* IET_TRANSPORT_ID_H */
