//! The `offhook.v1` WebSocket subprotocol: what the SDK and the relay say to each other.
//!
//! Every frame is one JSON object in one text frame, and its `type` names the message. The browser sends [`request`]s,
//! each with an `id`, and gets exactly one [`reply`] for each; the relay sends [`event`]s, each with a sequence number.
//! Unknown fields are ignored; an unknown `type` is answered with [`ErrorCode::UnknownRequest`].
//!
//! This crate holds types and no logic. It knows nothing of sockets, SIP or browsers.
#![forbid(unsafe_code)]

pub mod compact;
mod diversion;
mod encode;
pub mod error;
pub mod event;
mod header;
mod parse;
pub mod quality;
pub mod reply;
pub mod request;
pub mod secret;
pub mod status;
#[cfg(test)]
mod typescript;

pub use diversion::Diversion;
pub use encode::decimal;
pub use error::{ErrorCode, Failure};
pub use event::{Event, EventBody};
pub use header::Header;
pub use parse::RequestError;
pub use quality::Json;
pub use reply::Reply;
pub use request::{Request, RequestBody};
pub use secret::Secret;
pub use status::{CallStatus, RegistrationState, TransferStatus};

/// The WebSocket subprotocol both ends name in `Sec-WebSocket-Protocol` (RFC 6455 section 1.9).
pub const SUBPROTOCOL: &str = "offhook.v1";

/// The protocol version `hello` carries.
pub const VERSION: u32 = 1;

/// The largest text frame either end accepts, in bytes. An SDP with many candidates stays below 16 kB.
pub const MAX_FRAME: usize = 64 * 1024;
