#include "pods/shim/attachments.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace slipway::pods::shim {
namespace {

constexpr std::size_t most_unheard = 16 * 1024;
constexpr std::size_t full_at = 256 * 1024;
constexpr std::size_t most_clients = 16;

}  // namespace

bool Attachments::listen(const std::string& directory) {
  listener_ = core::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un here{};
  here.sun_family = AF_UNIX;
  std::strncpy(here.sun_path, attach_socket, sizeof here.sun_path - 1);
  // Relative to the directory: a socket's path holds 107 characters.
  if (!listener_ || ::chdir(directory.c_str()) != 0) return false;
  const bool bound = ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0 &&
                     ::listen(listener_.get(), 4) == 0;
  [[maybe_unused]] const int back = ::chdir("/");
  if (!bound) listener_.close();
  return bound;
}

void Attachments::say(Channel channel, std::string_view bytes) {
  if (!listener_ || bytes.empty()) return;
  std::string frame = render_frame(channel, bytes);
  if (!was_heard_) {
    unheard_size_ += frame.size();
    unheard_.push_back(std::move(frame));
    while (unheard_size_ > most_unheard && unheard_.size() > 1) {
      unheard_size_ -= unheard_.front().size();
      unheard_.pop_front();
    }
    return;
  }
  for (Client& client : clients_) {
    client.unsent += frame;
    write(client);
  }
}

bool Attachments::is_full() const {
  return std::ranges::any_of(clients_, [](const Client& c) { return c.unsent.size() >= full_at; });
}

bool Attachments::has_unsent() const {
  return std::ranges::any_of(clients_, [](const Client& c) { return !c.unsent.empty(); });
}

void Attachments::add_to(std::vector<pollfd>& wanted, bool takes_input) const {
  wanted.push_back({clients_.size() < most_clients ? listener_.get() : -1, POLLIN, 0});
  for (const Client& client : clients_) {
    const int events = (takes_input ? POLLIN : 0) | (client.unsent.empty() ? 0 : POLLOUT);
    wanted.push_back({client.fd.get(), static_cast<short>(events), 0});
  }
}

void Attachments::serve(const std::vector<pollfd>& polled, std::size_t first) {
  const std::size_t known = clients_.size();
  for (std::size_t i = 0; i < known && first + 1 + i < polled.size(); ++i) {
    Client& client = clients_[i];
    const short events = polled[first + 1 + i].revents;
    if ((events & POLLOUT) != 0) write(client);
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !client.is_gone) read(client);
  }
  const auto gone = std::erase_if(clients_, [](const Client& client) { return client.is_gone; });
  if (gone > 0 && on_left) on_left();
  if (first < polled.size() && (polled[first].revents & POLLIN) != 0) accept_all();
}

void Attachments::accept_all() {
  while (clients_.size() < most_clients) {
    core::Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    Client& client = clients_.emplace_back();
    client.fd = std::move(fd);
    was_heard_ = true;
    for (const std::string& frame : unheard_) client.unsent += frame;
    unheard_.clear();
    write(client);
  }
}

void Attachments::read(Client& client) {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    client.is_gone = true;
    return;
  }
  client.reader.feed({buffer.data(), static_cast<std::size_t>(got)});
  while (auto frame = client.reader.next()) {
    if (frame->channel != Channel::end_of_input) {
      if (on_frame) on_frame(std::move(*frame));
    } else if (on_left) {
      on_left();
    }
  }
  if (client.reader.is_broken()) client.is_gone = true;
}

void Attachments::write(Client& client) {
  while (!client.unsent.empty()) {
    const ssize_t sent = ::send(client.fd.get(), client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) {
      client.is_gone = true;
      client.unsent.clear();
      return;
    }
    client.unsent.erase(0, static_cast<std::size_t>(sent));
  }
}

}  // namespace slipway::pods::shim
