//! Digest access authentication: RFC 7616 and RFC 8760 as SIP uses them (RFC 3261 section 22), and
//! the older RFC 2617 and RFC 2069 forms that servers still speak.
//!
//! [`Client`] answers challenges; [`Verifier`] makes and checks them. Nonces of our own making and
//! client nonces are passed in.

mod algorithm;
mod auth_params;
mod authorization;
mod challenge;
mod client;
mod credentials;
mod verifier;

pub use algorithm::Algorithm;
pub use authorization::{Authorization, Protection};
pub use challenge::{Challenge, Qop};
pub use client::{Client, DigestError};
pub use credentials::{Credentials, Password};
pub use verifier::{Verdict, Verifier};
