// HTTP requests and responses, for outgoing requests and for handlers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec.h"

namespace SpacetimeDB {

/** A method by its tag in the ABI. */
enum class HttpMethod : uint8_t { Get, Head, Post, Put, Delete, Connect, Options, Trace, Patch, Extension };

enum class HttpVersion : uint8_t { Http09, Http10, Http11, Http2, Http3 };

struct HttpHeader {
  std::string name;
  std::string value;
};

namespace detail {

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (size_t i = 0; i < a.size(); i++) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

/** Headers in the order in which they are sent; a name may occur repeatedly. */
struct HttpMessage {
  std::vector<HttpHeader> headers;
  /** Any bytes, not only text. */
  std::string body;

  /** The first header of that name, in any case. */
  std::optional<std::string_view> header(std::string_view name) const {
    for (const HttpHeader& header : headers) {
      if (equals_ignoring_case(header.name, name)) return header.value;
    }
    return std::nullopt;
  }
};

}  // namespace detail

struct HttpRequest : detail::HttpMessage {
  HttpMethod method = HttpMethod::Get;
  /** The method's name where it is none of those with a tag. */
  std::string extension_method;
  std::string uri;
  HttpVersion version = HttpVersion::Http11;
  /** For outgoing requests; the server's own limit if there is none. */
  std::optional<TimeDuration> timeout;

  HttpRequest() = default;
  explicit HttpRequest(std::string uri) : uri(std::move(uri)) {}
  HttpRequest(HttpMethod method, std::string uri, std::string body = {}) : method(method), uri(std::move(uri)) {
    this->body = std::move(body);
  }

  HttpRequest& with_header(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }

  /** The URI without scheme, host and query. */
  std::string_view path() const {
    std::string_view path{uri};
    path = path.substr(0, path.find('?'));
    auto scheme = path.find("://");
    if (scheme == std::string_view::npos) return path;
    auto begin = path.find('/', scheme + 3);
    return begin == std::string_view::npos ? "/" : path.substr(begin);
  }
  /** What follows the first `?` of the URI. */
  std::string_view query() const {
    auto at = uri.find('?');
    return at == std::string::npos ? std::string_view{} : std::string_view{uri}.substr(at + 1);
  }
  /** `GET`, … */
  std::string_view method_name() const {
    constexpr std::string_view names[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                          "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    return method == HttpMethod::Extension ? std::string_view{extension_method} : names[static_cast<uint8_t>(method)];
  }
};

struct HttpResponse : detail::HttpMessage {
  uint16_t status = 200;
  HttpVersion version = HttpVersion::Http11;

  HttpResponse() = default;
  explicit HttpResponse(std::string body) { this->body = std::move(body); }
  HttpResponse(uint16_t status, std::string body) : status(status) { this->body = std::move(body); }

  bool is_success() const { return status >= 200 && status < 300; }
  HttpResponse& with_header(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
};

namespace detail {

inline void write_headers(Writer& out, const std::vector<HttpHeader>& headers) {
  out.u32(headers.size());
  for (const HttpHeader& header : headers) {
    out.text(header.name);
    out.text(header.value);
  }
}

inline std::vector<HttpHeader> read_headers(Reader& in) {
  uint32_t count = in.u32();
  std::vector<HttpHeader> headers;
  for (uint32_t i = 0; i < count; i++) {
    std::string name{in.text()};
    headers.push_back({std::move(name), std::string{in.text()}});
  }
  return headers;
}

/** Without the body, which travels on its own. */
inline void write_request(Writer& out, const HttpRequest& request) {
  out.u8(static_cast<uint8_t>(request.method));
  if (request.method == HttpMethod::Extension) out.text(request.extension_method);
  write_headers(out, request.headers);
  write_value(out, request.timeout);
  out.text(request.uri);
  out.u8(static_cast<uint8_t>(request.version));
}

inline HttpRequest read_request(Reader& in) {
  HttpRequest request;
  request.method = static_cast<HttpMethod>(in.u8());
  if (request.method == HttpMethod::Extension) request.extension_method = in.text();
  request.headers = read_headers(in);
  request.timeout = read_value<std::optional<TimeDuration>>(in);
  request.uri = in.text();
  request.version = static_cast<HttpVersion>(in.u8());
  return request;
}

inline void write_response(Writer& out, const HttpResponse& response) {
  write_headers(out, response.headers);
  out.u8(static_cast<uint8_t>(response.version));
  out.u16(response.status);
}

inline HttpResponse read_response(Reader& in) {
  HttpResponse response;
  response.headers = read_headers(in);
  response.version = static_cast<HttpVersion>(in.u8());
  response.status = in.number<uint16_t>();
  return response;
}

}  // namespace detail
}  // namespace SpacetimeDB
