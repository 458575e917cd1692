// The floor of wss://: a minimal client on OpenSSL that does what wsperf does on the wire, and
// nothing else. It makes CONNECTIONS connections to 127.0.0.1:PORT on one epoll loop, with
// INFLIGHT of them in flight, which is until the response has come. All connections use the
// same key, so the accept key is known. Nothing is timed or recorded.
//
// Each connection is a socket and an SSL of its own: socket, set TCP_NODELAY, connect, epoll add,
// wait for EPOLLOUT, TLS handshake, request, response, close frame, the testee's close frame and
// close_notify, ours unless the FIN is there, wait for the FIN, close. OpenSSL reads ahead, which
// saves a read per record.
//
// By default all TLS handshakes are full ones of TLS 1.3, with a key share of X25519, and the
// certificate is not verified. It prints the number of connections, and to standard error what
// CPU time they took.
//
//     tlsclient [-2] [-r] [-c FILE] PORT CONNECTIONS INFLIGHT
//
// -2: TLS 1.2. -r: resume sessions, of which one full handshake before all others gets the first;
// it is not counted. -c: verify the certificate with the root certificates in FILE (PEM).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 32, STARTS = 1, SLOTS = 20000, TICKETS = 8 };
enum state { CONNECTING, SECURING, OPENING, CLOSING, ENDING, FINISHING };

struct slot {
	int fd;
	enum state state;
	int fin; // the testee's FIN has come
	SSL *ssl;
};

static struct slot slots[SLOTS];
static int free_slots[SLOTS], free_count;
static char request[512];
static int request_len, epoll_fd, in_flight, open_count, resume, to_resume;
static long left, done;
static struct sockaddr_in testee;
static SSL_CTX *context;
static SSL_SESSION *tickets[TICKETS];
static int ticket_count;

// The accept key for the key of all requests (RFC 6455 section 1.3 has both).
static const char accept_key[] = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
static const unsigned char close_frame[8] = {0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2};

static void die(const char *what) {
	perror(what);
	ERR_print_errors_fp(stderr); // what OpenSSL says, if it was OpenSSL
	exit(1);
}

static void refuse(const char *what) {
	fprintf(stderr, "tlsclient: %s\n", what);
	exit(1);
}

// keep_ticket takes a session over from OpenSSL (SSL_CTX_sess_set_new_cb(3)): 1 says so.
static int keep_ticket(SSL *ssl, SSL_SESSION *session) {
	(void)ssl;
	if (ticket_count == TICKETS) {
		SSL_SESSION_free(tickets[0]);
		memmove(tickets, tickets + 1, sizeof tickets - sizeof *tickets);
		ticket_count--;
	}
	tickets[ticket_count++] = session;
	return 1;
}

// use_ticket uses the newest ticket, and the last one again until there is another, as wsperf does.
// OpenSSL uses a session of TLS 1.3 once (tls_finish_handshake of 3.0), so that one is copied.
static void use_ticket(SSL *ssl) {
	if (ticket_count == 0)
		refuse("the testee has sent no ticket");
	SSL_SESSION *newest = ticket_count > 1 ? tickets[--ticket_count] : SSL_SESSION_dup(tickets[0]);
	if (!SSL_set_session(ssl, newest))
		die("SSL_set_session");
	SSL_SESSION_free(newest);
}

static void end(struct slot *s) {
	SSL_free(s->ssl);
	close(s->fd);
	free_slots[free_count++] = s - slots;
	open_count--;
	done++;
}

static SSL *secure(int fd) {
	SSL *ssl = SSL_new(context);
	if (!ssl || !SSL_set_fd(ssl, fd))
		die("SSL_new");
	SSL_set_connect_state(ssl);
	if (to_resume)
		use_ticket(ssl);
	return ssl;
}

static void start(void) {
	struct slot *s = &slots[free_slots[--free_count]];
	int on = 1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		die("socket");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(s->fd, (struct sockaddr *)&testee, sizeof testee) < 0 && errno != EINPROGRESS)
		die("connect");
	s->ssl = secure(s->fd);
	s->state = CONNECTING;
	s->fin = 0;
	in_flight++;
	open_count++;
	left--;
	struct epoll_event ev = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = s - slots}};
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) < 0)
		die("epoll_ctl");
}

static void send_all(struct slot *s, const void *b, int n) {
	if (SSL_write(s->ssl, b, n) != n)
		die("SSL_write");
}

// secured reports whether the TLS handshake is complete. If not, the testee's next flight is not here.
static int secured(struct slot *s) {
	int n = SSL_do_handshake(s->ssl);
	if (n != 1 && SSL_get_error(s->ssl, n) != SSL_ERROR_WANT_READ)
		die("SSL_do_handshake");
	if (n != 1)
		return 0;
	if (SSL_session_reused(s->ssl) != to_resume)
		refuse(to_resume ? "the testee has not resumed a session" : "the testee has resumed a session");
	send_all(s, request, request_len);
	s->state = OPENING;
	return 1;
}

