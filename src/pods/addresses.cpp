#include "pods/addresses.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/number.hpp"

namespace slipway::pods {
namespace {

struct Socket {
  std::array<int, 4> address{};
  bool any = false;  // bound to the wildcard
  int port = 0;
  bool listens = false;
};

std::optional<unsigned> hex(std::string_view text) { return core::parse_number<unsigned>(text, 16); }

// "   0: 0100007F:1F90 00000000:0000 0A ..." with the address as little-endian words, the last one for IPv6.
std::optional<Socket> parse_socket(std::string_view line) {
  std::vector<std::string_view> fields;
  while (fields.size() < 4) {
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    line.remove_prefix(begin);
    fields.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(fields.back().size());
  }
  const auto colon = fields[1].find(':');
  if (colon == std::string_view::npos || colon < 8) return std::nullopt;
  const auto address = fields[1].substr(0, colon);
  const auto word = hex(address.substr(address.size() - 8));
  const auto port = hex(fields[1].substr(colon + 1));
  const auto state = hex(fields[3]);
  if (!word || !port || !state) return std::nullopt;
  const bool mapped = address.size() == 8 || address.substr(16, 8) == "FFFF0000";
  const bool zero = address.find_first_not_of('0') == std::string_view::npos;
  if (!mapped && !zero) return std::nullopt;
  Socket socket;
  for (unsigned i = 0; i < 4; ++i) socket.address[i] = static_cast<int>((*word >> (8 * i)) & 0xff);
  socket.any = *word == 0;
  socket.port = static_cast<int>(*port);
  socket.listens = *state == 0x0A;
  return socket;
}

template <class Visit>
void for_each_socket(std::string_view table, Visit visit) {
  while (!table.empty()) {
    const auto end = std::min(table.find('\n'), table.size());
    if (auto socket = parse_socket(table.substr(0, end))) visit(*socket);
    table.remove_prefix(std::min(end + 1, table.size()));
  }
}

}  // namespace

std::set<int> blocks_in_use(std::string_view proc_net_tcp) {
  std::set<int> blocks;
  for_each_socket(proc_net_tcp, [&](const Socket& socket) {
    if (socket.address[0] == 127) blocks.insert(socket.address[1]);
  });
  return blocks;
}

bool is_listening(std::string_view proc_net_tcp, std::string_view address, int port) {
  bool found = false;
  for_each_socket(proc_net_tcp, [&](const Socket& socket) {
    if (!socket.listens || socket.port != port) return;
    std::string text;
    for (const int part : socket.address) text += (text.empty() ? "" : ".") + std::to_string(part);
    found = found || socket.any || text == address;
  });
  return found;
}

bool Addresses::has(const std::string& address) const {
  const std::string block = "127." + std::to_string(block_) + ".";
  if (!address.starts_with(block)) return false;
  const std::string_view rest = std::string_view(address).substr(block.size());
  const auto third = core::parse_number<int>(rest.substr(0, rest.find('.')));
  return third && *third < 128;
}

void Addresses::reserve(const std::string& address) { taken_.insert(address); }
void Addresses::release(const std::string& address) { taken_.erase(address); }

Result<std::string> Addresses::take() {
  constexpr int last = 0x7fff;
  for (int tries = 0; tries < last; ++tries) {
    cursor_ = cursor_ >= last ? 1 : cursor_ + 1;
    std::string address =
        "127." + std::to_string(block_) + "." + std::to_string(cursor_ >> 8) + "." + std::to_string(cursor_ & 0xff);
    if (taken_.insert(address).second) return address;
  }
  return fail(Code::resource_exhausted, "all addresses of 127." + std::to_string(block_) + ".0.0/17 are in use");
}

std::string service_network(int block) { return "127." + std::to_string(block) + ".128.0/17"; }

std::string service_proxy_address(int block) { return "127." + std::to_string(block) + ".128.0"; }

std::string first_service_address(int block) { return "127." + std::to_string(block) + ".128.1"; }

std::set<int> blocks_in_use(const core::World& world) {
  std::set<int> used = blocks_in_use(world.files.read("/proc/net/tcp").value_or(""));
  used.merge(blocks_in_use(world.files.read("/proc/net/tcp6").value_or("")));
  return used;
}

Result<int> choose_block(core::World& world) {
  const std::set<int> used = blocks_in_use(world);
  std::vector<int> free;
  for (int block = Addresses::first_block; block <= Addresses::last_block; ++block) {
    if (!used.contains(block)) free.push_back(block);
  }
  if (free.empty()) return fail(Code::resource_exhausted, "every block from 127.16/16 to 127.250/16 is in use");
  return free[world.random.below(free.size())];
}

}  // namespace slipway::pods
