// Echo testee on libwebsockets and libuv: WORKERS processes share one port.
// Debian builds the library for one service thread (LWS_MAX_SMP is 1). Such a build
// ignores LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE, so two processes cannot listen on
// one port through the library (github.com/warmcat/libwebsockets/issues/2470).
// Therefore each process accepts on a socket of its own, and passes the accepted
// sockets to its context.
//
//     server PORT WORKERS [FOLDER]
//
// FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <sys/random.h>
#include <uv.h>

enum {
	BACKLOG = 4096,          // the default of net.core.somaxconn
	ACCEPTS = 64,            // per event, so that accepted connections are served in between
	MAX_FDS = 65536,         // the library allocates tables for the limit, not for the number in use
	MAX_MESSAGE = 1 << 20,   // bytes; a longer message ends the connection
};

// The message that a connection receives, or that waits to be sent.
struct session {
	unsigned char *bytes; // LWS_PRE bytes for the library's header, then the message
	size_t length;
	enum lws_write_protocol kind;
};

static void fail(const char *what) {
	perror(what);
	exit(1);
}

static void forget(struct session *s) {
	free(s->bytes);
	memset(s, 0, sizeof *s);
}

static int append(struct session *s, const void *in, size_t length) {
	if (length > MAX_MESSAGE - s->length)
		return -1;
	unsigned char *bytes = realloc(s->bytes, LWS_PRE + s->length + length);
	if (!bytes)
		return -1;
	memcpy(bytes + LWS_PRE + s->length, in, length);
	s->bytes = bytes;
	s->length += length;
	return 0;
}

// A session holds one message, so reading pauses until the echo is sent.
static int received(struct lws *wsi, struct session *s, const void *in, size_t length) {
	if (lws_is_first_fragment(wsi))
		s->kind = lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
	if (append(s, in, length) != 0)
		return -1;
	if (!lws_is_final_fragment(wsi))
		return 0;
	lws_rx_flow_control(wsi, 0);
	lws_callback_on_writable(wsi);
	return 0;
}

static int writable(struct lws *wsi, struct session *s) {
	if (!s->bytes)
		return 0;
	// The library keeps and sends later what the socket does not accept.
	int sent = lws_write(wsi, s->bytes + LWS_PRE, s->length, s->kind);
	forget(s);
	lws_rx_flow_control(wsi, 1);
	return sent < 0 ? -1 : 0;
}

// All processes take the tickets of each.
static unsigned char ticket_keys[80]; // name, and keys for HMAC and AES-256, of OpenSSL 3.0

static int share_tickets(SSL_CTX *context) {
	return SSL_CTX_set_tlsext_ticket_keys(context, ticket_keys, sizeof ticket_keys) == 1 ? 0 : -1;
}

static int echo(struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t length) {
	switch (reason) {
	case LWS_CALLBACK_RECEIVE:
		return received(wsi, session, in, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return writable(wsi, session);
	case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: // a new SSL_CTX, in user
		return share_tickets(session);
	case LWS_CALLBACK_CLOSED:
		forget(session);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, session, in, length);
	}
}

static const struct lws_protocols protocols[] = {
	{.name = "echo", .callback = echo, .per_session_data_size = sizeof(struct session), .rx_buffer_size = 4096},
	{0},
};

// Returns the limit of descriptors, after lowering it to MAX_FDS: if a context is
// configured for fewer descriptors than the process's limit, the library finds
// connections by linear search.
static unsigned limit_fds(void) {
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur > MAX_FDS)
		limit.rlim_cur = MAX_FDS;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

// Forks workers - 1 processes that the kernel kills when the first one exits.
static void fork_others(int workers) {
	for (int i = 1; i < workers; i++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return;
		}
}

static int listener(int port) {
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
		fail("listen");
	return fd;
}

static void acceptable(uv_poll_t *handle, int status, int events) {
	(void)status, (void)events; // accept4 reports errors too
	int listening, fd;
	uv_fileno((uv_handle_t *)handle, &listening);
	for (int i = 0; i < ACCEPTS; i++) {
		if ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
			return; // EAGAIN: none left; other errors: libuv reports the socket again
		lws_adopt_socket(handle->data, fd); // closes fd if it fails
	}
}

static struct lws_context *context_on(uv_loop_t *loop, const char *folder) {
	void *loops[] = {loop};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.foreign_loops = loops,
		.fd_limit_per_thread = limit_fds(),
		.gid = -1,
		.uid = -1,
		.options = LWS_SERVER_OPTION_LIBUV,
	};
	char certificate[PATH_MAX], key[PATH_MAX];
	if (folder) {
		snprintf(certificate, sizeof certificate, "%s/cert.pem", folder);
		snprintf(key, sizeof key, "%s/key.pem", folder);
		info.ssl_cert_filepath = certificate;
		info.ssl_private_key_filepath = key;
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	}
	struct lws_context *context = lws_create_context(&info);
	if (!context)
		fail("lws_create_context");
	return context;
}

int main(int argc, char **argv) {
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: %s PORT WORKERS [FOLDER]\n", argv[0]);
		return 2;
	}
	lws_set_log_level(LLL_ERR, NULL);
	if (getrandom(ticket_keys, sizeof ticket_keys, 0) != sizeof ticket_keys)
		fail("getrandom");
	fork_others(atoi(argv[2]));
	uv_loop_t *loop = uv_default_loop();
	uv_poll_t accepting = {.data = context_on(loop, argv[3])};
	if (uv_poll_init(loop, &accepting, listener(atoi(argv[1]))) != 0 ||
	    uv_poll_start(&accepting, UV_READABLE, acceptable) != 0)
		fail("uv_poll");
	return uv_run(loop, UV_RUN_DEFAULT);
}