// received takes what a record holds: a response, or a close frame.
static void received(struct slot *s, char *b, int n) {
	b[n] = 0;
	if (s->state == OPENING) {
		if (strncmp(b, "HTTP/1.1 101 ", 13) != 0 || !strcasestr(b, accept_key) || memcmp(b + n - 4, "\r\n\r\n", 4) != 0)
			refuse("the response is wrong, did not arrive in one record, or has bytes after its head");
		in_flight--;
		send_all(s, close_frame, sizeof close_frame);
		s->state = CLOSING;
	} else if (s->state == CLOSING && (unsigned char)b[0] == 0x88)
		s->state = ENDING;
	else
		refuse("the testee has sent more than a response and a close frame");
}

// notified answers the testee's close_notify, unless its FIN says that it reads no more. OpenSSL is
// told that it has: it does not resume the session of a connection that did not send one (SSL_set_shutdown(3)).
static void notified(struct slot *s) {
	if (s->state != ENDING)
		refuse("the testee has ended TLS without a close frame");
	if (s->fin)
		SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	else
		SSL_shutdown(s->ssl);
	s->state = FINISHING;
}

// read_all reads until there is no more, which an edge-triggered epoll asks for.
static void read_all(struct slot *s) {
	static char b[16 << 10 | 1]; // a record and a zero
	for (;;) {
		int n = SSL_read(s->ssl, b, sizeof b - 1);
		if (n > 0) {
			received(s, b, n);
			continue;
		}
		switch (SSL_get_error(s->ssl, n)) {
		case SSL_ERROR_WANT_READ:
			return;
		case SSL_ERROR_ZERO_RETURN:
			notified(s);
			return;
		default:
			die("SSL_read");
		}
	}
}

static void handle(struct epoll_event *ev) {
	struct slot *s = &slots[ev->data.u32];
	s->fin |= (ev->events & EPOLLRDHUP) != 0;
	if (s->state == CONNECTING)
		s->state = SECURING;
	if (s->state == SECURING && !secured(s))
		return;
	if (s->state != FINISHING)
		read_all(s);
	if (s->state == FINISHING && s->fin)
		end(s);
}

// run makes so many connections.
static void run(long connections, int max_in_flight) {
	struct epoll_event events[EVENTS];
	left = connections;
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

// prepare makes what all connections share. Groups and suites are in wsperf's order, so the
// testee chooses the same for both.
static void prepare(int version, const char *roots) {
	context = SSL_CTX_new(TLS_client_method());
	if (!context || !SSL_CTX_set_min_proto_version(context, version) || !SSL_CTX_set_max_proto_version(context, version) ||
		!SSL_CTX_set1_groups_list(context, "X25519:P-256") ||
		!SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") ||
		!SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"))
		die("SSL_CTX_new");
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
	SSL_CTX_sess_set_new_cb(context, resume ? keep_ticket : NULL);
	if (!resume)
		SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	if (!roots)
		return;
	if (!SSL_CTX_load_verify_locations(context, roots, NULL) || !X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context), "127.0.0.1"))
		die(roots);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
}

static void free_all_slots(void) {
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	long n = limit.rlim_cur < SLOTS + 10 ? (long)limit.rlim_cur - 10 : SLOTS;
	while (free_count < n)
		free_slots[free_count] = n - 1 - free_count, free_count++;
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

static void print(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	printf("%ld\n", done);
	fprintf(stderr, "%.1f us of CPU per connection\n", (seconds(u.ru_utime) + seconds(u.ru_stime)) * 1e6 / done);
}

int main(int argc, char **argv) {
	int version = TLS1_3_VERSION, option;
	const char *roots = NULL;
	while ((option = getopt(argc, argv, "2rc:")) != -1) {
		if (option == '2')
			version = TLS1_2_VERSION;
		else if (option == 'r')
			resume = 1;
		else if (option == 'c')
			roots = optarg;
		else
			argc = 0;
	}
	if (argc - optind != 3 || atol(argv[optind + 1]) < 1 || atoi(argv[optind + 2]) < 1) {
		fprintf(stderr, "usage: tlsclient [-2] [-r] [-c FILE] PORT CONNECTIONS INFLIGHT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	testee.sin_family = AF_INET;
	testee.sin_port = htons(atoi(argv[optind]));
	testee.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	request_len = snprintf(request, sizeof request,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", argv[optind]);
	prepare(version, roots);
	free_all_slots();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("epoll_create1");
	if (resume) {
		run(1, 1);
		done = 0;
		to_resume = 1;
	}
	run(atol(argv[optind + 1]), atoi(argv[optind + 2]));
	print();
	return 0;
}
