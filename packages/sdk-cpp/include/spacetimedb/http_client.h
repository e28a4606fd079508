// ctx.http of procedures and HTTP handlers: requests to other servers. The server decides which hosts may be reached.
#pragma once

#include <string>
#include <utility>

#include "http_message.h"
#include "sources.h"

namespace SpacetimeDB {

class HttpClient {
 public:
  /** Sends a GET. Every status is a response; an error is that there was none. */
  Outcome<HttpResponse> get(std::string uri) const { return send(HttpRequest{std::move(uri)}); }

  Outcome<HttpResponse> post(std::string uri, std::string body) const {
    return send(HttpRequest{HttpMethod::Post, std::move(uri), std::move(body)});
  }

  /** Sends a request and waits for the response. Not possible inside of a transaction, where it ends the call. */
  Outcome<HttpResponse> send(const HttpRequest& request) const {
    Writer head;
    detail::write_request(head, request);
    uint32_t sources[2] = {0, 0};
    uint32_t code = abi::procedure_http_request(head.data(), head.size(),
                                                reinterpret_cast<const uint8_t*>(request.body.c_str()),
                                                request.body.size(), sources);
    bool has_failed = static_cast<Errno>(code) == Errno::HttpError;
    if (!has_failed) detail::check(code, "sending an HTTP request");
    Writer answer;
    detail::read_source(sources[0], answer);
    Reader in{answer.data(), answer.size()};
    if (has_failed) return Err(std::string{in.text()});
    HttpResponse response = detail::read_response(in);
    Writer body;
    detail::read_source(sources[1], body);
    response.body.assign(reinterpret_cast<const char*>(body.data()), body.size());
    return Ok(std::move(response));
  }
};

}  // namespace SpacetimeDB
