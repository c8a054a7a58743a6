// SPDX-License-Identifier: GPL-2.0
/*
 * usage: load-race MODULE TIMES TEXT
 *
 * Loads MODULE, without parameters, and unloads it again, until TEXT was written to its
 * parameter "limit" TIMES times while it was being loaded: sysfs has the parameters
 * before init runs. The module has to load each time. If the write has succeeded before
 * the module was loaded, "limit" has to read TEXT; else it may read the default, 50%.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME		"scullv"
#define LIMIT		"/sys/module/" NAME "/parameters/limit"
#define DEFAULT		"50%"
#define MAX_ROUNDS	200

static const char *text;
static pthread_barrier_t barrier;
static atomic_bool loaded;	/* the kernel has returned */
static bool written;		/* before that */

/* writes once in each round */
static void *run_writer(void *unused)
{
	size_t length = strlen(text);
	int file;

	for (;;) {
		pthread_barrier_wait(&barrier);
		do {
			file = open(LIMIT, O_WRONLY);
		} while (file < 0 && !loaded);
		written = file >= 0 &&
			  write(file, text, length) == (ssize_t)length && !loaded;
		if (file >= 0)
			close(file);
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

static void load_module(const char *path)
{
	int file = open(path, O_RDONLY);

	if (file < 0)
		err(2, "%s", path);
	if (syscall(SYS_finit_module, file, "", 0))
		err(1, "a load during a write fails");
	close(file);
}

static void read_limit(char *value, size_t size)
{
	int file = open(LIMIT, O_RDONLY);
	ssize_t length = read(file, value, size - 1);

	if (length < 0)
		err(1, "%s", LIMIT);
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	close(file);
}

static void unload_module(void)
{
	while (syscall(SYS_delete_module, NAME, O_NONBLOCK))
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			err(1, "unload");
}

int main(int argc, char **argv)
{
	int times, met = 0, rounds;
	pthread_t writer;
	char value[64];

	if (argc != 4)
		errx(2, "usage: load-race MODULE TIMES TEXT");
	times = atoi(argv[2]);
	text = argv[3];
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&writer, NULL, run_writer, NULL))
		errx(2, "no thread");

	for (rounds = 0; met < times; rounds++) {
		if (rounds == MAX_ROUNDS)
			errx(1, "only %d writes during a load", met);
		loaded = false;
		pthread_barrier_wait(&barrier);
		load_module(argv[1]);
		loaded = true;
		pthread_barrier_wait(&barrier);

		read_limit(value, sizeof(value));
		if (strcmp(value, text) && (written || strcmp(value, DEFAULT)))
			errx(1, "limit is \"%s\" after a write of \"%s\" %s", value,
			     text, written ? "during the load" : "after it");
		met += written;
		unload_module();
	}
	printf("%d loads\n", rounds);
	return 0;
}
