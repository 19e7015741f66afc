#pragma once
// Probes as Kubernetes defines them: what to ask, how often, and after how many answers the verdict turns. Pure; the
// asking is prober.hpp.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/doc.hpp"
#include "core/time.hpp"

namespace slipway::pods {

struct HttpGet {
  std::string url;  // complete: http://127.20.0.1:8080/health
  std::vector<std::pair<std::string, std::string>> headers;
};
struct TcpSocket {
  std::string host;
  int port = 0;
};
struct Grpc {
  std::string host;
  int port = 0;
  std::string service;
};
struct Exec {
  std::vector<std::string> command;
};

struct Probe {
  std::variant<HttpGet, TcpSocket, Exec, Grpc> action;
  Duration initial_delay{};
  Duration period = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(1);
  int success_threshold = 1;
  int failure_threshold = 3;
  std::optional<Duration> grace = {};  // of a container that it ends; absent: the Pod's
};

// Reads one probe, or a hook that is written as one; named ports are looked up in the container's ports; no probe gives
// nullopt. invalid_argument says which field is wrong.
Result<std::optional<Probe>> parse_probe(const doc::Value& container, std::string_view field,
                                         const std::string& pod_ip);
// A port number, or the number of the container's port of that name; 0 when there is none.
int resolve_port(const doc::Value& port, const doc::Value& container);

// Counts answers: the verdict turns to good after `success_threshold` good ones in a row, to bad after
// `failure_threshold` bad ones in a row.
class ProbeVerdict {
 public:
  ProbeVerdict() = default;
  ProbeVerdict(bool initially_good, int success_threshold, int failure_threshold)
      : good_(initially_good), success_threshold_(success_threshold), failure_threshold_(failure_threshold) {}
  // Returns whether the failure threshold was reached or the verdict turned.
  bool feed(bool answer_is_good);
  bool is_good() const { return good_; }
  bool has_failed() const { return bad_in_a_row_ >= failure_threshold_; }

 private:
  bool good_ = false;
  int success_threshold_ = 1;
  int failure_threshold_ = 3;
  int good_in_a_row_ = 0;
  int bad_in_a_row_ = 0;
};

}  // namespace slipway::pods
