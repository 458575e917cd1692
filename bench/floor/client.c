// The floor: a minimal client that does the same as wsperf on the wire, and
// nothing else. It makes CONNECTIONS connections to ADDRESS:PORT on one epoll loop,
// with INFLIGHT opening handshakes in flight. All connections use the same
// key. No response is validated, nothing is timed or recorded.
//
// There are two sequences of system calls. The plain one is that of any such
// client: socket, set TCP_NODELAY, connect, epoll add, wait for EPOLLOUT, send the
// request, read, send the close frame, read, wait for the FIN, close. With -DTUNED
// it is wsperf's: the request is sent right after connect, the socket is added to
// epoll without EPOLLOUT, and TCP_NODELAY is not set. shutdown replaces close, and
// connect with AF_UNSPEC frees the socket for the next connection. If that fails,
// the socket is closed.
//
//     client PORT CONNECTIONS INFLIGHT [ADDRESS]        ADDRESS: IPv4, by default 127.0.0.1
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, STARTS = 16, SLOTS = 20000, NO_FD = -1 };
enum state { CONNECTING, OPENING, CLOSING, FINISHING };

struct slot {
	int fd;
	enum state state;
};

static struct slot slots[SLOTS];
static int free_slots[SLOTS], free_count;
static char request[512];
static int request_len, epoll_fd, in_flight, open_count;
static long left, done;
static struct sockaddr_in testee;

static const unsigned char close_frame[8] = {0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2};

static void die(const char *what) {
	perror(what);
	exit(1);
}

#ifdef TUNED
// leave_connection sends our FIN and frees the socket for another connection
// (connect(2), AF_UNSPEC). It returns 0 if the FIN is not acknowledged yet: only
// after that does a second shutdown fail with ENOTCONN.
static int leave_connection(int fd) {
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	if (shutdown(fd, SHUT_WR) < 0 || shutdown(fd, SHUT_WR) == 0 || errno != ENOTCONN)
		return 0;
	return connect(fd, &nowhere, sizeof nowhere) == 0;
}
#endif

static void end(struct slot *s) {
#ifdef TUNED
	if (!leave_connection(s->fd))
#endif
	{
		close(s->fd);
		s->fd = NO_FD;
	}
	free_slots[free_count++] = s - slots;
	open_count--;
	done++;
}

static int write_request(struct slot *s) {
	ssize_t n = sendto(s->fd, request, request_len, MSG_NOSIGNAL, NULL, 0);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n != request_len)
		die("send request");
	s->state = OPENING;
	return 1;
}

static void watch(struct slot *s, int operation, unsigned interest) {
	struct epoll_event ev = {interest | EPOLLIN | EPOLLRDHUP | EPOLLET, {.u32 = s - slots}};
	if (epoll_ctl(epoll_fd, operation, s->fd, &ev) < 0)
		die("epoll_ctl");
}

static void open_socket(struct slot *s) {
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("socket");
#ifndef TUNED
	int on = 1;
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#endif
}

static void start(void) {
	struct slot *s = &slots[free_slots[--free_count]];
	int kept = s->fd != NO_FD;
	if (!kept)
		open_socket(s);
	if (connect(s->fd, (struct sockaddr *)&testee, sizeof testee) < 0 && errno != EINPROGRESS)
		die("connect");
	s->state = CONNECTING;
	in_flight++;
	open_count++;
	left--;
#ifdef TUNED
	int written = write_request(s);
	if (!kept || !written)
		watch(s, kept ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, written ? 0 : EPOLLOUT);
#else
	watch(s, EPOLL_CTL_ADD, EPOLLOUT);
#endif
}

// opened checks of the response only that it ends with an empty line.
static void opened(struct slot *s, const char *b, ssize_t n) {
	if (n < 4 || memcmp(b + n - 4, "\r\n\r\n", 4) != 0) {
		fprintf(stderr, "client: the response did not arrive in one read, or has bytes after its head\n");
		exit(1);
	}
	in_flight--;
	s->state = CLOSING;
	if (sendto(s->fd, close_frame, sizeof close_frame, MSG_NOSIGNAL, NULL, 0) != sizeof close_frame)
		die("send close frame");
}

static void readable(struct slot *s, unsigned flags) {
	static char b[64 << 10];
	ssize_t n = read(s->fd, b, sizeof b);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die("read");
	if (s->state == OPENING)
		opened(s, b, n);
	else if (s->state == CLOSING)
		s->state = FINISHING;
	if (s->state == FINISHING && flags & EPOLLRDHUP)
		end(s);
}

static void handle(struct epoll_event *ev) {
	struct slot *s = &slots[ev->data.u32];
	if (s->state == FINISHING) {
		if (ev->events & EPOLLRDHUP)
			end(s);
		return;
	}
	if (s->state == CONNECTING && !write_request(s))
		return;
	if (ev->events & (EPOLLIN | EPOLLRDHUP))
		readable(s, ev->events);
}

static void run(int max_in_flight) {
	struct epoll_event events[EVENTS];
	while (left > 0 || open_count > 0) {
		int more = 1;
		for (int i = 0; i < STARTS && more; i++) {
			more = left > 0 && in_flight < max_in_flight && free_count > 0;
			if (more)
				start();
		}
		int n = epoll_wait(epoll_fd, events, EVENTS, 0);
		if (n == 0 && !more)
			n = epoll_wait(epoll_fd, events, EVENTS, 100);
		for (int i = 0; i < n; i++)
			handle(&events[i]);
	}
}

int main(int argc, char **argv) {
	const char *address = argc == 5 ? argv[4] : "127.0.0.1";
	if (argc < 4 || argc > 5 || inet_pton(AF_INET, address, &testee.sin_addr) != 1) {
		fprintf(stderr, "usage: client PORT CONNECTIONS INFLIGHT [ADDRESS]\n");
		return 2;
	}
	testee.sin_family = AF_INET;
	testee.sin_port = htons(atoi(argv[1]));
	left = atol(argv[2]);
	request_len = snprintf(request, sizeof request,
		"GET / HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", address, argv[1]);
	for (int i = SLOTS; i > 0; i--) {
		slots[i - 1].fd = NO_FD;
		free_slots[free_count++] = i - 1;
	}
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < SLOTS + 10)
		free_count = limit.rlim_cur - 10;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("epoll_create1");
	run(atoi(argv[3]));
	printf("%ld\n", done);
	return 0;
}
