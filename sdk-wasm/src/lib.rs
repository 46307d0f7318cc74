//! The browser's half of Offhook.
//!
//! Two layers. [`session`], [`call`] and [`phone`], which joins them, are state machines without a browser: commands,
//! relay messages, media events and the clock go in, actions and events come out, and all of it is tested natively.
//! `driver` runs those actions in a page over web-sys: WebSocket, peer connection, microphone, DOM, timer. `sdk` is the
//! class that JavaScript sees.
//!
//! # Rules for the wasm
//! - Exports take `&self`, and no borrow is held while JavaScript runs: any call into the page may come back.
//! - Events reach the page from a microtask, in order, so a listener added right after a command misses nothing.
//! - Every closure has an owner that drops it; after a call nothing of it is left.
//! - Size counts: what is used once of an object of the browser's is read, set and called by its name, since each binding
//!   of web-sys is paid for twice, in the wasm and in its glue; one closure hears all events of an object; no serde, no
//!   formatting of numbers, no early return while a message or options are read (each takes the code to drop what was
//!   read before), no search for texts in texts (`str::contains` with a text or a single character brings 10 kB of
//!   searching and panic texts; with a closure it brings none).
#![forbid(unsafe_code)]

pub mod account;
pub mod call;
mod clock;
pub mod constraints;
pub mod devices;
pub mod dial;
#[cfg(target_arch = "wasm32")]
pub mod driver;
pub mod failure;
pub mod flow;
pub mod phone;
mod queue;
#[cfg(target_arch = "wasm32")]
pub mod sdk;
pub mod sdp;
pub mod session;
mod text;

/// Size counts more than speed: a call allocates little.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A point on the page's monotonic clock, or a length of time, in milliseconds.
pub type Millis = u64;
