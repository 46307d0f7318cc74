//! Every timer and every transition on simulated time, seen from outside the layer.

mod bounds;
mod cancelling;
mod harness;
mod invite_client;
mod invite_server;
mod matching;
mod non_invite;
mod robustness;
