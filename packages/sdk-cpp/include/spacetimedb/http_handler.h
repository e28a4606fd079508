// SPACETIMEDB_HTTP_HANDLER and SPACETIMEDB_HTTP_ROUTER: a web service inside the database. Its routes hang below
// /v1/database/<database>/route.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "function.h"
#include "module_definition.h"

/**
 * Defines a function that answers HTTP requests, once a route leads to it.
 *
 *   SPACETIMEDB_HTTP_HANDLER(hello, HandlerContext ctx, HttpRequest request) {
 *     return HttpResponse{200, "hello"};
 *   }
 */
#define SPACETIMEDB_HTTP_HANDLER(function, ...)                                                                       \
  ::SpacetimeDB::HttpResponse function(__VA_ARGS__);                                                                  \
  static_assert(::SpacetimeDB::detail::is_http_handler<::SpacetimeDB::HttpResponse (*)(__VA_ARGS__)>,                 \
                "the HTTP handler " #function " has a wrong signature: its parameters must be a HandlerContext and "  \
                "an HttpRequest");                                                                                    \
  static const ::SpacetimeDB::detail::HttpHandlerItem spacetimedb_http_handler_##function =                           \
      ::SpacetimeDB::detail::HttpHandlerItem::of<                                                                     \
          static_cast<::SpacetimeDB::HttpResponse (*)(__VA_ARGS__)>(function)>(#function);                            \
  ::SpacetimeDB::HttpResponse function(__VA_ARGS__)

/**
 * Defines which requests go to which handler; once in a module.
 *
 *   SPACETIMEDB_HTTP_ROUTER(routes) {
 *     return HttpRouter{}.get("/hello", hello).nest("/notes", HttpRouter{}.put("/one", write_note));
 *   }
 */
#define SPACETIMEDB_HTTP_ROUTER(function)                                                                     \
  ::SpacetimeDB::HttpRouter function();                                                                       \
  inline constexpr bool spacetimedb_only_one_http_router = true;                                              \
  static const ::SpacetimeDB::detail::HttpRouterItem spacetimedb_http_router_##function{#function, function}; \
  ::SpacetimeDB::HttpRouter function()

namespace SpacetimeDB {

/** Routes: a method, a path and a handler each. A handler that SPACETIMEDB_HTTP_HANDLER did not define is refused. */
class HttpRouter {
 public:
  struct Route {
    /** -1 for any. */
    int method;
    std::string path;
    const void* handler;
  };

#define SPACETIMEDB_PP_ROUTE(name, method)                     \
  template <class Handler>                                     \
  HttpRouter& name(std::string_view path, Handler* handler) {  \
    return add(static_cast<int>(method), path, handler);       \
  }
  SPACETIMEDB_PP_ROUTE(get, HttpMethod::Get)
  SPACETIMEDB_PP_ROUTE(head, HttpMethod::Head)
  SPACETIMEDB_PP_ROUTE(post, HttpMethod::Post)
  SPACETIMEDB_PP_ROUTE(put, HttpMethod::Put)
  SPACETIMEDB_PP_ROUTE(del, HttpMethod::Delete)
  SPACETIMEDB_PP_ROUTE(options, HttpMethod::Options)
  SPACETIMEDB_PP_ROUTE(patch, HttpMethod::Patch)
  SPACETIMEDB_PP_ROUTE(any, -1)
#undef SPACETIMEDB_PP_ROUTE

  /** Adds the routes of another router below a path. Its route "/" is the path itself. */
  HttpRouter& nest(std::string_view path, const HttpRouter& other) {
    for (const Route& route : other.routes_) {
      std::string nested{path};
      if (route.path != "/") nested.append(route.path);
      routes_.push_back({route.method, std::move(nested), route.handler});
    }
    return *this;
  }

  HttpRouter& merge(const HttpRouter& other) {
    routes_.insert(routes_.end(), other.routes_.begin(), other.routes_.end());
    return *this;
  }

  const std::vector<Route>& routes() const { return routes_; }

 private:
  template <class Handler>
  HttpRouter& add(int method, std::string_view path, Handler* handler) {
    routes_.push_back({method, std::string{path}, reinterpret_cast<const void*>(handler)});
    return *this;
  }

  std::vector<Route> routes_;
};

namespace detail {

template <class Function>
inline constexpr bool is_http_handler = false;
template <class Context, class Request>
inline constexpr bool is_http_handler<HttpResponse (*)(Context, Request)> =
    std::is_same_v<std::decay_t<Context>, HandlerContext> && std::is_same_v<std::decay_t<Request>, HttpRequest>;

/** Registers a handler. */
class HttpHandlerItem : public Item {
 public:
  template <auto function>
  static HttpHandlerItem of(std::string_view name) {
    return HttpHandlerItem{name, reinterpret_cast<const void*>(function),
                           [](HandlerContext& context, HttpRequest&& request) -> HttpResponse {
                             if constexpr (is_http_handler<decltype(function)>) {
                               return function(context, take(request, function));
                             } else {
                               __builtin_trap();
                             }
                           }};
  }

  /** The name of the handler with this address; empty if there is none. */
  static std::string_view name_of(const void* function) {
    for (const HttpHandlerItem* handler = all_handlers; handler != nullptr; handler = handler->next_handler_) {
      if (handler->function_ == function) return handler->name;
    }
    return {};
  }

 private:
  HttpHandlerItem(std::string_view name, const void* function, HttpHandlerFunction call)
      : Item(Group::HttpHandler, name, describe), function_(function), call_(call), next_handler_(all_handlers) {
    all_handlers = this;
  }

  /** By value or by reference, as the handler takes it. */
  template <class Context, class Request>
  static auto take(HttpRequest& request, HttpResponse (*)(Context, Request)) -> Request {
    return static_cast<std::conditional_t<std::is_lvalue_reference_v<Request>, Request, HttpRequest&&>>(request);
  }

  static void describe(const Item& item, ModuleDefinition& module) {
    module.http_handlers.add().text(item.name);
    module.http_handler_functions.push_back(static_cast<const HttpHandlerItem&>(item).call_);
  }

  const void* function_;
  HttpHandlerFunction call_;
  const HttpHandlerItem* next_handler_;
  static const HttpHandlerItem* all_handlers;
};
inline constinit const HttpHandlerItem* HttpHandlerItem::all_handlers = nullptr;

/** Registers the routes. */
class HttpRouterItem : public Item {
 public:
  HttpRouterItem(std::string_view name, HttpRouter (*make)()) : Item(Group::HttpRouter, name, describe), make_(make) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    HttpRouter router = static_cast<const HttpRouterItem&>(item).make_();
    for (const HttpRouter::Route& route : router.routes()) {
      std::string_view handler = HttpHandlerItem::name_of(route.handler);
      if (handler.empty()) {
        fatal("the route \"" + route.path + "\" leads to a function that is no SPACETIMEDB_HTTP_HANDLER");
      }
      Writer& out = module.http_routes.add();
      out.text(handler);
      out.u8(route.method < 0 ? 0 : 1);
      if (route.method >= 0) out.u8(static_cast<uint8_t>(route.method));
      out.text(route.path);
    }
  }

  HttpRouter (*make_)();
};

}  // namespace detail
}  // namespace SpacetimeDB
