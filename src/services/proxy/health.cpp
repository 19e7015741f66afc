#include "services/proxy/health.hpp"

#include <array>
#include <cerrno>

namespace slipway::services::proxy {
namespace {

constexpr Duration pause_length = std::chrono::milliseconds(100);
constexpr std::size_t longest_head = 8 * 1024;
constexpr std::size_t most_clients = 32;  // the one that came first makes room

std::string rendered(const Answer& answer) {
  const std::string words = answer.status == 200 ? "OK" : answer.status == 404 ? "Not Found" : "Service Unavailable";
  return "HTTP/1.1 " + std::to_string(answer.status) + " " + words + "\r\ncontent-type: " + answer.type +
         "\r\ncontent-length: " + std::to_string(answer.body.size()) + "\r\nconnection: close\r\n\r\n" + answer.body;
}

}  // namespace

Result<std::string> requested_path(std::string_view head) {
  if (head.find("\r\n\r\n") == std::string_view::npos) return std::string();
  constexpr std::string_view method = "GET /";
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const auto end = line.find(' ', method.size() - 1);
  if (!line.starts_with(method) || end == std::string_view::npos || !line.substr(end).starts_with(" HTTP/1."))
    return fail(Code::invalid_argument, "only GET is answered");
  const std::string_view target = line.substr(method.size() - 1, end - method.size() + 1);
  return std::string(target.substr(0, target.find('?')));
}

Result<> Health::listen(const Address& at) {
  TRY_ASSIGN(socket_, listen_at(Protocol::tcp, at));
  return poller_.add(socket_.get(), EPOLLIN, *this);
}

void Health::go_on() {
  if (!poller_.add(socket_.get(), EPOLLIN, *this)) poller_.after(pause_length, [this] { go_on(); });
}

void Health::on_ready(std::uint32_t) {
  core::Descriptor socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket && errno != EAGAIN && errno != EINTR) {  // no descriptors are left: they are asked for again, not at once
    poller_.remove(socket_.get());
    poller_.after(pause_length, [this] { go_on(); });
  }
  if (!socket) return;
  if (clients_.size() >= most_clients) end(*clients_.front());
  const int fd = socket.get();
  auto client = std::make_shared<Client>(*this, std::move(socket));
  client->place = clients_.insert(clients_.end(), client);
  if (!poller_.add(fd, EPOLLIN, *client)) end(*client);
}

void Health::read(Client& client) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end(client);
  client.head.append(bytes.data(), static_cast<std::size_t>(got));
  const auto path = requested_path(client.head);
  if (path && path->empty() && client.head.size() < longest_head) return;
  if (path && !path->empty()) {
    const std::string answer = rendered(answering_(*path));
    ::send(client.socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL);  // it fits into the kernel's buffer
  }
  end(client);
}

void Health::end(Client& client) {
  Poller::forget(client);
  client.socket.close();
  poller_.bury(*client.place);
  clients_.erase(client.place);
}

}  // namespace slipway::services::proxy
