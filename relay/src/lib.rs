//! The relay: browsers on one side, SIP on the other, and calls between them.
//!
//! Signalling is one sans-I/O machine, [`relay::Relay`], owned by one event loop, [`run`]. Around it stand the doors
//! through which the outside comes in: [`door`] for browsers, [`ua`] for SIP. In its middle is [`call`], which joins two
//! legs and decides everything a call can do.

pub mod browser;
pub mod call;
pub mod config;
pub mod door;
pub mod limits;
pub mod metrics;
pub mod record;
pub mod relay;
pub mod route;
pub mod run;
pub mod service;
pub mod session;
pub mod ua;
pub mod webrtc;
