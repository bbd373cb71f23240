// SPDX-License-Identifier: GPL-2.0-only
/* must not compile, whatever the kernel */
#include <linux/net.h>

int probe_insane(struct socket *sock);
int probe_insane(struct socket *sock)
{
	return iet_no_kernel_has_this(sock);
}
