#include "server/layout.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/doc.hpp"
#include "core/world/real.hpp"

namespace slipway::server {
namespace {

// Holds a free loopback port until destroyed, so that several are distinct.
class HeldPort {
 public:
  HeldPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor_, generic, length) == 0 && ::getsockname(descriptor_, generic, &length) == 0)
      port_ = ntohs(address.sin_port);
  }
  ~HeldPort() { ::close(descriptor_); }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;
  int port() const { return port_; }

 private:
  int descriptor_;
  int port_ = 0;
};

}  // namespace

Result<> Layout::make() const {
  core::Files& files = core::real_files();
  for (const std::string& directory :
       {root, blobs(), pods(), repositories(), runs(), runtime(), root + "/gateway", prometheus(), tokens(), spool()}) {
    TRY(files.make_directories(directory, 0700));
  }
  return {};
}

Result<DirectoryLock> DirectoryLock::take(const Layout& layout) {
  const int descriptor = ::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(core::from_errno(errno, "open " + layout.lock()));
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string pid = core::real_files().read(layout.pid()).value_or("?");
    return fail(
        Code::conflict,
        "a platform already runs with its data in " + layout.root + " (pid " + pid.substr(0, pid.find('\n')) + ")",
        "slipway status --data " + layout.root + " shows it; slipway down stops it");
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Ports> ports_of(const Layout& layout, const Ports& wanted) {
  core::Files& files = core::real_files();
  doc::Value saved;
  if (auto text = files.read(layout.ports())) {
    TRY_ASSIGN(saved, doc::parse_json(*text, layout.ports()));
  }
  HeldPort held[4];
  const auto choose = [&](int fixed, const char* name, const HeldPort& free) {
    return fixed != 0 ? fixed : static_cast<int>(saved[name].int_or(free.port()));
  };
  const Ports ports{.api = choose(wanted.api, "api", held[0]),
                    .gateway = choose(wanted.gateway, "gateway", held[1]),
                    .gateway_admin = choose(wanted.gateway_admin, "gatewayAdmin", held[2]),
                    .prometheus = choose(wanted.prometheus, "prometheus", held[3])};
  const doc::Object record{{"api", ports.api},
                           {"gateway", ports.gateway},
                           {"gatewayAdmin", ports.gateway_admin},
                           {"prometheus", ports.prometheus}};
  TRY(files.write_atomic(layout.ports(), doc::render_json(record), 0600));
  return ports;
}

}  // namespace slipway::server
