//! The client with the SDK's first major version, which speaks `v1.bsatn`.

#[path = "../../shared/client.rs"]
mod client;
mod dialect;
mod module_bindings;

fn main() {
    client::run();
}
