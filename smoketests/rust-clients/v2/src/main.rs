//! The client with the SDK's second major version, which speaks `v2.bsatn`.

#[path = "../../shared/client.rs"]
mod client;
mod dialect;
mod module_bindings;

fn main() {
    client::run();
}
