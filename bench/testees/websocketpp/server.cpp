// Echo testee on WebSocket++ and Boost.Asio: WORKERS threads run one io_service. With TLS each has its
// own: a connection's stream is used by two threads at once otherwise, and the heap is corrupted.
//
//     server PORT WORKERS [FOLDER]
//
// FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/socket.h>

#include <websocketpp/config/asio.hpp>
#include <websocketpp/server.hpp>

namespace ssl = boost::asio::ssl;

// The library's shutdown of TLS does not end when the client's close_notify comes, but after this
// time, by default 5 s. TCP is closed when both have happened.
struct SecureConfig : websocketpp::config::asio_tls {
	struct transport_config : websocketpp::config::asio_tls::transport_config {
		static const long timeout_socket_shutdown = 100; // ms
	};
	using transport_type = websocketpp::transport::asio::endpoint<transport_config>;
};

using Plain = websocketpp::server<websocketpp::config::asio>;
using Secure = websocketpp::server<SecureConfig>;

// The default of net.core.somaxconn: a burst of connections waits in the accept
// queue, not for the retransmission of a SYN.
constexpr int backlog = 4096;

template <class Server>
static void echo(Server &server, websocketpp::connection_hdl connection, typename Server::message_ptr message) {
	websocketpp::lib::error_code ignored; // the peer may have closed; without it send throws
	server.send(connection, message->get_payload(), message->get_opcode(), ignored);
}

template <class Server> static void listen(Server &server, std::uint16_t port) {
	server.clear_access_channels(websocketpp::log::alevel::all);
	server.clear_error_channels(websocketpp::log::elevel::all);
	server.init_asio();
	server.set_reuse_addr(true);
	server.set_listen_backlog(backlog);
	server.set_tcp_pre_bind_handler([](websocketpp::lib::shared_ptr<boost::asio::ip::tcp::acceptor> acceptor) {
		const int on = 1; // several may listen (socket(7))
		const int failed = setsockopt(acceptor->native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		return websocketpp::lib::error_code(failed ? errno : 0, std::generic_category());
	});
	// The library does not disable Nagle's algorithm.
	server.set_tcp_pre_init_handler([&server](websocketpp::connection_hdl connection) {
		boost::system::error_code ignored; // the connection may be closed; its handlers see that
		server.get_con_from_hdl(connection)->get_raw_socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
	});
	server.set_message_handler([&server](websocketpp::connection_hdl connection, typename Server::message_ptr message) {
		echo(server, connection, message);
	});
	server.listen(boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
	server.start_accept();
}

template <class Server> static void run(Server &server, int workers) {
	std::vector<std::thread> others;
	for (int i = 1; i < workers; i++)
		others.emplace_back([&server] { server.run(); });
	server.run();
	for (auto &thread : others)
		thread.join();
}

static std::shared_ptr<ssl::context> certified(const std::string &folder) {
	auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
	context->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
	context->use_certificate_file(folder + "/cert.pem", ssl::context::pem);
	context->use_private_key_file(folder + "/key.pem", ssl::context::pem);
	SSL_CTX_set1_groups_list(context->native_handle(), "X25519:P-256");
	return context;
}

static void serve(std::uint16_t port, int workers) {
	Plain server;
	listen(server, port);
	run(server, workers);
}

static void serve_tls(std::uint16_t port, int workers, const std::string &folder) {
	const auto context = certified(folder); // for all connections: it has the ticket key
	std::vector<std::unique_ptr<Secure>> servers;
	std::vector<std::thread> threads;
	for (int i = 0; i < workers; i++) {
		servers.push_back(std::make_unique<Secure>());
		servers[i]->set_tls_init_handler([context](websocketpp::connection_hdl) { return context; });
		listen(*servers[i], port);
	}
	for (auto &server : servers)
		threads.emplace_back([&server] { server->run(); });
	for (auto &thread : threads)
		thread.join();
}

int main(int argc, char **argv) {
	if (argc < 3 || argc > 4) {
		std::fprintf(stderr, "usage: %s PORT WORKERS [FOLDER]\n", argv[0]);
		return 2;
	}
	try {
		const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
		const int workers = std::atoi(argv[2]);
		if (argc == 4)
			serve_tls(port, workers, argv[3]);
		else
			serve(port, workers);
	} catch (const std::exception &e) {
		std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
		return 1;
	}
}
