// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gone in 6.5 (dc97391e6610), where MSG_SPLICE_PAGES does its work.  Stable
 * 6.1 defines MSG_SPLICE_PAGES too, but its TCP doesn't look at it.
 */
#include <linux/net.h>

int probe_sendpage(struct socket *sock, struct page *page);
int probe_sendpage(struct socket *sock, struct page *page)
{
	return kernel_sendpage(sock, page, 0, 1, MSG_DONTWAIT);
}
