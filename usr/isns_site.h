/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is to register beside the targets. */
#ifndef IET_USR_ISNS_SITE_H
#define IET_USR_ISNS_SITE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "isns_request.h"

/**
 * isns_site_look - look which portals there are
 * @site: the site; they take the place of those it has
 * @local: our address, as the server sees it
 * @peer: the server's
 *
 * Return: whether they have changed
 */
bool isns_site_look(struct isns_site *site,
		    const struct sockaddr_storage *local,
		    const struct sockaddr_storage *peer);

/**
 * isns_site_name - give the entity its identifier, if it has none
 * @site: the site
 * @local: our address, as the server sees it
 */
void isns_site_name(struct isns_site *site,
		    const struct sockaddr_storage *local);

#endif /* IET_USR_ISNS_SITE_H */
