// SPDX-License-Identifier: GPL-2.0
/*
 * usage: bind [-p|-P|-i] NODE COMMAND [ARG]...
 *
 * Runs COMMAND with memory of NODE only, like "numactl --membind". With -p, -P or -i
 * NODE comes first, but others are allowed, as with "numactl --preferred",
 * --preferred-many or --interleave.
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PREFERRED_MANY	5	/* MPOL_PREFERRED_MANY, since 5.15 */

int main(int argc, char **argv)
{
	int mode = MPOL_BIND, option;
	unsigned long nodes;

	while ((option = getopt(argc, argv, "+pPi")) != -1)
		mode = option == 'p' ? MPOL_PREFERRED :
		       option == 'i' ? MPOL_INTERLEAVE :
				       PREFERRED_MANY;
	argc -= optind - 1;
	argv += optind - 1;
	if (argc < 3)
		errx(2, "usage: bind [-p|-P|-i] NODE COMMAND [ARG]...");
	nodes = 1UL << atoi(argv[1]);
	if (syscall(SYS_set_mempolicy, mode, &nodes, 8 * sizeof(nodes)))
		err(2, "node %s", argv[1]);
	execvp(argv[2], argv + 2);
	err(2, "%s", argv[2]);
}
