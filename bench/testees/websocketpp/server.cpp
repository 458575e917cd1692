// Echo testee on WebSocket++ and Boost.Asio: WORKERS threads run one io_service.
//
//     server PORT WORKERS
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

using Server = websocketpp::server<websocketpp::config::asio>;

// The default of net.core.somaxconn: a burst of connections waits in the accept
// queue, not for the retransmission of a SYN.
constexpr int backlog = 4096;

static void echo(Server &server, websocketpp::connection_hdl connection, Server::message_ptr message) {
	websocketpp::lib::error_code ignored; // the peer may have closed; without it send throws
	server.send(connection, message->get_payload(), message->get_opcode(), ignored);
}

static void listen(Server &server, std::uint16_t port) {
	server.clear_access_channels(websocketpp::log::alevel::all);
	server.clear_error_channels(websocketpp::log::elevel::all);
	server.init_asio();
	server.set_reuse_addr(true);
	server.set_listen_backlog(backlog);
	// The library does not disable Nagle's algorithm.
	server.set_socket_init_handler([](websocketpp::connection_hdl, boost::asio::ip::tcp::socket &socket) {
		boost::system::error_code ignored; // the connection may be closed; its handlers see that
		socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
	});
	server.set_message_handler([&server](websocketpp::connection_hdl connection, Server::message_ptr message) {
		echo(server, connection, message);
	});
	server.listen(boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
	server.start_accept();
}

static void run(Server &server, int workers) {
	std::vector<std::thread> others;
	for (int i = 1; i < workers; i++)
		others.emplace_back([&server] { server.run(); });
	server.run();
	for (auto &thread : others)
		thread.join();
}

int main(int argc, char **argv) {
	if (argc != 3) {
		std::fprintf(stderr, "usage: %s PORT WORKERS\n", argv[0]);
		return 2;
	}
	try {
		Server server;
		listen(server, static_cast<std::uint16_t>(std::atoi(argv[1])));
		run(server, std::atoi(argv[2]));
	} catch (const std::exception &e) {
		std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
		return 1;
	}
}
