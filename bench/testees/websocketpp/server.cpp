// Echo testee on WebSocket++ and Boost.Asio: WORKERS threads run one io_service.
//
//     server PORT WORKERS [FOLDER]
//
// FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

template <class Server> static void serve(Server &server, char **argv) {
	listen(server, static_cast<std::uint16_t>(std::atoi(argv[1])));
	run(server, std::atoi(argv[2]));
}

static void serve_tls(char **argv) {
	Secure server;
	// One context for all connections: it has the ticket key.
	server.set_tls_init_handler([context = certified(argv[3])](websocketpp::connection_hdl) { return context; });
	serve(server, argv);
}

int main(int argc, char **argv) {
	if (argc < 3 || argc > 4) {
		std::fprintf(stderr, "usage: %s PORT WORKERS [FOLDER]\n", argv[0]);
		return 2;
	}
	try {
		if (argc == 4) {
			serve_tls(argv);
		} else {
			Plain server;
			serve(server, argv);
		}
	} catch (const std::exception &e) {
		std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
		return 1;
	}
}
