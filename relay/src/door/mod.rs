//! How browsers reach the relay: a WebSocket that speaks offhook.v1, the files of a web page, and a health report.
//!
//! A door turns bytes into typed requests and events into bytes. It decides nothing about sessions or calls.

mod health;
mod http;
mod listener;
mod metrics;
mod origin;
mod source;
mod ws;

pub use http::{DoorState, router};
pub use listener::BoundedListener;
pub(crate) use origin::is_allowed as is_allowed_origin;
pub use source::Peer;
pub(crate) use source::source as forwarded_source;
pub use ws::{Outgoing, Socket};
