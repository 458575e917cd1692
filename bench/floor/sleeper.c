// The floor of lateness: a loop that sleeps in epoll_pwait2 until the next start of an even
// schedule is due, with a timer slack of 1 ns, and does nothing then. It prints how late it
// woke up. No client that sleeps can do better.
//
//     sleeper RATE COUNT        RATE: starts per second
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

static void die(const char *what) {
	perror(what);
	exit(1);
}

static long now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

// sleep_until returns the time at which it woke up.
static long sleep_until(int epoll_fd, long due) {
	struct epoll_event event;
	long now;
	while ((now = now_ns()) < due) {
		struct timespec left = {(due - now) / 1000000000L, (due - now) % 1000000000L};
		if (epoll_pwait2(epoll_fd, &event, 1, &left, NULL) < 0)
			die("epoll_pwait2");
	}
	return now;
}

static int by_size(const void *a, const void *b) {
	long x = *(const long *)a, y = *(const long *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv) {
	if (argc != 3 || atof(argv[1]) <= 0 || atol(argv[2]) <= 0) {
		fprintf(stderr, "usage: sleeper RATE COUNT\n");
		return 2;
	}
	double interval = 1e9 / atof(argv[1]);
	long count = atol(argv[2]), *late = calloc(count, sizeof *late), begin;
	int epoll_fd = epoll_create1(0);
	if (epoll_fd < 0 || !late || prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0))
		die("prepare");
	begin = now_ns();
	for (long i = 0; i < count; i++) {
		long due = begin + (long)(i * interval);
		late[i] = sleep_until(epoll_fd, due) - due;
	}
	qsort(late, count, sizeof *late, by_size);
	printf("%ld sleeps, late by %.1f us at the median, %.1f us at q99\n", count, late[count / 2] / 1e3, late[count * 99 / 100] / 1e3);
	return 0;
}
