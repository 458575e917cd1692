// A minimal testee for the floor: one epoll loop on ADDRESS:PORT that answers a
// request with a 101 and the accept key for it, and a close frame with a close
// frame and FIN. Each request and each close frame must arrive in one read. The
// testee prints its port once it listens, and serves until it is killed. With
// --exit-on-eof it also exits at the end of its standard input, which must be a
// pipe. It then does not outlive the process that holds the other end.
//
// It answers requests once HOLD_REQUESTS of them wait, and close frames once
// HOLD_CLOSES wait; or when no event has come for IDLE_MS milliseconds. A client
// with that many connections has all of them in flight, or open, at once. A client
// with fewer gets its answers after IDLE_MS.
//
// A ClientHello counts as a request. Its answer is FIN.
//
// With --spin it computes for SPIN_US microseconds before each response. With --every it
// computes until EVERY_US microseconds have passed since the last response: what else it does
// meanwhile takes no further time, so its capacity is known exactly.
//
//     testee [--exit-on-eof] [--spin SPIN_US | --every EVERY_US] PORT [HOLD_REQUESTS HOLD_CLOSES IDLE_MS [ADDRESS]]
//
// PORT 0: any free port. ADDRESS: IPv4, by default 127.0.0.1.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, ACCEPTS = 64, CROWD = 20000 };

static int epoll_fd, listen_fd;
static long spin_ns, every_ns, responded_ns;

// queue holds the connections that wait for an answer. They get it when there
// are hold of them.
struct queue {
	int hold, count;
	struct { int fd; char accept[28]; } waiting[CROWD];
};

static struct queue requests, closes;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static uint32_t rotate(uint32_t v, int n) { return v << n | v >> (32 - n); }

// block adds a block of 64 bytes to the hash (FIPS 180-4 section 6.1.2).
static void block(uint32_t h[5], const uint8_t *p) {
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
		uint32_t t = rotate(a, 5) + f + e + k + w[i];
		e = d, d = c, c = rotate(b, 30), b = a, a = t;
	}
	h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

// sha1 hashes 60 bytes, the length of a key and the GUID. Padded, they are 2
// blocks (FIPS 180-4 section 5.1.1).
static void sha1(const char *in, uint8_t out[20]) {
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t p[128] = {0};
	memcpy(p, in, 60);
	p[60] = 0x80;
	p[126] = 60 * 8 >> 8, p[127] = 60 * 8 & 0xff;
	block(h, p);
	block(h, p + 64);
	for (int i = 0; i < 20; i++)
		out[i] = h[i / 4] >> (24 - 8 * (i % 4));
}

static void base64(const uint8_t in[20], char out[28]) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t p[21] = {0};
	memcpy(p, in, 20);
	for (int i = 0; i < 7; i++) {
		uint32_t v = p[3 * i] << 16 | p[3 * i + 1] << 8 | p[3 * i + 2];
		for (int j = 0; j < 4; j++)
			out[4 * i + j] = digits[v >> (18 - 6 * j) & 63];
	}
	out[27] = '=';
}

static void read_key(char *b, ssize_t n, char accept[28]) {
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char keyed[60];
	uint8_t digest[20];
	b[n] = 0;
	char *key = strcasestr(b, "\r\nSec-WebSocket-Key: ");
	if (!key || key + 21 + 24 > b + n)
		die("request without a key");
	memcpy(keyed, key + 21, 24);
	memcpy(keyed + 24, guid, 36);
	sha1(keyed, digest);
	base64(digest, accept);
}

static long now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

// compute returns the time, which is end at least.
static long compute(long end) {
	long now;
	while ((now = now_ns()) < end)
		;
	return now;
}

static void spin(void) {
	if (spin_ns > 0)
		compute(now_ns() + spin_ns);
	if (every_ns > 0)
		responded_ns = compute(responded_ns + every_ns);
}

static void answer_request(int fd, const char accept[28]) {
	if (!accept[0]) {
		close(fd);
		return;
	}
	static char response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: 0123456789012345678901234567\r\n\r\n";
	spin();
	memcpy(response + sizeof response - 1 - 4 - 28, accept, 28);
	if (send(fd, response, sizeof response - 1, MSG_NOSIGNAL) != sizeof response - 1)
		close(fd);
}

