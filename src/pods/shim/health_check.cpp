#include "pods/shim/health_check.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/world/descriptor.hpp"

namespace slipway::pods::shim {
namespace {

// RFC 9113: frames, and section 6 for what they mean.
enum FrameType : unsigned char { data = 0, headers = 1, reset = 3, settings = 4, ping = 6, go_away = 7 };
constexpr unsigned char end_of_stream = 1, acknowledged = 1, end_of_headers = 4, padded = 8;
constexpr std::uint32_t call = 1;  // the number of our only stream
constexpr std::size_t largest_frame = 16'384;
constexpr std::size_t prefix_size = 5;  // of a gRPC message: compressed or not, and its length

struct Frame {
  unsigned char type = 0;
  unsigned char flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

std::unexpected<Error> failed(const std::string& what) { return fail(Code::unavailable, what); }

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint32_t number_at(const std::string& text, std::size_t at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value = value << 8 | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
  return value;
}

std::string render(const Frame& frame) {
  std::string out;
  append_number(out, frame.payload.size(), 3);
  out += static_cast<char>(frame.type);
  out += static_cast<char>(frame.flags);
  append_number(out, frame.stream, 4);
  return out + frame.payload;
}

// RFC 7541: literals without indexing, their names from the static table where it has them.
std::string literal(std::string_view name_or_index, std::string_view value) {
  std::string out(name_or_index);
  out += static_cast<char>(value.size());  // all of ours are shorter than 127
  return out.append(value);
}

std::string header_block(const std::string& authority) {
  constexpr std::string_view method_post = "\x83";
  constexpr std::string_view scheme_http = "\x86";
  constexpr std::string_view te("\x00\x02te", 4);
  return std::string(method_post) + std::string(scheme_http) + literal("\x04", "/grpc.health.v1.Health/Check") +
         literal("\x01", authority) + literal("\x0f\x10", "application/grpc") + literal(te, "trailers");
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

// HealthCheckRequest: its only field is the service.
std::string request_of(const std::string& service) {
  const std::string message = service.empty() ? "" : "\x0a" + varint(service.size()) + service;
  std::string out(1, '\0');
  append_number(out, message.size(), 4);
  return out + message;
}

Result<> send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failed(std::string("the connection broke: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::recv(fd, bytes.data() + at, size - at, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(std::string("the connection broke: ") + std::strerror(errno));
    if (got == 0) return failed("it closed the connection without an answer: it may speak no gRPC");
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<Frame> receive_frame(int fd) {
  TRY_ASSIGN(const std::string head, receive(fd, 9));
  const std::uint32_t size = number_at(head, 0, 3);
  if (size > largest_frame) return failed("what it answers is no HTTP/2");
  Frame frame{static_cast<unsigned char>(head[3]), static_cast<unsigned char>(head[4]),
              number_at(head, 5, 4) & 0x7fffffff, ""};
  TRY_ASSIGN(frame.payload, receive(fd, size));
  return frame;
}

Result<> take_data(const Frame& frame, std::string& message) {
  std::string_view bytes = frame.payload;
  if ((frame.flags & padded) != 0) {
    const std::size_t padding = bytes.empty() ? 1 : static_cast<unsigned char>(bytes.front()) + std::size_t{1};
    if (padding > bytes.size()) return failed("what it answers is no HTTP/2");
    bytes = bytes.substr(1, bytes.size() - padding);
  }
  message += bytes;
  return message.size() > largest_frame ? Result<>(failed("its answer is too long")) : Result<>();
}

// The bytes of the answer's stream.
Result<std::string> receive_answer(int fd) {
  std::string message;
  while (true) {
    TRY_ASSIGN(const Frame frame, receive_frame(fd));
    const bool has_ended = frame.stream == call && (frame.flags & end_of_stream) != 0;
    if (frame.type == go_away) return failed("it ended the connection");
    if (frame.type == reset && frame.stream == call) return failed("it broke the call off");
    if ((frame.type == settings || frame.type == ping) && (frame.flags & acknowledged) == 0) {
      TRY(send_all(fd, render({frame.type, acknowledged, 0, frame.type == ping ? frame.payload : ""})));
    } else if (frame.type == data && frame.stream == call) {
      TRY(take_data(frame, message));
      if (has_ended) return message;
    } else if (frame.type == headers && has_ended) {
      return message;
    }
  }
}

// HealthCheckResponse: its only field is the status.
Result<> judge(const std::string& message) {
  if (message.size() < prefix_size)
    return failed("it answered without a status: it may not implement grpc.health.v1, or not know that service");
  const std::string_view response = std::string_view(message).substr(prefix_size);
  const int status = response.size() >= 2 && response[0] == 0x08 ? response[1] : 0;
  if (status == 1) return {};
  const std::array<const char*, 4> names{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return failed(std::string("service unhealthy (responded with \"") +
                (status >= 0 && status < 4 ? names[static_cast<std::size_t>(status)] : "?") + "\")");
}

}  // namespace

Result<> check_health(const std::string& host, int port, const std::string& service) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return failed(host + " is no address");
  const core::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("failed to connect service \"" + host + ":" + std::to_string(port) + "\": " + std::strerror(errno));
  const std::string authority = host + ":" + std::to_string(port);
  TRY(send_all(socket.get(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + render({settings, 0, 0, ""}) +
                                 render({headers, end_of_headers, call, header_block(authority)}) +
                                 render({data, end_of_stream, call, request_of(service)})));
  TRY_ASSIGN(const std::string answer, receive_answer(socket.get()));
  return judge(answer);
}

}  // namespace slipway::pods::shim
