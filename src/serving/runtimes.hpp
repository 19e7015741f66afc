#pragma once
// RuntimeCatalog: the model servers Slipway knows how to start, as command lines. Pure; runs nothing.

#include <string>
#include <vector>

#include "core/doc.hpp"
#include "serving/spec.hpp"

namespace slipway::serving {

// What this machine has, chosen by the profile.
struct RuntimeOptions {
  std::string default_runtime = "llama-server";
  // What starts llama.cpp's server: {"llama-server"}, or {"/venv/bin/python", ".../runtime/llama_server.py"}.
  std::vector<std::string> llama_server = {"llama-server"};
  std::string why_no_llama_server;  // not empty: this machine has none; a sentence with what to do
  int llama_server_threads = 1;     // more than the machine has idle makes it many times slower, not faster
  // The slipway binary itself, absolute.
  std::string slipway = "slipway";
  std::vector<std::string> simulated_arguments;  // more flags for every simulated server
};

class RuntimeCatalog {
 public:
  explicit RuntimeCatalog(RuntimeOptions options) : options_(std::move(options)) {}

  // The runtime's name for this spec; invalid_argument with the known ones when there is no such, failed_precondition
  // when this machine cannot run it.
  Result<std::string> choose(const Spec& spec) const;
  // A simulated server needs no weights.
  bool needs_weights(const std::string& runtime) const { return runtime != "simulated"; }
  // One container of a Pod: name, image (informational), command, ports, probes.
  core::doc::Value container(const std::string& runtime, const Spec& spec, const std::string& weights_path) const;

 private:
  std::vector<std::string> llama_server_command(const Spec& spec, const std::string& weights_path) const;
  std::vector<std::string> simulated_command(const Spec& spec) const;
  RuntimeOptions options_;
};

}  // namespace slipway::serving
