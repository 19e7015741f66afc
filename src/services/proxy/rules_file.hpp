#pragma once
// RulesFile: reads the rules whenever the control plane has left new ones; told by the kernel where it can, else by a
// look now and then. Inside proxy/ only.

#include "services/proxy/poller.hpp"
#include "services/rules.hpp"

namespace slipway::services::proxy {

class RulesFile final : public Handler {
 public:
  RulesFile(Poller& poller, std::string path, std::function<void(Rules)> on_rules)
      : poller_(poller), path_(std::move(path)), on_rules_(std::move(on_rules)) {}
  void start();  // with what is there already
  void on_ready(std::uint32_t events) override;

 private:
  Result<> watch();
  void read();
  void look_again();

  Poller& poller_;
  std::string path_;
  std::function<void(Rules)> on_rules_;
  core::Descriptor inotify_;
  std::string last_;  // what was read last
};

}  // namespace slipway::services::proxy
