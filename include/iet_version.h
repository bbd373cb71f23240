/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * The one place that names the release: the module, the daemon, ietadm, the
 * packages and the manual pages take it from here.
 */
#ifndef IET_VERSION_H
#define IET_VERSION_H

#define IET_VERSION "2.0"

#endif /* IET_VERSION_H */