static void answer_close(int fd) {
	static const unsigned char frame[4] = {0x88, 2, 0x03, 0xe8};
	send(fd, frame, sizeof frame, MSG_NOSIGNAL);
	close(fd);
}

static void answer_requests(void) {
	for (int i = 0; i < requests.count; i++)
		answer_request(requests.waiting[i].fd, requests.waiting[i].accept);
	requests.count = 0;
}

static void answer_closes(void) {
	for (int i = 0; i < closes.count; i++)
		answer_close(closes.waiting[i].fd);
	closes.count = 0;
}

// request takes a request, or a record with a ClientHello (type 22, RFC 8446 section 5.1), which has no key.
static void request(int fd, char *b, ssize_t n) {
	requests.waiting[requests.count].fd = fd;
	requests.waiting[requests.count].accept[0] = 0;
	if (b[0] != 22)
		read_key(b, n, requests.waiting[requests.count].accept);
	if (++requests.count >= requests.hold)
		answer_requests();
}

static void close_frame(int fd) {
	closes.waiting[closes.count].fd = fd;
	if (++closes.count >= closes.hold)
		answer_closes();
}

static void readable(int fd) {
	static char b[64 << 10];
	ssize_t n = read(fd, b, sizeof b - 1);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 && fd == STDIN_FILENO)
		exit(0);
	if (n <= 0)
		close(fd);
	else if ((unsigned char)b[0] == 0x88)
		close_frame(fd);
	else
		request(fd, b, n);
}

static void accept_some(void) {
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return; // EAGAIN, or EMFILE: the listener is level-triggered and is reported again
		struct epoll_event ev = {EPOLLIN | EPOLLET, {.fd = fd}};
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);
	}
}

static void listen_on(const char *address, int port) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t len = sizeof a;
	int on = 1;
	if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
		die(address);
	listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listen_fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(listen_fd, 65535) < 0)
		die("listen");
	getsockname(listen_fd, (struct sockaddr *)&a, &len);
	struct epoll_event ev = {EPOLLIN, {.fd = listen_fd}};
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &ev);
	printf("%d\n", ntohs(a.sin_port));
	fflush(stdout);
}

static void watch_stdin(void) {
	struct epoll_event ev = {EPOLLIN, {.fd = STDIN_FILENO}};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &ev) < 0)
		die("--exit-on-eof");
}

int main(int argc, char **argv) {
	int exit_on_eof = argc > 1 && strcmp(argv[1], "--exit-on-eof") == 0;
	argc -= exit_on_eof, argv += exit_on_eof;
	if (argc > 2 && strcmp(argv[1], "--spin") == 0) {
		spin_ns = atol(argv[2]) * 1000;
		argc -= 2, argv += 2;
	} else if (argc > 2 && strcmp(argv[1], "--every") == 0) {
		every_ns = atol(argv[2]) * 1000;
		argc -= 2, argv += 2;
	}
	if (argc != 2 && argc != 5 && argc != 6) {
		fprintf(stderr, "usage: testee [--exit-on-eof] [--spin SPIN_US | --every EVERY_US] PORT [HOLD_REQUESTS HOLD_CLOSES IDLE_MS [ADDRESS]]\n");
		return 2;
	}
	int idle_ms = -1;
	requests.hold = closes.hold = 1;
	if (argc >= 5)
		requests.hold = atoi(argv[2]), closes.hold = atoi(argv[3]), idle_ms = atoi(argv[4]);
	if (requests.hold > CROWD || closes.hold > CROWD) {
		fprintf(stderr, "testee: HOLD_REQUESTS and HOLD_CLOSES must be at most %d\n", CROWD);
		return 2;
	}
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (exit_on_eof)
		watch_stdin();
	listen_on(argc == 6 ? argv[5] : "127.0.0.1", atoi(argv[1]));
	struct epoll_event events[EVENTS];
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS, requests.count + closes.count > 0 ? idle_ms : -1);
		if (n == 0) {
			answer_requests();
			answer_closes();
		}
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listen_fd)
				accept_some();
			else
				readable(events[i].data.fd);
		}
	}
}
