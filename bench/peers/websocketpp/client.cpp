// A client on the libraries of wsperf's ancestor, WebSocket++ and Boost.Asio. It
// makes CONNECTIONS opening and closing handshakes with 127.0.0.1:PORT on one
// thread, with INFLIGHT opening handshakes in flight, and records the times of
// each connection, as the ancestor did. It uses the library's default
// configuration for clients.
//
//     client PORT CONNECTIONS INFLIGHT
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>

using Client = websocketpp::client<websocketpp::config::asio_client>;
using Handle = websocketpp::connection_hdl;
using Clock = std::chrono::steady_clock;

struct Times {
	Clock::time_point started, opened, closed;
};

class Load {
public:
	Load(std::string uri, long connections, long max_in_flight)
		: uri_(std::move(uri)), left_(connections), max_in_flight_(max_in_flight) {
		times_.reserve(connections);
		client_.clear_access_channels(websocketpp::log::alevel::all);
		client_.clear_error_channels(websocketpp::log::elevel::all);
		client_.init_asio();
		client_.set_fail_handler([this](Handle) { in_flight_--, failed_++, start(); });
	}

	long run() {
		start();
		client_.run();
		return failed_ == 0 ? succeeded_ : -1;
	}

private:
	void start() {
		while (left_ > 0 && in_flight_ < max_in_flight_) {
			websocketpp::lib::error_code error;
			auto connection = client_.get_connection(uri_, error);
			if (error)
				std::exit(1);
			times_.push_back({Clock::now(), {}, {}});
			Times *t = &times_.back(); // never moves: the capacity is reserved
			connection->set_close_handler([this, t](Handle) { t->closed = Clock::now(), succeeded_++; });
			connection->set_open_handler([this, t](Handle h) { t->opened = Clock::now(), opened(h); });
			in_flight_++, left_--;
			client_.connect(connection);
		}
	}

	void opened(Handle h) {
		in_flight_--;
		client_.close(h, websocketpp::close::status::going_away, "");
		start();
	}

	Client client_;
	std::string uri_;
	long left_, max_in_flight_, in_flight_ = 0, succeeded_ = 0, failed_ = 0;
	std::vector<Times> times_;
};

int main(int argc, char **argv) {
	if (argc != 4) {
		std::fprintf(stderr, "usage: client PORT CONNECTIONS INFLIGHT\n");
		return 2;
	}
	Load load("ws://127.0.0.1:" + std::string(argv[1]) + "/", std::atol(argv[2]), std::atol(argv[3]));
	long done = load.run();
	std::printf("%ld\n", done);
	return done == std::atol(argv[2]) ? 0 : 1;
}
