#include "core/error.hpp"

#include <cerrno>
#include <cstring>

#include "core/error_text.hpp"
#include "core/text.hpp"

namespace slipway::core {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::permission_denied:
      return "permission_denied";
    case Code::not_found:
      return "not_found";
    case Code::already_exists:
      return "already_exists";
    case Code::conflict:
      return "conflict";
    case Code::failed_precondition:
      return "failed_precondition";
    case Code::gone:
      return "gone";
    case Code::resource_exhausted:
      return "resource_exhausted";
    case Code::cancelled:
      return "cancelled";
    case Code::deadline_exceeded:
      return "deadline_exceeded";
    case Code::unavailable:
      return "unavailable";
    case Code::data_loss:
      return "data_loss";
    case Code::unimplemented:
      return "unimplemented";
    case Code::internal:
      return "internal";
  }
  return "internal";
}

int http_status(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::not_found:
      return 404;
    case Code::already_exists:
      return 409;
    case Code::conflict:
      return 409;
    case Code::failed_precondition:
      return 409;
    case Code::gone:
      return 410;
    case Code::resource_exhausted:
      return 429;
    case Code::cancelled:
      return 499;
    case Code::deadline_exceeded:
      return 504;
    case Code::unavailable:
      return 503;
    case Code::data_loss:
      return 500;
    case Code::unimplemented:
      return 501;
    case Code::internal:
      return 500;
  }
  return 500;
}

bool is_transient(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::deadline_exceeded;
}

std::string Mark::render() const {
  if (!source) return "";
  if (!known()) return source->name;
  return source->name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

namespace {

// "file:1:2: object: message; hint", without the causes.
std::string sentence(const Error& error) {
  std::string text = error.mark.render();
  if (!text.empty()) text += ": ";
  if (!error.object.empty()) text += error.object + ": ";
  text += error.message;
  if (!error.hint.empty()) text += "; " + error.hint;
  return text;
}

void render_into(std::string& out, const Error& error, std::size_t indent) {
  const std::string margin(indent, ' ');
  out += margin + sentence(error) + "\n";
  out += render_excerpt(error.mark, margin);
  for (const Error& cause : error.causes) render_into(out, cause, indent + 2);
}

std::string problems_message(std::size_t count) { return std::to_string(count) + " problems"; }

// join() made it: a list of problems, not a failure with a reason.
bool is_list(const Error& error) {
  return error.causes.size() > 1 && !error.mark.source && error.hint.empty() &&
         error.message == problems_message(error.causes.size());
}

}  // namespace

std::string Error::one_line() const {
  std::string text = sentence(*this);
  if (causes.size() == 1) return text + ": " + causes.front().one_line();
  for (std::size_t i = 0; i < causes.size(); ++i) {
    text += (i == 0 ? ": (" : " (") + std::to_string(i + 1) + ") " + causes[i].one_line();
  }
  return text;
}

std::string Error::render() const {
  std::string out;
  render_into(out, *this, 0);
  out.pop_back();  // the caller decides about the last line break
  return out;
}

Error join(std::vector<Error> problems) {
  std::vector<Error> flat;
  for (Error& problem : problems) {
    if (is_list(problem)) {
      for (Error& inner : problem.causes) flat.push_back(std::move(inner));
    } else {
      flat.push_back(std::move(problem));
    }
  }
  if (flat.size() == 1) return std::move(flat.front());
  Error all(flat.empty() ? Code::internal : flat.front().code, problems_message(flat.size()));
  all.causes = std::move(flat);
  return all;
}

namespace {

Code code_of_errno(int number) {
  switch (number) {
    case ENOENT:
    case ESRCH:
    case ENXIO:
    case ENODEV:
      return Code::not_found;
    case EEXIST:
      return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
    case E2BIG:
    case ENOBUFS:
      return Code::resource_exhausted;
    case ETIMEDOUT:
      return Code::deadline_exceeded;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ENOTCONN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAGAIN:
    case EINTR:
    case EIO:
      return Code::unavailable;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return Code::invalid_argument;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case EBUSY:
    case EADDRINUSE:
    case EXDEV:
    case ETXTBSY:
      return Code::failed_precondition;
    case ECANCELED:
      return Code::cancelled;
    case ENOSYS:
    case EOPNOTSUPP:
      return Code::unimplemented;
    default:
      return Code::internal;
  }
}

std::string hint_of_errno(int number) {
  switch (number) {
    case ENOSPC:
      return "free some disk space and try again";
    case EDQUOT:
      return "the disk quota of this user is used up: free some space";
    case EMFILE:
      return "raise the limit of open files of this process: ulimit -n";
    case ENFILE:
      return "raise the machine's limit of open files: sysctl fs.file-max";
    case EACCES:
    case EPERM:
      return "check who owns it and its mode, and the user that runs this program";
    case EROFS:
      return "its file system is mounted read-only";
    case EADDRINUSE:
      return "another program listens there: stop it or choose another port";
    case ECONNREFUSED:
      return "nothing listens there: is it running?";
    default:
      return "";
  }
}

}  // namespace

Error from_errno(int error_number, std::string what) {
  const char* known = strerrordesc_np(error_number);
  std::string reason = known ? known : "unknown error";
  if (reason.size() > 1 && reason[1] >= 'a' && reason[1] <= 'z') {
    reason[0] = lower(reason[0]);
  }
  return Error(code_of_errno(error_number),
               std::move(what) + ": " + reason + " (errno " + std::to_string(error_number) + ")",
               hint_of_errno(error_number));
}

}  // namespace slipway::core
