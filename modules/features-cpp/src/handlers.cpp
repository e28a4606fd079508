// HTTP handlers, below `/v1/database/<database>/route`.

#include <spacetimedb.h>

#include <algorithm>

#include "tables.h"

// All words, one a line, in alphabetical order.
SPACETIMEDB_HTTP_HANDLER(list_words, HandlerContext ctx, HttpRequest) {
  auto words = ctx.with_tx([](TxContext& tx) { return tx.db[word].iter().collect(); });
  std::sort(words.begin(), words.end(), [](const Word& a, const Word& b) { return a.text < b.text; });
  std::string lines;
  for (const Word& row : words) lines.append(lines.empty() ? "" : "\n").append(row.text);
  return HttpResponse{lines};
}

// Keeps the body as a word: 201, or 400 if it is none.
SPACETIMEDB_HTTP_HANDLER(add_word, HandlerContext ctx, HttpRequest request) {
  bool is_word = !request.body.empty();
  if (is_word) ctx.with_tx([&](TxContext& tx) { tx.db[word].insert(new_word(request.body)); });
  HttpResponse response{static_cast<uint16_t>(is_word ? 201 : 400), ""};
  return response.with_header("x-length", text(request.body.size()));
}

// Method, URI and the header `x-text` in a line each, then the body.
SPACETIMEDB_HTTP_HANDLER(echo_request, HandlerContext, HttpRequest request) {
  return HttpResponse{text(request.method_name(), " ", request.path(), "\n",
                           request.header("x-text").value_or("none"), "\n", request.body)};
}

SPACETIMEDB_HTTP_ROUTER(routes) {
  return HttpRouter{}.get("/words", list_words).post("/words", add_word).any("/echo", echo_request);
}
