#include "pods/probe.hpp"

#include <algorithm>

#include "core/seconds.hpp"

namespace slipway::pods {

int resolve_port(const doc::Value& port, const doc::Value& container) {
  if (port.is_int()) return static_cast<int>(port.as_int());
  const std::string name = port.string_or("");
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos && name.size() < 6) {
    return std::stoi(name);
  }
  const doc::Value& ports = container["ports"];
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (!name.empty() && ports[i]["name"].string_or("") == name) {
      return static_cast<int>(ports[i]["containerPort"].int_or(0));
    }
  }
  return 0;
}

Result<std::optional<Probe>> parse_probe(const doc::Value& container, std::string_view field,
                                         const std::string& pod_ip) {
  const doc::Value& value = container[field];
  if (value.is_null()) return std::nullopt;
  const auto refuse = [&](const std::string& problem) {
    return fail(Error(Code::invalid_argument, std::string(field) + ": " + problem).at(value.mark()));
  };
  const auto seconds = [&](std::string_view key, std::int64_t fallback, std::int64_t least) {
    return core::capped_seconds(std::max(value[key].int_or(fallback), least));
  };
  Probe probe;
  probe.initial_delay = seconds("initialDelaySeconds", 0, 0);
  probe.period = seconds("periodSeconds", 10, 1);
  probe.timeout = seconds("timeoutSeconds", 1, 1);
  probe.success_threshold = static_cast<int>(std::max<std::int64_t>(value["successThreshold"].int_or(1), 1));
  if (value["terminationGracePeriodSeconds"].is_int()) probe.grace = seconds("terminationGracePeriodSeconds", 0, 0);
  probe.failure_threshold = static_cast<int>(std::max<std::int64_t>(value["failureThreshold"].int_or(3), 1));

  if (const doc::Value& get = value["httpGet"]; get.is_object()) {
    const int port = resolve_port(get["port"], container);
    if (port <= 0) return refuse("httpGet.port " + get["port"].string_or("") + " names no port of the container");
    if (get["scheme"].string_or("HTTP") != "HTTP") return refuse("only scheme HTTP is supported");
    HttpGet action;
    std::string path = get["path"].string_or("/");
    if (!path.starts_with('/')) path.insert(0, "/");
    action.url = "http://" + get["host"].string_or(pod_ip) + ":" + std::to_string(port) + path;
    const doc::Value& headers = get["httpHeaders"];
    for (std::size_t i = 0; i < headers.size(); ++i) {
      action.headers.emplace_back(headers[i]["name"].string_or(""), headers[i]["value"].string_or(""));
    }
    probe.action = std::move(action);
  } else if (const doc::Value& tcp = value["tcpSocket"]; tcp.is_object()) {
    const int port = resolve_port(tcp["port"], container);
    if (port <= 0) return refuse("tcpSocket.port " + tcp["port"].string_or("") + " names no port of the container");
    probe.action = TcpSocket{tcp["host"].string_or(pod_ip), port};
  } else if (const doc::Value& grpc = value["grpc"]; grpc.is_object()) {
    const int port = resolve_port(grpc["port"], container);
    if (port <= 0) return refuse("grpc.port " + grpc["port"].string_or("") + " is no port");
    probe.action = Grpc{pod_ip, port, grpc["service"].string_or("")};
  } else if (const doc::Value& exec = value["exec"]; exec.is_object()) {
    Exec action;
    for (std::size_t i = 0; i < exec["command"].size(); ++i) {
      action.command.push_back(exec["command"][i].string_or(""));
    }
    if (action.command.empty()) return refuse("exec.command is empty");
    probe.action = std::move(action);
  } else {
    return refuse("one of httpGet, tcpSocket, grpc or exec is needed");
  }
  return probe;
}

bool ProbeVerdict::feed(bool answer_is_good) {
  const bool was_good = good_;
  const bool had_failed = has_failed();
  good_in_a_row_ = answer_is_good ? good_in_a_row_ + 1 : 0;
  bad_in_a_row_ = answer_is_good ? 0 : bad_in_a_row_ + 1;
  if (good_in_a_row_ >= success_threshold_) good_ = true;
  if (has_failed()) good_ = false;
  return good_ != was_good || has_failed() != had_failed;
}

}  // namespace slipway::pods
